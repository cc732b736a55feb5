//! Messages as they travel: what the receiver can work out is left out.
//!
//! Changes go in the compact form of [`compact`], with one hash that binds them to their document; verdicts go without hashes,
//! by the place of each change in the push, and like verdicts that follow one another as one run.

use std::collections::HashMap;

use minicbor::{Decode, Encode};

use crate::codec::WireError;
use crate::compact::{Expanded, compact, expand};
use crate::limits::MAX_EXPANDED_BYTES;
use crate::message::{
    Applied, AssetHistory, BytesHash, Delivery, DocumentPush, Exchange, Framed, HandOverBytes, Held,
    NewDocument, PackFile, Reply, Stock, Tail, Tariffs, Verdict, VerdictOfChange, binding,
};

/// A document id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub(crate) struct Id(
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub(crate) [u8; 16],
);

/// [`Exchange`].
#[derive(Encode, Decode)]
pub(crate) struct ExchangeTravels {
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    cursor: Vec<u8>,
    #[n(1)]
    pub(crate) push: Vec<PushTravels>,
    #[n(2)]
    packs: Vec<BytesHash>,
    #[n(3)]
    sent_at_ms: i64,
    #[n(4)]
    stock: Option<u64>,
    #[n(5)]
    tariffs: Option<u64>,
    #[n(6)]
    held: Option<Held>,
    #[n(7)]
    unapplied: Option<Vec<Id>>,
    #[n(8)]
    pub(crate) hand_overs: Option<Vec<HandOverBytes>>,
}

/// [`DocumentPush`].
#[derive(Encode, Decode)]
pub(crate) struct PushTravels {
    #[n(0)]
    pub(crate) document: Id,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub(crate) changes: Vec<u8>,
    #[n(2)]
    pub(crate) binding: BytesHash,
}

/// [`Reply`].
#[derive(Encode, Decode)]
pub(crate) struct ReplyTravels {
    #[n(0)]
    verdicts: Vec<VerdictsTravel>,
    #[n(1)]
    deliveries: Vec<DeliveryTravels>,
    #[n(2)]
    packs: Vec<PackFile>,
    #[n(3)]
    #[cbor(with = "minicbor::bytes")]
    cursor: Vec<u8>,
    #[n(4)]
    more: bool,
    #[n(5)]
    server_at_ms: i64,
    #[n(6)]
    epoch_changed: bool,
    #[n(7)]
    stock: Option<Stock>,
    #[n(8)]
    tariffs: Option<Tariffs>,
    #[n(9)]
    assigned: Option<u32>,
    #[n(10)]
    histories: Option<Vec<AssetHistory>>,
    #[n(11)]
    differed: Option<u32>,
    #[n(12)]
    applied: Option<Vec<Applied>>,
}

/// The verdicts on what was pushed for one document.
#[derive(Encode, Decode)]
struct VerdictsTravel {
    /// Which of the documents pushed, from 0.
    #[n(0)]
    push: u32,
    #[n(1)]
    runs: Vec<Run>,
}

/// Changes that follow one another and share a verdict. `Accepted` and `Duplicate` tell the first number; the others follow it.
#[derive(Encode, Decode)]
struct Run {
    /// Place of the first among the changes of the document, from 0.
    #[n(0)]
    at: u32,
    #[n(1)]
    count: u32,
    #[n(2)]
    verdict: Verdict,
}

