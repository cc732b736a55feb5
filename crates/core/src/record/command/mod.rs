//! What a person can do to a record. One command makes one change.

mod context;
mod values;

pub use context::{Actor, Context};
pub use values::{
    Condition, NoteEdit, OldPart, Registration, ResolveTarget, ScoreVerdict, SurveyAnswer, VisitLink,
};

use serde::{Deserialize, Serialize};

use super::alert::Spot;
use super::entry::{AnswerValue, Calibration, EntryId, Exception, SealStatement, Shot};
use crate::Moment;
use crate::key::{Certificate, KeySignature, PublicKey};

/// A command. In JSON: `{"do": "answer", "item": "…", "value": {"yes": true}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Command {
    /// Office: names the crew and the window; again: changes them.
    Dispatch {
        /// Technicians, by person id; the first leads.
        crew: Vec<String>,
        /// Planned start.
        start: Moment,
        /// Planned end, after the start.
        end: Moment,
        /// Tools to carry.
        #[serde(default)]
        tools: Vec<String>,
    },
    /// Office: fills an order field in or puts it right. What stands for an event, such as the urgency, is settled at the
    /// registration.
    FillOrder {
        /// Order field, an id of the pack.
        field: String,
        /// The value; empty: nothing is known.
        value: String,
    },
    /// Takes the job on.
    Accept,
    /// Tools and spares are checked and complete.
    Prepare,
    /// The time is agreed with the customer.
    ConfirmAppointment {
        /// How: `phone`, `sms` …
        channel: String,
    },
    /// Sets out.
    Depart,
    /// Reaches the customer.
    Arrive,
    /// Shows the work badge.
    PresentBadge,
    /// Steps inside with the customer's agreement.
    Enter,
    /// The cause is identified.
    Diagnose,
    /// The customer agrees to the work, or does not.
    ObtainConsent {
        /// Agreed.
        granted: bool,
        /// The customer's words.
        #[serde(default)]
        note: Option<String>,
    },
    /// Begins the work.
    Start,
    /// Interrupts the work.
    Pause {
        /// Why.
        reason: String,
    },
    /// Goes on.
    Resume,
    /// The work is complete.
    Finish,
    /// Finished work turns out not to be complete.
    Reopen {
        /// Why.
        reason: String,
    },
    /// The equipment and its papers go back to the customer.
    HandOver,
    /// Leaves the site.
    Leave,
    /// Office: nothing is left to do.
    Close,
    /// Answers a checklist item.
    Answer {
        /// Rule id of the item.
        item: String,
        /// The answer.
        value: AnswerValue,
    },
    /// Begins a hold test: the value is at its level and the time runs.
    BeginHold {
        /// Rule id of the item.
        item: String,
        /// The value at the beginning, in `unit`.
        value: f64,
        /// UCUM unit code; must be the quantity's.
        unit: String,
        /// The instrument it was read from.
        #[serde(default)]
        instrument: Option<String>,
        /// When the instrument was calibrated.
        #[serde(default)]
        calibration: Option<Calibration>,
    },
    /// Reads the value while the hold test that was begun last goes on.
    SampleHold {
        /// Rule id of the item.
        item: String,
        /// The value now, in `unit`.
        value: f64,
        /// UCUM unit code; must be the quantity's.
        unit: String,
    },
    /// Ends the hold test that was begun last.
    EndHold {
        /// Rule id of the item.
        item: String,
        /// The value at the end, in `unit`.
        value: f64,
        /// UCUM unit code; must be the quantity's.
        unit: String,
    },
    /// Decides what an approval asks: yes or no.
    Decide {
        /// Rule id of the approval.
        rule: String,
        /// Yes.
        approved: bool,
        /// Words; a no needs them.
        #[serde(default)]
        note: Option<String>,
    },
    /// Records a measured value.
    Measure {
        /// Quantity id of the pack.
        quantity: String,
        /// The value, in `unit`.
        value: f64,
        /// UCUM unit code; must be the quantity's.
        unit: String,
        /// The instrument it was read from.
        #[serde(default)]
        instrument: Option<String>,
        /// When the instrument was calibrated.
        #[serde(default)]
        calibration: Option<Calibration>,
    },
    /// Edits a note.
    Note {
        /// Note id of the pack.
        note: String,
        /// The edit.
        edit: NoteEdit,
    },
    /// Uses a part.
    ConsumePart {
        /// Part number.
        number: String,
        /// Name of the part.
        #[serde(default)]
        name: Option<String>,
        /// Pieces, at least 1.
        quantity: u32,
        /// Serial number of the new part.
        #[serde(default)]
        serial: Option<String>,
        /// The part it replaces.
        #[serde(default)]
        replaces: Option<OldPart>,
    },
    /// Hands an old part in. What it says of serial and condition stands for what was said when it came out.
    HandInPart {
        /// Key of the part that took its place.
        part: EntryId,
        /// Serial number of the old part.
        #[serde(default)]
        serial: Option<String>,
        /// In what condition it is.
        #[serde(default)]
        condition: Option<Condition>,
    },
    /// Office: the store has received an old part.
    ReceivePart {
        /// Key of the part that took its place.
        part: EntryId,
        /// Serial number of the old part, as the store reads it.
        #[serde(default)]
        serial: Option<String>,
        /// In what condition the store finds it.
        #[serde(default)]
        condition: Option<Condition>,
    },
    /// A part is needed and not at hand: asks the office for it.
    RequestPart {
        /// Part number.
        number: String,
        /// Name of the part.
        #[serde(default)]
        name: Option<String>,
        /// Pieces, at least 1.
        quantity: u32,
        /// Words.
        #[serde(default)]
        note: Option<String>,
    },
    /// Office: a part that was asked for is here.
    PartArrived {
        /// Key of the request.
        request: EntryId,
        /// Words, such as where it lies.
        #[serde(default)]
        note: Option<String>,
    },
    /// Office: ties this visit to another.
    LinkVisit {
        /// How.
        how: VisitLink,
        /// The other visit.
        visit: uuid::Uuid,
        /// Its number.
        number: String,
    },
    /// Names a photo whose bytes are stored under their hash.
    AddPhoto {
        /// SHA-256 of the bytes, 64 hexadecimal digits.
        sha256: String,
        /// Size in bytes.
        size: u64,
        /// Media type, such as `image/jpeg`.
        media_type: String,
        /// Rule id of the item it proves.
        #[serde(default)]
        item: Option<String>,
        /// Moment, such as `before` or `after`.
        #[serde(default)]
        moment: Option<String>,
        /// Caption.
        #[serde(default)]
        caption: Option<String>,
        /// Key of the photo of another moment that it shows the same thing as.
        #[serde(default)]
        pair_with: Option<EntryId>,
        /// What the camera says of it.
        #[serde(default)]
        shot: Option<Shot>,
    },
    /// Names a document, a video or another file whose bytes are stored under their hash.
    AddDocument {
        /// SHA-256 of the bytes, 64 hexadecimal digits.
        sha256: String,
        /// Size in bytes.
        size: u64,
        /// Media type, such as `application/pdf`.
        media_type: String,
        /// What people call it.
        name: String,
        /// Rule id of the item it proves.
        #[serde(default)]
        item: Option<String>,
    },
    /// The customer rates the service.
    Survey(SurveyAnswer),
    /// Somebody signs what the record says now.
    Sign {
        /// Role of the signer, an id of the pack.
        role: String,
        /// Name of the signer.
        name: String,
        /// SHA-256 of the image of the strokes, 64 hexadecimal digits.
        #[serde(default)]
        image_sha256: Option<String>,
    },
    /// Seals the record: what a device's key has signed. The device library makes it once all have signed.
    Seal {
        /// What is sealed: [`crate::record::Document::seal_statement`].
        statement: SealStatement,
        /// The device's key.
        key: PublicKey,
        /// Whose device has this key.
        #[serde(default)]
        certificate: Option<Box<Certificate>>,
        /// The device's signature of the statement.
        signature: KeySignature,
    },
    /// Changes a fact after the seal, for a reason. Where a signed fact changes, those who signed sign again.
    Amend {
        /// Why.
        reason: String,
        /// The command: `answer`, `measure`, `note`, `consume-part`, `add-photo`, `add-document`, `survey` or `resolve`.
        command: Box<Command>,
    },
    /// Attests the conduct of one phase with one tap.
    Attest {
        /// Phase id of the pack.
        phase: String,
        /// Rules that were not kept.
        #[serde(default)]
        exceptions: Vec<Exception>,
        /// Office: the role for which it is attested; none: the person's only role.
        #[serde(default)]
        role: Option<String>,
    },
    /// Office: somebody has looked at the conduct of one phase.
    Audit {
        /// Phase id of the pack.
        phase: String,
        /// Rules that were not kept.
        #[serde(default)]
        exceptions: Vec<Exception>,
    },
    /// Confirms, waives or appeals points.
    Score {
        /// Rule id of the scoring rule.
        rule: String,
        /// The cause, as [`crate::assess::ScoreLine::cause`] names it.
        cause: String,
        /// What is said of it.
        verdict: ScoreVerdict,
        /// Words; a waiver and an appeal need them.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Reports an incident or another event of the pack.
    Report {
        /// Event id of the pack.
        event: String,
        /// Words.
        #[serde(default)]
        note: Option<String>,
        /// What it is about: the id of a part or an incident.
        #[serde(default)]
        about: Option<String>,
        /// When it happened, where that is before now: what was written on paper during an outage.
        #[serde(default)]
        happened: Option<Moment>,
    },
    /// Calls the office for help. No rule and no state of the record stops it.
    Alert {
        /// Special situation, an id of the pack for which it has an alert; none: nothing is said of it.
        #[serde(default)]
        situation: Option<String>,
        /// Words. Personal.
        #[serde(default)]
        words: Option<String>,
        /// Where the person is, if the app knows. Personal.
        #[serde(default)]
        place: Option<Spot>,
    },
    /// Office: somebody has seen an alert and takes care of it.
    AcknowledgeAlert {
        /// The alert's id.
        alert: EntryId,
        /// Words to whoever raised it.
        #[serde(default)]
        words: Option<String>,
    },
    /// Passes the visit on to another technician, who works on with it beside the crew. A hand-over file carries it where
    /// neither of the two has a network.
    PassOn {
        /// Person id of the technician.
        to: String,
    },
    /// Gives the reason for a missed deadline.
    ExplainDelay {
        /// Rule id of the milestone.
        milestone: String,
        /// The reason.
        reason: String,
    },
    /// Tells somebody of a missed deadline.
    Escalate {
        /// Rule id of the milestone.
        milestone: String,
        /// Who was told: role id.
        to: String,
    },
    /// Reports that a rule was not kept.
    ReportBreach {
        /// Rule id.
        rule: String,
        /// Who found it: `self`, `survey`, `audit` or `complaint`.
        source: String,
        /// What happened.
        note: String,
    },
    /// Settles a conflict: one of the versions stands.
    Resolve {
        /// Where.
        target: ResolveTarget,
        /// The version that stands: its place in the list of versions, from 0.
        version: usize,
    },
    /// Sends a message to the other side.
    Say {
        /// The words.
        words: String,
    },
}

