//! Faults of names that nothing bears, and of things that nobody uses.

use super::super::fault::{Fault, Level, faults};

faults! {
    ROLE: Error "unknown-role",
        "role `{0}` is not defined in this pack" / "本包没有定义角色“{0}”",
        "use the id of one of `roles`, or add it there" / "请改用 roles 中的 id，或在其中添加";
    PHASE: Error "unknown-phase",
        "phase `{0}` is not defined in this pack" / "本包没有定义阶段“{0}”",
        "use the id of one of `phases`, or add it there" / "请改用 phases 中的 id，或在其中添加";
    JOB: Error "unknown-job",
        "`{0}` is neither a job of this pack nor a kind of document" / "“{0}”既不是本包的任务，也不是单据种类",
        "use the id of one of `jobs`, or `visit`, `case` or `shift`" / "请改用 jobs 中的 id，或 visit、case、shift";
    STEP_JOB: Error "unknown-job",
        "`{0}` is not a job that fills a {1}" / "“{0}”不是填写“{1}”的任务",
        "use the id of one of the `jobs` of this kind" / "请改用该种类 jobs 中的 id";
    UNUSED_FLOW: Warning "unused-flow",
        "no job fills a {0}" / "没有任务填写“{0}”",
        "add a job of this kind, or remove the table" / "请添加该种类的任务，或删除该表";
    NO_FLOW: Error "no-flow",
        "this pack has no course for `{0}`" / "本包没有“{0}”的流程",
        "add a table `[{0}]` with its states and steps" / "请添加 [{0}] 表，写明状态与步骤";
    EVENT: Error "unknown-event",
        "event `{0}` is not defined in this pack" / "本包没有定义事件“{0}”",
        "use the id of one of `events`, or add it there" / "请改用 events 中的 id，或在其中添加";
    SUBJECT: Error "unknown-subject",
        "event `{1}` has no subject `{0}`" / "事件“{1}”没有对象“{0}”",
        "use one of the event's `subjects`, or add it there" / "请改用该事件 subjects 中的 id，或在其中添加";
    STATE: Error "unknown-state",
        "state `{0}` is not defined in this course" / "本流程没有定义状态“{0}”",
        "use the id of one of its `states`" / "请改用 states 中的 id";
    STATE_RANGE: Error "bad-state-range",
        "`{0}` goes downwards" / "状态区间“{0}”方向颠倒",
        "write the lower state first" / "请先写较低的状态";
    RULE: Error "unknown-rule",
        "rule `{0}` is not defined in this pack" / "本包没有定义规则“{0}”",
        "use the id of one of `rules`" / "请改用 rules 中的 id";
    QUANTITY: Error "unknown-quantity",
        "quantity `{0}` is not defined in this pack" / "本包没有定义量“{0}”",
        "use the id of one of `quantities`, or add it there" / "请改用 quantities 中的 id，或在其中添加";
    CALENDAR: Error "unknown-calendar",
        "calendar `{0}` is not defined in this pack" / "本包没有定义日历“{0}”",
        "use the id of one of `calendars`, or add it there" / "请改用 calendars 中的 id，或在其中添加";
    ORDER_FIELD: Error "unknown-order-field",
        "order field `{0}` is not defined in this pack" / "本包没有定义工单字段“{0}”",
        "use the id of one of the fields in `order`, or add it there" / "请改用 order 中的 id，或在其中添加";
    NOTE: Error "unknown-note",
        "note `{0}` is not defined in this pack" / "本包没有定义记事“{0}”",
        "use the id of one of `notes`, or add it there" / "请改用 notes 中的 id，或在其中添加";
    SOURCE: Error "unknown-source",
        "`{0}` is not a place in the record" / "“{0}”不是记录中的位置",
        "use order.ID, note.ID, event.ID, answer.RULE, measure.QUANTITY, signature.ROLE, survey.rating, survey.words, assignment.crew, assignment.start, assignment.end, assignment.tools, parts or photos"
        / "可用：order.ID、note.ID、event.ID、answer.RULE、measure.QUANTITY、signature.ROLE、survey.rating、survey.words、assignment.crew、assignment.start、assignment.end、assignment.tools、parts、photos";
    SOURCE_ELSEWHERE: Error "source-elsewhere",
        "`{0}` does not stand in the record of a {1}" / "“{0}”不在“{1}”的记录中",
        "add it to the table `[{1}]`, or say with `in` where this belongs" / "请在 [{1}] 中添加，或用 in 限定适用范围";
    EVENT_ELSEWHERE: Error "source-elsewhere",
        "event `{0}` can not happen in the documents of this form ({1})" / "事件“{0}”不会在该表单所属的单据（{1}）中发生",
        "name an event of their course, or say with `in` where the form belongs" / "请改用其流程中的事件，或用 in 限定适用范围";
    NO_ANSWER: Error "no-answer",
        "rule `{0}` asks for no answer" / "规则“{0}”不要求作答",
        "name a rule that has an item, a decision or classes" / "请改用有检查项、审批或分级的规则";
    UNUSED_ROLE: Warning "unused-role",
        "no rule, job or signature is about role `{0}`" / "没有规则、任务或签字涉及角色“{0}”",
        "give it a duty, or remove it" / "请为其规定义务，或删除";
    UNUSED_PHASE: Warning "unused-phase",
        "no rule belongs to phase `{0}`" / "没有规则属于阶段“{0}”",
        "remove it" / "请删除";
    UNUSED_NOTE: Warning "unused-note",
        "nothing asks for note `{0}` or prints it" / "没有规则或表单用到记事“{0}”",
        "name it as a source of a rule or a form, or remove it" / "请在规则或表单中引用，或删除";
    UNUSED_QUANTITY: Warning "unused-quantity",
        "rule `{1}`, under which `{0}` is measured, asks for another quantity" / "量“{0}”所属的规则“{1}”要求测量的是另一个量",
        "ask for it in that rule, name the rule that asks for it, or remove it" / "请在该规则中要求测量，或改填要求测量它的规则，或删除";
}
