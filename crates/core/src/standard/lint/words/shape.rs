//! Faults of the file's shape and of its head.

use super::super::fault::{Fault, Level, faults};

faults! {
    SYNTAX: Error "syntax",
        "this is not TOML: {0}" / "不符合 TOML 语法：{0}",
        "mend the line; everything else in the file is checked as far as it can be read"
        / "请修正该行；文件其余部分已尽量检查";
    TOO_LARGE: Error "too-large",
        "the file has {0} tables and lists, and at most {1} are read" / "文件含有 {0} 个表和数组，最多读取 {1} 个",
        "divide it into several packs" / "请拆分为多个规范包";
    UNKNOWN_FIELD: Error "unknown-field",
        "unknown field `{0}`" / "未知字段“{0}”",
        "remove it; nobody would read it" / "请删除，此处没有这样的字段";
    MISSING_FIELD: Error "missing-field",
        "missing field `{0}`" / "缺少字段“{0}”",
        "add it; it has no default" / "请补上，该字段没有默认值";
    WRONG_TYPE: Error "wrong-type",
        "this must be {0}, not {1}" / "此处应为{0}，而不是{1}",
        "write {0}" / "请写成{0}";
    WRONG_NUMBER: Error "wrong-type",
        "`{0}` is not a whole number from 0 to 4294967295" / "“{0}”不是 0 到 4294967295 之间的整数",
        "write a whole number that is not negative" / "请写非负整数";
    UNREADABLE: Error "wrong-type",
        "this can not be read: {0}" / "无法读取：{0}",
        "compare it with the JSON Schema of the pack format" / "请对照规范包格式的 JSON Schema";
    UNKNOWN_VALUE: Error "unknown-value",
        "`{0}` is not one of {1}" / "“{0}”不在可选值之中：{1}",
        "choose one of {1}" / "请从中选择：{1}";
    NEEDS_TABLE: Error "wrong-type",
        "`{0}` needs particulars" / "“{0}”需要具体参数",
        "write {0} = { … }" / "请写成 {0} = { … }";
    NEEDS_WORD: Error "wrong-type",
        "`{0}` has no particulars" / "“{0}”没有参数",
        "write \"{0}\" as a word instead of a table" / "请直接写 \"{0}\"，不要写成表";
    NOT_ONE: Error "not-one",
        "exactly one must be given here, of {0}" / "此处必须且只能给出一项：{0}",
        "keep one; a second duty is a second rule" / "请只保留一项，另一项义务另写一条规则";
    MISSING_TRANSLATION: Error "missing-translation",
        "there is no text in `{0}`" / "缺少“{0}”文本",
        "every text stands in English and in Chinese" / "所有文本都必须有中英两种语言";
    FORMAT: Error "unknown-format",
        "format {0} is not readable" / "无法读取格式 {0}",
        "this library reads format {1}" / "本程序读取格式 {1}";
    VERSION: Error "bad-version",
        "`{0}` is not a semantic version" / "“{0}”不是语义化版本号",
        "write three numbers such as 1.0.0" / "请写成三段数字，如 1.0.0";
    BAD_ID: Error "bad-id",
        "`{0}` is not an id" / "“{0}”不是合格的 id",
        "use lower-case letters, digits and hyphens, as in `first-visit`" / "请用小写字母、数字和连字符，如 first-visit";
    BAD_FIELD_ID: Error "bad-id",
        "`{0}` is not the id of an order field" / "“{0}”不是合格的工单字段 id",
        "use lower-case letters, digits and underscores, as in `customer_name`"
        / "请用小写字母、数字和下划线，如 customer_name";
    DUPLICATE_ID: Error "duplicate-id",
        "`{0}` is defined twice" / "“{0}”重复定义",
        "give the second one an id of its own, or remove it" / "请给后者另取 id，或删除";
    RULE_PREFIX: Error "rule-prefix",
        "`{0}` does not begin with the id of this pack" / "规则 id“{0}”未以本包 id 开头",
        "write `{1}.` and a name" / "请写成“{1}.”加名称";
    NEEDS_BASE: Error "needs-base",
        "this file extends another pack and is not complete by itself" / "本文件扩展另一规范包，自身不完整",
        "resolve it against its base first" / "请先与基础包合并";
}
