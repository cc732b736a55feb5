//! Jobsheet on a device: what an app embeds.
//!
//! A [`Store`] holds the visits and shifts of one person in one folder. Commands are checked against the standard that the
//! document pins, written durably, and only then acknowledged; [`Store::sync`] exchanges them with the server whenever there
//! is a network. Nothing here needs one otherwise.
//!
//! A shift is received, worked, judged and sent exactly as a visit is, through the same calls: where a name here says
//! `visit`, a shift may stand. Cases are worked at the office; a device never holds one.
//!
//! The change log is the truth. Documents and list rows are made from it and written in the same transaction, so that a
//! list never shows what the log does not hold.

pub mod clock;

mod alert;
mod apply;
mod attach;
mod conflicts;
mod error;
mod export;
mod files;
mod hand_over;
mod history;
mod list;
mod live;
mod observe;
mod outbox;
mod parts;
mod past;
mod quarantine;
mod random;
mod readiness;
mod receive;
mod salvage;
mod seal;
mod store;
pub mod sync;
mod view;

pub use alert::{CallForHelp, Delivery, DeliveryTry};
pub use apply::Receipt;
pub use attach::{
    AttachError, AttachedFile, Attachment, AttachmentCheck, AttachmentError, AttachmentLimits, CheckedFile,
    DamagedFile, DocumentFacts, Exported, MAX_ATTACHMENT_BYTES, MAX_PICTURE_BYTES, MAX_PIXELS,
    MAX_SIGNATURE_BYTES, PhotoFacts, Presence, Sweep, THUMBNAIL_SIDE,
};
pub use conflicts::{OpenConflict, OpenVersion};
pub use error::{ApplyError, StoreError};
pub use export::verify_file;
pub use files::{FetchError, FileProblem, MAX_PARALLEL_UPLOADS, Prefetched, UploadProgress, UploadReport};
pub use hand_over::{
    HAND_OVER_ATTACHMENT_BYTES, HandOverError, HandOverOptions, HandedOver, MAX_HAND_OVER_FILE_BYTES,
    TakenOver,
};
pub use history::{HistoryEntry, Writer};
pub use list::{MAX_PAGE_ROWS, Page, Query};
pub use live::{Live, LiveEvent, LiveOptions};
pub use observe::{ListChange, Subscription};
pub use outbox::Outgoing;
pub use parts::{OpenReturn, RequestedPart, VanFinding, VanLine, VanStock};
pub use past::EarlierVisit;
pub use quarantine::{LeftRefused, Quarantined, RefusedChange, Repair, Repaired};
pub use readiness::{
    Finding, Lack, MAX_DAYS_AHEAD, Readiness, SPACE_ALWAYS_BYTES, SPACE_OF_A_VISIT_BYTES, SYNC_GROWS_OLD,
    Severity,
};
pub use receive::{Problem, Received};
pub use salvage::{Restored, Salvaged};
pub use store::{DATABASE, Enrolment, Key, Options, Store, VisitRow};
pub use sync::{Network, Progress, SyncError, SyncReport};
pub use view::{Transport, VisitView};
