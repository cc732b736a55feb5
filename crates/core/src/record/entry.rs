//! What stands in a record: each entry is one canonical JSON text in one register, so that no two devices ever create
//! the same container and no merge can mix halves of two entries.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::Stamp;
use crate::key::{Certificate, KeySignature, PublicKey};

/// Key of an append-only entry: a fresh UUID.
pub type EntryId = uuid::Uuid;

/// Who wrote an entry, and what the clocks said.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct By {
    /// Id of the person: a technician on a device, a user of the back office on the server.
    #[serde(rename = "by")]
    pub person: String,
    /// When.
    #[serde(flatten)]
    pub stamp: Stamp,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Kind of event, an id of the pack.
    #[serde(rename = "type")]
    pub kind: String,
    /// Who and when.
    #[serde(flatten)]
    pub by: By,
    /// The person's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What it is about: the id of a rule, a milestone, a part or an incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// When it happened, where that is before it was recorded: what was written on paper during an outage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub happened: Option<crate::Moment>,
    /// Events that it undoes or ends: a resume names the pauses, a reopening the finishes, a consent the refusals, the end
    /// of a hold its beginning, an approval the rejections.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ends: Vec<EntryId>,
    /// Further facts, such as the channel of a call.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
}

/// The value of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerValue {
    /// Yes or no.
    Yes(bool),
    /// Id of the chosen option.
    Choice(String),
    /// Ids of the chosen options.
    Several(Vec<String>),
    /// Words; also the name of a document that is kept elsewhere.
    Text(String),
    /// A time.
    Time(crate::Moment),
    /// Not done, for a reason. A supervisor sees it.
    Waived(String),
}

/// An answer to a checklist item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The value.
    #[serde(rename = "is")]
    pub value: AnswerValue,
    /// Who and when.
    #[serde(flatten)]
    pub by: By,
    /// Who gave it first, where `by` settled a conflict or said it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Box<By>>,
}

impl Answer {
    /// Who gave the answer, and when: settling a conflict does not make it later.
    pub fn given(&self) -> &By {
        self.first.as_deref().unwrap_or(&self.by)
    }
}

/// A measured value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// Quantity id of the pack.
    pub quantity: String,
    /// The value, in `unit`.
    pub value: f64,
    /// UCUM unit code.
    pub unit: String,
    /// The instrument it was read from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instrument: Option<String>,
    /// When the instrument was calibrated; none: nothing is said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
    /// Who and when.
    #[serde(flatten)]
    pub by: By,
}

/// When an instrument was calibrated, as its label says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// The day of the calibration.
    pub on: Date,
    /// The day on which the next one is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Date>,
}

/// Who is sent, when, and with what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// Technicians, by person id; the first leads.
    pub crew: Vec<String>,
    /// Planned start.
    pub start: crate::Moment,
    /// Planned end.
    pub end: crate::Moment,
    /// Tools to carry.
    #[serde(default)]
    pub tools: Vec<String>,
    /// Who and when.
    #[serde(flatten)]
    pub by: By,
}

/// A part that was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartUsed {
    /// Part number.
    pub number: String,
    /// Name of the part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Pieces.
    pub quantity: u32,
    /// Serial number of the new part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// The part it replaces; none: nothing came out (a consumable).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<super::OldPart>,
    /// Who and when.
    #[serde(flatten)]
    pub by: By,
}

/// A photo; its bytes live outside the document, under their hash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Photo {
    /// SHA-256 of the bytes, hexadecimal.
    pub sha256: String,
    /// Size in bytes.
    pub size: u64,
    /// Media type, such as `image/jpeg`.
    pub media_type: String,
    /// Rule id of the item it proves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// Moment, such as `before` or `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moment: Option<String>,
    /// Caption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// The photo of another moment that it shows the same thing as: the `before` of an `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pair_with: Option<EntryId>,
    /// What the camera says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shot: Option<Shot>,
    /// Who and when.
    #[serde(flatten)]
    pub by: By,
}

/// What a camera wrote into a photo (its EXIF). Evidence, not proof: anybody can set a camera's clock.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Shot {
    /// When it was taken, by the camera's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_at: Option<crate::Moment>,
    /// The camera named no UTC offset: that of the device is assumed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub offset_assumed: bool,
    /// Seconds by which the camera's clock was ahead of the time that satellites gave it; negative: behind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_ahead_s: Option<i64>,
    /// Where it was taken. Personal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<super::Spot>,
    /// How the picture has to be turned to stand upright, as EXIF numbers it, 1 to 8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orientation: Option<u8>,
}

