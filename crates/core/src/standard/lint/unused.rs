//! What a pack defines and nothing in it is about.

use std::collections::BTreeSet;

use super::linter::Linter;
use super::place::Path;
use super::words::names as say;
use crate::standard::{Ask, Check, Pack, Quantity, Rule, Source};

impl Linter<'_, '_> {
    pub(super) fn unused(&mut self) {
        let (pack, top) = (self.pack, Path::top());
        let roles = used_roles(pack);
        for (at, role) in pack.roles.iter().enumerate() {
            if role.id != "any" && !roles.contains(role.id.as_str()) && !self.out.suspects(&role.id) {
                self.out.say(&say::UNUSED_ROLE, top.key("roles").item(at), [&role.id]);
            }
        }
        for (at, phase) in pack.phases.iter().enumerate() {
            if !pack.rules.iter().any(|rule| rule.phase == phase.id) && !self.out.suspects(&phase.id) {
                self.out.say(&say::UNUSED_PHASE, top.key("phases").item(at), [&phase.id]);
            }
        }
        for (kind, _) in pack.flows() {
            if !pack.jobs.iter().any(|job| job.kind == kind) {
                self.out.say(&say::UNUSED_FLOW, top.key(kind.id()), [kind.id()]);
            }
        }
        self.unused_notes();
        for (at, quantity) in pack.quantities.iter().enumerate() {
            if is_unused(pack, quantity) && !self.out.suspects(&quantity.id) {
                let path = top.key("quantities").item(at);
                self.out.say(&say::UNUSED_QUANTITY, path, [&quantity.id, &quantity.rule]);
            }
        }
    }

    fn unused_notes(&mut self) {
        let sources = self.pack.rules.iter().filter_map(|rule| match &rule.check {
            Check::Field(field) => Some(&field.sources),
            _ => None,
        });
        let fields = self.pack.forms.iter().flat_map(|form| &form.fields).map(|field| &field.sources);
        let mut used: BTreeSet<&str> = sources
            .chain(fields)
            .flatten()
            .filter(|source| source.parts().0 == "note")
            .map(|source| source.parts().1)
            .collect();
        let conditions: Vec<&str> = self.pack.rules.iter().filter_map(|rule| rule.when.as_deref()).collect();
        for (kind, flow) in self.pack.flows() {
            for (at, note) in flow.notes.iter().enumerate() {
                if conditions.iter().any(|when| when.contains("notes") && when.contains(&note.id)) {
                    used.insert(&note.id);
                }
                if !used.contains(note.id.as_str()) && !self.out.suspects(&note.id) {
                    let path = Path::top().key(kind.id()).key("notes").item(at);
                    self.out.say(&say::UNUSED_NOTE, path, [&note.id]);
                }
            }
        }
    }
}

fn used_roles(pack: &Pack) -> BTreeSet<&str> {
    let mut used: BTreeSet<&str> = pack.jobs.iter().map(|job| job.role.as_str()).collect();
    for (_, flow) in pack.flows() {
        let signing = flow.signing.iter().flat_map(|signing| signing.signers.iter().chain(&signing.also));
        used.extend(signing.map(String::as_str));
    }
    for source in pack.forms.iter().flat_map(|form| &form.fields).flat_map(|field| &field.sources) {
        if let ("signature", role) = source.parts() {
            used.insert(role);
        }
    }
    used.extend(pack.situations.iter().flat_map(|one| &one.tells).map(|tells| tells.to.as_str()));
    for rule in &pack.rules {
        used.extend(rule.roles.iter().map(String::as_str));
        match &rule.check {
            Check::Item(item) => {
                if let Ask::Signature { roles, .. } = &item.ask {
                    used.extend(roles.iter().map(String::as_str));
                }
            }
            Check::Field(field) => {
                let parts = field.sources.iter().map(Source::parts);
                used.extend(parts.filter(|(root, _)| *root == "signature").map(|(_, role)| role));
            }
            Check::Milestone(milestone) => used.extend(milestone.tell.iter().map(|tell| tell.to.as_str())),
            Check::Cost(cost) => drop(used.insert(&cost.bearer)),
            Check::Warranty(warranty) => {
                used.extend(warranty.afterwards.iter().map(|one| one.bearer.as_str()));
            }
            Check::Score(score) => used.extend(score.reviewers.iter().map(String::as_str)),
            _ => {}
        }
    }
    used
}

/// Whether the rule under which a quantity is measured asks for another one, and no rule asks for this.
fn is_unused(pack: &Pack, quantity: &Quantity) -> bool {
    let asked = |rule: &Rule| match &rule.check {
        Check::Item(item) => match &item.ask {
            Ask::Number { quantity, .. } | Ask::Series { quantity, .. } => Some(quantity.clone()),
            Ask::Hold(hold) => Some(hold.quantity.clone()),
            _ => None,
        },
        Check::Cost(cost) => cost.quantity.clone(),
        _ => None,
    };
    let own = pack.rules.iter().find(|rule| rule.id == quantity.rule).and_then(asked);
    own.is_some_and(|own| own != quantity.id)
        && !pack.rules.iter().any(|rule| asked(rule).as_ref() == Some(&quantity.id))
}