impl Command {
    /// Reads a command from JSON and refuses what it does not know.
    ///
    /// serde lets unknown fields of a command without fields pass; a slip of the pen must not.
    ///
    /// # Errors
    /// What is wrong, without the values.
    ///
    /// ```
    /// use jobsheet_core::record::Command;
    /// use serde_json::json;
    /// assert_eq!(Command::read(json!({ "do": "accept" })), Ok(Command::Accept));
    /// let slip = Command::read(json!({ "do": "accept", "note": "late" }));
    /// assert_eq!(slip, Err("`accept` has no field `note`".to_owned()));
    /// ```
    pub fn read(json: serde_json::Value) -> Result<Self, String> {
        let given: Vec<String> =
            json.as_object().map(|object| object.keys().cloned().collect()).unwrap_or_default();
        let command: Self = serde_json::from_value(json).map_err(|error| error.to_string())?;
        let known = serde_json::to_value(&command).map_err(|error| error.to_string())?;
        match given.iter().find(|name| known.get(name.as_str()).is_none()) {
            Some(unknown) => {
                let unknown: String = unknown.chars().take(40).collect();
                Err(format!("`{}` has no field `{unknown}`", command.name()))
            }
            None => Ok(command),
        }
    }

    /// The command's name, as in JSON and in the history.
    pub fn name(&self) -> &'static str {
        match self {
            Command::Dispatch { .. } => "dispatch",
            Command::FillOrder { .. } => "fill-order",
            Command::Accept => "accept",
            Command::Prepare => "prepare",
            Command::ConfirmAppointment { .. } => "confirm-appointment",
            Command::Depart => "depart",
            Command::Arrive => "arrive",
            Command::PresentBadge => "present-badge",
            Command::Enter => "enter",
            Command::Diagnose => "diagnose",
            Command::ObtainConsent { .. } => "obtain-consent",
            Command::Start => "start",
            Command::Pause { .. } => "pause",
            Command::Resume => "resume",
            Command::Finish => "finish",
            Command::Reopen { .. } => "reopen",
            Command::HandOver => "hand-over",
            Command::Leave => "leave",
            Command::Close => "close",
            Command::Answer { .. } => "answer",
            Command::BeginHold { .. } => "begin-hold",
            Command::SampleHold { .. } => "sample-hold",
            Command::EndHold { .. } => "end-hold",
            Command::Decide { .. } => "decide",
            Command::Measure { .. } => "measure",
            Command::Note { .. } => "note",
            Command::ConsumePart { .. } => "consume-part",
            Command::HandInPart { .. } => "hand-in-part",
            Command::ReceivePart { .. } => "receive-part",
            Command::RequestPart { .. } => "request-part",
            Command::PartArrived { .. } => "part-arrived",
            Command::LinkVisit { .. } => "link-visit",
            Command::AddPhoto { .. } => "add-photo",
            Command::AddDocument { .. } => "add-document",
            Command::Survey(_) => "survey",
            Command::Sign { .. } => "sign",
            Command::Seal { .. } => "seal",
            Command::Amend { .. } => "amend",
            Command::Attest { .. } => "attest",
            Command::Audit { .. } => "audit",
            Command::Score { .. } => "score",
            Command::Report { .. } => "report",
            Command::Alert { .. } => "alert",
            Command::AcknowledgeAlert { .. } => "acknowledge-alert",
            Command::PassOn { .. } => "pass-on",
            Command::ExplainDelay { .. } => "explain-delay",
            Command::Escalate { .. } => "escalate",
            Command::ReportBreach { .. } => "report-breach",
            Command::Resolve { .. } => "resolve",
            Command::Say { .. } => "say",
        }
    }
}
