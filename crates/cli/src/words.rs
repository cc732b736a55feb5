//! The program's own words in the two languages. Rules speak for themselves: their texts come from the pack.

use jobsheet_core::Lang;
use jobsheet_core::assess::ScoreState;
use jobsheet_core::record::Refusal;
use jobsheet_core::standard::Kind;

/// The program's own words.
pub(crate) struct Words {
    lang: Lang,
    pub(crate) error: &'static str,
    pub(crate) refused: &'static str,
    pub(crate) renewed: &'static str,
    pub(crate) clause: &'static str,
    pub(crate) owed: &'static str,
    pub(crate) violated: &'static str,
    pub(crate) disabled: &'static str,
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
    pub(crate) visit: &'static str,
    pub(crate) shift: &'static str,
    pub(crate) case: &'static str,
    pub(crate) met: &'static str,
    pub(crate) paused: &'static str,
    pub(crate) since: &'static str,
    pub(crate) who: &'static str,
    pub(crate) otherwise: &'static str,
    pub(crate) told: &'static str,
    pub(crate) entered_later: &'static str,
    pub(crate) clock_suspect: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) cause: &'static str,
    pub(crate) points: &'static str,
    pub(crate) no_figure: &'static str,
    pub(crate) pending: &'static str,
    pub(crate) to_confirm: &'static str,
    pub(crate) confirmed: &'static str,
    pub(crate) waived: &'static str,
    pub(crate) appealed: &'static str,
    pub(crate) open: &'static str,
    pub(crate) warranties: &'static str,
    pub(crate) until: &'static str,
    pub(crate) covered: &'static str,
    pub(crate) not_covered: &'static str,
    pub(crate) no_date: &'static str,
    pub(crate) running: &'static str,
    pub(crate) failing: &'static str,
    pub(crate) passed: &'static str,
    pub(crate) failed: &'static str,
    pub(crate) rebooted: &'static str,
    pub(crate) alert: &'static str,
    pub(crate) alert_kept: &'static str,
    pub(crate) alert_sent: &'static str,
    pub(crate) alert_refused: &'static str,
    pub(crate) alert_open: &'static str,
    pub(crate) alert_answered: &'static str,
    pub(crate) bear_in_mind: &'static str,
    pub(crate) to_do: &'static str,
    pub(crate) to_tell: &'static str,
    pub(crate) opened_by: &'static str,
    pub(crate) closed_by: &'static str,
    pub(crate) frees: &'static str,
    pub(crate) open_situation: &'static str,
    pub(crate) over_situation: &'static str,
    pub(crate) not_reported: &'static str,
    pub(crate) at_once: &'static str,
    pub(crate) situation: &'static str,
    pub(crate) photos: &'static str,
    pub(crate) documents: &'static str,
    pub(crate) files: &'static str,
    pub(crate) no_photo: &'static str,
    pub(crate) same_file: &'static str,
    pub(crate) taken_in_reverse: &'static str,
    pub(crate) or: &'static str,
    pub(crate) missing: &'static str,
    pub(crate) damaged: &'static str,
    pub(crate) elsewhere: &'static str,
    pub(crate) to_send: &'static str,
    pub(crate) here: &'static str,
    pub(crate) unnamed: &'static str,
    pub(crate) set_aside: &'static str,
    pub(crate) unreadable: &'static str,
    pub(crate) removed: &'static str,
    pub(crate) fine: &'static str,
    pub(crate) young: &'static str,
    pub(crate) named: &'static str,
    pub(crate) kept_as: &'static str,
    pub(crate) this_device: &'static str,
    pub(crate) crew_device: &'static str,
    pub(crate) office: &'static str,
    pub(crate) replaced: &'static str,
    pub(crate) written_at_once: &'static str,
    pub(crate) office_settles: &'static str,
    pub(crate) ready: &'static str,
    pub(crate) not_ready: &'static str,
    pub(crate) connected: &'static str,
    pub(crate) disconnected: &'static str,
    pub(crate) polling: &'static str,
    pub(crate) next_try: &'static str,
    pub(crate) unapplied: &'static str,
    pub(crate) healed: &'static str,
}

