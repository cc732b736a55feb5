//! Places in the record.

use super::linter::Linter;
use super::place::Path;
use super::words::{checks as say_check, names as say};
use crate::standard::{Ask, Check, Kind, Rule, Source};

impl Linter<'_, '_> {
    /// A place that must stand in the documents of some kinds.
    pub(super) fn source(&mut self, path: &Path, source: &Source, kinds: &[Kind]) {
        let (root, name) = source.parts();
        let flow = |kind: Kind| self.pack.flow(kind);
        match (root, name) {
            ("order", _) => self.member("order", path, source, kinds),
            ("note", _) => self.member("notes", path, source, kinds),
            ("event", _) => drop(self.event(path.clone(), name)),
            ("answer", _) => self.answer(path, source, kinds),
            ("signature", _) => drop(self.known("roles", path.clone(), name)),
            ("measure", _) => drop(self.known("quantities", path.clone(), name)),
            ("assignment", "crew" | "start" | "end" | "tools") => {
                self.elsewhere(
                    path,
                    source,
                    kinds.iter().find(|kind| flow(**kind).is_some_and(|flow| flow.assigned.is_none())),
                );
            }
            ("survey", "rating" | "words") => {
                self.elsewhere(
                    path,
                    source,
                    kinds.iter().find(|kind| flow(**kind).is_some_and(|flow| flow.survey.is_none())),
                );
            }
            ("parts" | "photos", "") => {}
            _ => {
                const KNOWN: [&str; 8] = [
                    "assignment.crew",
                    "assignment.start",
                    "assignment.end",
                    "assignment.tools",
                    "survey.rating",
                    "survey.words",
                    "parts",
                    "photos",
                ];
                self.out.unknown(&say::SOURCE, path.clone(), [&source.0], &source.0, KNOWN.into_iter());
            }
        }
    }

    pub(super) fn all_sources(&mut self, path: &Path, sources: &[Source], kinds: &[Kind]) {
        for (at, source) in sources.iter().enumerate() {
            self.source(&path.item(at), source, kinds);
        }
    }

    fn elsewhere(&mut self, path: &Path, source: &Source, kind: Option<&Kind>) {
        if let Some(kind) = kind
            && self.whole
        {
            self.out.say(&say::SOURCE_ELSEWHERE, path.clone(), [&source.0, kind.id()]);
        }
    }

    /// An order field or a note.
    fn member(&mut self, list: &'static str, path: &Path, source: &Source, kinds: &[Kind]) {
        let name = source.parts().1;
        let names = self.names;
        if !names.anywhere(list).any(|(_, names)| names.has(name)) {
            let fault = if list == "order" { &say::ORDER_FIELD } else { &say::NOTE };
            let known = names.anywhere(list).flat_map(|(_, names)| names.all());
            self.out.unknown(fault, path.clone(), [name], name, known);
            return;
        }
        self.elsewhere(
            path,
            source,
            kinds.iter().find(|kind| names.has_flow(**kind) && !names.flow(**kind, list).has(name)),
        );
    }

    fn answer(&mut self, path: &Path, source: &Source, kinds: &[Kind]) {
        let name = source.parts().1;
        if !self.known("rules", path.clone(), name) {
            return;
        }
        let Some(at) = self.pack.rules.iter().position(|rule| rule.id == name) else { return };
        if !is_answered(&self.pack.rules[at]) {
            self.out.say(&say::NO_ANSWER, path.clone(), [name]);
            return;
        }
        let scope = &self.scopes[at];
        let kind = kinds.iter().find(|kind| scope.sure && !scope.kinds.contains(kind)).copied();
        self.elsewhere(path, source, kind.as_ref());
    }

    /// Where a promised time stands.
    pub(super) fn due(&mut self, path: &Path, source: &Source, kinds: &[Kind]) {
        let asks_time = |rule: &Rule| matches!(rule.ask(), Some(Ask::Time));
        match source.parts() {
            ("answer", name) if self.pack.rules.iter().any(|rule| rule.id == name && !asks_time(rule)) => {
                self.out.say(&say_check::BAD_DUE, path.clone(), [&source.0]);
            }
            ("order" | "answer", _) => self.source(path, source, kinds),
            _ => drop(self.out.say(&say_check::BAD_DUE, path.clone(), [&source.0])),
        }
    }
}

/// Whether somebody gives an answer under a rule.
pub(super) fn is_answered(rule: &Rule) -> bool {
    match &rule.check {
        Check::Item(_) | Check::Approval(_) => true,
        Check::Classification(class) => !class.classes.is_empty(),
        _ => false,
    }
}
