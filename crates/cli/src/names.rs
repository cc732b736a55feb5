//! What ids of a standard are called, and what follows from its rules, in words.

use std::fmt::Write as _;

use jobsheet_core::Lang;
use jobsheet_core::assess::Consequence;
use jobsheet_core::record::{Record, ResolveTarget};
use jobsheet_core::standard::{Ask, Check, Rule, Standard};

use crate::output::Output;
use crate::words::{Words, listed, points};

/// The names that a standard gives, in one language.
pub(crate) struct Names<'a> {
    pub(crate) standard: &'a Standard,
    pub(crate) lang: Lang,
    pub(crate) words: &'static Words,
}

impl<'a> Names<'a> {
    pub(crate) fn new(output: &Output, standard: &'a Standard) -> Self {
        Self { standard, lang: output.lang, words: output.words }
    }

    pub(crate) fn role(&self, id: &str) -> String {
        self.standard.pack().role(id).map_or(id, |role| role.name.get(self.lang)).to_owned()
    }

    pub(crate) fn roles<'b>(&self, ids: impl IntoIterator<Item = &'b String>) -> String {
        self.list(ids.into_iter().map(|id| self.role(id)))
    }

    /// An event, or an event and its subject.
    pub(crate) fn event(&self, id: &str) -> String {
        let (kind, subject) = id.split_once('/').map_or((id, None), |(kind, subject)| (kind, Some(subject)));
        let Some(known) = self.standard.event(kind) else { return id.to_owned() };
        let name = known.name.get(self.lang);
        let subject = subject.map(|id| known.subjects.iter().find(|subject| subject.id == id));
        match subject.flatten() {
            Some(subject) => format!("{name} ({})", subject.name.get(self.lang)),
            None => name.to_owned(),
        }
    }

    pub(crate) fn events<'b>(&self, ids: impl IntoIterator<Item = &'b String>) -> String {
        self.list(ids.into_iter().map(|id| self.event(id)))
    }

    /// Moments of photos.
    pub(crate) fn moments(&self, moments: &[String]) -> String {
        self.list(moments.iter().map(|moment| self.moment(moment)))
    }

    pub(crate) fn moment(&self, moment: &str) -> String {
        let said = match (self.lang, moment) {
            (Lang::Zh, "before") => "前",
            (Lang::Zh, "after") => "后",
            (_, other) => other,
        };
        said.to_owned()
    }

    /// A place in the record: an order field or an event by its name.
    pub(crate) fn source(&self, record: &Record, source: &str) -> String {
        let fields = &self.standard.course(&record.job).flow().order;
        match source.split_once('.') {
            Some(("order", id)) => fields
                .iter()
                .find(|field| field.id == id)
                .map_or_else(|| source.to_owned(), |field| field.name.get(self.lang).to_owned()),
            Some(("event", id)) => self.event(id),
            _ => source.to_owned(),
        }
    }

    fn list(&self, names: impl Iterator<Item = String>) -> String {
        listed(self.lang, &names.collect::<Vec<_>>())
    }

    /// Consequences in a line; events that stand beside it already are left out.
    pub(crate) fn consequences(&self, list: &[Consequence], shown: &[String]) -> Option<String> {
        let said: Vec<String> = list
            .iter()
            .filter(|one| !matches!(one, Consequence::Blocks { events } if events.as_slice() == shown))
            .map(|one| self.consequence(one))
            .collect();
        (!said.is_empty()).then(|| format!("{}: {}", self.words.otherwise, said.join(" · ")))
    }

    fn consequence(&self, consequence: &Consequence) -> String {
        match consequence {
            Consequence::Blocks { events } => self.words.blocks(&self.events(events)),
            Consequence::Tells { roles } => self.words.tells(&self.roles(roles)),
            Consequence::Reason => self.words.reason_due().to_owned(),
            Consequence::Points { rule, clause, centipoints, money, condition } => {
                let mut said = match (money, centipoints) {
                    (Some(money), 0) => format!("{:+} {}", money.amount, money.currency),
                    (None, 0) => format!("{} ({})", self.words.points, self.words.no_figure),
                    (_, figure) => format!("{} {}", points(*figure), self.words.points),
                };
                let _ = write!(said, ", {} {clause} [{rule}]", self.words.clause);
                if !condition.is_empty() {
                    let _ = write!(said, ", {}", self.words.condition(&self.events(condition)));
                }
                said
            }
        }
    }

    /// The subcommand of `jobsheet` that carries a step out, as far as the step says it.
    pub(crate) fn subcommand(&self, command: &str, argument: Option<&str>) -> String {
        let Some(argument) = argument else { return command.to_owned() };
        match command {
            "report" => match argument.split_once('/') {
                Some((event, subject)) => format!("report-event {event} --about {subject}"),
                None => format!("report-event {argument}"),
            },
            "resolve" => format!("resolve {} VERSION", target(argument)),
            "sign" => format!("sign --role {argument}"),
            "add-photo" | "add-document" => format!("{command} FILE --item {argument}"),
            "decide" => format!("decide {argument} --yes|--no"),
            "measure" => format!("measure {argument} VALUE {}", self.unit(argument)),
            "begin-hold" | "sample-hold" | "end-hold" => {
                let ask = self.standard.rule(argument).and_then(Rule::ask);
                let unit = ask.map_or("UNIT", |ask| match ask {
                    Ask::Hold(hold) => self.unit(&hold.quantity),
                    _ => "UNIT",
                });
                format!("{command} {argument} VALUE {unit}")
            }
            "answer" => format!("answer {argument} {}", self.answer(argument)),
            _ => format!("{command} {argument}"),
        }
    }

    fn unit(&self, quantity: &str) -> &str {
        let known = self.standard.pack().quantities.iter().find(|known| known.id == quantity);
        known.map_or("UNIT", |known| &known.unit)
    }

    /// The options that an answer may have.
    fn answer(&self, item: &str) -> String {
        let options = |of: &[jobsheet_core::standard::Choice], between| {
            of.iter().map(|option| option.id.as_str()).collect::<Vec<_>>().join(between)
        };
        let Some(rule) = self.standard.rule(item) else { return String::new() };
        match (&rule.check, rule.ask()) {
            (Check::Classification(class), _) => format!("--choice {}", options(&class.classes, "|")),
            (_, Some(Ask::Choice { options: of })) => format!("--choice {}", options(of, "|")),
            (_, Some(Ask::Several { options: of, .. })) => format!("--several {}", options(of, ",")),
            (_, Some(Ask::YesNo)) => "--yes|--no".to_owned(),
            (_, Some(Ask::Time)) => "--time TIME".to_owned(),
            (_, Some(Ask::Text | Ask::Document)) => "--text TEXT".to_owned(),
            _ => String::new(),
        }
    }
}

