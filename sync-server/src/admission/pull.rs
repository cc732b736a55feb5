//! What is new for a device since its cursor.
//!
//! A cursor is the epoch (8 bytes) and a sequence number (8 bytes, big endian). Sequence numbers become visible in their
//! order, so everything up to the cursor has been seen and everything after it has not.

use std::collections::{HashMap, HashSet};

use jobsheet_wire::{Delivery, Exchange, Framed, NewDocument, PULL_PAGE_BYTES, PackFile, Tail};
use uuid::Uuid;

use super::Sender;
use crate::standards::Standards;
use crate::store::{Epoch, Reading, ScopeRow, StoreError};

/// What a reply brings.
#[derive(Debug)]
pub(super) struct Brought {
    pub(super) deliveries: Vec<Delivery>,
    pub(super) packs: Vec<PackFile>,
    pub(super) cursor: Vec<u8>,
    pub(super) more: bool,
    pub(super) epoch_changed: bool,
    /// The sequence number of the device's cursor.
    pub(super) after: u64,
    /// Documents that the device may see.
    pub(super) assigned: u32,
}

/// Something new at its place in the sequence.
#[derive(Clone, Copy)]
enum Item {
    New(Uuid),
    Change { document: Uuid, size: usize },
    Revoked(Uuid),
}

/// Reads what is new for a device, one page of it.
pub(super) fn pull(
    tx: &Reading<'_>,
    standards: &Standards,
    sender: &Sender,
    message: &Exchange,
) -> Result<Brought, StoreError> {
    let (epoch, top) = tx.position()?;
    let after = read_cursor(&message.cursor, epoch, top);
    let epoch_changed = after.is_none();
    let after = after.unwrap_or(0);

    let scope = tx.scope(&sender.technician)?;
    let assigned = scope.iter().filter(|row| row.granted).count();
    let items = news(tx, scope, message, after)?;
    let mut page = Page::default();
    let mut reached = top;
    let mut more = false;
    for (seq, item) in items {
        if page.bytes >= PULL_PAGE_BYTES {
            more = true;
            break;
        }
        page.add(tx, seq, item)?;
        reached = seq;
    }
    if !more {
        reached = top;
    }
    let packs = page.packs(tx, standards, message)?;
    Ok(Brought {
        deliveries: page.deliveries(),
        packs,
        cursor: write_cursor(epoch, reached),
        more,
        epoch_changed,
        after,
        assigned: u32::try_from(assigned).unwrap_or(u32::MAX),
    })
}

/// Everything after a sequence number that the device may see, in the order of the sequence, but for what this exchange brought.
/// What the device sent before its cursor it has; what it sent after it was sent by a copy of its store, or before that was
/// restored, and it lacks it.
fn news(
    tx: &Reading<'_>,
    scope: Vec<ScopeRow>,
    message: &Exchange,
    after: u64,
) -> Result<Vec<(u64, Item)>, StoreError> {
    let brought: HashSet<[u8; 32]> =
        message.push.iter().flat_map(|push| push.changes.iter().map(|change| change.hash)).collect();
    let mut items = Vec::new();
    for ScopeRow { document, seq, granted } in scope {
        if seq > after {
            items.push((seq, if granted { Item::New(document) } else { Item::Revoked(document) }));
        } else if granted {
            let changes = tx.changes_after(&document, after)?.into_iter();
            let changes = changes.filter(|row| !brought.contains(&row.hash));
            items.extend(changes.map(|row| (row.seq, Item::Change { document, size: row.size })));
        }
    }
    items.sort_by_key(|(seq, _)| *seq);
    Ok(items)
}

#[derive(Default)]
struct Page {
    bytes: usize,
    order: Vec<Uuid>,
    new: HashMap<Uuid, Vec<u8>>,
    tails: HashMap<Uuid, Vec<Framed>>,
    revoked: HashSet<Uuid>,
    pinned: HashSet<[u8; 32]>,
}

impl Page {
    fn add(&mut self, tx: &Reading<'_>, seq: u64, item: Item) -> Result<(), StoreError> {
        match item {
            Item::New(document) => {
                let source = tx.visit(&document)?.ok_or_else(|| StoreError::Damaged {
                    what: "document",
                    id: document.to_string(),
                    reason: "it is granted and not in the store".to_owned(),
                })?;
                self.bytes += source.snapshot.len();
                self.pinned.insert(source.pack);
                self.order.push(document);
                self.new.insert(document, source.snapshot);
            }
            Item::Revoked(document) => {
                self.order.push(document);
                self.revoked.insert(document);
            }
            Item::Change { document, size } => {
                self.bytes += size;
                let (hash, bytes) = tx.change(seq)?;
                let tail = self.tails.entry(document).or_default();
                if tail.is_empty() {
                    self.order.push(document);
                }
                tail.push(Framed { hash, bytes });
            }
        }
        Ok(())
    }

    /// Packs that new documents pin and the device does not hold.
    fn packs(
        &self,
        tx: &Reading<'_>,
        standards: &Standards,
        message: &Exchange,
    ) -> Result<Vec<PackFile>, StoreError> {
        let held: HashSet<[u8; 32]> = message.packs.iter().map(|hash| hash.0).collect();
        let mut packs = Vec::new();
        for sha256 in self.pinned.difference(&held) {
            let standard = standards.pinned(tx, sha256)?;
            packs.push(PackFile { sha256: *sha256, source: standard.source().to_owned() });
        }
        packs.sort_by_key(|pack| pack.sha256);
        Ok(packs)
    }

    fn deliveries(mut self) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        for document in &self.order {
            let id = document.into_bytes();
            if self.revoked.contains(document) {
                deliveries.push(Delivery::Revoked(id));
            } else if let Some(snapshot) = self.new.remove(document) {
                deliveries.push(Delivery::New(NewDocument { document: id, snapshot }));
            } else if let Some(changes) = self.tails.remove(document) {
                deliveries.push(Delivery::Tail(Tail { document: id, changes }));
            }
        }
        deliveries
    }
}

fn write_cursor(epoch: Epoch, seq: u64) -> Vec<u8> {
    [epoch.as_slice(), &seq.to_be_bytes()].concat()
}

/// The sequence number of a cursor; an empty one is the beginning. `None`: it is of another life of the database, or points
/// past its end as after a restore, and everything must be fetched anew.
fn read_cursor(cursor: &[u8], epoch: Epoch, top: u64) -> Option<u64> {
    if cursor.is_empty() {
        return Some(0);
    }
    let (of, seq) = cursor.split_first_chunk::<8>()?;
    let seq = u64::from_be_bytes(seq.try_into().ok()?);
    (*of == epoch && seq <= top).then_some(seq)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_of_another_life_start_anew() {
        let (epoch, other) = ([1; 8], [2; 8]);
        assert_eq!(read_cursor(&[], epoch, 9), Some(0));
        assert_eq!(read_cursor(&write_cursor(epoch, 9), epoch, 9), Some(9));
        assert_eq!(read_cursor(&write_cursor(other, 9), epoch, 9), None);
        assert_eq!(read_cursor(&write_cursor(epoch, 10), epoch, 9), None, "past the end");
        assert_eq!(read_cursor(&[1; 7], epoch, 9), None, "cut");
        assert_eq!(read_cursor(&[1; 17], epoch, 9), None, "too long");
    }
}
