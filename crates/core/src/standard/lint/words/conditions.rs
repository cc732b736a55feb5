//! Faults of conditions.

use super::super::fault::{Fault, Level, faults};

faults! {
    SYNTAX: Error "condition-syntax",
        "the condition does not parse as CEL: {0}" / "条件不符合 CEL 语法：{0}",
        "write a comparison such as order.urgency == 'urgent'" / "请写比较式，如 order.urgency == 'urgent'";
    UNKNOWN_NAME: Error "condition-name",
        "`{0}` is not known in conditions" / "条件中没有“{0}”",
        "a condition sees state, job, kind, order, events, answers, notes, survey, parts and photos"
        / "条件可用 state、job、kind、order、events、answers、notes、survey、parts、photos";
    NEEDS_MEMBER: Error "condition-name",
        "`{0}` needs a member" / "“{0}”后须写成员",
        "write {0}['…']" / "请写 {0}['…']";
    UNKNOWN_MEMBER: Error "condition-name",
        "`{1}` is not among the {0} of the documents to which the rule belongs" / "该规则所属单据的 {0} 中没有“{1}”",
        "use a name that is defined there, or add it" / "请改用已定义的名称，或先行添加";
    NO_VALUE: Error "condition-value",
        "`{0}` is never `{1}`" / "“{0}”不会是“{1}”",
        "compare it with one of {2}" / "可比较的值：{2}";
    TYPE_COMPARED: Error "condition-type",
        "the condition compares {0} with {1}" / "条件将 {0} 与 {1} 相比较",
        "compare values of one type" / "请比较同一类型的值";
    TYPE_ORDERED: Error "condition-type",
        "the condition orders {0} and {1}" / "条件比较 {0} 与 {1} 的大小",
        "both must be int, or both double" / "两者须同为 int 或同为 double";
    TYPE_RESULT: Error "condition-type",
        "the condition gives {0}, not true or false" / "条件的结果是 {0}，而不是真假",
        "compare it with something" / "请写成比较式";
    TYPE_WANTED: Error "condition-type",
        "`{0}` needs {1}, not {2}" / "“{0}”需要 {1}，而不是 {2}",
        "give it {1}" / "请改为 {1}";
    TYPE_LISTED: Error "condition-type",
        "the condition looks for {0} among {1}" / "条件在 {1} 中查找 {0}",
        "list values of the type that is looked for" / "列表应与所查找的值同类型";
    FORM: Error "condition-form",
        "{0}" / "{0}",
        "only comparisons, && || !, `in` with a list, size and contains are allowed"
        / "只允许比较、&& || !、in 列表、size 和 contains";
    FAILS: Error "condition-fails",
        "the condition fails on a sample record: {0}" / "条件在样例记录上执行失败：{0}",
        "write it in simpler terms" / "请改用更简单的写法";
    CONSTANT: Warning "constant-condition",
        "the condition looks at nothing in the record: it is always {0}" / "条件未涉及记录内容，结果恒为 {0}",
        "remove `when`, or compare something of the record" / "请删除 when，或比较记录中的内容";
}
