//! One visit or shift as it stands: what is done, owed and late, what follows, points and warranties.

use std::fmt::Write as _;

use jobsheet::VisitView;
use jobsheet_core::assess::{
    Consequence, Finding, MilestoneState, MilestoneStatus, PhotoDoubt, ScoreLine, Status, consequences,
};
use jobsheet_core::record::{EntryId, Photo};
use jobsheet_core::standard::Check;
use serde_json::Value;

use crate::Here;
use crate::failure::Failure;
use crate::lists::local;
use crate::names::Names;
use crate::visit::find;
use crate::words::{cut, points, span};

/// Shows a visit or shift.
pub(crate) fn show(here: &Here<'_>, visit: &str) -> Result<(), Failure> {
    let view = here.store.visit(find(&here.store, visit)?)?;
    here.output.result(&view, || {
        let names = Names::new(here.output, &view.standard);
        let mut page = Page { here, view: &view, names, out: String::new() };
        page.head();
        page.counts();
        let words = page.names.words;
        for (status, title) in [
            (Status::Violated, words.violated),
            (Status::Outstanding, words.owed),
            (Status::Disabled, words.disabled),
        ] {
            page.findings(status, title);
        }
        page.deadlines();
        page.scores();
        page.warranties();
        page.photos();
        page.documents();
        page.conflicts();
        page.notes();
        page.out
    })
}

struct Page<'a> {
    here: &'a Here<'a>,
    view: &'a VisitView,
    names: Names<'a>,
    out: String,
}

