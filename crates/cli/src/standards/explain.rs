//! Everything about one rule.

use std::fmt::Write as _;

use jobsheet_core::standard::{Check, Form, FormField, Milestone, Pack, Rule, Severity, Side, Standard};
use jobsheet_core::{Lang, Text};
use serde::Serialize;
use serde_json::{Value, json};

use super::speech::{self, Speech};
use super::when;

/// Everything about one rule.
#[derive(Serialize)]
pub(super) struct Explained<'a> {
    rule: &'a Rule,
    standard: Value,
    phase: String,
    roles: String,
    jobs: Vec<Value>,
    when: Option<String>,
    proof: String,
    window: Option<String>,
    clock: Option<Clock>,
    blocks: Vec<String>,
    consequences: Vec<String>,
    scored_by: Vec<Scored<'a>>,
    demanded_by: Vec<&'a str>,
    forms: Vec<OnForm<'a>>,
    steps: Vec<OnStep<'a>>,
    reading: Option<&'a Text>,
    disabled: Option<&'a Text>,
    overridden: bool,
    overridden_because: Option<&'a Text>,
}

/// A deadline, part by part.
#[derive(Serialize)]
struct Clock {
    limit: String,
    anchor: String,
    also_possible: Vec<String>,
    ends: String,
    counts_in: String,
    pauses: Vec<String>,
    each: bool,
    escalation: Vec<String>,
    reason_on_breach: bool,
}

/// A rule that scores it.
#[derive(Serialize)]
struct Scored<'a> {
    rule: &'a str,
    clause: &'a str,
    score: String,
}

/// A field of a printed form.
#[derive(Serialize)]
struct OnForm<'a> {
    form: &'a str,
    title: &'a Text,
    number: Option<u32>,
    label: &'a Text,
}

/// A step that rests on the rule.
#[derive(Serialize)]
struct OnStep<'a> {
    document: &'static str,
    event: &'a str,
    name: String,
    from: &'a [String],
}

/// The fields of the printed forms that ask for a rule.
pub(super) fn forms<'a>(pack: &'a Pack, rule: &str) -> Vec<(&'a Form, &'a FormField)> {
    let own = |field: &&FormField| {
        field.rule == rule
            || field
                .sources
                .iter()
                .any(|source| matches!(source.parts(), ("answer", answered) if answered == rule))
    };
    pack.forms
        .iter()
        .flat_map(|form| form.fields.iter().filter(own).map(move |field| (form, field)))
        .collect()
}

impl<'a> Explained<'a> {
    pub(super) fn of(standard: &'a Standard, rule: &'a Rule, lang: Lang) -> Self {
        let speech = Speech::of(standard, lang);
        let pack = standard.pack();
        let based_on = pack.based_on.as_ref();
        let jobs = pack.jobs.iter().filter_map(|job| {
            let side = match standard.side_of(&job.id, rule)? {
                Side::Field => "field",
                Side::Office => "office",
            };
            Some(json!({ "job": job.id, "name": job.name, "side": side }))
        });
        let steps = pack.flows().flat_map(|(kind, flow)| {
            let steps = flow.steps.iter().filter(|step| step.rules.contains(&rule.id));
            steps.map(move |step| OnStep {
                document: kind.id(),
                event: &step.event,
                name: speech.event(&step.event),
                from: &step.from,
            })
        });
        let demands = pack.rules.iter().filter(|other| match &other.check {
            Check::OnBreach(breach) => breach.milestones.contains(&rule.id),
            _ => false,
        });
        let scored = standard.scored_by(&rule.id).filter_map(|other| {
            let Check::Score(score) = &other.check else { return None };
            Some(Scored { rule: &other.id, clause: &other.clause, score: speech.score(score) })
        });
        let forms = forms(pack, &rule.id).into_iter();
        Self {
            rule,
            standard: json!(standard.reference()),
            phase: speech.phase(&rule.phase),
            roles: speech.roles(&rule.roles),
            jobs: jobs.collect(),
            when: rule.when.as_ref().map(|when| when::in_words(speech, when)),
            proof: speech.proof(rule),
            window: rule.window().and_then(|window| speech.window(window)),
            clock: match &rule.check {
                Check::Milestone(milestone) => Some(Clock::of(speech, milestone)),
                _ => None,
            },
            blocks: rule.window().map(|window| window.blocks.clone()).unwrap_or_default(),
            consequences: speech.consequences(rule),
            scored_by: scored.collect(),
            demanded_by: demands.map(|other| other.id.as_str()).collect(),
            forms: forms
                .map(|(form, field)| OnForm {
                    form: &form.id,
                    title: &form.title,
                    number: field.number,
                    label: &field.label,
                })
                .collect(),
            steps: steps.collect(),
            reading: rule.reading.as_ref(),
            disabled: rule.disabled.as_ref(),
            overridden: based_on.is_some_and(|base| base.overridden.contains(&rule.id)),
            overridden_because: based_on.and_then(|base| base.reasons.get(&rule.id)),
        }
    }

