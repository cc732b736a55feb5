//! Messages of an exchange, as both sides hold them; how they travel: `travel.rs`.

use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};

/// A SHA-256 hash: 32 bytes.
pub type Hash = [u8; 32];

/// What a device sends: everything it has to tell, and how far it has heard.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exchange {
    /// Cursor of the last reply that was stored; empty: from the beginning.
    pub cursor: Vec<u8>,
    /// Changes by document.
    pub push: Vec<DocumentPush>,
    /// SHA-256 of the packs the device already holds.
    pub packs: Vec<BytesHash>,
    /// The device's wall clock when it sent this, milliseconds since 1970.
    pub sent_at_ms: i64,
    /// [`Stock::as_of`] of the stock that the device holds, 0 if it holds none. `None`: a device that knows nothing of
    /// stocks, and is sent none.
    pub stock: Option<u64>,
    /// [`Tariffs::as_of`] of the tariffs that the device holds, 0 if it holds none. `None`: it knows nothing of tariffs.
    pub tariffs: Option<u64>,
    /// Some of the documents that the device holds, to be compared with the server's. From time to time.
    pub held: Option<Held>,
    /// Documents in which the server has committed work of this device, and has not said yet that everything of it is applied. Of
    /// those that are pushed the reply tells without being asked.
    pub unapplied: Vec<[u8; 16]>,
    /// Hand-overs of documents that are pushed, signed by the devices whose changes this device brings, each as canonical JSON:
    /// in the order in which the document went from hand to hand.
    pub hand_overs: Vec<HandOverBytes>,
}

/// Which documents a device holds, of those whose ids lie in a range.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct Held {
    /// Ids after this one (16 bytes); empty: from the first on.
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub after: Vec<u8>,
    /// And up to this one; empty: to the last.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub upto: Vec<u8>,
    /// All that the device holds of them.
    #[n(2)]
    pub documents: Vec<HeldDocument>,
}

/// A document as a device holds it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct HeldDocument {
    /// Document id.
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub document: [u8; 16],
    /// [`digest_of_heads`]; empty: something of it has not been sent, and it is not to be compared.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub digest: Vec<u8>,
}

/// Everything of a document is applied: judged, and every file that it names is at the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Applied {
    /// Document id.
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub document: [u8; 16],
    /// What was committed up to this sequence number.
    #[n(1)]
    pub seq: u64,
}

/// A signed hand-over as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct HandOverBytes(
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub Vec<u8>,
);

/// A hash as a CBOR byte string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct BytesHash(
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub Hash,
);

/// New changes of one document, parents first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentPush {
    /// Document id (UUID, 16 bytes).
    pub document: [u8; 16],
    /// The changes.
    pub changes: Vec<Framed>,
}

/// One change with its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Framed {
    /// SHA-256 by which Automerge names the change.
    pub hash: Hash,
    /// The change chunk as Automerge writes it.
    pub bytes: Vec<u8>,
}

/// What the server answers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reply {
    /// A verdict for every change that was pushed, by document, in the order of the push.
    pub verdicts: Vec<VerdictOfChange>,
    /// What is new for the device since its cursor.
    pub deliveries: Vec<Delivery>,
    /// Packs that deliveries pin and the device does not hold.
    pub packs: Vec<PackFile>,
    /// Cursor to store in the same transaction as the deliveries. Opaque.
    pub cursor: Vec<u8>,
    /// There is more: ask again at once.
    pub more: bool,
    /// The server's wall clock when it answered, milliseconds since 1970.
    pub server_at_ms: i64,
    /// The server was restored or replaced: the device must forget its cursor and fetch all again; its own unsent
    /// changes stay.
    pub epoch_changed: bool,
    /// The van stock of the device's technician, whole, where it has changed since the device's. A device that holds none
    /// gets it with the last page.
    pub stock: Option<Stock>,
    /// The tariffs of the company, all of them, where one has changed since the device's.
    pub tariffs: Option<Tariffs>,
    /// How many documents the server has for this device's person, so that a device can tell that one did not arrive. None:
    /// the server does not say.
    pub assigned: Option<u32>,
    /// Earlier visits of the assets of new visits: one entry for each that the reply brings, empty where none is known. None:
    /// the reply brings no new visit, or the server does not tell.
    pub histories: Option<Vec<AssetHistory>>,
    /// How many of the documents that the device named are not what they should be. What can be is delivered whole. None: nothing was
    /// compared, because the device asked for nothing, brings something, or there is something new.
    pub differed: Option<u32>,
    /// Of the documents that the device pushed or named as not applied, those that are.
    pub applied: Vec<Applied>,
}

/// Earlier visits of the asset that a visit is about, the latest first: a copy to read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct AssetHistory {
    /// The visit.
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub document: [u8; 16],
    /// Earlier visits.
    #[n(1)]
    pub visits: Vec<PastVisit>,
}

/// An earlier visit in short.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct PastVisit {
    /// The order's number.
    #[n(0)]
    pub number: String,
    /// Planned start, milliseconds since 1970.
    #[n(1)]
    pub start_at_ms: Option<i64>,
    /// Fault as reported.
    #[n(2)]
    pub fault: String,
    /// Cause as diagnosed.
    #[n(3)]
    pub cause: String,
    /// What was done.
    #[n(4)]
    pub solution: String,
    /// Parts used: pieces and part number.
    #[n(5)]
    pub parts: Vec<String>,
}

