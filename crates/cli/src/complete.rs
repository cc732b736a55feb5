//! Rule names without the prefix of their pack, completed.

use std::sync::Arc;

use jobsheet_core::record::{Command, DocumentId, ResolveTarget};
use jobsheet_core::standard::Standard;

use crate::Here;
use crate::failure::Failure;

/// A rule id with its prefix. A name with a dot is one already.
pub(crate) fn qualified(standard: &Standard, rule: String) -> String {
    if !is_short(&rule) {
        return rule;
    }
    let pack = standard.pack();
    named(&pack.id, pack.rules.iter().map(|rule| rule.id.as_str()), &rule)
}

fn is_short(rule: &str) -> bool {
    !rule.contains('.')
}

/// The rule of the pack's own prefix, else the only one that has this name behind another: a company's pack holds the rules
/// of the pack it was made from.
fn named<'a>(pack: &str, rules: impl Iterator<Item = &'a str> + Clone, name: &str) -> String {
    let own = format!("{pack}.{name}");
    if rules.clone().any(|rule| rule == own) {
        return own;
    }
    let mut others = rules.filter(|rule| rule.split_once('.').is_some_and(|(_, rest)| rest == name));
    match (others.next(), others.next()) {
        (Some(only), None) => only.to_owned(),
        _ => own,
    }
}

/// The cause of points: a rule or an event, and the key of one report behind `#`.
fn cause(standard: &Standard, cause: String) -> String {
    let (name, key) = cause.split_once('#').map_or((cause.as_str(), None), |(name, key)| (name, Some(key)));
    let kind = name.split_once('/').map_or(name, |(kind, _)| kind);
    if !is_short(name) || standard.event(kind).is_some() {
        return cause;
    }
    let name = qualified(standard, name.to_owned());
    key.map_or(name.clone(), |key| format!("{name}#{key}"))
}

/// The rules that a command names, to be read or written.
fn rules(command: &mut Command) -> Vec<&mut String> {
    match command {
        Command::Answer { item: rule, .. }
        | Command::BeginHold { item: rule, .. }
        | Command::SampleHold { item: rule, .. }
        | Command::EndHold { item: rule, .. }
        | Command::Decide { rule, .. }
        | Command::Score { rule, .. }
        | Command::AddPhoto { item: Some(rule), .. }
        | Command::AddDocument { item: Some(rule), .. }
        | Command::ExplainDelay { milestone: rule, .. }
        | Command::Escalate { milestone: rule, .. }
        | Command::ReportBreach { rule, .. }
        | Command::Resolve { target: ResolveTarget::Answer(rule), .. } => vec![rule],
        Command::Amend { command, .. } => rules(command),
        Command::Attest { exceptions, .. } | Command::Audit { exceptions, .. } => {
            exceptions.iter_mut().map(|exception| &mut exception.rule).collect()
        }
        _ => Vec::new(),
    }
}

/// The command with every rule id in full. The standard is loaded only if one is not.
pub(crate) fn complete(here: &Here<'_>, visit: DocumentId, mut command: Command) -> Result<Command, Failure> {
    let short_cause = matches!(&command, Command::Score { cause, .. } if is_short(cause));
    if !short_cause && rules(&mut command).iter().all(|rule| !is_short(rule)) {
        return Ok(command);
    }
    let standard: Arc<Standard> = here.store.standard(visit)?;
    for rule in rules(&mut command) {
        *rule = qualified(&standard, std::mem::take(rule));
    }
    if let Command::Score { cause: about, .. } = &mut command {
        *about = cause(&standard, std::mem::take(about));
    }
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn a_short_name_is_the_packs_own_rule_else_the_only_one_of_another_prefix() {
        let rules = ["acme.visit-fast", "acme.badge", "gas.badge", "gas.leak", "gas.twice", "base.twice"];
        let named = |name| named("acme", rules.into_iter(), name);
        assert_eq!(named("badge"), "acme.badge");
        assert_eq!(named("leak"), "gas.leak");
        // Two others or none: the refusal speaks of the pack's own prefix.
        assert_eq!(named("twice"), "acme.twice");
        assert_eq!(named("nothing"), "acme.nothing");
    }
}