    /// The explanation for people, a line for each thing that there is.
    pub(super) fn people(&self, speech: Speech<'_>) -> String {
        let rule = self.rule;
        let (lang, other) = match speech.lang {
            Lang::En => (Lang::En, Lang::Zh),
            Lang::Zh => (Lang::Zh, Lang::En),
        };
        let mut out = format!("{}\n  {}\n  {}\n\n", rule.id, rule.text.get(lang), rule.text.get(other));
        let mut line = |en: &'static str, zh: &'static str, words: &str| {
            let head = speech.say(en, zh);
            let width = match lang {
                Lang::En => 14 - head.chars().count().min(13),
                Lang::Zh => 14 - (head.chars().count() * 2).min(13),
            };
            let _ = writeln!(out, "  {head}{}{words}", " ".repeat(width));
        };
        let pack = speech.standard.pack();
        if let Some(reason) = self.disabled {
            line("switched off", "已停用", reason.get(lang));
        }
        if self.overridden {
            let reason = self.overridden_because.map(|reason| reason.get(lang));
            line("changed", "已修改", reason.unwrap_or(speech.say("by the company", "由公司修改")));
        }
        line("clause", "条款", &rule.clause);
        line(
            "standard",
            "标准",
            &format!("{} {}  {} ({})", pack.id, pack.version, pack.title.get(lang), pack.source),
        );
        line("phase", "阶段", &self.phase);
        line("binds", "约束对象", &self.roles);
        line("in", "适用于", &speech.places(&rule.r#in));
        for job in &self.jobs {
            let side = match job["side"].as_str() {
                Some("field") => speech.say("the person who does the job", "执行人"),
                _ => speech.say("the office", "后台"),
            };
            let name = job["name"][if lang == Lang::En { "en" } else { "zh" }].as_str().unwrap_or_default();
            line("", "", &format!("{name}{}{side}", speech.say(": ", "：")));
        }
        line("severity", "强度", &severity(speech, rule.severity));
        if let (Some(words), Some(cel)) = (&self.when, &rule.when) {
            line("when", "条件", words);
            line("", "", &format!("CEL: {cel}"));
        }
        if self.clock.is_none() {
            line("proof", "证明", &self.proof);
        }
        if let Check::Guidance(guidance) = &rule.check {
            line("why not asked", "不询问原因", guidance.why.get(lang));
        }
        if let Check::Script(script) = &rule.check {
            line("words", "话术", script.words.get(lang));
            for phrase in &script.avoid {
                line("avoid", "避免", phrase.get(lang));
            }
        }
        if let Some(window) = &self.window {
            line("time", "时间", window);
        }
        if let Some(clock) = &self.clock {
            clock.people(speech, &mut line);
        }
        for consequence in &self.consequences {
            line("otherwise", "否则", consequence);
        }
        for rule in &self.demanded_by {
            line("demanded by", "另有要求", &format!("[{}]", speech.short(rule)));
        }
        for scored in &self.scored_by {
            line(
                "scored by",
                "记分条款",
                &format!("{} [{}]: {}", scored.clause, speech.short(scored.rule), scored.score),
            );
        }
        for form in &self.forms {
            let number = form.number.map(|number| format!("{number} ")).unwrap_or_default();
            let (title, label) = (form.title.get(lang), form.label.get(lang));
            line("form", "表单", &format!("{title}{}{number}{label}", speech.say(": ", "：")));
        }
        for step in &self.steps {
            let from = step.from.join(", ");
            line(
                "step",
                "步骤",
                &format!("{} ({}) · {} {from}", step.name, step.document, speech.say("from", "状态")),
            );
        }
        if let Some(reading) = self.reading {
            line("reading", "解读", reading.get(lang));
        }
        out
    }
}

fn severity(speech: Speech<'_>, severity: Severity) -> String {
    let meaning = match severity {
        Severity::Must => speech.say("a duty", "义务"),
        Severity::MustNot => speech.say("a prohibition", "禁止"),
        Severity::Should => {
            speech.say("a recommendation: never a violation, never a gate", "建议：不构成违反，也不阻止步骤")
        }
    };
    format!("{}{}{meaning}", speech::severity(speech.lang, severity), speech.say(": ", "："))
}

impl Clock {
    fn of(speech: Speech<'_>, milestone: &Milestone) -> Self {
        let pauses = milestone.pause.iter().map(|pause| {
            let (from, to) = (speech.event(&pause.from), speech.event(&pause.to));
            match speech.lang {
                Lang::En => format!("stands still from {from} to {to}"),
                Lang::Zh => format!("{from}至{to}期间暂停计时"),
            }
        });
        Self {
            limit: speech.limit(milestone),
            anchor: speech.events(&milestone.start),
            also_possible: milestone.other_anchors.iter().map(|event| speech.event(event)).collect(),
            ends: speech.events(&milestone.end),
            counts_in: speech.counts_in(milestone),
            pauses: pauses.collect(),
            each: milestone.each,
            escalation: milestone.tell.iter().map(|tell| speech.tell(tell)).collect(),
            reason_on_breach: milestone.reason_on_breach,
        }
    }

    fn people(&self, speech: Speech<'_>, line: &mut impl FnMut(&'static str, &'static str, &str)) {
        line("clock", "时限", &self.limit);
        let mut anchor = self.anchor.clone();
        if !self.also_possible.is_empty() {
            let head = speech.say("; chosen by this pack; also possible: ", "（本包所选；也可为：");
            anchor += head;
            anchor += &speech::list(speech.lang, self.also_possible.clone());
            anchor += speech.say("", "）");
        }
        line("counts from", "起算", &anchor);
        line("kept by", "完成标志", &self.ends);
        line("counts in", "计时方式", &self.counts_in);
        if self.each {
            line("", "", speech.say("each start has a clock of its own", "每次起算单独计时"));
        }
        for pause in &self.pauses {
            line("pause", "暂停", pause);
        }
        if !self.escalation.is_empty() {
            line("if missed", "超时后", &speech::list(speech.lang, self.escalation.clone()));
        }
    }
}
