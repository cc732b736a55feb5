//! The service report as one HTML page without scripts or outside references.

use askama::Template;
use jiff::Timestamp;

use super::files::{FileLister, Files, Pictures};
use super::words::{self, Words};
use super::{Audience, charge, seal};
use crate::assess::{Evidences, MilestoneState, Status};
use crate::record::Record;
use crate::seal::Verification;
use crate::standard::{Flow, Form, Source, Standard};
use crate::tariff::Tariff;
use crate::{Lang, Moment};

/// A report could not be rendered.
#[derive(Debug, thiserror::Error)]
#[error("the report could not be rendered: {0}")]
pub struct ReportError(#[from] askama::Error);

struct Line {
    number: String,
    label: String,
    value: String,
}

struct Section {
    title: String,
    lines: Vec<Line>,
}

struct DeadlineLine {
    clause: String,
    text: String,
    state: &'static str,
    class: &'static str,
    due: String,
    ended: String,
    reason: String,
}

struct PointsLine {
    clause: String,
    text: String,
    points: String,
    cause: String,
    state: &'static str,
    reason: String,
}

struct FindingLine {
    clause: String,
    text: String,
    status: &'static str,
    class: &'static str,
    evidence: String,
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    words: &'a Words,
    lang: &'static str,
    title: String,
    visit: String,
    standard: String,
    state: String,
    rendered: String,
    forms: Vec<Section>,
    measures: Vec<String>,
    parts: Vec<String>,
    files: Files,
    signatures: Vec<Line>,
    verdict: &'static str,
    verdict_class: &'static str,
    seals: Vec<seal::SealLine>,
    changes: Vec<seal::ChangeLine>,
    conflicts: Vec<String>,
    contradictions: Vec<String>,
    deadlines: Vec<DeadlineLine>,
    points: Vec<PointsLine>,
    warranties: Vec<String>,
    charge: Vec<String>,
    findings: Vec<FindingLine>,
    internal: bool,
}

/// What a report is about.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The record.
    pub record: &'a Record,
    /// The standard that it is judged by.
    pub standard: &'a Standard,
    /// What the verification of its signatures and seals found.
    pub verification: &'a Verification,
    /// Pictures of its photos; the others are named.
    pub pictures: &'a Pictures,
    /// The tariffs of the company: then the report says what the visit costs and whom, to all but third parties.
    pub tariffs: Option<&'a [Tariff]>,
}

