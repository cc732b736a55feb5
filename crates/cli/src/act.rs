//! One subcommand for every command of a visit's or shift's life on a device.

use std::io::Read;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use jobsheet::{DocumentFacts, PhotoFacts};
use jobsheet_core::Moment;
use jobsheet_core::record::{
    Calibration, Command, Condition, DocumentId, EntryId, Exception, NoteEdit, OldPart, ResolveTarget,
    SurveyAnswer,
};
use uuid::Uuid;

use crate::Here;
use crate::complete::{complete, qualified};
use crate::failure::Failure;
use crate::value::{BreachSource, Decision, Value, Verdict, condition, exception, target};
use crate::visit::find;

/// Longest text that is read from standard input, in bytes. Longer ones are refused by the record anyway.
const MAX_STDIN_BYTES: u64 = 32 << 20;

#[derive(Debug, Subcommand)]
pub(crate) enum Act {
    /// Take the job on
    Accept(On),
    /// Tools and spares are checked and complete
    Prepare(On),
    /// The time is agreed with the customer
    ConfirmAppointment {
        #[command(flatten)]
        on: On,
        /// How, such as phone or sms
        #[arg(long)]
        channel: String,
    },
    /// Set out
    Depart(On),
    /// Reach the customer
    Arrive(On),
    /// Show the work badge
    PresentBadge(On),
    /// Step inside with the customer's agreement
    Enter(On),
    /// The cause is identified
    Diagnose(On),
    /// The customer agrees to the work, or does not
    ObtainConsent {
        #[command(flatten)]
        on: On,
        /// The customer does not agree
        #[arg(long)]
        refused: bool,
        /// The customer's words
        #[arg(long)]
        note: Option<String>,
    },
    /// Begin the work
    Start(On),
    /// Interrupt the work
    Pause {
        #[command(flatten)]
        on: On,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Go on
    Resume(On),
    /// The work is complete
    Finish(On),
    /// Finished work turns out not to be complete
    Reopen {
        #[command(flatten)]
        on: On,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// The equipment and its papers go back to the customer
    HandOver(On),
    /// Leave the site
    Leave(On),
    /// Answer a checklist item
    Answer {
        #[command(flatten)]
        on: On,
        /// Rule id of the item
        item: String,
        #[command(flatten)]
        value: Value,
    },
    /// Begin a hold test: the value is at its level and the time runs
    BeginHold {
        #[command(flatten)]
        on: On,
        /// Rule id of the item
        item: String,
        /// The value at the beginning
        #[arg(allow_negative_numbers = true)]
        value: f64,
        /// UCUM unit code, such as kPa
        unit: String,
        /// The instrument it was read from
        #[arg(long)]
        instrument: Option<String>,
        #[command(flatten)]
        label: Label,
    },
    /// Read the value while the hold test that was begun last goes on
    SampleHold {
        #[command(flatten)]
        on: On,
        /// Rule id of the item
        item: String,
        /// The value now
        #[arg(allow_negative_numbers = true)]
        value: f64,
        /// UCUM unit code, such as kPa
        unit: String,
    },
    /// End the hold test that was begun last
    EndHold {
        #[command(flatten)]
        on: On,
        /// Rule id of the item
        item: String,
        /// The value at the end
        #[arg(allow_negative_numbers = true)]
        value: f64,
        /// UCUM unit code, such as kPa
        unit: String,
    },
    /// Decide what an approval asks
    Decide {
        #[command(flatten)]
        on: On,
        /// Rule id of the approval
        rule: String,
        #[command(flatten)]
        decision: Decision,
        /// Words; a no needs them
        #[arg(long)]
        note: Option<String>,
    },
    /// Record a measured value
    Measure {
        #[command(flatten)]
        on: On,
        /// Quantity, an id of the pack
        quantity: String,
        /// The value
        #[arg(allow_negative_numbers = true)]
        value: f64,
        /// UCUM unit code, such as V or kPa
        unit: String,
        /// The instrument it was read from
        #[arg(long)]
        instrument: Option<String>,
        #[command(flatten)]
        label: Label,
    },
    /// Edit a note
    Note {
        #[command(flatten)]
        on: On,
        /// Note, an id of the pack
        note: String,
        /// Words to add at the end; - reads them from standard input
        #[arg(long, value_name = "TEXT", conflicts_with_all = ["at", "delete", "insert"], required_unless_present = "at")]
        append: Option<String>,
        /// First character to change, from 0
        #[arg(long)]
        at: Option<usize>,
        /// Characters to remove
        #[arg(long, requires = "at", default_value_t = 0)]
        delete: usize,
        /// Words to put there
        #[arg(long, requires = "at", default_value = "")]
        insert: String,
    },
    /// Use a part
    ConsumePart {
        #[command(flatten)]
        on: On,
        /// Part number
        number: String,
        /// Pieces
        #[arg(long, default_value_t = 1)]
        quantity: u32,
        /// Name of the part
        #[arg(long)]
        name: Option<String>,
        /// Serial number of the new part
        #[arg(long)]
        serial: Option<String>,
        /// An old part came out for it
        #[arg(long)]
        replaces: bool,
        /// Serial number of the old part
        #[arg(long, requires = "replaces")]
        old_serial: Option<String>,
        /// Condition of the old part: defective, worn, damaged or intact
        #[arg(long, requires = "replaces", value_parser = condition)]
        condition: Option<Condition>,
        /// The old part was taken back for the store
        #[arg(long, requires = "replaces")]
        returned: bool,
    },
    /// Hand an old part in
    HandInPart {
        #[command(flatten)]
        on: On,
        /// Key of the part that took its place, as `jobsheet parts returns` lists it
        part: Uuid,
        /// Serial number of the old part
        #[arg(long)]
        serial: Option<String>,
        /// Its condition: defective, worn, damaged or intact
        #[arg(long, value_parser = condition)]
        condition: Option<Condition>,
    },
    /// Ask the office for a part that is needed and not at hand
    RequestPart {
        #[command(flatten)]
        on: On,
        /// Part number
        number: String,
        /// Pieces
        #[arg(long, default_value_t = 1)]
        quantity: u32,
        /// Name of the part
        #[arg(long)]
        name: Option<String>,
        /// Words
        #[arg(long)]
        note: Option<String>,
    },
    /// Keep a photo and name it in the record
    AddPhoto {
        #[command(flatten)]
        on: On,
        /// The file
        file: PathBuf,
        /// Rule id of the item it proves
        #[arg(long)]
        item: Option<String>,
        /// Moment, such as before or after
        #[arg(long)]
        moment: Option<String>,
        /// Caption
        #[arg(long)]
        caption: Option<String>,
        /// The photo of another moment that it shows the same thing as: its key, as `show` lists it
        #[arg(long, value_name = "KEY")]
        pair_with: Option<EntryId>,
    },
    /// Keep a document, a video or another file and name it in the record
    AddDocument {
        #[command(flatten)]
        on: On,
        /// The file
        file: PathBuf,
        /// What people call it [default: the name of the file]
        #[arg(long)]
        name: Option<String>,
        /// Rule id of the item it proves
        #[arg(long)]
        item: Option<String>,
    },
    /// The customer rates the service
    Survey {
        #[command(flatten)]
        on: On,
        /// Level, an id of the pack
        level: String,
        /// The customer's words
        #[arg(long)]
        words: Option<String>,
    },
    /// Somebody signs what the record says now
    Sign {
        #[command(flatten)]
        on: On,
        /// Role of the signer, an id of the pack
        #[arg(long)]
        role: String,
        /// Name of the signer
        #[arg(long)]
        name: String,
        /// The strokes: a picture (PNG, SVG) or the data of the pad; kept as an attachment
        #[arg(long, value_name = "FILE")]
        image: Option<PathBuf>,
    },
    /// Attest the conduct of one phase
    Attest {
        #[command(flatten)]
        on: On,
        /// Phase, an id of the pack
        phase: String,
        /// A rule that was not kept, and why; may be given more than once
        #[arg(long = "except", value_name = "RULE=REASON", value_parser = exception)]
        exceptions: Vec<Exception>,
    },
    /// Appeal points; confirming and waiving them is for reviewers at the office
    Score {
        #[command(flatten)]
        on: On,
        /// Rule id of the scoring rule
        rule: String,
        /// The cause, as `show` names it
        cause: String,
        /// What is said of it
        #[arg(value_enum)]
        verdict: Verdict,
        /// Why; an appeal needs it
        #[arg(long)]
        reason: Option<String>,
    },
    /// Report an incident or another event of the pack
    ReportEvent {
        #[command(flatten)]
        on: On,
        /// Event, an id of the pack
        event: String,
        /// Words
        #[arg(long)]
        note: Option<String>,
        /// What it is about: a subject that the pack lists, or the id of a part or an incident
        #[arg(long, value_name = "SUBJECT")]
        about: Option<String>,
        /// When it happened, where that is before now: what was written on paper during an outage
        #[arg(long, value_name = "TIME")]
        happened: Option<Moment>,
    },
    /// Give the reason for a missed deadline
    ExplainDelay {
        #[command(flatten)]
        on: On,
        /// Rule id of the deadline
        milestone: String,
        /// The reason
        reason: String,
    },
    /// Tell somebody of a missed deadline
    Escalate {
        #[command(flatten)]
        on: On,
        /// Rule id of the deadline
        milestone: String,
        /// Who was told: a role of the pack
        to: String,
    },
    /// Report that a rule was not kept
    ReportBreach {
        #[command(flatten)]
        on: On,
        /// Rule id
        rule: String,
        /// Who found it
        #[arg(long, value_enum, default_value_t = BreachSource::Own)]
        source: BreachSource,
        /// What happened
        #[arg(long)]
        note: String,
    },
    /// Settle a conflict: one of the versions stands
    Resolve {
        #[command(flatten)]
        on: On,
        /// answer:ITEM, attestation:PHASE or survey
        #[arg(value_parser = target)]
        target: ResolveTarget,
        /// The version that stands, from 0 as `conflicts` lists them
        version: usize,
    },
    /// Send a message to the office
    Say {
        #[command(flatten)]
        on: On,
        /// The words
        words: String,
    },
}

/// What the calibration label of an instrument says.
#[derive(Debug, Args)]
pub(crate) struct Label {
    /// Day on which the instrument was calibrated, as on its label
    #[arg(long, value_name = "DATE", requires = "instrument")]
    calibrated: Option<jiff::civil::Date>,
    /// Day on which its next calibration is due
    #[arg(long, value_name = "DATE", requires = "calibrated")]
    calibration_due: Option<jiff::civil::Date>,
}

impl Label {
    fn calibration(&self) -> Option<Calibration> {
        self.calibrated.map(|on| Calibration { on, due: self.calibration_due })
    }
}

/// The visit or shift that a command is about.
#[derive(Debug, Args)]
pub(crate) struct On {
    /// Id or order number
    visit: String,
    /// Change what was sealed, for this reason
    #[arg(long, value_name = "REASON")]
    amend: Option<String>,
}

impl On {
    /// The command, or the amendment that carries it out.
    fn amended(self, command: Command) -> Command {
        match self.amend {
            Some(reason) => Command::Amend { reason, command: Box::new(command) },
            None => command,
        }
    }
}

/// Carries a command out and prints its receipt.
pub(crate) fn carry_out(here: &Here<'_>, act: Act) -> Result<(), Failure> {
    let (on, command) = match act {
        Act::AddPhoto { on, file, item, moment, caption, pair_with } => {
            let visit = find(&here.store, &on.visit)?;
            let item = in_full(here, visit, item)?;
            let facts = PhotoFacts { item, moment, caption, pair_with, amend: on.amend };
            return here.output.receipt(&here.store.attach(visit, &file, &facts)?);
        }
        Act::AddDocument { on, file, name, item } => {
            let visit = find(&here.store, &on.visit)?;
            let item = in_full(here, visit, item)?;
            let facts = DocumentFacts { item, name, amend: on.amend };
            return here.output.receipt(&here.store.attach_document(visit, &file, &facts)?);
        }
        Act::Sign { on, role, name, image: Some(strokes) } => {
            let visit = find(&here.store, &on.visit)?;
            return here.output.receipt(&here.store.sign_with_strokes(visit, &role, &name, &strokes)?);
        }
        act => plain(act)?,
    };
    let visit = find(&here.store, &on.visit)?;
    let receipt = here.store.apply(visit, &complete(here, visit, on.amended(command))?)?;
    here.output.receipt(&receipt)
}

/// An item's rule id in full.
pub(crate) fn in_full(
    here: &Here<'_>,
    visit: DocumentId,
    item: Option<String>,
) -> Result<Option<String>, Failure> {
    let Some(item) = item else { return Ok(None) };
    let standard = here.store.standard(visit)?;
    Ok(Some(qualified(&standard, item)))
}

/// Commands that need nothing but their arguments.
fn plain(act: Act) -> Result<(On, Command), Failure> {
    Ok(match act {
        Act::Accept(on) => (on, Command::Accept),
        Act::Prepare(on) => (on, Command::Prepare),
        Act::ConfirmAppointment { on, channel } => (on, Command::ConfirmAppointment { channel }),
        Act::Depart(on) => (on, Command::Depart),
        Act::Arrive(on) => (on, Command::Arrive),
        Act::PresentBadge(on) => (on, Command::PresentBadge),
        Act::Enter(on) => (on, Command::Enter),
        Act::Diagnose(on) => (on, Command::Diagnose),
        Act::ObtainConsent { on, refused, note } => (on, Command::ObtainConsent { granted: !refused, note }),
        Act::Start(on) => (on, Command::Start),
        Act::Pause { on, reason } => (on, Command::Pause { reason }),
        Act::Resume(on) => (on, Command::Resume),
        Act::Finish(on) => (on, Command::Finish),
        Act::Reopen { on, reason } => (on, Command::Reopen { reason }),
        Act::HandOver(on) => (on, Command::HandOver),
        Act::Leave(on) => (on, Command::Leave),
        Act::Answer { on, item, value } => (on, Command::Answer { item, value: value.answer() }),
        Act::BeginHold { on, item, value, unit, instrument, label } => {
            let calibration = label.calibration();
            (on, Command::BeginHold { item, value, unit, instrument, calibration })
        }
        Act::SampleHold { on, item, value, unit } => (on, Command::SampleHold { item, value, unit }),
        Act::EndHold { on, item, value, unit } => (on, Command::EndHold { item, value, unit }),
        Act::Decide { on, rule, decision, note } => {
            (on, Command::Decide { rule, approved: decision.approved(), note })
        }
        Act::Score { on, rule, cause, verdict, reason } => {
            (on, Command::Score { rule, cause, verdict: verdict.said(), reason })
        }
        Act::Measure { on, quantity, value, unit, instrument, label } => {
            let calibration = label.calibration();
            (on, Command::Measure { quantity, value, unit, instrument, calibration })
        }
        Act::Note { on, note, append: Some(words), .. } => {
            let words = if words == "-" { stdin()? } else { words };
            (on, Command::Note { note, edit: NoteEdit::Append(words) })
        }
        Act::Note { on, note, append: None, at, delete, insert } => {
            let edit = NoteEdit::Splice { at: at.unwrap_or_default(), delete, insert };
            (on, Command::Note { note, edit })
        }
        Act::ConsumePart {
            on,
            number,
            quantity,
            name,
            serial,
            replaces,
            old_serial,
            condition,
            returned,
        } => {
            let replaces = replaces.then_some(OldPart { serial: old_serial, returned, condition });
            (on, Command::ConsumePart { number, name, quantity, serial, replaces })
        }
        Act::HandInPart { on, part, serial, condition } => {
            (on, Command::HandInPart { part, serial, condition })
        }
        Act::RequestPart { on, number, quantity, name, note } => {
            (on, Command::RequestPart { number, name, quantity, note })
        }
        Act::Survey { on, level, words } => (on, Command::Survey(SurveyAnswer { level, words })),
        Act::Attest { on, phase, exceptions } => (on, Command::Attest { phase, exceptions, role: None }),
        Act::ReportEvent { on, event, note, about, happened } => {
            (on, Command::Report { event, note, about, happened })
        }
        Act::ExplainDelay { on, milestone, reason } => (on, Command::ExplainDelay { milestone, reason }),
        Act::Escalate { on, milestone, to } => (on, Command::Escalate { milestone, to }),
        Act::ReportBreach { on, rule, source, note } => {
            (on, Command::ReportBreach { rule, source: source.id().to_owned(), note })
        }
        Act::Resolve { on, target, version } => (on, Command::Resolve { target, version }),
        Act::Say { on, words } => (on, Command::Say { words }),
        Act::Sign { on, role, name, image: None } => (on, Command::Sign { role, name, image_sha256: None }),
        Act::AddPhoto { .. } | Act::AddDocument { .. } | Act::Sign { .. } => {
            return Err(Failure::Internal("a command with a file was taken for one without".to_owned()));
        }
    })
}

fn stdin() -> Result<String, Failure> {
    let mut words = String::new();
    std::io::stdin()
        .take(MAX_STDIN_BYTES)
        .read_to_string(&mut words)
        .map_err(|error| Failure::input("--append", format!("standard input can not be read: {error}")))?;
    Ok(words)
}
