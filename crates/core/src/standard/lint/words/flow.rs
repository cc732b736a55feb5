//! Faults of jobs, events and the courses of documents.

use super::super::fault::{Fault, Level, faults};

faults! {
    RESERVED_ID: Error "reserved-id",
        "`{0}` is the id of a kind of document" / "“{0}”是单据种类的 id",
        "give the job another id" / "请给该任务另取 id";
    ENGINE_EVENT: Error "engine-event",
        "event `{0}` belongs to the engine" / "事件“{0}”由系统内置",
        "remove it here; every pack has it" / "请在此删除，所有规范包都自带该事件";
    NEVER_RECORDED: Error "never-recorded",
        "event `{0}` can never be recorded: it has no step and is no incident" / "事件“{0}”永远无法记录：没有步骤，也不是特殊情况",
        "add it to `steps`, or mark it `incident = true`" / "请在 steps 中添加，或标记 incident = true";
    NEVER_HAPPENS: Error "never-happens",
        "event `{0}` can never happen: nobody records it and nothing derives it" / "事件“{0}”永远不会发生：无人记录，也无从派生",
        "say with `by` who records it, or let a planned time, an option or a signature stand for it"
        / "请用 by 写明由谁记录，或由计划时间、选项、签字派生";
    NO_OPENING: Error "no-opening",
        "nothing opens this course" / "该流程没有起始事件",
        "name in `opening` the events that stand from the registration on" / "请在 opening 中写明登记时即成立的事件";
    NO_STATES: Error "no-states",
        "this course has no states" / "该流程没有状态",
        "list its states, lowest first" / "请由低到高列出状态";
    FIRST_STATE: Error "first-state",
        "the first state begins with `{0}`, but the course opens with `{1}`" / "首个状态始于“{0}”，而流程始于“{1}”",
        "let the event of the first state be the first of `opening`" / "首个状态的事件应为 opening 的第一项";
    LAST_STATE: Error "last-state",
        "the last state is reached by `{0}`, not by `closed`" / "最后一个状态由“{0}”而非 closed 到达",
        "end the states with the one whose event is `closed`" / "最后一个状态的事件应为 closed";
    UNREACHABLE_STATE: Error "unreachable-state",
        "no way leads to state `{0}`" / "状态“{0}”无法到达",
        "let the step of `{1}` begin in a state that is reached before it" / "请让“{1}”的步骤始于此前可到达的状态";
    PLANNED_AT: Error "planned-source",
        "a planned time can not stand at `{0}`" / "计划时间不能取自“{0}”",
        "use assignment.start, assignment.end or order.ID" / "请用 assignment.start、assignment.end 或 order.ID";
    PLANNED_UNASSIGNED: Error "planned-source",
        "`{0}` needs an assignment, but nobody is assigned in this course" / "“{0}”需要派工，而该流程没有派工",
        "name the event of an assignment with `assigned`" / "请用 assigned 写明派工事件";
    NO_SIGNER: Error "no-signer",
        "nobody signs" / "没有签字人",
        "name at least one role" / "请至少写明一个角色";
    FEW_OPTIONS: Error "few-options",
        "a choice needs at least two options" / "选择至少需要两个选项",
        "add an option, or ask `yes-no`" / "请增加选项，或改用 yes-no";
    DUPLICATE_OPTION: Error "duplicate-option",
        "option `{0}` is defined twice" / "选项“{0}”重复定义",
        "give the second one an id of its own, or remove it" / "请给后者另取 id，或删除";
    NO_UNIT: Error "no-unit",
        "quantity `{0}` has no unit" / "量“{0}”没有单位",
        "write the UCUM code, or `1` for a bare number" / "请写 UCUM 单位代码，纯数写 1";
    BOUNDS: Error "empty-bounds",
        "no number lies between {0} and {1}" / "{0} 与 {1} 之间没有数值",
        "write the smaller bound as `min`" / "请把较小的界限写作 min";
    BAD_CALENDAR: Error "bad-calendar",
        "the calendar can not be read: {0}" / "日历无法读取：{0}",
        "write hours as `08:30-12:00`, days as `2026-10-01` and zones as `Asia/Shanghai`"
        / "时段写作 08:30-12:00，日期写作 2026-10-01，时区写作 Asia/Shanghai";
    NEVER_OPENS: Error "never-opens",
        "nothing opens situation `{0}`" / "没有事件引出特殊情形“{0}”",
        "name in `opens` the events that report it" / "请在 opens 中写明报告该情形的事件";
    NEVER_CLOSES: Error "never-closes",
        "situation `{0}` never closes: no event closes it, and none of its rules asks for anything that can be done"
        / "特殊情形“{0}”无法结束：没有结束事件，其规则也没有可完成的事项",
        "name in `closes` the events that end it, or in `rules` a duty with an answer, an event or a deadline"
        / "请在 closes 中写明结束事件，或在 rules 中列入可作答、有事件或有时限的义务";
    RULE_TWICE: Error "rule-twice",
        "rule `{0}` is listed twice" / "规则“{0}”重复列出",
        "remove one of the two" / "请删除其一";
    RULE_ELSEWHERE: Error "rule-elsewhere",
        "rule `{0}` belongs to no job in which situation `{1}` can arise" / "规则“{0}”不属于会出现特殊情形“{1}”的任务",
        "name a rule of these jobs, or say with `in` where the situation arises" / "请改用这些任务的规则，或用 in 限定该情形的范围";
    TELLS_ELSEWHERE: Error "tells-elsewhere",
        "rule `{0}`, under which somebody is told, is none of situation `{1}`" / "据以告知的规则“{0}”不在特殊情形“{1}”之中",
        "add it to the `rules` of the situation" / "请将其加入该情形的 rules";
    TELLS_UNPROVED: Error "tells-unproved",
        "rule `{0}` does not prove that somebody was told" / "规则“{0}”不能证明已经告知",
        "name a rule with a deadline, an event, an answer, a value or a decision" / "请改用有时限、事件、作答、填写或审批的规则";
}