/// Renders the service report of a record.
///
/// # Errors
/// [`ReportError`] if the template fails, which no record can cause.
pub fn html(
    subject: &Subject<'_>,
    now: Timestamp,
    lang: Lang,
    audience: Audience,
) -> Result<String, ReportError> {
    let Subject { record, standard, verification, pictures, tariffs } = *subject;
    let tariffs = tariffs.filter(|_| audience != Audience::ThirdParty);
    let charge = tariffs.map(|tariffs| crate::assess::charge(record, standard, tariffs));
    let words = Words::of(lang);
    let evidences = Evidences::of(record, standard);
    let assessment = evidences.assess(now);
    let renderer = Renderer { record, standard, evidences: &evidences, lang, audience, words };
    let lister = FileLister { record, evidences: &evidences, lang, audience, words, pictures };
    let internal = audience.sees_findings();
    let page = Page {
        words,
        lang: if lang == Lang::Zh { "zh-Hans" } else { "en" },
        title: standard.pack().title.get(lang).to_owned(),
        visit: record.order.get("number").cloned().unwrap_or_else(|| record.id.to_string()),
        standard: record.standard.to_string(),
        state: assessment.state.name.get(lang).to_owned(),
        rendered: Moment::utc(now).to_string(),
        forms: renderer.forms(),
        measures: renderer.measures(),
        parts: renderer.parts(),
        files: lister.files(),
        signatures: renderer.signatures(),
        verdict: seal::verdict(verification.verdict, lang),
        verdict_class: seal::verdict_class(verification.verdict),
        seals: seal::seals(verification, words, audience),
        changes: seal::changes(verification, record, standard, words, lang, audience),
        conflicts: if internal { renderer.conflicts() } else { Vec::new() },
        contradictions: assessment
            .state
            .contradictions
            .iter()
            .filter(|_| internal)
            .map(|contradiction| contradiction.text.get(lang).to_owned())
            .collect(),
        deadlines: assessment
            .milestones
            .iter()
            .filter(|status| internal && status.state != MilestoneState::NotApplicable)
            .map(|status| DeadlineLine {
                clause: status.clause.clone(),
                text: status.text.get(lang).to_owned(),
                state: words::milestone(status.state, lang),
                class: if status.is_missed() { "bad" } else { "" },
                due: status.due.map(|at| at.to_string()).unwrap_or_default(),
                ended: status.ended.map(|at| at.to_string()).unwrap_or_default(),
                reason: status.reason.clone().unwrap_or_default(),
            })
            .collect(),
        points: assessment
            .points
            .lines
            .iter()
            .filter(|_| internal)
            .map(|line| PointsLine {
                clause: line.clause.clone(),
                text: line.text.get(lang).to_owned(),
                points: line.figure(),
                cause: line.cause.clone(),
                state: words::score(line.state, lang),
                reason: line.reason.clone().unwrap_or_default(),
            })
            .collect(),
        warranties: assessment
            .warranties
            .iter()
            .filter_map(|status| Some(format!("{}: {}", status.clause, status.until?)))
            .collect(),
        charge: charge.map(|charge| charge::lines(&charge, standard, lang, words)).unwrap_or_default(),
        findings: assessment
            .findings
            .iter()
            .filter(|finding| {
                internal && !matches!(finding.status, Status::NotApplicable | Status::NotYetDue)
            })
            .map(|finding| FindingLine {
                clause: finding.clause.clone(),
                text: finding.text.get(lang).to_owned(),
                status: words::status(finding.status, lang),
                class: match finding.status {
                    Status::Violated => "bad",
                    Status::Outstanding => "open",
                    _ => "",
                },
                evidence: finding
                    .evidence
                    .iter()
                    .map(|evidence| match (&evidence.person, evidence.at) {
                        (Some(person), Some(at)) => format!("{} {person}, {at}", evidence.value),
                        (None, Some(at)) => format!("{} {at}", evidence.source),
                        _ => evidence.value.clone(),
                    })
                    .chain(finding.note.clone())
                    .chain(finding.disabled.as_ref().map(|reason| reason.get(lang).to_owned()))
                    .collect::<Vec<_>>()
                    .join("; "),
            })
            .collect(),
        internal,
    };
    Ok(page.render()?)
}

struct Renderer<'a> {
    record: &'a Record,
    standard: &'a Standard,
    evidences: &'a Evidences<'a>,
    lang: Lang,
    audience: Audience,
    words: &'static Words,
}

