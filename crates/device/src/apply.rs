//! Commands: checked, carried out and durable before the caller is told.

use jiff::Timestamp;
use jobsheet_core::record::{Actor, Applied, Command, Context, DocumentId, Record};
use jobsheet_core::standard::Side;
use jobsheet_core::{Moment, hex};
use jobsheet_wire::MAX_CHANGE_BYTES;
use rusqlite::Connection;
use serde::Serialize;

use crate::live::Ring;
use crate::store::{
    self, DocumentWriter, Head, Identity, Origin, SNAPSHOT_EVERY, State, Store, VisitRow, Warm, lock_warm,
};
use crate::{ApplyError, StoreError, random, seal};

/// A command that was carried out. When the caller holds it, the change is on the disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// The visit or shift.
    pub visit: DocumentId,
    /// The command's name.
    pub command: &'static str,
    /// SHA-256 of the change, hexadecimal.
    pub change: String,
    /// Key of the entry that the command appended, if it appends one: what `report about` and others refer to.
    pub entry: uuid::Uuid,
    /// When, by the device's clock.
    pub at: Moment,
    /// State of the record after the command.
    pub state: String,
    /// Duties that the crew or the person on duty still owes.
    pub outstanding: u32,
    /// Duties violated.
    pub violated: u32,
    /// Changes of this document that the server does not have yet.
    pub unsent: u32,
}

/// What a command is carried out with.
struct Hand {
    context: Context,
    now: Timestamp,
}

impl Store {
    /// Carries a command out. Returns only after the change, the actor's next number and the list row are committed
    /// together with a synced journal: what has a [`Receipt`] survives a crash and a loss of power.
    ///
    /// # Errors
    /// [`ApplyError::Refused`] names the rule and its clause. Whatever the error, nothing was written, neither to the
    /// disk nor to the document in memory.
    pub fn apply(&self, visit: DocumentId, command: &Command) -> Result<Receipt, ApplyError> {
        let receipt = self.carry_out(visit, command)?;
        self.seal_after(visit, command);
        Ok(receipt)
    }

    pub(crate) fn carry_out(&self, visit: DocumentId, command: &Command) -> Result<Receipt, ApplyError> {
        let inner = &*self.inner;
        let (receipt, row) = {
            let mut writing = inner.connections.write()?;
            let tx = writing.begin()?;
            let mut head = visible_head(&tx, visit)?;
            let hand = self.hand(&tx)?;
            let slot = inner.warmth.get(&tx, &inner.standards, visit, &head)?;
            let mut warm = lock_warm(&slot);
            prepare_actor(&tx, visit, &mut warm)?;
            let standard = warm.standard.clone();
            let applied = warm.visit.apply(&standard, command, &hand.context)?;
            // From here to the commit the document is ahead of the disk.
            let written = write(&tx, &mut head, &mut warm, &applied, &hand)
                .and_then(|row| {
                    if matches!(command, Command::Alert { .. }) {
                        store::note_alert(&tx, visit, &applied.hash)?;
                    }
                    Ok(row)
                })
                .and_then(|row| Ok(seal::note(&tx, visit, command).map(|()| row)?))
                .and_then(|row| Ok(tx.commit().map(|()| row)?));
            let row = match written {
                Ok(row) => row,
                Err(error) => {
                    warm.spoil();
                    inner.warmth.forget(visit);
                    return Err(error);
                }
            };
            warm.version = head.version;
            warm.row = Some(row.clone());
            let receipt = Receipt {
                visit,
                command: command.name(),
                change: hex(&applied.hash),
                entry: hand.context.entry_id,
                at: hand.context.stamp.at,
                state: row.state.clone(),
                outstanding: row.outstanding,
                violated: row.violated,
                unsent: row.unsent,
            };
            drop(warm);
            inner.warmth.put(visit, &slot);
            (receipt, row)
        };
        inner.bells.ring(Ring::Work);
        inner.observers.changed([row.visit]);
        Ok(receipt)
    }

    /// Why a command would be refused now: `Ok` if it would be carried out. Writes nothing.
    ///
    /// # Errors
    /// The [`ApplyError`] that [`Store::apply`] would give.
    pub fn preview(&self, visit: DocumentId, command: &Command) -> Result<(), ApplyError> {
        let inner = &*self.inner;
        let mut reader = inner.connections.read()?;
        let tx = reader.begin()?;
        let head = visible_head(&tx, visit)?;
        let hand = self.hand(&tx)?;
        let slot = inner.warmth.get(&tx, &inner.standards, visit, &head)?;
        let warm = lock_warm(&slot);
        Ok(warm.visit.check(&warm.standard, command, &hand.context)?)
    }