const ENGLISH: Words = Words {
    lang: Lang::En,
    error: "error",
    refused: "refused",
    renewed: "renewed",
    clause: "clause",
    owed: "owed",
    violated: "violated",
    disabled: "switched off by the company",
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
    visit: "visit",
    shift: "shift",
    case: "case",
    met: "met",
    paused: "paused",
    since: "since",
    who: "who",
    otherwise: "otherwise",
    told: "told",
    entered_later: "entered later",
    clock_suspect: "the clocks of a device disagree",
    reason: "reason",
    cause: "cause",
    points: "points",
    no_figure: "no figure",
    pending: "pending",
    to_confirm: "to confirm",
    confirmed: "confirmed",
    waived: "waived",
    appealed: "appealed",
    open: "open",
    warranties: "warranties",
    until: "until",
    covered: "covered",
    not_covered: "not covered",
    no_date: "no date in",
    running: "running",
    failing: "running, failed already",
    passed: "passed",
    failed: "failed",
    rebooted: "started anew in between",
    alert: "alert",
    alert_kept: "the alert is kept; it is being sent",
    alert_sent: "the office has the alert",
    alert_refused: "the server refused the alert: phone the office",
    alert_open: "not answered yet",
    alert_answered: "answered by",
    bear_in_mind: "Bear in mind",
    to_do: "To do",
    to_tell: "To tell",
    opened_by: "reported by",
    closed_by: "closed by",
    frees: "may be recorded in spite of everything else",
    open_situation: "open",
    over_situation: "over",
    not_reported: "not reported",
    at_once: "at once",
    situation: "situation",
    photos: "photos",
    documents: "documents",
    files: "files",
    no_photo: "no photo",
    same_file: "one file stands for both moments",
    taken_in_reverse: "by the camera's clock the later moment was taken first",
    or: "or",
    missing: "missing",
    damaged: "damaged",
    elsewhere: "on another device",
    to_send: "not sent yet",
    here: "here",
    unnamed: "not named",
    set_aside: "a database that was set aside and may name files",
    unreadable: "documents that can not be read",
    removed: "removed",
    fine: "fine",
    young: "too young to remove",
    named: "named",
    kept_as: "kept as",
    this_device: "this device",
    crew_device: "another device of the crew",
    office: "office",
    replaced: "replaced since",
    written_at_once: "at the same time, neither before the other:",
    office_settles: "the office settles this",
    ready: "ready to go offline",
    not_ready: "not ready to go offline",
    connected: "connected: news comes as it happens",
    disconnected: "not connected",
    polling: "the server tells of no news; it is asked from time to time",
    next_try: "next try",
    unapplied: "sent, not yet complete at the server",
    healed: "not as at the server, fetched again",
};

const CHINESE: Words = Words {
    lang: Lang::Zh,
    error: "错误",
    refused: "已拒绝",
    renewed: "已重新写入",
    clause: "条款",
    owed: "待办",
    violated: "违反",
    disabled: "公司已停用",
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
    visit: "上门服务",
    shift: "当班",
    case: "事项",
    met: "按时",
    paused: "已暂停",
    since: "起于",
    who: "责任人",
    otherwise: "否则",
    told: "已告知",
    entered_later: "事后补录",
    clock_suspect: "设备时钟不一致",
    reason: "原因",
    cause: "事由",
    points: "记分",
    no_figure: "未列数值",
    pending: "条件未发生",
    to_confirm: "待确认",
    confirmed: "已确认",
    waived: "已免除",
    appealed: "已申诉",
    open: "未定",
    warranties: "保修期",
    until: "截止",
    covered: "保修期内",
    not_covered: "超出保修期",
    no_date: "缺少日期",
    running: "进行中",
    failing: "进行中，已不合格",
    passed: "合格",
    failed: "不合格",
    rebooted: "其间设备重启",
    alert: "警报",
    alert_kept: "警报已保存，正在发送",
    alert_sent: "警报已送达办公室",
    alert_refused: "服务器拒收警报，请打电话给办公室",
    alert_open: "尚未确认",
    alert_answered: "已确认：",
    bear_in_mind: "注意事项",
    to_do: "待办事项",
    to_tell: "须告知",
    opened_by: "报告方式",
    closed_by: "结束于",
    frees: "仍可记录",
    open_situation: "未结束",
    over_situation: "已结束",
    not_reported: "未报告",
    at_once: "立即",
    situation: "特殊情形",
    photos: "照片",
    documents: "文件",
    files: "文件",
    no_photo: "缺照片",
    same_file: "两个时刻用的是同一文件",
    taken_in_reverse: "按相机时钟，后一时刻的照片先拍",
    or: "或",
    missing: "缺失",
    damaged: "已损坏",
    elsewhere: "在其他设备上",
    to_send: "尚未上传",
    here: "本机",
    unnamed: "未被引用",
    set_aside: "已移出的数据库，可能仍引用文件",
    unreadable: "无法读取的文档",
    removed: "已删除",
    fine: "完好",
    young: "时间太短，不删除",
    named: "被引用",
    kept_as: "另存为",
    this_device: "本设备",
    crew_device: "班组其他设备",
    office: "后台",
    replaced: "已被替换",
    written_at_once: "同时修改，互不知情：",
    office_settles: "由后台确认",
    ready: "可以离线工作",
    not_ready: "尚不能离线工作",
    connected: "已连接：有新消息即时接收",
    disconnected: "未连接",
    polling: "服务器不推送消息，改为定时查询",
    next_try: "下次重试",
    unapplied: "已上传，服务器尚未处理完成",
    healed: "与服务器不一致，已重新获取",
};