impl Renderer<'_> {
    fn forms(&self) -> Vec<Section> {
        self.standard
            .pack()
            .forms
            .iter()
            .filter(|form| {
                form.r#in.iter().any(|place| place == self.record.kind.id() || *place == self.record.job)
            })
            .map(|form| self.form(form))
            .filter(|form| !form.lines.is_empty())
            .collect()
    }

    fn form(&self, form: &Form) -> Section {
        let filled = form
            .fields
            .iter()
            .map(|field| Line {
                number: field.number.map(|number| number.to_string()).unwrap_or_default(),
                label: field.label.get(self.lang).to_owned(),
                value: field
                    .sources
                    .iter()
                    .filter_map(|source| self.value(source))
                    .collect::<Vec<_>>()
                    .join("; "),
            })
            .filter(|line| !line.number.is_empty() || !line.value.is_empty())
            .collect();
        Section { title: form.title.get(self.lang).to_owned(), lines: filled }
    }

    fn value(&self, source: &Source) -> Option<String> {
        let evidence = self.evidences.value(source)?;
        let (root, name) = source.parts();
        if self.is_personal(root, name) && !self.audience.sees_personal() {
            return Some(self.words.withheld.to_owned());
        }
        let named = self.choice(root, name, &evidence.value).unwrap_or(evidence.value);
        match (root, evidence.at, evidence.person) {
            ("event", Some(at), Some(person)) if self.audience.sees_personal() => {
                Some(format!("{at}, {person} {named}").trim().to_owned())
            }
            ("event", Some(at), _) => Some(at.to_string()),
            ("signature", Some(at), _) => Some(format!("{named}, {at}")),
            _ => Some(named),
        }
    }

    fn flow(&self) -> &Flow {
        self.evidences.course.flow()
    }

    /// Personal: order fields so marked, free texts, names of signers, of the crew and of attached documents.
    fn is_personal(&self, root: &str, name: &str) -> bool {
        match root {
            "order" => self.flow().order.iter().any(|field| field.id == name && field.personal),
            "signature" | "note" => true,
            "answer" => !self.evidences.attached(name).is_empty(),
            "survey" => name == "words",
            "assignment" => name == "crew",
            _ => false,
        }
    }

    /// The name of a chosen option, where the value is one.
    fn choice(&self, root: &str, name: &str, value: &str) -> Option<String> {
        let options = match root {
            "order" => self.flow().order.iter().find(|field| field.id == name)?.options.as_slice(),
            "survey" if name == "rating" => self.flow().survey.as_ref()?.levels.as_slice(),
            "answer" => self.standard.rule(name)?.options()?,
            _ => return None,
        };
        let named = |id: &str| options.iter().find(|option| option.id == id);
        let names: Option<Vec<&str>> =
            value.split(", ").map(|id| named(id).map(|option| option.name.get(self.lang))).collect();
        names.map(|names| names.join(", "))
    }

    fn person(&self, person: &str) -> String {
        if self.audience.sees_personal() { person.to_owned() } else { self.words.withheld.to_owned() }
    }

    fn measures(&self) -> Vec<String> {
        let mut measures: Vec<_> = self.record.measures.values().collect();
        measures.sort_by_key(|measure| (measure.by.stamp.corrected(), &measure.quantity));
        let name = |id: &str| {
            let known = self.standard.pack().quantities.iter().find(|quantity| quantity.id == id);
            known.map_or(id, |quantity| quantity.name.get(self.lang)).to_owned()
        };
        measures
            .into_iter()
            .map(|measure| {
                let instrument =
                    measure.instrument.as_ref().map(|text| format!(", {text}")).unwrap_or_default();
                let (value, unit, at) = (measure.value, &measure.unit, measure.by.stamp.at);
                format!("{}: {value} {unit}{instrument} ({at})", name(&measure.quantity))
            })
            .collect()
    }

    fn parts(&self) -> Vec<String> {
        let part = |part: &crate::record::PartUsed| {
            let mut text = format!("{} × {}", part.quantity, part.number);
            for detail in [&part.name, &part.serial].into_iter().flatten() {
                text = format!("{text}, {detail}");
            }
            if let Some(old) = &part.replaces {
                let returned = if old.returned { self.words.returned } else { self.words.not_returned };
                let serial = old.serial.as_deref().unwrap_or("–");
                text = format!("{text}; {} {serial}, {returned}", self.words.replaced);
                if let Some(condition) = old.condition {
                    text = format!("{text}, {}", condition.name().get(self.lang));
                }
            }
            text
        };
        self.record.parts.values().map(part).collect()
    }

    fn signatures(&self) -> Vec<Line> {
        let mut signatures: Vec<_> = self.record.signatures.values().collect();
        signatures.sort_by_key(|signature| (signature.by.stamp.corrected(), &signature.role));
        let role = |id: &str| {
            let known = self.standard.pack().roles.iter().find(|role| role.id == id);
            known.map_or(id, |role| role.name.get(self.lang)).to_owned()
        };
        signatures
            .into_iter()
            .map(|signature| Line {
                number: String::new(),
                label: role(&signature.role),
                value: format!(
                    "{}, {} · {} sha256:{}",
                    self.person(&signature.name),
                    signature.by.stamp.at,
                    self.words.signed_record,
                    signature.facts_sha256
                ),
            })
            .collect()
    }

    fn conflicts(&self) -> Vec<String> {
        self.record
            .conflicts
            .iter()
            .map(|conflict| {
                let place = serde_json::to_value(&conflict.target).unwrap_or_default();
                let versions: Vec<String> = conflict
                    .versions
                    .iter()
                    .map(|version| {
                        let value = version.value.get("is").unwrap_or(&version.value);
                        format!("{value} ({}, {})", version.person, version.at)
                    })
                    .collect();
                format!("{place}: {}", versions.join(" ≠ "))
            })
            .collect()
    }
}
