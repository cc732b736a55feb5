//! The record of one visit, case or shift: an Automerge document, the commands that change it and the view that is read
//! from it.

mod alert;
mod changed;
mod command;
mod conflict;
mod containers;
mod document;
mod entry;
mod error;
mod files;
mod history;
mod hold;
mod limits;
mod old_parts;
mod orphans;
mod ownership;
mod part_requests;
mod passed_on;
mod perform;
mod rendering;
mod renew;
mod sealing;
mod spell;
pub(crate) mod state;
mod timeline;
mod view;
mod write;

pub(crate) use alert::RAISED as ALERT_RAISED;
pub use alert::{Acknowledged, Alert, Spot, alerts};
pub use changed::{ChangedSince, FactChange, FactWriter, Mark};
pub use command::{
    Actor, Command, Condition, Context, NoteEdit, OldPart, Registration, ResolveTarget, ScoreVerdict,
    SurveyAnswer, VisitLink,
};
pub use conflict::{Conflict, Version};
pub use document::{Applied, ApplyError, Document, Merged};
pub use entry::{
    Amendment, Answer, AnswerValue, Assignment, Attestation, By, Calibration, DocumentFile, EntryId, Event,
    Exception, Measurement, Message, PartUsed, Photo, Rating, Seal, SealStatement, Shot, Signature,
};
pub use error::{Need, RecordError, Refusal};
pub use files::{FileUse, files_in, hashes_in};
pub use history::{FieldChange, FieldEdit, PastChange, PastValue, TextEdit};
pub use hold::{HoldPoint, HoldReading, HoldTest, HoldVerdict, HoldView, hold_views, holds};
pub use limits::*;
pub use old_parts::{OldPartRow, old_parts};
pub use orphans::adopt_orphans;
pub use ownership::{
    ChangeHeader, OwnershipError, ReadChange, check_field_change, parts_in_change, read_header,
};
pub use part_requests::{LinkedVisit, PartRequest, linked_visits, part_requests};
pub use renew::{NotRenewed, Renewed, renew_what_fits, under_new_actor};
pub use sealing::{SealState, outdated, signs_off, stands};
pub(crate) use spell::{Spell, freeing, not_before, spells};
pub use state::{Contradiction, RecordState, SideState, state};
pub use timeline::{Occurrence, Timeline};
pub use view::{Record, StandardRef};

/// The schema this library writes. It refuses to edit a newer one, and still carries it; an older one it edits, but for the
/// places that came later.
///
/// 1: the first. 2: `field/documents` and `field/seals`.
pub const SCHEMA: u64 = 2;

/// Id of a document: a UUID.
pub type DocumentId = uuid::Uuid;
