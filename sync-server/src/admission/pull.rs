//! What is new for a device since its cursor.
//!
//! A cursor is the epoch (8 bytes) and a sequence number (8 bytes, big endian); between the pages of one answer two more. Sequence numbers become visible in their
//! order, so everything up to the cursor has been seen and everything after it has not.

use std::collections::{HashMap, HashSet};

use jobsheet_wire::{
    Delivery, Exchange, Framed, MAX_CHANGES_PER_DOCUMENT, NewDocument, PULL_PAGE_BYTES, PackFile, Tail,
};
use uuid::Uuid;

use super::Sender;
use super::compare::compare;
use crate::standards::Standards;
use crate::store::{Epoch, LogRow, Reading, ScopeRow, StoreError};

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
    /// How many documents of the device were not what they should be.
    pub(super) differed: Option<u32>,
}

/// Something new at its place in the sequence.
#[derive(Clone, Copy)]
enum Item {
    New {
        document: Uuid,
        seq: u64,
    },
    /// Of the row those after a number.
    Changes {
        document: Uuid,
        row: LogRow,
        after: u64,
    },
    Revoked {
        document: Uuid,
        seq: u64,
    },
}

impl Item {
    /// The last number that it brings.
    fn last(&self) -> u64 {
        match self {
            Item::New { seq, .. } | Item::Revoked { seq, .. } => *seq,
            Item::Changes { row, .. } => row.last(),
        }
    }
}

/// Reads what is new for a device, one page of it.
pub(super) fn pull(
    tx: &Reading<'_>,
    standards: &Standards,
    sender: &Sender,
    message: &Exchange,
) -> Result<Brought, StoreError> {
    let (epoch, top) = tx.position()?;
    let cursor = Cursor::read(&message.cursor, epoch, top);
    let epoch_changed = cursor.is_none();
    let cursor = cursor.unwrap_or_default();
    let after = cursor.after;

    let mut page = Page::new(message);
    let mut reached = top;
    let mut more = false;
    let mut before = after;
    for item in news(tx, &sender.technician, cursor)? {
        if !page.has_room_for(&item) {
            (more, reached) = (true, before);
            break;
        }
        before = item.last();
        page.add(tx, item)?;
    }
    // Only who knows all and brings nothing can be compared.
    let idle = !more && !epoch_changed && page.order.is_empty() && message.push.is_empty();
    let held = message.held.as_ref().filter(|_| idle);
    let differed = held.map(|held| compare(tx, sender, held, &mut page)).transpose()?;
    let packs = page.packs(tx, standards, message)?;
    Ok(Brought {
        deliveries: page.deliveries(),
        packs,
        cursor: cursor.at(reached, more, top).write(epoch),
        more,
        epoch_changed,
        after,
        assigned: tx.granted_count(&sender.technician)?,
        differed,
    })
}

/// Everything after a sequence number that a technician may see, in the order of the sequence.
fn news(tx: &Reading<'_>, technician: &str, cursor: Cursor) -> Result<Vec<Item>, StoreError> {
    let after = cursor.after;
    let mut items = Vec::new();
    for ScopeRow { document, seq, granted } in tx.scope_news(technician, after)? {
        if seq > after {
            items.push(if granted { Item::New { document, seq } } else { Item::Revoked { document, seq } });
            continue;
        }
        let after = cursor.held(seq);
        if granted && tx.archived_until(&document)? > after {
            // Its changes are in one row now: the device gets it whole.
            let last = tx.basis(&document)?.map_or(seq, |(last, _)| last);
            items.push(Item::New { document, seq: last });
        } else if granted {
            let rows = tx.log_after(&document, after)?.into_iter();
            items.extend(rows.map(|row| Item::Changes { document, row, after }));
        }
    }
    items.sort_by_key(Item::last);
    Ok(items)
}

/// What one reply brings.
///
/// What this exchange brought the device has. What it sent before its cursor it has as well; what it sent after it was sent by a
/// copy of its store, or before that was restored, and it lacks it.
pub(super) struct Page {
    brought: HashSet<[u8; 32]>,
    bytes: usize,
    order: Vec<Uuid>,
    new: HashMap<Uuid, Vec<u8>>,
    tails: HashMap<Uuid, Vec<Framed>>,
    revoked: HashSet<Uuid>,
    pinned: HashSet<[u8; 32]>,
}

impl Page {
    fn new(message: &Exchange) -> Self {
        let brought = message.push.iter().flat_map(|push| push.changes.iter().map(|change| change.hash));
        Self {
            brought: brought.collect(),
            bytes: 0,
            order: Vec::new(),
            new: HashMap::new(),
            tails: HashMap::new(),
            revoked: HashSet::new(),
            pinned: HashSet::new(),
        }
    }

    /// Whether something more may be added: a device takes only so many bytes, and changes of one document, at once.
    fn has_room_for(&self, item: &Item) -> bool {
        let Item::Changes { document, row, .. } = item else { return self.bytes < PULL_PAGE_BYTES };
        let held = self.tails.get(document).map_or(0, Vec::len) as u64;
        self.bytes < PULL_PAGE_BYTES && held + row.count <= MAX_CHANGES_PER_DOCUMENT as u64
    }

