//! The sync protocol of Jobsheet, version 1: what travels in the body of `POST /v1/sync` and back.
//!
//! A body is one version byte, then one zstd frame (with content checksum) of one CBOR message
//! ([RFC 8949](https://www.rfc-editor.org/rfc/rfc8949)) whose fields are numbered as in the types here.

mod chunk;
mod codec;
mod compact;
mod kept;
mod leb;
mod limits;
mod message;
mod travel;

pub use codec::{WireError, decode_exchange, decode_reply, encode_exchange, encode_reply, inflated_bound};
pub use compact::{ExpandError, Expanded, compact, expand};
pub use kept::{
    MAX_DOCUMENT_BYTES, keep_changes, keep_changes_long, keep_document, kept_changes, kept_document,
};
pub use limits::{
    MAX_BODY_BYTES, MAX_CHANGE_BYTES, MAX_CHANGES_PER_DOCUMENT, MAX_DOCUMENTS_PER_EXCHANGE,
    MAX_EXPANDED_BYTES, MAX_HAND_OVER_BYTES, MAX_HAND_OVERS_PER_EXCHANGE, MAX_HELD_DOCUMENTS,
    MAX_INFLATED_BYTES, MAX_PAST_CHARS, MAX_PAST_PARTS, MAX_PAST_VISITS, MAX_STOCK_FAULTS,
    MAX_STOCK_INCLUDED, MAX_STOCK_LINES, MAX_STOCK_SERIALS, MAX_TARIFF_BYTES, MAX_TARIFFS, MAX_TARIFFS_BYTES,
    MAX_UNAPPLIED, PULL_PAGE_BYTES,
};
pub use message::{
    Applied, AssetHistory, BytesHash, Delivery, DocumentPush, EntryKey, Exchange, Framed, HandOverBytes,
    Hash, Held, HeldDocument, NewDocument, PackFile, PastVisit, Reply, Stock, StockFault, StockLine, Tail,
    Tariffs, Verdict, VerdictOfChange, binding, digest_of_heads,
};

/// The protocol version this library speaks.
pub const PROTOCOL: u8 = 1;

/// Media type of both bodies.
pub const MEDIA_TYPE: &str = "application/vnd.jobsheet.sync";

/// Code of a refusal: another change stands under this actor and number. The device's store was copied or restored; it writes what
/// is its own anew under another actor.
pub const DIVERGED: &str = "actor-diverged";

/// Code of a refusal: the change builds on one that was refused.
pub const DESCENDS: &str = "descends-from-refused";
