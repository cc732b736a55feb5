//! Events that belong to the engine, not to a standard: every pack has them and none lists them.

use std::sync::OnceLock;

use super::{EventKind, Side};
use crate::Text;

const BOTH: &[Side] = &[Side::Office, Side::Field];
const OFFICE: &[Side] = &[Side::Office];
const FIELD: &[Side] = &[Side::Field];

const EVENTS: [(&str, &str, &str, &[Side]); 19] = [
    ("delay-explained", "Reason given for a missed deadline", "已说明超时原因", BOTH),
    ("escalated", "Missed deadline escalated", "超时已上报", BOTH),
    ("breach-reported", "Breach of a rule reported", "已报告违规", BOTH),
    ("audited", "Conduct audited", "已检查行为规范", OFFICE),
    ("hold-started", "Hold test begun", "保压试验开始", FIELD),
    ("hold-sampled", "Value read during a hold test", "保压试验中读数", FIELD),
    ("hold-ended", "Hold test ended", "保压试验结束", FIELD),
    ("alert-raised", "Alert raised", "已发出警报", FIELD),
    ("alert-acknowledged", "Alert acknowledged by the office", "办公室已确认警报", OFFICE),
    ("passed-on", "Passed on to another technician", "已转交其他技术员", FIELD),
    ("score-confirmed", "Points confirmed", "记分已确认", OFFICE),
    ("score-waived", "Points waived", "记分已免除", OFFICE),
    ("score-appealed", "Points appealed", "已申诉记分", BOTH),
    ("old-part-handed-in", "Old part handed in", "旧件已交回", FIELD),
    ("old-part-received", "Old part received by the store", "库房已收旧件", OFFICE),
    ("part-asked-for", "Part asked for", "已提出配件需求", FIELD),
    ("part-arrived", "Part asked for has arrived", "所需配件已到", OFFICE),
    ("follow-on-booked", "A further visit goes on with it", "已安排后续上门", OFFICE),
    ("follows-visit", "Goes on with an earlier visit", "接续前次上门", OFFICE),
];

/// The engine's events.
pub fn engine_events() -> &'static [EventKind] {
    static MADE: OnceLock<Vec<EventKind>> = OnceLock::new();
    MADE.get_or_init(|| {
        let event = |(id, en, zh, by): (&str, &str, &str, &[Side])| EventKind {
            id: id.to_owned(),
            name: Text::new(en, zh),
            by: by.to_vec(),
            incident: false,
            subjects: Vec::new(),
        };
        EVENTS.into_iter().map(event).collect()
    })
}

/// Whether an event is the engine's.
pub(crate) fn is_engine_event(id: &str) -> bool {
    EVENTS.iter().any(|(known, ..)| *known == id)
}

/// An engine event by id.
pub(super) fn engine_event(id: &str) -> Option<&'static EventKind> {
    engine_events().iter().find(|event| event.id == id)
}