    fn hand(&self, connection: &Connection) -> Result<Hand, ApplyError> {
        let identity = Identity::read(connection)?;
        let person = identity.technician.ok_or(ApplyError::NotEnrolled)?;
        let reading = self.inner.options.clock.read();
        let context = Context {
            actor: Actor { person, side: Side::Field, roles: Vec::new() },
            stamp: reading.stamp(identity.skew_ms),
            entry_id: random::uuid()?,
        };
        Ok(Hand { context, now: reading.corrected(identity.skew_ms) })
    }
}

/// The head of a document that this device may see.
pub(crate) fn visible_head(connection: &Connection, visit: DocumentId) -> Result<Head, StoreError> {
    let head = store::read_head(connection, visit)?.ok_or(StoreError::UnknownVisit(visit))?;
    if head.revoked { Err(StoreError::Revoked(visit)) } else { Ok(head) }
}

/// Sets the actor that writes this document for this installation. It is renewed where the document and the log disagree
/// about its last number: after a restore of an older copy, or after refused changes left a hole. Two changes under one
/// actor and number would be taken for each other.
fn prepare_actor(connection: &Connection, document: DocumentId, warm: &mut Warm) -> Result<(), StoreError> {
    if warm.actor.is_some() {
        return Ok(());
    }
    let writer = match store::actor(connection, document)? {
        Some((actor, last)) if warm.visit.next_seq(&actor) == last + 1 => {
            DocumentWriter { actor, stored: true }
        }
        _ => DocumentWriter { actor: random::bytes()?, stored: false },
    };
    warm.visit.set_actor(&writer.actor);
    warm.actor = Some(writer);
    Ok(())
}

/// Writes everything that one command changes.
fn write(
    connection: &Connection,
    head: &mut Head,
    warm: &mut Warm,
    applied: &Applied,
    hand: &Hand,
) -> Result<VisitRow, ApplyError> {
    if applied.bytes.len() > MAX_CHANGE_BYTES {
        return Err(ApplyError::TooLarge { size: applied.bytes.len(), limit: MAX_CHANGE_BYTES });
    }
    let document = warm.visit.record().id;
    head.version += 1;
    head.last_change += 1;
    head.unsent += 1;
    store::append(
        connection,
        document,
        head.last_change,
        &store::ChangeRow {
            hash: &applied.hash,
            actor: &applied.actor,
            seq: applied.seq,
            bytes: &applied.bytes,
            origin: Origin::Own,
            state: State::OnDevice,
        },
    )?;
    if let Some(writer) = warm.actor.as_mut().filter(|writer| !writer.stored) {
        store::save_actor(connection, document, &writer.actor)?;
        writer.stored = true;
    }
    warm.tail += 1;
    if warm.tail >= SNAPSHOT_EVERY {
        store::keep_snapshot(connection, document, head.last_change, &warm.visit.save())?;
        warm.tail = 0;
    }
    let record = warm.visit.record();
    note_parts(connection, record, head.last_change, hand)?;
    let row = store::row_of(record, &warm.standard, hand.now, head.unsent);
    match &warm.row {
        Some(before) => store::hot_update(connection, head, before, &row, &record.standard)?,
        None => store::upsert(connection, head, &row, &record.standard)?,
    }
    Ok(row)
}

/// What the ledgers of parts take from a command: a part used, replaced or asked for.
fn note_parts(connection: &Connection, record: &Record, n: i64, hand: &Hand) -> Result<(), StoreError> {
    let entry = hand.context.entry_id;
    let part = record.parts.get(&entry);
    if let Some(part) = part {
        store::note_use(connection, record.id, n, entry, part)?;
    }
    let replaced = part.is_some_and(|part| part.replaces.is_some());
    if replaced || record.event(&entry).is_some_and(|(_, event)| asks_for_a_part(&event.kind)) {
        store::note_with_parts(connection, record.id)?;
    }
    Ok(())
}

/// Whether an event says that a part is needed and not at hand.
pub(crate) fn asks_for_a_part(kind: &str) -> bool {
    kind == "part-asked-for" || kind == "part-missing"
}
