//! Scenarios that can not be derived: what a rule needs beyond its own events and guards.

/// The scenarios of a rule that are tried before all others, and what breaks it.
pub struct Special {
    pub rule: &'static str,
    pub job: &'static str,
    pub kept: &'static str,
    /// Empty: derived.
    pub broken: &'static str,
}

const fn special(rule: &'static str, job: &'static str, kept: &'static str, broken: &'static str) -> Special {
    Special { rule, job, kept, broken }
}

/// One line a rule, in the order of the packs.
pub const SPECIAL: &[Special] = &[
    special("execution-form.overdue-reason", "service", "late execution-form.callback-3-days; explained", ""),
    special(
        "execution-form.overdue-escalate",
        "service",
        "late execution-form.callback-3-days; explained",
        "",
    ),
    special("execution-form.spares-request", "service", "part new", "left out"),
    // A part that has lain since it came in.
    special(
        "aftersales-rules.parts-yellow-1-month",
        "store-month",
        "incident part-received/P-1; incident part-marked-yellow/P-1; later P31D",
        "not incident part-marked-yellow/P-1",
    ),
    special(
        "aftersales-rules.parts-red-3-months",
        "store-month",
        "incident part-received/P-1; incident part-marked-red/P-1; later P92D",
        "not incident part-marked-red/P-1",
    ),
    special(
        "aftersales-rules.compensation-report",
        "service",
        "incident compensation-demanded; answer aftersales-rules.compensation-persuade=quality-loss",
        "left out",
    ),
    special(
        "aftersales-rules.compensation-as-approved",
        "service",
        "incident compensation-demanded; answer aftersales-rules.compensation-persuade=quality-loss",
        "",
    ),
    special(
        "aftersales-rules.exchange-eligible",
        "service",
        "incident exchange-demanded; answer aftersales-rules.exchange-alternatives=insists",
        "",
    ),
    special(
        "aftersales-rules.exchange-ineligible-explain",
        "service",
        "incident exchange-demanded; answer aftersales-rules.exchange-alternatives=insists; \
         answer aftersales-rules.exchange-eligible=refused",
        "",
    ),
    special(
        "aftersales-rules.exchange-ineligible-sincerity",
        "service",
        "incident exchange-demanded; answer aftersales-rules.exchange-alternatives=insists; \
         answer aftersales-rules.exchange-eligible=refused; audited aftersales-rules.exchange-ineligible-sincerity",
        "",
    ),
    // The office follows up before it closes the record: nothing holds it back from closing first.
    special(
        "diesel.follow-up-15-days",
        "installation",
        "incident follow-up-done; at follow-up-done=2026-03-06T10:00:00+08:00",
        "",
    ),
    special("diesel.work-order-redo", "installation", "wrong diesel.work-order-review", "left out"),
    special(
        "diesel.score-follow-up-late",
        "installation",
        "incident follow-up-done; at follow-up-done=2026-03-06T10:00:00+08:00; late diesel.follow-up-15-days; points diesel.score-follow-up-late=confirmed",
        "",
    ),
];
