//! A visit under the pack `execution-form`, and short ways to work on it.
#![allow(dead_code, missing_docs, unreachable_pub)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::needless_pass_by_value)]

pub mod sealing;

use std::collections::BTreeMap;
use std::sync::Arc;

use jobsheet_core::assess::{Assessment, Status, assess};
use jobsheet_core::record::{
    Actor, AnswerValue, Applied, ApplyError, Command, Context, Document, NoteEdit, OldPart, Refusal,
    Registration, SurveyAnswer,
};
use jobsheet_core::standard::{Side, Standard, builtin};
use jobsheet_core::{Moment, Stamp};

pub const PACK: &str = "execution-form";

pub fn standard() -> Arc<Standard> {
    builtin(PACK).unwrap().unwrap()
}

pub fn moment(text: &str) -> Moment {
    text.parse().unwrap()
}

pub fn rule(name: &str) -> String {
    format!("{PACK}.{name}")
}

/// A visit with a clock and a counter for ids: every run writes the same bytes.
#[derive(Clone)]
pub struct Job {
    pub visit: Document,
    pub standard: Arc<Standard>,
    pub now: Moment,
    pub count: u64,
    pub person: String,
}

/// When the request of every visit here was received.
pub const RECEIVED: &str = "2026-03-02T07:50:00+08:00";

pub fn id(number: u64) -> uuid::Uuid {
    uuid::Uuid::from_u64_pair(0x4a6f_6273_6865_4574, 0x8000_0000_0000_0000 | number)
}

