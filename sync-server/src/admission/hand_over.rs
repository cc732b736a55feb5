//! Visits that one technician handed over to another while neither had a network: the other's device brings the changes of the
//! first, and what the first one's device has signed says that it may (ADR 22).

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use jobsheet_core::key::{DeviceKey as _, PublicKey, SignedHandOver};
use jobsheet_core::unhex;
use jobsheet_wire::{HandOverBytes, Hash};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Refused, Sender};
use crate::store::{HandOverRow, HandOverState, StoreError, Writing};

/// Most hand-overs of one visit that are taken.
pub(crate) const MAX_HAND_OVERS_OF_VISIT: u64 = 64;
/// How long a hand-over holds by itself, by the clock of the device that signed it; after that, somebody at the office decides.
pub(crate) const MAX_HAND_OVER_AGE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How far ahead that clock may be.
const MAX_HAND_OVER_AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// Who made a change that somebody else brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Author {
    /// The device.
    pub(super) device: Uuid,
    /// Person id of its technician.
    pub(super) person: String,
}

/// Why the changes of others that come for a document are not taken by a hand-over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NotHanded {
    /// Somebody at the office must decide first.
    Waits,
    /// It does not hold.
    Refused(Refused),
}

/// What the hand-overs of an exchange make of it.
#[derive(Debug, Default)]
pub(super) struct Handing {
    authors: HashMap<(Uuid, Hash), Author>,
    faults: HashMap<Uuid, NotHanded>,
    /// One could not be read, so it is not known for which document it was.
    unreadable: bool,
}

impl Handing {
    /// Who made a change, if it was handed over.
    pub(super) fn author(&self, document: &Uuid, hash: &Hash) -> Option<&Author> {
        self.authors.get(&(*document, *hash))
    }

    /// Why changes of others for a document are not taken.
    pub(super) fn fault(&self, document: &Uuid) -> Option<NotHanded> {
        let unreadable = || {
            let reason = "the hand-over can not be read; update the app, or have the visit handed over again";
            NotHanded::Refused(Refused::new("hand-over-unreadable", reason))
        };
        self.faults.get(document).cloned().or_else(|| self.unreadable.then(unreadable))
    }
}

/// Judges the hand-overs of an exchange, takes those that hold, and lets whoever works on see the visit as far as the giver sees
/// it.
pub(super) fn take(
    tx: &Writing<'_>,
    sender: &Sender,
    hand_overs: &[HandOverBytes],
    now: Timestamp,
) -> Result<Handing, StoreError> {
    let mut handing = Handing::default();
    let mut by_document: HashMap<Uuid, Vec<SignedHandOver>> = HashMap::new();
    for HandOverBytes(bytes) in hand_overs {
        match SignedHandOver::read(bytes) {
            Some(signed) => by_document.entry(signed.says.document).or_default().push(signed),
            None => handing.unreadable = true,
        }
    }
    let organisation = if by_document.is_empty() { None } else { Some(tx.organisation_key()?.public_key()?) };
    for (document, signed) in by_document {
        for (at, one) in signed.iter().enumerate() {
            let judged = judge(tx, sender, one, signed.get(at + 1..).unwrap_or_default(), organisation, now)?;
            match judged {
                Ok(author) => {
                    let hashes = one.says.changes.iter().filter_map(|hash| unhex(hash)?.try_into().ok());
                    handing.authors.extend(hashes.map(|hash| ((document, hash), author.clone())));
                }
                Err(fault) => {
                    handing.faults.entry(document).or_insert(fault);
                }
            }
        }
    }
    Ok(handing)
}