/// The parts in a technician's van, as the server knows them: a copy to read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct Stock {
    /// What was committed up to this sequence number is taken into account, and nothing after it.
    #[n(0)]
    pub as_of: u64,
    /// One line a part number.
    #[n(1)]
    pub lines: Vec<StockLine>,
    /// What is wrong with it and can not be seen in the lines.
    #[n(2)]
    pub faults: Vec<StockFault>,
    /// Keys of the uses that this device has sent since its cursor and that the lines hold. A device whose answer was lost
    /// holds them as unsent still, and must not take them off twice.
    #[n(3)]
    pub included: Vec<EntryKey>,
}

/// Key of an entry (UUID, 16 bytes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct EntryKey(
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub [u8; 16],
);

/// The parts of one number.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct StockLine {
    /// Part number.
    #[n(0)]
    pub number: String,
    /// Name of the part.
    #[n(1)]
    pub name: Option<String>,
    /// Pieces; below zero: more was used than is known to have been there.
    #[n(2)]
    pub quantity: i64,
    /// Each piece has a serial number that is followed.
    #[n(3)]
    pub tracked: bool,
    /// Serial numbers that are there.
    #[n(4)]
    pub serials: Vec<String>,
}

/// Something that is wrong with a serial number.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct StockFault {
    /// Part number.
    #[n(0)]
    pub number: String,
    /// Short code in kebab case, such as `serial-not-in-van`. One that a device does not know is shown as it is.
    #[n(1)]
    pub code: String,
    /// The serial number.
    #[n(2)]
    pub serial: Option<String>,
    /// Pieces.
    #[n(3)]
    pub quantity: u64,
}

/// The tariffs of a company: a copy to read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct Tariffs {
    /// The sequence number of the last change to them.
    #[n(0)]
    pub as_of: u64,
    /// The tariffs, each version as JSON.
    #[n(1)]
    pub tariffs: Vec<String>,
}

/// The server's verdict on one change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerdictOfChange {
    /// Document id.
    pub document: [u8; 16],
    /// Hash of the change.
    pub hash: Hash,
    /// The verdict.
    pub verdict: Verdict,
}

/// A verdict.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Verdict {
    /// Committed under this sequence number.
    #[n(0)]
    Accepted(#[n(0)] u64),
    /// Had been committed before, under this sequence number.
    #[n(1)]
    Duplicate(#[n(0)] u64),
    /// Waits for changes it depends on.
    #[n(2)]
    Pending(#[n(0)] Vec<BytesHash>),
    /// Not taken. The device keeps it for a person to see.
    #[n(3)]
    Refused {
        /// Short code in kebab case, such as `foreign-actor`.
        #[n(0)]
        code: String,
        /// What was wrong, in words, without personal data.
        #[n(1)]
        reason: String,
    },
}

/// Something new for the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// A document that the device has not had (or must replace).
    New(NewDocument),
    /// Changes of a document that it has.
    Tail(Tail),
    /// A document that it may no longer see.
    Revoked([u8; 16]),
}

/// A whole document.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct NewDocument {
    /// Document id.
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub document: [u8; 16],
    /// The document as Automerge saves it, best without compression of its own: the body is compressed as a whole.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub snapshot: Vec<u8>,
}

/// Changes of one document, parents first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tail {
    /// Document id.
    pub document: [u8; 16],
    /// The changes.
    pub changes: Vec<Framed>,
}

/// A pack file.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PackFile {
    /// SHA-256 of the pack (canonical JSON), 32 bytes.
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub sha256: Hash,
    /// The pack file's text.
    #[n(1)]
    pub source: String,
}

/// What tells the states of a document apart: the first 8 bytes of SHA-256 over a label, the document id and its heads in ascending
/// order.
///
/// ```
/// let one = jobsheet_wire::digest_of_heads(&[1; 16], &[[7; 32]]);
/// let other = jobsheet_wire::digest_of_heads(&[1; 16], &[[8; 32]]);
/// assert_ne!(one, other);
/// let document = 0x0011_2233_4455_6677_8899_aabb_ccdd_eeff_u128.to_be_bytes();
/// let digest = jobsheet_wire::digest_of_heads(&document, &[[2; 32], [1; 32]]);
/// assert_eq!(u64::from_be_bytes(digest), 0x5823_fafa_d05f_620b);
/// ```
pub fn digest_of_heads(document: &[u8; 16], heads: &[Hash]) -> [u8; 8] {
    let mut heads: Vec<&Hash> = heads.iter().collect();
    heads.sort_unstable();
    let mut digest = Sha256::new();
    digest.update(b"jobsheet heads 1\0");
    digest.update(document);
    for head in heads {
        digest.update(head);
    }
    let whole: Hash = digest.finalize().into();
    let mut first = [0; 8];
    first.copy_from_slice(&whole[..8]);
    first
}

/// Binds changes to their document, which their bytes do not name: SHA-256 over a label, the document id and the hashes in order.
///
/// ```
/// let one = jobsheet_wire::binding(&[1; 16], [&[7; 32]]);
/// let other = jobsheet_wire::binding(&[2; 16], [&[7; 32]]);
/// assert_ne!(one, other);
/// ```
pub fn binding<'a>(document: &[u8; 16], hashes: impl IntoIterator<Item = &'a Hash>) -> Hash {
    let mut digest = Sha256::new();
    digest.update(b"jobsheet push 1\0");
    digest.update(document);
    for hash in hashes {
        digest.update(hash);
    }
    digest.finalize().into()
}