pub fn order(urgency: &str) -> BTreeMap<String, String> {
    [
        ("number", "SR-1"),
        ("customer_name", "Harbour Laundry"),
        ("contact_person", "Ms Chen"),
        ("contact_details", "555 0100"),
        ("product_model", "WX-200"),
        ("service_type", "repair"),
        ("work_type", "repair"),
        ("scene", "on-site-repair"),
        ("fault", "Drum does not turn"),
        ("expected_at", "2026-03-03"),
        ("urgency", urgency),
        ("channel", "phone"),
        ("location", "Harbour Street"),
        ("entered_by", "office-1"),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .collect()
}

impl Job {
    /// A visit that the office has registered at 08:00 and received at `received`.
    pub fn registered(urgency: &str, received: &str) -> Self {
        Self::ordered(order(urgency), received)
    }

    /// A visit with an order of its own.
    pub fn ordered(order: BTreeMap<String, String>, received: &str) -> Self {
        let standard = standard();
        let now = moment("2026-03-02T08:00:00+08:00");
        let registration = Registration { job: None, order, received_at: Some(moment(received)) };
        let context = Context {
            actor: Actor { person: "office-1".to_owned(), side: Side::Office, roles: Vec::new() },
            stamp: Stamp::wall(now),
            entry_id: id(0),
        };
        let (visit, _) =
            Document::register(id(999_999), &standard, &registration, &[1; 16], &context).unwrap();
        Self { visit, standard, now, count: 0, person: "tech-1".to_owned() }
    }

    /// A visit that is dispatched to tech-1 and tech-2 for 10:00 to 12:00.
    pub fn dispatched(urgency: &str) -> Self {
        let mut job = Self::registered(urgency, RECEIVED);
        job.dispatch();
        job
    }

    /// Dispatches the visit for 10:00 to 12:00.
    pub fn dispatch(&mut self) -> &mut Self {
        self.office(Command::Dispatch {
            crew: vec!["tech-1".to_owned(), "tech-2".to_owned()],
            start: moment("2026-03-02T10:00:00+08:00"),
            end: moment("2026-03-02T12:00:00+08:00"),
            tools: vec!["multimeter".to_owned()],
        })
        .unwrap();
        self
    }

    /// The visit as another program could have written it: the document changed without a command.
    pub fn crafted(mut self, edit: impl FnOnce(&mut automerge::AutoCommit)) -> Self {
        let mut doc = automerge::AutoCommit::load(&self.visit.save()).unwrap();
        edit(&mut doc);
        self.visit = Document::load(&doc.save()).unwrap();
        self
    }

    pub fn at(&mut self, time: &str) -> &mut Self {
        self.now = moment(&format!("2026-03-02T{time}:00+08:00"));
        self
    }

    pub fn on(&mut self, time: &str) -> &mut Self {
        self.now = moment(time);
        self
    }

    pub fn context(&mut self, side: Side) -> Context {
        self.count += 1;
        let person = if side == Side::Office { "office-1".to_owned() } else { self.person.clone() };
        Context {
            actor: Actor { person, side, roles: Vec::new() },
            stamp: Stamp::wall(self.now),
            entry_id: id(self.count),
        }
    }

    pub fn try_do(&mut self, command: Command) -> Result<Applied, ApplyError> {
        let context = self.context(Side::Field);
        self.visit.apply(&self.standard.clone(), &command, &context)
    }

    pub fn office(&mut self, command: Command) -> Result<Applied, ApplyError> {
        let context = self.context(Side::Office);
        self.visit.apply(&self.standard.clone(), &command, &context)
    }

    pub fn go(&mut self, command: Command) -> &mut Self {
        let name = command.name();
        if let Err(error) = self.try_do(command) {
            panic!("{name} was refused: {error}");
        }
        self
    }

    pub fn refused(&mut self, command: Command) -> Refusal {
        let before = self.visit.heads();
        let record = self.visit.record().clone();
        let name = command.name();
        match self.try_do(command) {
            Err(ApplyError::Refused(refusal)) => {
                assert_eq!(self.visit.heads(), before, "{name} was refused and changed the document");
                assert_eq!(*self.visit.record(), record, "{name} was refused and changed the record");
                refusal
            }
            other => panic!("{name} should be refused, but gave {other:?}"),
        }
    }

    pub fn yes(&mut self, name: &str) -> &mut Self {
        self.go(Command::Answer { item: rule(name), value: AnswerValue::Yes(true) })
    }

    pub fn text(&mut self, name: &str, words: &str) -> &mut Self {
        self.go(Command::Answer { item: rule(name), value: AnswerValue::Text(words.to_owned()) })
    }

    pub fn no(&mut self, name: &str) -> &mut Self {
        self.go(Command::Answer { item: rule(name), value: AnswerValue::Yes(false) })
    }

    pub fn office_answer(&mut self, name: &str, value: AnswerValue) -> &mut Self {
        self.office(Command::Answer { item: rule(name), value }).unwrap();
        self
    }

    pub fn part(&mut self, returned: Option<bool>) -> &mut Self {
        let replaces = returned.map(|returned| OldPart { serial: None, returned, condition: None });
        self.go(Command::ConsumePart {
            number: "BELT-7".to_owned(),
            name: None,
            quantity: 1,
            serial: None,
            replaces,
        })
    }

    pub fn breach(&mut self, name: &str, source: &str) -> &mut Self {
        let command =
            Command::ReportBreach { rule: rule(name), source: source.to_owned(), note: "seen".to_owned() };
        self.office(command).unwrap();
        self
    }

    pub fn note(&mut self, note: &str, words: &str) -> &mut Self {
        self.go(Command::Note { note: note.to_owned(), edit: NoteEdit::Append(words.to_owned()) })
    }

    pub fn attest(&mut self, phase: &str) -> &mut Self {
        self.go(Command::Attest { phase: phase.to_owned(), exceptions: Vec::new(), role: None })
    }

    pub fn report(&mut self, event: &str) -> &mut Self {
        self.go(Command::Report { event: event.to_owned(), note: None, about: None, happened: None })
    }

    pub fn office_report(&mut self, event: &str) -> &mut Self {
        let command = Command::Report { event: event.to_owned(), note: None, about: None, happened: None };
        if let Err(error) = self.office(command) {
            panic!("{event} was refused: {error}");
        }
        self
    }

    pub fn photo(&mut self, item: &str, moment: Option<&str>) -> &mut Self {
        self.go(Command::AddPhoto {
            sha256: "ab".repeat(32),
            size: 1000,
            media_type: "image/jpeg".to_owned(),
            item: Some(rule(item)),
            moment: moment.map(ToOwned::to_owned),
            caption: None,
            pair_with: None,
            shot: None,
        })
    }

    pub fn survey(&mut self, level: &str) -> &mut Self {
        self.go(Command::Survey(SurveyAnswer { level: level.to_owned(), words: None }))
    }

    pub fn sign(&mut self, role: &str) -> &mut Self {
        self.go(Command::Sign { role: role.to_owned(), name: "Chen".to_owned(), image_sha256: None })
    }

    /// Up to the arrival at 09:55.
    pub fn arrived(urgency: &str) -> Self {
        let mut job = Self::dispatched(urgency);
        job.at("08:10").go(Command::Accept);
        job.at("08:20").yes("confirm-address-time");
        job.go(Command::ConfirmAppointment { channel: "phone".to_owned() });
        job.at("08:30").go(Command::Prepare);
        job.at("09:00").go(Command::Depart);
        job.at("09:55").go(Command::Arrive);
        job
    }

    /// Up to the beginning of the work at 10:20.
    pub fn in_work(urgency: &str) -> Self {
        let mut job = Self::arrived(urgency);
        job.go(Command::PresentBadge).yes("diagnose-procedure").yes("professional-tools");
        job.at("10:10").go(Command::Diagnose).note("cause", "belt worn");
        job.yes("explain-problem").yes("explain-solution").text("state-duration", "one hour");
        job.at("10:15").go(Command::ObtainConsent { granted: true, note: None });
        job.at("10:20").go(Command::Start);
        job
    }

    /// Up to the handover at 11:10.
    pub fn handed_over(urgency: &str) -> Self {
        let mut job = Self::in_work(urgency);
        job.photo("protect-site", None)
            .note("solution", "belt changed")
            .note("steps", "opened, changed, closed");
        job.note("communication", "told about the belt");
        job.at("11:00").go(Command::Finish);
        job.yes("test-run").yes("problem-solved").text("explain-precautions", "no long runs for two weeks");
        job.at("11:10").go(Command::HandOver);
        job
    }

    /// Signed by both at 11:20, left at 11:30.
    pub fn left(urgency: &str, level: &str) -> Self {
        let mut job = Self::handed_over(urgency);
        job.at("11:15").survey(level);
        job.at("11:20").sign("customer").sign("technician");
        job.at("11:30").go(Command::Leave);
        job
    }

    pub fn assess(&self) -> Assessment {
        self.assess_at(self.now)
    }

    pub fn assess_at(&self, now: Moment) -> Assessment {
        assess(self.visit.record(), &self.standard, now.instant())
    }

    pub fn status(&self, name: &str) -> Status {
        let assessment = self.assess();
        assessment.finding(&rule(name)).unwrap_or_else(|| panic!("no finding for {name}")).status
    }
}