impl Shot {
    /// The camera said something.
    pub fn says_anything(&self) -> bool {
        *self != Self::default()
    }
}

/// A document, a video or another file; its bytes live outside the record, under their hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentFile {
    /// SHA-256 of the bytes, hexadecimal.
    pub sha256: String,
    /// Size in bytes.
    pub size: u64,
    /// Media type, such as `application/pdf`.
    pub media_type: String,
    /// What people call it. Personal.
    pub name: String,
    /// Rule id of the item it proves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// Who and when.
    #[serde(flatten)]
    pub by: By,
}

/// A signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Role of the signer, an id of the pack.
    pub role: String,
    /// Name of the signer. Personal.
    pub name: String,
    /// SHA-256 of the image of the strokes, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_sha256: Option<String>,
    /// Heads of the document that was shown to the signer, hexadecimal.
    pub heads: Vec<String>,
    /// SHA-256 of the canonical JSON of the facts at these heads, hexadecimal: order, answers, measured values, parts, photos,
    /// documents, notes and rating. Every signer of the same facts signs the same hash.
    pub facts_sha256: String,
    /// On whose device, and when.
    #[serde(flatten)]
    pub by: By,
}

/// What a device's key signs when a record is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealStatement {
    /// Id of the document.
    pub document: super::DocumentId,
    /// Heads of the sealed version, hexadecimal, sorted. They name every change before it by SHA-256.
    pub heads: Vec<String>,
    /// SHA-256 of the canonical JSON of the whole record at these heads, hexadecimal.
    pub record_sha256: String,
    /// The signatures that it seals: SHA-256 of each entry as it stands in the document, hexadecimal.
    pub signatures: BTreeMap<EntryId, String>,
}

impl SealStatement {
    /// The bytes that are signed: canonical JSON (RFC 8785), marked so that no signature for another purpose fits.
    pub fn bytes(&self) -> Vec<u8> {
        #[derive(Serialize)]
        struct Marked<'a> {
            jobsheet: &'static str,
            #[serde(flatten)]
            statement: &'a SealStatement,
        }
        // Plain structs with string keys: canonical JSON can not fail on them.
        serde_json_canonicalizer::to_vec(&Marked { jobsheet: "seal-1", statement: self }).unwrap_or_default()
    }
}

/// The seal of a record: a device's key has signed one version of it with its signatures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// What is sealed.
    pub statement: SealStatement,
    /// The device's key.
    pub key: PublicKey,
    /// Whose device has this key, as the organisation certified at its enrolment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
    /// The device's signature of the statement.
    pub signature: KeySignature,
    /// On whose device, and when.
    #[serde(flatten)]
    pub by: By,
}

/// A change after the seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amendment {
    /// Why.
    pub reason: String,
    /// Name of the command that it carried out.
    pub command: String,
    /// What it wrote: `field/answers/RULE`, `field/parts/ID`, `field/notes/ID` …
    pub paths: Vec<String>,
    /// Heads of the document before it, hexadecimal.
    pub heads: Vec<String>,
    /// Who and when.
    #[serde(flatten)]
    pub by: By,
}

/// The customer's rating and words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    /// Level, an id of the pack.
    pub level: String,
    /// The customer's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// On whose device, and when.
    #[serde(flatten)]
    pub by: By,
    /// On whose device it was given, where `by` settled a conflict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Box<By>>,
}

impl Rating {
    /// On whose device the rating was given, and when: settling a conflict does not make it later.
    pub fn given(&self) -> &By {
        self.first.as_deref().unwrap_or(&self.by)
    }
}

/// Conduct of one phase, attested with one tap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attestation {
    /// Rules that were not kept, each with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<Exception>,
    /// Who and when.
    #[serde(flatten)]
    pub by: By,
}

/// A rule that was not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// Rule id.
    pub rule: String,
    /// Why.
    pub reason: String,
}

/// A message between crew and office.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The words.
    pub words: String,
    /// Who and when.
    #[serde(flatten)]
    pub by: By,
}