/// Judges one hand-over; `later` are those of the same document that follow it.
fn judge(
    tx: &Writing<'_>,
    sender: &Sender,
    signed: &SignedHandOver,
    later: &[SignedHandOver],
    organisation: Option<PublicKey>,
    now: Timestamp,
) -> Result<Result<Author, NotHanded>, StoreError> {
    let says = &signed.says;
    let refuse = |code, reason: &str| Ok(Err(NotHanded::Refused(Refused::new(code, reason))));
    if Some(says.organisation) != organisation {
        return refuse("hand-over-other-organisation", "the hand-over is of another organisation");
    }
    let not_signed =
        || refuse("hand-over-not-signed", "the hand-over was not signed by the device that it names");
    let Ok(device) = says.device.parse::<Uuid>() else { return not_signed() };
    let Some(giver) = tx.device(&device)? else { return not_signed() };
    let key = giver.key.as_deref().and_then(|key| PublicKey::from_sec1(key).ok());
    if giver.technician != says.from || !key.is_some_and(|key| signed.is_signed_by(key)) {
        return not_signed();
    }
    // It reaches whoever it names, and whoever those hand it on to.
    let mut reached: HashSet<&str> = HashSet::from([says.to.as_str(), says.from.as_str()]);
    for next in later.iter().filter(|next| next.says.organisation == says.organisation) {
        if reached.contains(next.says.from.as_str()) {
            reached.insert(next.says.to.as_str());
        }
    }
    if !reached.contains(sender.technician.as_str()) || tx.technician(&says.to)?.is_none() {
        return refuse("hand-over-other-person", "the visit was handed over to somebody else");
    }
    if !tx.is_visit(&says.document)? || !tx.was_granted(&says.from, &says.document)? {
        return Ok(Err(NotHanded::Refused(Refused::out_of_scope())));
    }
    let author = Author { device, person: says.from.clone() };
    let id: [u8; 32] = Sha256::digest(says.bytes()).into();
    if let Some(known) = tx.hand_over(&id)? {
        return match known.state {
            HandOverState::Taken => Ok(Ok(author)),
            HandOverState::Waiting => Ok(Err(NotHanded::Waits)),
            HandOverState::Refused => {
                refuse("hand-over-refused", "the office did not take the hand-over; ask there")
            }
        };
    }
    if tx.hand_over_count(&says.document)? >= MAX_HAND_OVERS_OF_VISIT {
        let reason = format!("the visit was handed over {MAX_HAND_OVERS_OF_VISIT} times; ask the office");
        return refuse("hand-over-too-many", &reason);
    }
    let made_at = says.at.instant();
    let age = now.duration_since(made_at);
    let reason = if giver.revoked || giver.suspended {
        Some("device-shut-out")
    } else if age > MAX_HAND_OVER_AGE || age < -MAX_HAND_OVER_AHEAD {
        Some("out-of-date")
    } else {
        None
    };
    let state = if reason.is_some() { HandOverState::Waiting } else { HandOverState::Taken };
    let row = HandOverRow {
        id,
        visit: says.document,
        device,
        from: says.from.clone(),
        to: says.to.clone(),
        brought_by: sender.device,
        changes: says.changes.len() as u64,
        made_at,
        received_at: now,
        state,
        reason: reason.map(ToOwned::to_owned),
    };
    tx.add_hand_over(&row)?;
    let detail = format!("{} {} {}", says.document, says.from, says.to);
    if reason.is_some() {
        tx.audit(now, &sender.device.to_string(), "hand-over-waits", &device.to_string(), &detail)?;
        return Ok(Err(NotHanded::Waits));
    }
    tx.audit(now, &sender.device.to_string(), "hand-over-taken", &device.to_string(), &detail)?;
    share(tx, &row)?;
    Ok(Ok(author))
}

/// Lets whoever takes a visit over see it as far as whoever gave it sees it: somebody who was taken off it can hand his work over,
/// and nothing new with it.
pub(crate) fn share(tx: &Writing<'_>, row: &HandOverRow) -> Result<(), StoreError> {
    let giver = tx.is_granted(&row.from, &row.visit)?.unwrap_or(false);
    match tx.is_granted(&row.to, &row.visit)? {
        Some(true) => {}
        Some(false) if !giver => {}
        _ => {
            tx.set_scope(&row.to, &row.visit, giver)?;
        }
    }
    Ok(())
}