/// The place of a conflict in a step's argument: as JSON, or as one word.
fn target(argument: &str) -> String {
    match serde_json::from_str::<ResolveTarget>(argument) {
        Ok(target) => target.to_string(),
        Err(_) => argument.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use jobsheet_core::Lang;
    use jobsheet_core::standard::builtin;

    use super::Names;
    use crate::output::Output;

    #[test]
    fn a_step_names_the_subcommand_that_does_it() {
        let gas = builtin("gas").ok().flatten().unwrap();
        let names = Names::new(&Output::new(false, Lang::En), &gas);
        for (command, argument, expected) in [
            ("accept", None, "accept"),
            ("report", Some("at-post"), "report-event at-post"),
            ("report", Some("system-down/power-cut"), "report-event system-down --about power-cut"),
            ("sign", Some("customer"), "sign --role customer"),
            ("measure", Some("cash-counted"), "measure cash-counted VALUE CNY"),
            ("answer", Some("gas.counter-clean"), "answer gas.counter-clean --yes|--no"),
            ("answer", Some("gas.counter-finish-queue"), "answer gas.counter-finish-queue --yes|--no"),
            (
                "resolve",
                Some("{\"answer\":\"gas.counter-clean\"}"),
                "resolve answer:gas.counter-clean VERSION",
            ),
            ("resolve", Some("survey"), "resolve survey VERSION"),
        ] {
            assert_eq!(names.subcommand(command, argument), expected);
        }
        assert_eq!(names.event("system-down/power-cut"), "Business interrupted (Power cut)");
        assert_eq!((names.event("unknown").as_str(), names.role("unknown").as_str()), ("unknown", "unknown"));
    }
}
