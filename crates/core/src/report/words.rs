//! The fixed words of a report in both languages.

use crate::Lang;
use crate::assess::{MilestoneState, ScoreState, Status};

/// The fixed words of a report.
pub(super) struct Words {
    pub(super) report: &'static str,
    pub(super) standard: &'static str,
    pub(super) state: &'static str,
    pub(super) rendered: &'static str,
    pub(super) measures: &'static str,
    pub(super) parts: &'static str,
    pub(super) photos: &'static str,
    pub(super) documents: &'static str,
    pub(super) before: &'static str,
    pub(super) after: &'static str,
    pub(super) no_photo: &'static str,
    pub(super) taken: &'static str,
    pub(super) offset_assumed: &'static str,
    pub(super) camera_ahead: &'static str,
    pub(super) position: &'static str,
    pub(super) same_file: &'static str,
    pub(super) taken_in_reverse: &'static str,
    pub(super) signatures: &'static str,
    pub(super) deadlines: &'static str,
    pub(super) points: &'static str,
    pub(super) cause: &'static str,
    pub(super) warranty: &'static str,
    pub(super) findings: &'static str,
    pub(super) conflicts: &'static str,
    pub(super) contradictions: &'static str,
    pub(super) clause: &'static str,
    pub(super) duty: &'static str,
    pub(super) status: &'static str,
    pub(super) evidence: &'static str,
    pub(super) due: &'static str,
    pub(super) ended: &'static str,
    pub(super) reason: &'static str,
    pub(super) withheld: &'static str,
    pub(super) signed_record: &'static str,
    pub(super) seal: &'static str,
    pub(super) changes: &'static str,
    pub(super) amended: &'static str,
    pub(super) late: &'static str,
    pub(super) not_certified: &'static str,
    pub(super) as_sealed: &'static str,
    pub(super) as_now: &'static str,
    pub(super) none: &'static str,
    pub(super) replaced: &'static str,
    pub(super) returned: &'static str,
    pub(super) not_returned: &'static str,
}

const EN: Words = Words {
    report: "Service report",
    standard: "Standard",
    state: "State",
    rendered: "As of",
    measures: "Measurements",
    parts: "Parts",
    photos: "Photos",
    documents: "Documents",
    before: "before",
    after: "after",
    no_photo: "no photo",
    taken: "taken",
    offset_assumed: "time zone assumed",
    camera_ahead: "camera clock ahead by",
    position: "at",
    same_file: "one file stands for both moments",
    taken_in_reverse: "by the camera's clock the later moment was taken first",
    signatures: "Signatures",
    deadlines: "Deadlines",
    points: "Points",
    cause: "Cause",
    warranty: "Free of charge until",
    findings: "Findings",
    conflicts: "Conflicts to settle",
    contradictions: "Contradictions",
    clause: "Clause",
    duty: "Duty",
    status: "Status",
    evidence: "Evidence",
    due: "Due",
    ended: "Done",
    reason: "Reason",
    withheld: "withheld",
    signed_record: "Signed facts",
    seal: "Seal",
    changes: "Changed after the seal",
    amended: "amendment",
    late: "written without knowledge of the seal",
    not_certified: "device certified by nobody",
    as_sealed: "As sealed",
    as_now: "Now",
    none: "none",
    replaced: "replaces",
    returned: "old part returned",
    not_returned: "old part not returned",
};

const ZH: Words = Words {
    report: "服务报告",
    standard: "标准",
    state: "状态",
    rendered: "截至",
    measures: "测量值",
    parts: "备件",
    photos: "照片",
    documents: "文件",
    before: "前",
    after: "后",
    no_photo: "缺照片",
    taken: "拍摄于",
    offset_assumed: "时区为推定",
    camera_ahead: "相机时钟快",
    position: "位置",
    same_file: "两个时刻用的是同一文件",
    taken_in_reverse: "按相机时钟，后一时刻的照片先拍",
    signatures: "签字",
    deadlines: "时限",
    points: "记分",
    cause: "事由",
    warranty: "免费期至",
    findings: "检查结果",
    conflicts: "待确认的冲突",
    contradictions: "相互矛盾的记录",
    clause: "条款",
    duty: "要求",
    status: "结果",
    evidence: "依据",
    due: "截止",
    ended: "完成",
    reason: "原因",
    withheld: "不予显示",
    signed_record: "所签内容",
    seal: "签封",
    changes: "签封后的变更",
    amended: "更正",
    late: "填写时不知已签封",
    not_certified: "设备无机构证明",
    as_sealed: "签封时",
    as_now: "现在",
    none: "无",
    replaced: "替换",
    returned: "旧件已回收",
    not_returned: "旧件未回收",
};

impl Words {
    pub(super) fn of(lang: Lang) -> &'static Words {
        match lang {
            Lang::En => &EN,
            Lang::Zh => &ZH,
        }
    }
}

pub(super) fn status(status: Status, lang: Lang) -> &'static str {
    let (en, zh) = match status {
        Status::Satisfied => ("satisfied", "已满足"),
        Status::Outstanding => ("outstanding", "未完成"),
        Status::NotYetDue => ("not yet due", "未到时"),
        Status::Violated => ("violated", "违反"),
        Status::Waived => ("waived", "免做"),
        Status::NotApplicable => ("not applicable", "不适用"),
        Status::Guidance => ("guidance", "提示"),
        Status::Disabled => ("switched off", "已停用"),
    };
    if lang == Lang::Zh { zh } else { en }
}

pub(super) fn score(state: ScoreState, lang: Lang) -> &'static str {
    let (en, zh) = match state {
        ScoreState::Pending => ("pending", "待定"),
        ScoreState::ToConfirm => ("to be confirmed", "待确认"),
        ScoreState::Confirmed => ("confirmed", "已确认"),
        ScoreState::Waived => ("waived", "已免除"),
        ScoreState::Appealed => ("appealed", "已申诉"),
    };
    if lang == Lang::Zh { zh } else { en }
}

pub(super) fn milestone(state: MilestoneState, lang: Lang) -> &'static str {
    let (en, zh) = match state {
        MilestoneState::NotApplicable => ("not applicable", "不适用"),
        MilestoneState::NotStarted => ("not started", "未开始"),
        MilestoneState::Running => ("running", "计时中"),
        MilestoneState::Paused => ("paused", "暂停"),
        MilestoneState::Met => ("met", "按时"),
        MilestoneState::MetLate => ("met late", "超时完成"),
        MilestoneState::Breached => ("breached", "超时"),
    };
    if lang == Lang::Zh { zh } else { en }
}
