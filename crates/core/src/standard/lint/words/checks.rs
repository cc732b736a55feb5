//! Faults of rules and of what they check.

use super::super::fault::{Fault, Level, faults};

faults! {
    NO_CLAUSE: Error "no-clause",
        "the rule cites no clause" / "规则未注明条款",
        "write the place in the standard from which it comes" / "请写明其在规范中的出处";
    NO_ROLE: Error "no-role",
        "nobody is named who has the duty" / "未写明由谁承担义务",
        "name at least one role, or `any`" / "请至少写明一个角色，或 any";
    NOWHERE: Error "unknown-job",
        "the list is empty, so this belongs to no document" / "列表为空，不属于任何单据",
        "leave `in` out for visits, or name jobs or kinds of document" / "上门服务可省略 in，否则请写明任务或单据种类";
    NOBODY: Error "nobody-has-duty",
        "none of its roles has a duty in {0}" / "其角色在“{0}”中都没有义务",
        "name the role of the job, a role of the office or `any`, or change `in`" / "请改用该任务的角色、办公室角色或 any，或修改 in";
    UNREACHABLE_RULE: Error "unreachable-rule",
        "this rule never comes into force: `{0}` can not happen in {1}" / "该规则永远不会生效：“{0}”不会在“{1}”中发生",
        "name an event of its own course, or change `in`" / "请改用该流程中的事件，或修改 in";
    UNMEETABLE: Error "unmeetable",
        "nothing can meet this: `{0}` can not happen in {1}" / "该要求无法满足：“{0}”不会在“{1}”中发生",
        "name an event that can be recorded there, or change `in`" / "请改用可在该流程中记录的事件，或修改 in";
    IDLE_EVENT: Warning "idle-event",
        "`{0}` can not happen in {1}, so it has no effect here" / "“{0}”不会在“{1}”中发生，在此不起作用",
        "name an event of its own course, or remove it" / "请改用该流程中的事件，或删除";
    IDLE_GATE: Warning "idle-gate",
        "a recommendation holds nobody up: `blocks` has no effect" / "建议性规则不能拦截步骤，blocks 不起作用",
        "remove `blocks`, or make the rule a duty" / "请删除 blocks，或将规则改为义务";
    GATE_CYCLE: Error "contradictory-gate",
        "the gates of {0} wait for each other, so `{1}` can never be recorded" / "{0} 的拦截条件互相等待，“{1}”永远无法记录",
        "take one of the events out of `blocks`" / "请从 blocks 中去掉其中一个事件";
    GATE_BACKWARDS: Error "contradictory-gate",
        "`{1}` is held up until `{0}` has happened, but `{0}` comes only after `{1}`" / "“{1}”须等“{0}”发生，而“{0}”只在“{1}”之后发生",
        "take `{1}` out of `blocks`" / "请从 blocks 中去掉“{1}”";
    GATE_TOO_LATE: Error "contradictory-gate",
        "the duty begins with `{0}`, which does not come before `{1}`, so it can not hold that up" / "义务自“{0}”起，而“{0}”不早于“{1}”，无法拦截",
        "let the duty begin earlier, or take `{1}` out of `blocks`" / "请让义务更早开始，或从 blocks 中去掉“{1}”";
    NO_SOURCE: Error "no-source",
        "no place is named where the value stands" / "未写明值在何处",
        "name at least one source, such as `order.number`" / "请至少写明一个来源，如 order.number";
    OUTSIDE_PLAUSIBLE: Error "outside-plausible",
        "{0} is not plausible for `{1}`, which goes from {2} to {3}" / "{0} 超出量“{1}”的合理范围（{2} 至 {3}）",
        "correct the figure, or widen the quantity" / "请更正数值，或放宽该量的范围";
    SERIES_COUNT: Error "series-count",
        "a series of no values asks for nothing" / "系列测量的次数为零，等于没有要求",
        "write how many values are wanted, at least 1" / "请写明需要几个数值，至少 1 个";
    NEGATIVE_DROP: Error "negative-drop",
        "the drop allowed is negative" / "允许的下降量为负",
        "write how far the value may fall, at least 0" / "请写明允许下降多少，不小于 0";
    NO_QUANTITY: Error "no-quantity",
        "the rule names no quantity whose instruments must be calibrated" / "该规则没有写明须使用已校准仪器的量",
        "name at least one of `quantities`" / "请在 quantities 中至少写明一个量";
    BAD_DURATION: Error "bad-duration",
        "`{0}` is not a duration" / "“{0}”不是时长",
        "write an ISO 8601 duration such as PT30M, P3D or P1M" / "请写 ISO 8601 时长，如 PT30M、P3D、P1M";
    NOT_POSITIVE: Error "duration-not-positive",
        "`{0}` is not longer than nothing" / "“{0}”不是正的时长",
        "write a positive duration" / "请写正的时长";
    INEXACT: Error "inexact-duration",
        "`{0}` has no exact length" / "“{0}”长度不确定",
        "write it in hours, minutes and seconds" / "请以时、分、秒书写";
    BAD_TARIFF: Error "bad-tariff",
        "`{0}` is no id of a tariff" / "“{0}”不是收费标准的标识",
        "write 1 to 64 lower-case letters, digits and `-`; the company supplies the table under this id" / "请写 1 至 64 个小写字母、数字或 -，价目由公司以此标识提供";
    BEARS_NOTHING: Error "bears-nothing",
        "it is said who bears the costs afterwards, and not which" / "写明了期满后由谁承担，却未写明哪些费用",
        "write `of` with `parts`, `labour` or both" / "请用 of 写明 parts、labour 或两者";
    NOT_MONTHS: Error "warranty-span",
        "`{0}` is not a span of months or years" / "“{0}”不是以月或年计的时长",
        "write it as P18M or P3Y" / "请写成 P18M 或 P3Y";
    LIMIT_OR_DUE: Error "limit-or-due",
        "a deadline has exactly one of `limit` and `due`" / "时限须在 limit 与 due 中给出且只给出一个",
        "write the figure as `limit`, or name with `due` where the promised time stands" / "数字写作 limit；约定的时间用 due 指明所在";
    BAD_DUE: Error "bad-due",
        "no promised time stands at `{0}`" / "“{0}”处没有约定的时间",
        "use order.ID, or answer.RULE of a rule that asks for a time" / "请用 order.ID，或要求填写时间的规则 answer.RULE";
    NO_START: Error "no-start",
        "a deadline without a start event" / "时限没有起算事件",
        "name the event from which it counts" / "请写明自哪个事件起算";
    NO_END: Error "no-end",
        "a deadline without an end event: nothing can meet it" / "时限没有终止事件，无法满足",
        "name the event that stops the clock" / "请写明停止计时的事件";
    NEGATIVE_LIMIT: Error "negative-limit",
        "`{0}` lies before its start, but `{1}` is no planned time" / "“{0}”在起点之前，而“{1}”不是计划时间",
        "count from an event of `planned`, or write a positive limit" / "请自 planned 中的事件起算，或写正的时限";
    NOT_MILESTONE: Error "not-a-milestone",
        "rule `{0}` is not a milestone" / "规则“{0}”不是时限",
        "name a rule with `check.milestone`" / "请改用有 check.milestone 的规则";
    MISSING_PLACEHOLDER: Error "missing-placeholder",
        "placeholder `{0}` does not occur in `{1}`" / "“{1}”文本中没有占位符“{0}”",
        "write it there, or take it out of `slots`" / "请写入该文本，或从 slots 中去掉";
    UNDECLARED_PLACEHOLDER: Error "undeclared-placeholder",
        "placeholder `{0}` is not among the `slots`" / "占位符“{0}”未列入 slots",
        "add its name to `slots`" / "请将其名称列入 slots";
    CLASSES_HOW: Error "classification-way",
        "a classification says in exactly one way where its value stands" / "分级须以且仅以一种方式写明取值所在",
        "write `field`, or `classes`, or `of` with `class`" / "请写 field，或 classes，或 of 与 class";
    NO_CLASSES: Error "no-classes",
        "there are no classes at `{0}`" / "“{0}”没有分级选项",
        "name an order field with options, or a rule with classes" / "请改用有选项的工单字段，或有分级的规则";
    UNKNOWN_CLASS: Error "unknown-class",
        "rule `{1}` has no class `{0}`" / "规则“{1}”没有级别“{0}”",
        "use the id of one of its classes" / "请改用其级别的 id";
    WARRANTY_HOW: Error "warranty-way",
        "a warranty is a span, or the earliest of others, or terms in words" / "保修须为一段期限，或若干期限中最早届满者，或文字约定",
        "write `from` and `lasts`, or `earliest-of`, or `terms`" / "请写 from 与 lasts，或 earliest-of，或 terms";
    BAD_FIRST_DAY: Error "warranty-way",
        "no first day stands at `{0}`" / "“{0}”处没有起算日",
        "use order.ID of a date, or event.ID" / "请用存放日期的 order.ID，或 event.ID";
    NOT_WARRANTY: Error "not-a-warranty",
        "rule `{0}` is not a warranty" / "规则“{0}”不是保修规则",
        "name a rule with `check.warranty`" / "请改用有 check.warranty 的规则";
    WARRANTY_CYCLE: Error "warranty-cycle",
        "the end of this warranty depends on itself" / "该保修的届满时间取决于自身",
        "take `{0}` out of `earliest-of`" / "请从 earliest-of 中去掉“{0}”";
    NO_MOVEMENT: Error "no-start",
        "no event is named that moves a part" / "未写明哪些事件算备件移动",
        "name at least one in `moved`" / "请在 moved 中至少写明一个";
    NO_KINDS: Error "no-cost-kinds",
        "no kind of cost is named" / "未写明费用种类",
        "name at least one in `kinds`" / "请在 kinds 中至少写明一种";
    NO_REVIEWER: Error "no-reviewer",
        "nobody may confirm the points" / "无人可确认记分",
        "name at least one role in `reviewers`" / "请在 reviewers 中至少写明一个角色";
    NO_CAUSE: Error "no-cause",
        "points without a cause" / "记分没有缘由",
        "name rules in `applies-to` or events in `on`" / "请在 applies-to 中写明规则，或在 on 中写明事件";
    NOTHING_SCORED: Error "nothing-scored",
        "there are neither points nor money nor a cause" / "既无分值，也无金额，也无缘由",
        "write `points` or `money`, or what it is about" / "请写 points 或 money，或写明缘由";
    FINE_POINTS: Error "fine-points",
        "{0} is not a multiple of 0.01" / "{0} 不是 0.01 的整数倍",
        "round it to two places" / "请保留两位小数";
    SCORES_SCORE: Error "scores-a-score",
        "rule `{0}` is a scoring rule itself" / "规则“{0}”本身就是记分规则",
        "name the duty whose breach is scored" / "请改用被违反后记分的义务";
    BAD_CURRENCY: Error "bad-currency",
        "`{0}` is not a currency" / "“{0}”不是货币代码",
        "write the ISO 4217 code, such as CNY" / "请写 ISO 4217 代码，如 CNY";
    SAME_DECISION: Error "same-decision",
        "yes and no are the same event `{0}`" / "同意与不同意是同一事件“{0}”",
        "give them different events" / "请使用不同的事件";
}
