//! Faults of a company's changes to a pack.

use super::super::fault::{Fault, Level, faults};

faults! {
    UNKNOWN_BASE: Error "unknown-base",
        "there is no pack `{0}`" / "没有规范包“{0}”",
        "name with `extends` a pack that is installed" / "请在 extends 中写已安装的规范包";
    SELF_BASE: Error "unknown-base",
        "the pack extends itself" / "规范包扩展了自身",
        "give it an id of its own" / "请另取 id";
    BASE_VERSION: Error "other-base-version",
        "pack `{0}` is here in version {1}, not {2}" / "规范包“{0}”现为版本 {1}，而非 {2}",
        "look at what has changed in it, then write version {1}" / "请核对其变化，再改写为版本 {1}";
    FIXED_FIELD: Error "fixed-field",
        "`{0}` of a rule can not be changed" / "规则的“{0}”不可更改",
        "disable the rule and add one of your own" / "请停用该规则，另加自己的规则";
    NOTHING_CHANGED: Error "nothing-changed",
        "the override of `{0}` changes nothing" / "对“{0}”的覆盖没有改变任何内容",
        "remove it, or set another value" / "请删除，或改设其他值";
    OVERRIDDEN_TWICE: Error "overridden-twice",
        "rule `{0}` is overridden twice" / "规则“{0}”被覆盖两次",
        "write all its values in one override" / "请合并到一次覆盖中";
    DISABLED_TWICE: Error "disabled-twice",
        "rule `{0}` is disabled already" / "规则“{0}”已停用",
        "remove the second one" / "请删除重复的一项";
    EXISTS: Error "duplicate-id",
        "the base has `{0}` already" / "基础包已有“{0}”",
        "override the rule, or use another id" / "请改用覆盖，或另取 id";
    ALREADY_SET: Error "already-set",
        "the base has `{0}` already" / "基础包已有“{0}”",
        "leave it out; only lists are appended to" / "请删除，只有列表可以追加";
}
