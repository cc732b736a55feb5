//! What is asked of a worker process about one document, and what it answers.

use jobsheet_wire::BytesHash;
use minicbor::{Decode, Encode};

use super::Refused;

/// Bytes as CBOR has them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(transparent)]
pub(crate) struct Bytes(
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub(crate) Vec<u8>,
);

/// Changes of one document that are to be judged, with all that is needed for it.
#[derive(Debug, Clone, Encode, Decode)]
pub(crate) struct Job {
    /// The document as the store keeps it.
    #[n(0)]
    pub(crate) document: Bytes,
    /// SHA-256 of the pack that it pins.
    #[n(1)]
    pub(crate) pack: BytesHash,
    /// Text of the pack; none: the worker has it.
    #[n(2)]
    pub(crate) pack_source: Option<String>,
    /// Automerge actor under which the office writes.
    #[n(3)]
    pub(crate) office_actor: Bytes,
    /// Whose work it is.
    #[n(4)]
    pub(crate) person: String,
    /// Who has written in the document so far.
    #[n(5)]
    pub(crate) actors: Vec<KnownActor>,
    /// The changes, each with the hash under which it came.
    #[n(6)]
    pub(crate) changes: Vec<Pushed>,
    /// Changes of the document that were refused before in this exchange.
    #[n(7)]
    pub(crate) refused: Vec<BytesHash>,
    /// The present instant, milliseconds since 1970.
    #[n(8)]
    pub(crate) now_ms: i64,
    /// Id for an entry of the server's own.
    #[n(9)]
    pub(crate) entry_id: Bytes,
    /// Changes among them that others have handed over: they are judged as their work.
    #[n(10)]
    pub(crate) handed: Vec<Handed>,
    /// What is asked; none: what of the changes is taken.
    #[n(11)]
    pub(crate) ask: Option<Ask>,
}

/// What is asked of a worker but to judge.
#[derive(Debug, Clone, Encode, Decode)]
pub(crate) enum Ask {
    /// What the changes would do, and what would become of them now.
    #[n(0)]
    Show,
    /// The changes under another actor, as far as they can be taken so.
    #[n(1)]
    Renew(#[n(0)] Bytes),
}

/// A change that somebody else has handed over to whoever sends it.
#[derive(Debug, Clone, Encode, Decode)]
pub(crate) struct Handed {
    /// Its hash.
    #[n(0)]
    pub(crate) hash: BytesHash,
    /// Person id of whoever made it.
    #[n(1)]
    pub(crate) person: String,
}

/// A change as it came.
#[derive(Debug, Clone, Encode, Decode)]
pub(crate) struct Pushed {
    /// The hash under which it came.
    #[n(0)]
    pub(crate) hash: BytesHash,
    /// Its bytes.
    #[n(1)]
    pub(crate) bytes: Bytes,
}

/// An actor that has written in the document.
#[derive(Debug, Clone, Encode, Decode)]
pub(crate) struct KnownActor {
    /// Automerge actor id.
    #[n(0)]
    pub(crate) actor: Bytes,
    /// Person id of whoever writes under it; none: the office.
    #[n(1)]
    pub(crate) person: Option<String>,
    /// Its highest sequence number.
    #[n(2)]
    pub(crate) last_seq: u64,
}

/// What became of the changes.
#[derive(Debug, Clone, Encode, Decode)]
pub(crate) struct Done {
    /// For each change, in the order of the job.
    #[n(0)]
    pub(crate) told: Vec<Told>,
    /// What is to be committed; none: nothing was taken.
    #[n(1)]
    pub(crate) taken: Option<Taken>,
    /// To [`Ask::Show`]: those that can be read, as JSON.
    #[n(2)]
    pub(crate) shown: Vec<ShownChange>,
    /// To [`Ask::Renew`]: those that can be taken under another actor.
    #[n(3)]
    pub(crate) renewed: Vec<RenewedChange>,
}

/// What a change would do.
#[derive(Debug, Clone, Encode, Decode)]
pub(crate) struct ShownChange {
    /// Its place in the job.
    #[n(0)]
    pub(crate) at: u32,
    /// Command, time, actor, number and fields, as JSON.
    #[n(1)]
    pub(crate) json: Bytes,
}

/// A change under another actor.
#[derive(Debug, Clone, Encode, Decode)]
pub(crate) struct RenewedChange {
    /// Hash of the change that it stands for.
    #[n(0)]
    pub(crate) was: BytesHash,
    /// Its own hash.
    #[n(1)]
    pub(crate) hash: BytesHash,
    /// Its bytes.
    #[n(2)]
    pub(crate) bytes: Bytes,
}

/// What became of one change.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Told {
    /// It stands in the document.
    #[n(0)]
    Known,
    /// It is committed at this place among those taken.
    #[n(1)]
    Taken(#[n(0)] u32),
    /// It came before in the same push, and is committed at this place.
    #[n(2)]
    Again(#[n(0)] u32),
    /// It waits for these.
    #[n(3)]
    Waits(#[n(0)] Vec<BytesHash>),
    /// It is not taken: code and reason.
    #[n(4)]
    Refused(#[n(0)] String, #[n(1)] String),
}

impl From<Refused> for Told {
    fn from(refusal: Refused) -> Self {
        Told::Refused(refusal.code.to_owned(), refusal.reason)
    }
}

/// What is to be committed.
#[derive(Debug, Clone, Encode, Decode)]
pub(crate) struct Taken {
    /// The changes taken, in the order in which they are committed.
    #[n(0)]
    pub(crate) changes: Vec<TakenChange>,
    /// The server's own note that the record has arrived.
    #[n(1)]
    pub(crate) note: Option<Noted>,
    /// The document with all of it, as the store keeps it.
    #[n(2)]
    pub(crate) document: Bytes,
    /// Its heads.
    #[n(3)]
    pub(crate) heads: Vec<BytesHash>,
    /// What is derived from it: `Derived` as JSON.
    #[n(4)]
    pub(crate) derived: Bytes,
}

/// A change that is taken.
#[derive(Debug, Clone, Encode, Decode)]
pub(crate) struct TakenChange {
    /// Its place in the job.
    #[n(0)]
    pub(crate) at: u32,
    /// Automerge actor.
    #[n(1)]
    pub(crate) actor: Bytes,
    /// The actor's sequence number.
    #[n(2)]
    pub(crate) actor_seq: u64,
}

/// A change that the server itself made.
#[derive(Debug, Clone, Encode, Decode)]
pub(crate) struct Noted {
    /// The actor's sequence number.
    #[n(0)]
    pub(crate) actor_seq: u64,
    /// Its bytes.
    #[n(1)]
    pub(crate) bytes: Bytes,
}
