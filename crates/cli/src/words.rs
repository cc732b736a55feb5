//! The program's own words in the two languages. Rules speak for themselves: their texts come from the pack.

use jobsheet_core::Lang;
use jobsheet_core::record::Refusal;

/// The program's own words.
pub(crate) struct Words {
    lang: Lang,
    pub(crate) error: &'static str,
    pub(crate) refused: &'static str,
    pub(crate) clause: &'static str,
    pub(crate) owed: &'static str,
    pub(crate) violated: &'static str,
    pub(crate) satisfied: &'static str,
    pub(crate) conflicts: &'static str,
    pub(crate) unsent: &'static str,
    pub(crate) deadlines: &'static str,
    pub(crate) left: &'static str,
    pub(crate) over: &'static str,
    pub(crate) late: &'static str,
    pub(crate) notes: &'static str,
    pub(crate) planned: &'static str,
    pub(crate) standard: &'static str,
    pub(crate) nothing: &'static str,
    pub(crate) possible: &'static str,
}

const ENGLISH: Words = Words {
    lang: Lang::En,
    error: "error",
    refused: "refused",
    clause: "clause",
    owed: "owed",
    violated: "violated",
    satisfied: "done",
    conflicts: "conflicts",
    unsent: "unsent",
    deadlines: "deadlines",
    left: "left",
    over: "over",
    late: "late",
    notes: "notes",
    planned: "planned",
    standard: "standard",
    nothing: "nothing",
    possible: "possible",
};

const CHINESE: Words = Words {
    lang: Lang::Zh,
    error: "错误",
    refused: "已拒绝",
    clause: "条款",
    owed: "待办",
    violated: "违反",
    satisfied: "已完成",
    conflicts: "冲突",
    unsent: "未上传",
    deadlines: "时限",
    left: "剩余",
    over: "已超时",
    late: "迟到",
    notes: "备注",
    planned: "计划",
    standard: "标准",
    nothing: "无",
    possible: "可以执行",
};

impl Words {
    pub(crate) fn of(lang: Lang) -> &'static Self {
        match lang {
            Lang::En => &ENGLISH,
            Lang::Zh => &CHINESE,
        }
    }

    /// A refusal in a line; its rules are printed below it.
    pub(crate) fn refusal(&self, refusal: &Refusal) -> String {
        match (self.lang, refusal) {
            (Lang::En, Refusal::NotYet { .. }) => "not yet, this comes first".to_owned(),
            (Lang::Zh, Refusal::NotYet { .. }) => "时机未到，须先完成以下事项".to_owned(),
            (Lang::En, Refusal::WrongState { command, state, allowed, .. }) => {
                format!(
                    "`{command}` is not possible while the visit is `{state}`; it is possible in: {}",
                    allowed.join(", ")
                )
            }
            (Lang::Zh, Refusal::WrongState { command, state, allowed, .. }) => {
                format!("当前状态为 {state}，不能执行 {command}；可执行的状态：{}", allowed.join("、"))
            }
            (Lang::En, Refusal::Forbidden { reason, .. }) => format!("forbidden, {reason}"),
            (Lang::Zh, Refusal::Forbidden { reason, .. }) => format!("不允许：{reason}"),
            (Lang::En, Refusal::Invalid { field, reason, .. }) => format!("`{field}` is not valid: {reason}"),
            (Lang::Zh, Refusal::Invalid { field, reason, .. }) => format!("{field} 无效：{reason}"),
            (Lang::En, Refusal::Sealed { .. }) => "the record is signed".to_owned(),
            (Lang::Zh, Refusal::Sealed { .. }) => "记录已签字".to_owned(),
            (_, other) => other.to_string(),
        }
    }
}

/// Seconds as people say them: `2 h 05 min`, `3 d 4 h`.
pub(crate) fn span(seconds: i64) -> String {
    let seconds = seconds.unsigned_abs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes:02} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

/// Text cut to a width, with a sign that it was.
pub(crate) fn cut(text: &str, width: usize) -> String {
    let line: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    if line.chars().count() <= width { line } else { line.chars().take(width - 1).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_like_speech() {
        assert_eq!(span(42), "42 s");
        assert_eq!(span(-125), "2 min");
        assert_eq!(span(7500), "2 h 05 min");
        assert_eq!(span(100_000), "1 d 3 h");
    }

    #[test]
    fn cut_text_stays_on_one_line() {
        assert_eq!(cut("a\nb", 10), "a b");
        assert_eq!(cut("街道照明故障", 4), "街道照…");
    }
}