impl Page<'_> {
    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    fn title(&mut self, title: &str) {
        let _ = writeln!(self.out, "\n{title}");
    }

    fn head(&mut self) {
        let (lang, words, record) = (self.names.lang, self.names.words, &self.view.record);
        let order = |id: &str| record.order.get(id).map_or("", String::as_str);
        let state = self.view.assessment.state.name.get(lang);
        self.line(&format!("{}  {state}  {}", order("number"), order("urgency")));
        self.line(&record.id.to_string());
        let job = self.names.standard.course(&record.job).job();
        self.line(&format!("{}: {} [{}]", words.kind(record.kind), job.name.get(lang), record.job));
        for text in ["fault", "location", "workplace"].map(order) {
            if !text.is_empty() {
                self.line(text);
            }
        }
        if let Some(plan) = &record.assignment {
            let (start, end) = (local(self.here, plan.start.instant()), local(self.here, plan.end.instant()));
            self.line(&format!("{}: {start} – {end} · {}", words.planned, plan.crew.join(", ")));
        }
        self.line(&format!("{}: {}", words.standard, record.standard));
    }

    fn counts(&mut self) {
        let (words, counts) = (self.names.words, self.view.assessment.counts);
        let transport = self.view.transport;
        let waits = transport.unsent == 0 && !transport.applied;
        let waits = if waits { format!(" · {}", words.unapplied) } else { String::new() };
        self.line(&format!(
            "{} {} · {} {} · {} {} · {} {}{waits}",
            counts.satisfied,
            words.satisfied,
            counts.outstanding,
            words.owed,
            counts.violated,
            words.violated,
            transport.unsent,
            words.unsent
        ));
    }

    fn findings(&mut self, status: Status, title: &str) {
        let findings: Vec<&Finding> =
            self.view.assessment.findings.iter().filter(|finding| finding.status == status).collect();
        if findings.is_empty() {
            return;
        }
        self.title(title);
        for finding in findings {
            let (text, words) = (finding.text.get(self.names.lang), self.names.words);
            let mark = if finding.clock_suspect { words.clock_suspect } else { "" };
            let off = finding.disabled.as_ref().map_or("", |reason| reason.get(self.names.lang));
            self.line(&format!("  {} {}: {text} [{}]", words.clause, finding.clause, finding.rule));
            self.detail(&[
                format!("{}: {}", words.who, self.names.roles(self.who(finding))),
                mark.to_owned(),
                off.to_owned(),
            ]);
            // What follows from a missed deadline stands with the deadlines.
            if finding.kind != "milestone" {
                self.consequences(&finding.rule, |_| true);
            }
        }
    }

    /// Who can mend it: for points that is a reviewer, whoever gets them.
    fn who<'b>(&'b self, finding: &'b Finding) -> &'b [String] {
        match self.names.standard.rule(&finding.rule).map(|rule| &rule.check) {
            Some(Check::Score(score)) => &score.reviewers,
            _ => &finding.roles,
        }
    }

    fn consequences(&mut self, rule: &str, wanted: impl Fn(&Consequence) -> bool) {
        let Some(rule) = self.names.standard.rule(rule) else { return };
        let list: Vec<Consequence> =
            consequences(self.names.standard, rule).into_iter().filter(|one| wanted(one)).collect();
        if let Some(follows) = self.names.consequences(&list, &[]) {
            self.detail(&[follows]);
        }
    }

    /// A line below another, of the parts that are not empty.
    fn detail(&mut self, parts: &[String]) {
        let parts: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        if !parts.is_empty() {
            self.line(&format!("    {}", parts.join(" · ")));
        }
    }

    fn deadlines(&mut self) {
        let shown = |milestone: &&MilestoneStatus| match milestone.state {
            MilestoneState::NotApplicable | MilestoneState::NotStarted => false,
            MilestoneState::Met => milestone.entered_later || milestone.clock_suspect,
            _ => true,
        };
        let deadlines: Vec<&MilestoneStatus> = self.view.assessment.milestones.iter().filter(shown).collect();
        if deadlines.is_empty() {
            return;
        }
        self.title(self.names.words.deadlines);
        for milestone in deadlines {
            self.deadline(milestone);
        }
    }

    fn deadline(&mut self, milestone: &MilestoneStatus) {
        let (lang, words) = (self.names.lang, self.names.words);
        let left = match (milestone.state, milestone.left_seconds) {
            (MilestoneState::Met, _) => words.met.to_owned(),
            (MilestoneState::Running, Some(left)) => format!("{} {}", span(left), words.left),
            (MilestoneState::Paused, Some(left)) => {
                format!("{}, {} {}", words.paused, span(left), words.left)
            }
            (MilestoneState::Paused, None) => words.paused.to_owned(),
            (MilestoneState::MetLate, Some(left)) => format!("{} {}", span(left), words.late),
            (MilestoneState::Breached, Some(left)) => format!("{} {}", span(left), words.over),
            _ => "–".to_owned(),
        };
        let (clause, text) = (&milestone.clause, milestone.text.get(lang));
        self.line(&format!("  {left} · {} {clause}: {text} [{}]", words.clause, milestone.rule));
        let since = milestone.started.filter(|_| milestone.subject.is_some());
        let since = since.map(|at| format!("{} {}", words.since, local(self.here, at.instant())));
        self.detail(&[
            format!("{}: {}", words.who, self.names.roles(&milestone.roles)),
            since.unwrap_or_default(),
            if milestone.entered_later { words.entered_later.to_owned() } else { String::new() },
            if milestone.clock_suspect { words.clock_suspect.to_owned() } else { String::new() },
        ]);
        let chain = milestone.tell.iter().map(|told| {
            let role = self.names.role(&told.to);
            match (told.done, told.from) {
                (true, _) => format!("{role} ({})", words.told),
                (false, Some(from)) => {
                    format!("{role} ({} {})", words.since, local(self.here, from.instant()))
                }
                (false, None) => role,
            }
        });
        let chain: Vec<String> = chain.collect();
        if !chain.is_empty() {
            self.detail(&[words.tells(&chain.join(" → "))]);
        }
        let explained = milestone.reason.is_some();
        self.consequences(&milestone.rule, |one| match one {
            Consequence::Tells { .. } => false,
            Consequence::Reason => !explained,
            _ => true,
        });
        if !milestone.other_anchors.is_empty() {
            self.detail(&[words.other_anchors(&self.names.events(&milestone.other_anchors))]);
        }
        if let Some(reason) = &milestone.reason {
            self.detail(&[format!("{}: {}", words.reason, cut(reason, 200))]);
        }
    }

    fn scores(&mut self) {
        let (points_of, words) = (&self.view.assessment.points, self.names.words);
        if points_of.lines.is_empty() {
            return;
        }
        self.title(&format!(
            "{}: {} {} · {} {}",
            words.points,
            points(points_of.confirmed_centipoints),
            words.confirmed,
            points(points_of.open_centipoints),
            words.open
        ));
        for line in &points_of.lines {
            self.score(line);
        }
    }

    fn score(&mut self, line: &ScoreLine) {
        let (lang, words) = (self.names.lang, self.names.words);
        let money = line.money.as_ref().map(|money| format!("{} {}", money.amount, money.currency));
        let figure = match (line.centipoints, money) {
            (0, Some(money)) => money,
            (0, None) => words.no_figure.to_owned(),
            (figure, None) => points(figure),
            (figure, Some(money)) => format!("{} + {money}", points(figure)),
        };
        let (state, text) = (words.score_state(line.state), line.text.get(lang));
        self.line(&format!(
            "  {figure} · {state} · {} {}: {text} [{}]",
            words.clause, line.clause, line.rule
        ));
        let clause = line.cause_clause.as_ref().map(|clause| format!("{} {clause} ", words.clause));
        let at = line.at.map(|at| local(self.here, at.instant()));
        self.detail(&[
            format!("{}: {}[{}]", words.cause, clause.unwrap_or_default(), line.cause),
            at.unwrap_or_default(),
            line.persons.join(", "),
        ]);
        if let Some(reason) = &line.reason {
            let who = line.decided_by.clone().unwrap_or_default();
            self.detail(&[format!("{}: {}", words.reason, cut(reason, 200)), who]);
        }
    }

    fn warranties(&mut self) {
        let (lang, words) = (self.names.lang, self.names.words);
        let warranties = &self.view.assessment.warranties;
        if warranties.is_empty() {
            return;
        }
        self.title(words.warranties);
        for warranty in warranties {
            let until = warranty.until.map(|until| format!("{} {until}", words.until));
            let covered = warranty.covered.map(|yes| if yes { words.covered } else { words.not_covered });
            let head = [until.unwrap_or_else(|| "–".to_owned()), covered.unwrap_or_default().to_owned()];
            let head: Vec<&str> = head.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
            self.line(&format!(
                "  {} · {} {}: {} [{}]",
                head.join(" · "),
                words.clause,
                warranty.clause,
                warranty.text.get(lang),
                warranty.rule
            ));
            if !warranty.missing.is_empty() {
                let missing = warranty.missing.iter();
                let missing: Vec<String> =
                    missing.map(|source| self.names.source(&self.view.record, source)).collect();
                self.detail(&[format!("{} {}", words.no_date, missing.join(", "))]);
            }
        }
    }

    /// Photos side by side where an item asks for moments, then the others.
    fn photos(&mut self) {
        let record = &self.view.record;
        let items = &self.view.assessment.photos;
        if record.photos.is_empty() && items.iter().all(|item| item.missing.is_empty()) {
            return;
        }
        let words = self.names.words;
        self.title(words.photos);
        let mut shown: Vec<EntryId> = Vec::new();
        for item in items {
            let text = item.text.get(self.names.lang);
            self.line(&format!("  {} {}: {text} [{}]", words.clause, item.clause, item.rule));
            if !item.missing.is_empty() {
                self.detail(&[format!("{}: {}", words.no_photo, self.names.moments(&item.missing))]);
            }
            for row in &item.rows {
                shown.extend(row.photos.iter().flatten());
                let cells = item.moments.iter().zip(&row.photos).map(|(moment, id)| {
                    let photo = id.and_then(|id| Some(self.photo(&id, record.photos.get(&id)?)));
                    format!(
                        "{}: {}",
                        self.names.moment(moment),
                        photo.unwrap_or_else(|| words.no_photo.to_owned())
                    )
                });
                let cells: Vec<String> = cells.collect();
                self.line(&format!("    {}", cells.join(" | ")));
                let doubts = row.doubts.iter().map(|doubt| match doubt {
                    PhotoDoubt::SameFile => words.same_file,
                    PhotoDoubt::TakenInReverse => words.taken_in_reverse,
                });
                let doubts: Vec<String> = doubts.map(ToOwned::to_owned).collect();
                self.detail(&doubts);
            }
        }
        let others = record.photos.iter().filter(|(id, _)| !shown.contains(id));
        let others: Vec<String> = others.map(|(id, photo)| format!("  {}", self.photo(id, photo))).collect();
        for photo in others {
            self.line(&photo);
        }
    }

    fn photo(&self, id: &EntryId, photo: &Photo) -> String {
        let shot = photo.shot.as_ref();
        let taken = shot.and_then(|shot| shot.taken_at).map(|at| local(self.here, at.instant()));
        let position = shot.and_then(|shot| shot.position).map(|position| position.to_string());
        let caption = photo.caption.as_ref().map(|caption| cut(caption, 60));
        let hash = photo.sha256.get(..12).unwrap_or(&photo.sha256).to_owned();
        let parts = [Some(hash), caption, taken, position, Some(id.to_string())];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }

    fn documents(&mut self) {
        let documents = self.view.record.documents.values().map(|file| {
            let hash = file.sha256.get(..12).unwrap_or(&file.sha256);
            let size = file.size.div_ceil(1024);
            let item = file.item.as_ref().map(|item| format!(" [{item}]")).unwrap_or_default();
            format!("  {hash} · {} · {size} KiB {}{item}", cut(&file.name, 80), file.media_type)
        });
        let documents: Vec<String> = documents.collect();
        if documents.is_empty() {
            return;
        }
        self.title(self.names.words.documents);
        for document in documents {
            self.line(&document);
        }
    }

    fn conflicts(&mut self) {
        if self.view.record.conflicts.is_empty() {
            return;
        }
        self.title(self.names.words.conflicts);
        for conflict in &self.view.record.conflicts {
            self.line(&format!("  {}", conflict.target));
            for (at, version) in conflict.versions.iter().enumerate() {
                let value = cut(&said(&version.value).to_string(), 80);
                self.line(&format!("    {at}: {value} · {} · {}", version.person, version.at));
            }
        }
    }

    fn notes(&mut self) {
        let notes = self.view.record.notes.iter().filter(|(_, text)| !text.trim().is_empty());
        let notes: Vec<String> = notes.map(|(id, text)| format!("  {id}: {}", cut(text, 200))).collect();
        if notes.is_empty() {
            return;
        }
        self.title(self.names.words.notes);
        for note in notes {
            self.line(&note);
        }
    }
}

/// What a version says, without who and when, which are shown beside it.
pub(crate) fn said(version: &Value) -> Value {
    if let Some(answer) = version.get("is") {
        return answer.clone();
    }
    let mut said = version.clone();
    if let Value::Object(fields) = &mut said {
        fields.retain(|name, _| !["by", "at", "mono", "boot", "skew"].contains(&name.as_str()));
    }
    said
}