    fn add(&mut self, tx: &Reading<'_>, item: Item) -> Result<(), StoreError> {
        match item {
            Item::New { document, .. } => {
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
            Item::Revoked { document, .. } => {
                self.order.push(document);
                self.revoked.insert(document);
            }
            Item::Changes { document, row, after } => {
                let numbered = (row.seq..).zip(tx.logged(row.seq)?);
                let lacked = numbered
                    .filter(|(seq, change)| *seq > after && !self.brought.contains(&change.hash))
                    .map(|(_, change)| Framed { hash: change.hash, bytes: change.bytes });
                let lacked: Vec<Framed> = lacked.collect();
                if lacked.is_empty() {
                    return Ok(());
                }
                self.bytes += row.size;
                let tail = self.tails.entry(document).or_default();
                if tail.is_empty() {
                    self.order.push(document);
                }
                tail.extend(lacked);
            }
        }
        Ok(())
    }

    /// A document that the device should hold, whole. What there is no room for is left out.
    pub(super) fn add_document(&mut self, tx: &Reading<'_>, document: Uuid) -> Result<(), StoreError> {
        let item = Item::New { document, seq: 0 };
        if self.has_room_for(&item) { self.add(tx, item) } else { Ok(()) }
    }

    /// A document that the device should not hold.
    pub(super) fn add_farewell(&mut self, document: Uuid) {
        self.order.push(document);
        self.revoked.insert(document);
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

/// How far a device has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Cursor {
    /// Everything up to this number it has seen.
    after: u64,
    /// Between the pages of one answer: where the first of them began, and the last number there was then. Documents that were
    /// granted since the beginning came whole on one of these pages, with everything up to that last number.
    pages: Option<(u64, u64)>,
}

impl Cursor {
    /// The number up to which the device has a document that was granted under `seq`, which it has seen.
    fn held(self, seq: u64) -> u64 {
        match self.pages {
            Some((began, whole)) if seq > began => self.after.max(whole),
            _ => self.after,
        }
    }

    /// The cursor after a page that reaches so far.
    fn at(self, reached: u64, more: bool, top: u64) -> Self {
        Self { after: reached, pages: more.then(|| self.pages.unwrap_or((self.after, top))) }
    }

    fn write(self, epoch: Epoch) -> Vec<u8> {
        let mut cursor = [epoch.as_slice(), &self.after.to_be_bytes()].concat();
        for number in self.pages.into_iter().flat_map(|(began, whole)| [began, whole]) {
            cursor.extend(number.to_be_bytes());
        }
        cursor
    }

    /// Reads a cursor; an empty one is the beginning. `None`: it is of another life of the database, or points past its end as
    /// after a restore, and everything must be fetched anew.
    fn read(cursor: &[u8], epoch: Epoch, top: u64) -> Option<Self> {
        if cursor.is_empty() {
            return Some(Self::default());
        }
        let (of, numbers) = cursor.split_first_chunk::<8>()?;
        let (numbers, rest) = numbers.as_chunks::<8>();
        let numbers: Vec<u64> = numbers.iter().map(|number| u64::from_be_bytes(*number)).collect();
        let read = match numbers[..] {
            [after] => Self { after, pages: None },
            [after, began, whole] if began <= after => Self { after, pages: Some((began, whole)) },
            _ => return None,
        };
        (*of == epoch && rest.is_empty() && numbers.iter().all(|number| *number <= top)).then_some(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_of_another_life_start_anew() {
        let (epoch, other) = ([1; 8], [2; 8]);
        let at = |after| Cursor { after, pages: None };
        assert_eq!(Cursor::read(&[], epoch, 9), Some(at(0)));
        assert_eq!(Cursor::read(&at(9).write(epoch), epoch, 9), Some(at(9)));
        assert_eq!(Cursor::read(&at(9).write(other), epoch, 9), None);
        assert_eq!(Cursor::read(&at(10).write(epoch), epoch, 9), None, "past the end");
        for length in [7, 17, 24, 33, 40] {
            assert_eq!(Cursor::read(&vec![0; length], [0; 8], 9), None, "{length}");
        }
    }

    #[test]
    fn between_pages_it_is_known_what_came_whole() {
        let (epoch, begin) = ([1; 8], Cursor { after: 3, pages: None });
        let first = begin.at(5, true, 20);
        assert_eq!(Cursor::read(&first.write(epoch), epoch, 25), Some(first));
        assert_eq!((first.held(3), first.held(4), first.held(5)), (5, 20, 20));
        let second = first.at(22, true, 25);
        assert_eq!((second.held(3), second.held(5), second.held(22)), (22, 22, 22));
        assert_eq!(second.at(25, false, 25), Cursor { after: 25, pages: None });
        let odd = Cursor { after: 5, pages: Some((6, 7)) };
        assert_eq!(Cursor::read(&odd.write(epoch), epoch, 25), None);
    }
}