impl Words {
    pub(crate) fn of(lang: Lang) -> &'static Self {
        match lang {
            Lang::En => &ENGLISH,
            Lang::Zh => &CHINESE,
        }
    }

    /// A kind of document.
    pub(crate) fn kind(&self, kind: Kind) -> &'static str {
        match kind {
            Kind::Visit => self.visit,
            Kind::Case => self.case,
            Kind::Shift => self.shift,
        }
    }

    /// How many rules a phase's attestation speaks of.
    pub(crate) fn rules(&self, count: usize) -> String {
        match (self.lang, count) {
            (Lang::En, 1) => "1 rule".to_owned(),
            (Lang::En, count) => format!("{count} rules"),
            (Lang::Zh, count) => format!("{count} 条"),
        }
    }

    /// What has become of points.
    pub(crate) fn score_state(&self, state: ScoreState) -> &'static str {
        match state {
            ScoreState::Pending => self.pending,
            ScoreState::ToConfirm => self.to_confirm,
            ScoreState::Confirmed => self.confirmed,
            ScoreState::Waived => self.waived,
            ScoreState::Appealed => self.appealed,
        }
    }

    /// Events are refused until a duty is done.
    pub(crate) fn blocks(&self, events: &str) -> String {
        match self.lang {
            Lang::En => format!("blocks {events}"),
            Lang::Zh => format!("不能{events}"),
        }
    }

    /// Somebody is told of a missed deadline.
    pub(crate) fn tells(&self, roles: &str) -> String {
        match self.lang {
            Lang::En => format!("tells {roles}"),
            Lang::Zh => format!("告知{roles}"),
        }
    }

    /// The reason must be given.
    pub(crate) fn reason_due(&self) -> &'static str {
        match self.lang {
            Lang::En => "the reason must be given",
            Lang::Zh => "须说明原因",
        }
    }

    /// Points count only once their condition has come.
    pub(crate) fn condition(&self, events: &str) -> String {
        match self.lang {
            Lang::En => format!("if {events}"),
            Lang::Zh => format!("条件：{events}"),
        }
    }

    /// The text does not say from what a time counts.
    pub(crate) fn other_anchors(&self, events: &str) -> String {
        match self.lang {
            Lang::En => format!("start chosen by the standard's pack; also possible: {events}"),
            Lang::Zh => format!("起算点由标准包选定；也可能是：{events}"),
        }
    }

    /// A refusal in a line; its rules are printed below it.
    pub(crate) fn refusal(&self, refusal: &Refusal) -> String {
        match (self.lang, refusal) {
            (Lang::En, Refusal::NotYet { .. }) => "not yet, this comes first".to_owned(),
            (Lang::Zh, Refusal::NotYet { .. }) => "时机未到，须先完成以下事项".to_owned(),
            (Lang::En, Refusal::WrongState { command, allowed, .. }) if allowed.is_empty() => {
                format!("`{command}` has been done and is not repeated")
            }
            (Lang::Zh, Refusal::WrongState { command, allowed, .. }) if allowed.is_empty() => {
                format!("{command} 已执行，不能重复")
            }
            (Lang::En, Refusal::WrongState { command, state, allowed, .. }) => {
                format!(
                    "`{command}` is not possible while the state is `{state}`; it is possible in: {}",
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

/// A list as people write it.
pub(crate) fn listed(lang: Lang, names: &[String]) -> String {
    names.join(match lang {
        Lang::En => ", ",
        Lang::Zh => "、",
    })
}

/// Hundredths of a point: `-0.20`, `+2.00`.
pub(crate) fn points(centipoints: i64) -> String {
    let sign = if centipoints < 0 { '-' } else { '+' };
    let size = centipoints.unsigned_abs();
    format!("{sign}{}.{:02}", size / 100, size % 100)
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
    fn points_keep_their_sign_below_one() {
        assert_eq!(points(-20), "-0.20");
        assert_eq!(points(205), "+2.05");
        assert_eq!(points(-150), "-1.50");
    }

    #[test]
    fn cut_text_stays_on_one_line() {
        assert_eq!(cut("a\nb", 10), "a b");
        assert_eq!(cut("街道照明故障", 4), "街道照…");
    }
}