/// [`Delivery`].
#[derive(Encode, Decode)]
enum DeliveryTravels {
    #[n(0)]
    New(#[n(0)] NewDocument),
    #[n(1)]
    Tail(#[n(0)] TailTravels),
    #[n(2)]
    Revoked(#[n(0)] Id),
}

/// [`Tail`].
#[derive(Encode, Decode)]
struct TailTravels {
    #[n(0)]
    document: Id,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    changes: Vec<u8>,
}

fn packed(changes: &[Framed]) -> Vec<u8> {
    compact(changes.iter().map(|framed| framed.bytes.as_slice()))
}

fn unpacked(changes: &[u8], room: &mut usize) -> Result<Vec<Framed>, WireError> {
    let expanded = expand(changes, room)?;
    Ok(expanded.into_iter().map(|Expanded { hash, bytes }| Framed { hash, bytes }).collect())
}

impl From<&Exchange> for ExchangeTravels {
    fn from(message: &Exchange) -> Self {
        let push = |push: &DocumentPush| PushTravels {
            document: Id(push.document),
            changes: packed(&push.changes),
            binding: BytesHash(binding(&push.document, push.changes.iter().map(|change| &change.hash))),
        };
        Self {
            cursor: message.cursor.clone(),
            push: message.push.iter().map(push).collect(),
            packs: message.packs.clone(),
            sent_at_ms: message.sent_at_ms,
            stock: message.stock,
            tariffs: message.tariffs,
            held: message.held.clone(),
            unapplied: some(message.unapplied.iter().copied().map(Id).collect()),
            hand_overs: (!message.hand_overs.is_empty()).then(|| message.hand_overs.clone()),
        }
    }
}

/// A list that is left out where it holds nothing.
fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

impl ExchangeTravels {
    /// Rebuilds the changes and checks that they are those that were sent for their documents.
    pub(crate) fn arrive(self) -> Result<Exchange, WireError> {
        let mut room = MAX_EXPANDED_BYTES;
        let mut push = Vec::with_capacity(self.push.len());
        for PushTravels { document: Id(document), changes, binding: bound } in self.push {
            let changes = unpacked(&changes, &mut room)?;
            if binding(&document, changes.iter().map(|change| &change.hash)) != bound.0 {
                return Err(WireError::WrongBinding);
            }
            push.push(DocumentPush { document, changes });
        }
        Ok(Exchange {
            cursor: self.cursor,
            push,
            packs: self.packs,
            sent_at_ms: self.sent_at_ms,
            stock: self.stock,
            tariffs: self.tariffs,
            held: self.held,
            unapplied: self.unapplied.into_iter().flatten().map(|Id(document)| document).collect(),
            hand_overs: self.hand_overs.unwrap_or_default(),
        })
    }
}

impl ReplyTravels {
    /// A reply to `asked`.
    pub(crate) fn of(reply: &Reply, asked: &Exchange) -> Result<Self, WireError> {
        let delivery = |delivery: &Delivery| match delivery {
            Delivery::New(new) => DeliveryTravels::New(new.clone()),
            Delivery::Tail(tail) => DeliveryTravels::Tail(TailTravels {
                document: Id(tail.document),
                changes: packed(&tail.changes),
            }),
            Delivery::Revoked(document) => DeliveryTravels::Revoked(Id(*document)),
        };
        Ok(Self {
            verdicts: runs(&reply.verdicts, asked)?,
            deliveries: reply.deliveries.iter().map(delivery).collect(),
            packs: reply.packs.clone(),
            cursor: reply.cursor.clone(),
            more: reply.more,
            server_at_ms: reply.server_at_ms,
            epoch_changed: reply.epoch_changed,
            stock: reply.stock.clone(),
            tariffs: reply.tariffs.clone(),
            assigned: reply.assigned,
            histories: reply.histories.clone(),
            differed: reply.differed,
            applied: some(reply.applied.clone()),
        })
    }

    /// The reply, as an answer to `asked`.
    pub(crate) fn arrive(self, asked: &Exchange) -> Result<Reply, WireError> {
        let mut room = MAX_EXPANDED_BYTES;
        let mut deliveries = Vec::with_capacity(self.deliveries.len());
        for delivery in self.deliveries {
            deliveries.push(match delivery {
                DeliveryTravels::New(new) => Delivery::New(new),
                DeliveryTravels::Tail(TailTravels { document: Id(document), changes }) => {
                    Delivery::Tail(Tail { document, changes: unpacked(&changes, &mut room)? })
                }
                DeliveryTravels::Revoked(Id(document)) => Delivery::Revoked(document),
            });
        }
        Ok(Reply {
            verdicts: verdicts(self.verdicts, asked)?,
            deliveries,
            packs: self.packs,
            cursor: self.cursor,
            more: self.more,
            server_at_ms: self.server_at_ms,
            epoch_changed: self.epoch_changed,
            stock: self.stock,
            tariffs: self.tariffs,
            assigned: self.assigned,
            histories: self.histories,
            differed: self.differed,
            applied: self.applied.unwrap_or_default(),
        })
    }
}

fn not_asked() -> WireError {
    WireError::Damaged("a verdict on a change that was not sent".to_owned())
}

/// Verdicts by place.
fn runs(verdicts: &[VerdictOfChange], asked: &Exchange) -> Result<Vec<VerdictsTravel>, WireError> {
    let mut places = HashMap::new();
    for (push, sent) in asked.push.iter().enumerate() {
        for (at, change) in sent.changes.iter().enumerate() {
            places.insert((sent.document, change.hash), (push, at));
        }
    }
    let mut told = Vec::with_capacity(verdicts.len());
    for verdict in verdicts {
        let place = places.get(&(verdict.document, verdict.hash)).ok_or_else(not_asked)?;
        told.push((*place, &verdict.verdict));
    }
    told.sort_by_key(|(place, _)| *place);
    let mut travel: Vec<VerdictsTravel> = Vec::new();
    for ((push, at), verdict) in told {
        let (push, at) = (count(push)?, count(at)?);
        if travel.last().is_none_or(|last| last.push != push) {
            travel.push(VerdictsTravel { push, runs: Vec::new() });
        }
        let Some(VerdictsTravel { runs, .. }) = travel.last_mut() else { continue };
        match runs.last_mut() {
            Some(run) if run.at + run.count == at && run.nth(run.count) == *verdict => run.count += 1,
            _ => runs.push(Run { at, count: 1, verdict: verdict.clone() }),
        }
    }
    Ok(travel)
}

fn count(many: usize) -> Result<u32, WireError> {
    u32::try_from(many)
        .map_err(|_| WireError::TooLarge { what: "number of changes", limit: u32::MAX as usize })
}

impl Run {
    /// The verdict on the n-th change of the run, from 0.
    fn nth(&self, n: u32) -> Verdict {
        match &self.verdict {
            Verdict::Accepted(first) => Verdict::Accepted(first.saturating_add(n.into())),
            Verdict::Duplicate(first) => Verdict::Duplicate(first.saturating_add(n.into())),
            other => other.clone(),
        }
    }
}

/// Verdicts by document and hash.
fn verdicts(travel: Vec<VerdictsTravel>, asked: &Exchange) -> Result<Vec<VerdictOfChange>, WireError> {
    let mut verdicts = Vec::new();
    for VerdictsTravel { push, runs } in travel {
        let sent = asked.push.get(push as usize).ok_or_else(not_asked)?;
        for run in runs {
            for n in 0..run.count {
                let at = run.at.checked_add(n).ok_or_else(not_asked)?;
                let change = sent.changes.get(at as usize).ok_or_else(not_asked)?;
                let (document, hash) = (sent.document, change.hash);
                verdicts.push(VerdictOfChange { document, hash, verdict: run.nth(n) });
            }
        }
    }
    Ok(verdicts)
}
