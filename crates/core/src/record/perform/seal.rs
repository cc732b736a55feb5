//! Signatures, the seal, and changes after it.

use super::values::{invalid, is_sha256, limit_words, need};
use super::{Plan, Planned};
use crate::key::{Certificate, KeySignature, PublicKey};
use crate::record::changed::Mark;
use crate::record::command::{Command, ResolveTarget};
use crate::record::containers::Place;
use crate::record::entry::{Amendment, EntryId, Seal, SealStatement, Signature};
use crate::record::error::{Need, Refusal};
use crate::record::limits::{MAX_NAME_CHARS, MAX_SEALS, MAX_SIGNATURES, MAX_WORDS_CHARS};
use crate::record::sealing::{SealState, stands};
use crate::record::state;
use crate::record::write::{Entry, Write};
use crate::standard::{Ask, Rule, Side};

/// The reason of an amendment that settles a conflict: the command says it by itself.
const SETTLED: &str = "resolve";

/// A command and, if it is an amendment, the reason.
pub(super) fn amended(command: &Command) -> Result<(&Command, Option<&str>), Refusal> {
    let Command::Amend { reason, command } = command else { return Ok((command, None)) };
    limit_words("reason", reason, MAX_WORDS_CHARS)?;
    Ok((command, Some(reason)))
}

/// One more signature or seal has room in the record.
fn room(field: &str, what: &str, held: usize, most: usize) -> Result<(), Refusal> {
    if held < most {
        return Ok(());
    }
    let reason = format!("the record holds {most} {what}, and takes no more; go on in a further visit");
    Err(invalid(field, &reason))
}

impl Plan<'_> {
    pub(super) fn sign(&self, role: &str, name: &str, image_sha256: Option<&str>) -> Planned {
        self.side(Side::Field)?;
        let signing = self.course.flow().signing.as_ref();
        let asked = self.signatures_asked();
        let rule = asked.iter().find(|(signer, ..)| *signer == role).map(|(_, rule, _)| *rule);
        let rule = rule.or_else(|| signing.and_then(|signing| self.standard.rule(&signing.rule)));
        let cited = rule;
        let rule = rule.map(need).map(Box::new);
        let ends =
            |signer: &str| signing.is_some_and(|signing| signing.signers.iter().any(|one| one == signer));
        let also = |signer: &str| signing.is_some_and(|signing| signing.also.iter().any(|one| one == signer));
        if !ends(role) && !also(role) && !asked.iter().any(|(signer, ..)| *signer == role) {
            let mut roles: Vec<&str> = asked.iter().map(|(signer, ..)| *signer).collect();
            roles.extend(
                signing
                    .iter()
                    .flat_map(|signing| signing.signers.iter().chain(&signing.also))
                    .map(String::as_str),
            );
            roles.sort_unstable();
            roles.dedup();
            let reason = format!("must be one of {}", roles.join(", "));
            return Err(Refusal::Invalid { field: "role".to_owned(), reason, rule });
        }
        limit_words("name", name, MAX_NAME_CHARS)?;
        if let Some(image) = image_sha256 {
            is_sha256("image_sha256", image)?;
        }
        let several = asked.iter().any(|(signer, _, everyone)| *signer == role && *everyone);
        let again = |signature: &Signature| signature.role == role && (!several || signature.name == name);
        let still = |id: &EntryId| {
            !(ends(role) || also(role)) || stands(self.record, self.standard, Mark::Signature(*id))
        };
        if self.record.signatures.iter().any(|(id, signature)| again(signature) && still(id)) {
            return Err(Refusal::Sealed { rule });
        }
        if ends(role) || also(role) {
            self.work_is_over(rule)?;
        } else if let Some(after) =
            cited.and_then(|rule| rule.window()).and_then(|window| window.after.as_deref())
            && !self.evidences.timeline.happened(after)
        {
            let from = self.course.rank_of_event(after).unwrap_or(0);
            let allowed = self.course.flow().states.iter().skip(from).map(|state| state.id.clone()).collect();
            return Err(self.wrong_state("sign", allowed, rule));
        }
        if let Some(signing) = signing.filter(|_| ends(role)) {
            self.gate(&signing.event)?;
            self.settled()?;
        }
        room("role", "signatures", self.record.signatures.len(), MAX_SIGNATURES)?;
        let heads = self.document.head_names();
        let facts_sha256 = self.document.facts_sha256();
        let entry = Entry::Signature(Signature {
            role: role.to_owned(),
            name: name.to_owned(),
            image_sha256: image_sha256.map(ToOwned::to_owned),
            heads,
            facts_sha256,
            by: self.by(),
        });
        Ok(vec![self.append(Place::Signatures, entry)])
    }

    /// The work is over, or the visit ends without it: the customer declined, or the fault can not be cleared.
    fn work_is_over(&self, rule: Option<Box<crate::record::error::Need>>) -> Result<(), Refusal> {
        let flow = self.course.flow();
        let ended = |event: &str| self.evidences.timeline.happened(event);
        let parked = self.state.side.is_some_and(|side| side != state::SideState::Paused);
        let after =
            rule.as_ref().and_then(|need| self.standard.rule(&need.rule)).and_then(|rule| rule.window());
        let after = after.and_then(|window| window.after.as_deref()).unwrap_or("work-finished");
        if parked || ended(after) || ended("work-finished") {
            return Ok(());
        }
        let from = self.course.rank_of_event(after).unwrap_or(0);
        let allowed = flow.states.iter().skip(from).map(|state| state.id.clone()).collect();
        Err(self.wrong_state("sign", allowed, rule))
    }

    /// The roles whose signature some rule of this job asks for, and whether several persons of the role must sign.
    fn signatures_asked(&self) -> Vec<(&str, &Rule, bool)> {
        let rules = self.course.rules().iter().map(|at| &self.standard.pack().rules[*at]);
        let asking = rules.filter_map(|rule| match rule.ask() {
            Some(Ask::Signature { roles, everyone }) => Some((rule, roles, everyone.is_some())),
            _ => None,
        });
        asking
            .flat_map(|(rule, roles, everyone)| roles.iter().map(move |role| (role.as_str(), rule, everyone)))
            .collect()
    }

    /// All that a signer signs has one value.
    fn settled(&self) -> Result<(), Refusal> {
        let rules = self.record.conflicts.iter().filter_map(|conflict| match &conflict.target {
            ResolveTarget::Answer(rule) => self.standard.rule(rule),
            ResolveTarget::Survey => {
                self.course.flow().survey.as_ref().and_then(|survey| self.standard.rule(&survey.rule))
            }
            _ => None,
        });
        let needs: Vec<Need> = rules.map(need).collect();
        if !needs.is_empty() {
            return Err(Refusal::NotYet { needs });
        }
        let of_order = self.record.conflicts.iter().find_map(|conflict| match &conflict.target {
            ResolveTarget::Order(field) => Some(field),
            _ => None,
        });
        of_order.map_or(Ok(()), |field| {
            let reason = "was written differently by two of the office; it settles that with `resolve` first";
            Err(invalid(&format!("order.{field}"), reason))
        })
    }

    /// The signatures that the job asks for are given, or the record is sealed.
    pub(super) fn is_signed(&self) -> bool {
        let signing = self.course.flow().signing.as_ref();
        !self.record.seals.is_empty()
            || signing.is_some_and(|signing| self.evidences.timeline.happened(&signing.event))
    }

    pub(super) fn seal(
        &self,
        statement: &SealStatement,
        key: PublicKey,
        certificate: Option<&Certificate>,
        signature: &KeySignature,
    ) -> Planned {
        self.side(Side::Field)?;
        match self.record.seal_state(self.standard) {
            SealState::Sealed { .. } => return Err(Refusal::Sealed { rule: None }),
            SealState::Open | SealState::Outdated { .. } if self.course.flow().signing.is_some() => {
                return Err(Refusal::NotYet { needs: self.unsigned() });
            }
            _ => {}
        }
        room("statement", "seals", self.record.seals.len(), MAX_SEALS)?;
        if *statement != self.document.seal_statement() {
            return Err(invalid(
                "statement",
                "is not of the record as it stands now; read it again and sign it",
            ));
        }
        if !key.verifies(&statement.bytes(), signature) {
            return Err(invalid("signature", "was not made with this key over this statement"));
        }
        if let Some(certificate) = certificate {
            let person = &self.context.actor.person;
            if !certificate.is_valid() || certificate.says.key != key || certificate.says.person != *person {
                return Err(invalid("certificate", "is not that of this key and person"));
            }
        }
        let seal = Seal {
            statement: statement.clone(),
            key,
            certificate: certificate.cloned(),
            signature: *signature,
            by: self.by(),
        };
        Ok(vec![self.append(Place::Seals, Entry::Seal(Box::new(seal)))])
    }

    /// The rules that ask for the signatures which end the work.
    fn unsigned(&self) -> Vec<Need> {
        let signing = self.course.flow().signing.as_ref();
        signing.and_then(|signing| self.standard.rule(&signing.rule)).map(need).into_iter().collect()
    }

    /// Notes an amendment beside what it writes, facts and nothing else. Whoever of the crew settles a conflict of a sealed
    /// record amends it too; what the office settles is an order field, and shows as one that changed.
    pub(super) fn amend(
        &self,
        command: &Command,
        reason: Option<&str>,
        writes: &mut Vec<Write>,
    ) -> Result<(), Refusal> {
        let facts = writes.iter().filter(|write| write.states_a_fact());
        let paths: Vec<String> = facts.map(|write| write.path(self.document.containers())).collect();
        let field = self.context.actor.side == Side::Field;
        let settles =
            field && matches!(command, Command::Resolve { .. }) && !paths.is_empty() && self.is_signed();
        let Some(reason) = reason.or(settles.then_some(SETTLED)) else { return Ok(()) };
        if writes.is_empty() || paths.len() < writes.len() {
            let reason =
                format!("`{}` states no fact that was signed; give the command itself", command.name());
            return Err(invalid("command", &reason));
        }
        if !self.is_signed() {
            return Err(invalid("amend", "nothing is signed yet; give the command itself"));
        }
        self.side(Side::Field)?;
        let amendment = Amendment {
            reason: reason.to_owned(),
            command: command.name().to_owned(),
            paths,
            heads: self.document.head_names(),
            by: self.by(),
        };
        writes.push(self.append(Place::Amendments, Entry::Amendment(amendment)));
        Ok(())
    }
}
