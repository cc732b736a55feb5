//! Any interleaving of any valid commands on several replicas converges, and nothing that was acknowledged is lost.
//!
//! `JOBSHEET_PROPTEST_CASES` asks for more cases than the 64 of an ordinary run.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use std::collections::BTreeSet;
use std::sync::Mutex;

use common::{Job, id, moment, rule, standard};
use jobsheet_core::Moment;
use jobsheet_core::assess::{assess, next};
use jobsheet_core::key::{DeviceKey, SecretKey};
use jobsheet_core::record::{
    Actor, AnswerValue, Command, Context, Document, Exception, NoteEdit, OldPart, Record, SealState,
    SurveyAnswer, check_field_change, signs_off, state,
};
use jobsheet_core::seal::{Problem, Trust, Verdict, Verification, verify};
use jobsheet_core::standard::Side;
use jobsheet_core::{Stamp, hex};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

/// Cases of an ordinary run.
const CASES: u32 = 64;

/// Something that happens to one of the replicas. Indices are taken modulo the number of replicas.
#[derive(Debug, Clone)]
enum Happening {
    /// A person gives a command: the first that is accepted, beginning at a place in the pool.
    Command { replica: usize, at: u64, minutes: i64 },
    /// Some changes of one replica reach another, in any order, some of them twice.
    Delivery { from: usize, to: usize, seed: u64 },
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let command = (0_usize..4, any::<u64>(), -1_i64..20)
        .prop_map(|(replica, at, minutes)| Happening::Command { replica, at, minutes });
    let delivery = (0_usize..4, 0_usize..4, any::<u64>()).prop_map(|(from, to, seed)| Happening::Delivery {
        from,
        to,
        seed,
    });
    prop::collection::vec(prop_oneof![3 => command, 1 => delivery], 20..80)
}

/// A small generator of its own (splitmix64), so that a failing case says everything in its numbers.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % sides.max(1) as u64).unwrap()
    }

    fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            list.swap(at, self.roll(at + 1));
        }
    }
}

struct Replica {
    visit: Document,
    person: String,
    side: Side,
    now: Moment,
    count: u64,
}

/// Persons of the replicas: two technicians, the office, and a second device of the first technician.
const PEOPLE: [(&str, Side); 4] =
    [("tech-1", Side::Field), ("tech-2", Side::Field), ("office-1", Side::Office), ("tech-1", Side::Field)];

fn replicas(count: usize, start: u64) -> Vec<Replica> {
    let job = match start % 4 {
        0 => Job::dispatched("urgent"),
        1 => Job::arrived("normal"),
        2 => Job::in_work("urgent"),
        _ => Job::handed_over("normal"),
    };
    PEOPLE[..count]
        .iter()
        .enumerate()
        .map(|(at, (person, side))| {
            let mut visit = job.visit.clone();
            let number = u8::try_from(at).unwrap();
            visit.set_actor(&[100 + number; 16]);
            Replica {
                visit,
                person: (*person).to_owned(),
                side: *side,
                now: job.now,
                count: 1_000_000 * (u64::from(number) + 1),
            }
        })
        .collect()
}

fn answer(item: &str, value: AnswerValue) -> Command {
    Command::Answer { item: rule(item), value }
}

fn report(event: &str) -> Command {
    Command::Report { event: event.to_owned(), note: None, about: None, happened: None }
}

/// What leads on, the last steps first: so runs go deep.
fn onward(record: &Record) -> Vec<Command> {
    let mut list = vec![
        Command::Close,
        report("archived"),
        report("follow-up-done"),
        report("record-uploaded"),
        Command::Leave,
    ];
    for role in ["customer", "technician"] {
        if !signs_off(record, &standard(), role) {
            list.push(Command::Sign { role: role.to_owned(), name: "Chen".to_owned(), image_sha256: None });
        }
    }
    list.push(Command::HandOver);
    let unanswered = |items: &[&str]| -> Vec<Command> {
        let open = items.iter().filter(|item| !record.answers.contains_key(&rule(item)));
        open.map(|item| {
            let text = AnswerValue::Text("an hour".to_owned());
            answer(item, if *item == "state-duration" { text } else { AnswerValue::Yes(true) })
        })
        .collect()
    };
    list.extend([Command::Finish, Command::Start, Command::ObtainConsent { granted: true, note: None }]);
    list.extend([Command::Diagnose, Command::Arrive, Command::Depart]);
    list.extend(unanswered(&[
        "confirm-address-time",
        "explain-problem",
        "explain-solution",
        "state-duration",
    ]));
    list.extend(unanswered(&["test-run", "problem-solved"]));
    list.extend([Command::ConfirmAppointment { channel: "phone".to_owned() }, Command::Accept]);
    list
}

/// Everything else that a person may try, with a little chance in it.
fn pool(record: &Record, dice: &mut Dice) -> Vec<Command> {
    let mut list = vec![
        Command::Prepare,
        Command::PresentBadge,
        Command::Enter,
        Command::Resume,
        Command::Accept,
        Command::Leave,
        Command::ObtainConsent { granted: false, note: Some("not today".to_owned()) },
        Command::Pause { reason: "rain".to_owned() },
        Command::Reopen { reason: "still loud".to_owned() },
        Command::Say { words: format!("message {}", dice.roll(9)) },
        Command::ExplainDelay { milestone: rule("check-tools-1h"), reason: "road closed".to_owned() },
        Command::Escalate { milestone: rule("upload-24h"), to: "supervisor".to_owned() },
        Command::ReportBreach {
            rule: rule("uniform"),
            source: "self".to_owned(),
            note: "at the laundry".to_owned(),
        },
        answer(
            "callback-status",
            AnswerValue::Choice(["runs-well", "stands-still"][dice.roll(2)].to_owned()),
        ),
        answer(
            "callback-satisfaction",
            AnswerValue::Choice(["satisfied", "dissatisfied"][dice.roll(2)].to_owned()),
        ),
        answer("verify-need", AnswerValue::Yes(dice.roll(2) == 0)),
        answer("temporary-next-time", AnswerValue::Time(moment("2026-03-05T09:00:00+08:00"))),
    ];
    for item in
        ["test-run", "problem-solved", "explain-problem", "confirm-address-time", "professional-tools"]
    {
        let value =
            [AnswerValue::Yes(true), AnswerValue::Yes(false), AnswerValue::Waived("no power".to_owned())];
        list.push(answer(item, value[dice.roll(3)].clone()));
    }
    for event in [
        "delay-foreseen",
        "critical-step-reached",
        "cannot-fix-on-site",
        "objection-raised",
        "objection-settled",
        "major-fault-found",
        "director-told",
        "part-requested",
        "first-response-given",
        "supervisor-alerted",
        "reply-given",
        "improvement-set",
        "old-parts-collected",
    ] {
        list.push(report(event));
    }
    for (note, words) in
        [("cause", "皮带 🔧 "), ("steps", "opened, changed; "), ("communication", "e\u{301} told\n")]
    {
        list.push(Command::Note { note: note.to_owned(), edit: NoteEdit::Append(words.to_owned()) });
        let length = record.notes.get(note).map_or(0, |text| text.chars().count());
        let at = dice.roll(length + 1);
        let delete = dice.roll(length - at + 1).min(4);
        let edit = NoteEdit::Splice { at, delete, insert: words[..words.len() * dice.roll(2)].to_owned() };
        list.push(Command::Note { note: note.to_owned(), edit });
    }
    for phase in ["work", "greet"] {
        let exceptions =
            vec![Exception { rule: rule("no-extra-promise"), reason: "promised a visit".to_owned() }];
        let exceptions = if phase == "work" && dice.roll(2) == 0 { exceptions } else { Vec::new() };
        list.push(Command::Attest { phase: phase.to_owned(), exceptions, role: None });
    }
    for level in ["satisfied", "dissatisfied"] {
        list.push(Command::Survey(SurveyAnswer { level: level.to_owned(), words: Some("quick".to_owned()) }));
    }
    for item in ["protect-site", "photo-key-steps"] {
        list.push(Command::AddPhoto {
            sha256: hex(&[u8::try_from(dice.roll(256)).unwrap(); 32]),
            size: 1 + dice.roll(1000) as u64,
            media_type: "image/jpeg".to_owned(),
            item: Some(rule(item)),
            moment: Some(["before", "after"][dice.roll(2)].to_owned()),
            caption: None,
            pair_with: None,
            shot: None,
        });
    }
    list.push(Command::ConsumePart {
        number: "BELT-7".to_owned(),
        name: None,
        quantity: 1 + u32::try_from(dice.roll(3)).unwrap(),
        serial: None,
        replaces: [None, Some(OldPart { serial: None, returned: dice.roll(2) == 0, condition: None })]
            [dice.roll(2)]
        .clone(),
    });
    list.push(Command::Measure {
        quantity: "temperature".to_owned(),
        value: f64::from(u32::try_from(dice.roll(u32::MAX as usize)).unwrap()) / 4_294_967.3,
        unit: "Cel".to_owned(),
        instrument: None,
        calibration: None,
    });
    list.push(Command::Dispatch {
        crew: vec!["tech-1".to_owned(), "tech-2".to_owned()],
        start: moment("2026-03-02T13:00:00+08:00"),
        end: moment("2026-03-02T15:00:00+08:00"),
        tools: vec![["multimeter", "ladder"][dice.roll(2)].to_owned()],
    });
    let turn = dice.roll(list.len());
    list.rotate_left(turn);
    list
}

impl Replica {
    /// Gives the first command of the pool that is accepted.
    fn work(&mut self, at: u64, minutes: i64, seen: &Mutex<BTreeSet<String>>) -> Option<[u8; 32]> {
        let standard = standard();
        let mut dice = Dice(at);
        let later = self.now.instant().checked_add(jiff::SignedDuration::from_mins(minutes)).unwrap();
        self.now = Moment::new(later, self.now.offset());
        let record = self.visit.record();
        let resolve = record.conflicts.iter().map(|conflict| Command::Resolve {
            target: conflict.target.clone(),
            version: dice.roll(conflict.versions.len()),
        });
        let mut commands: Vec<Command> = if at.is_multiple_of(3) { resolve.collect() } else { Vec::new() };
        if at.is_multiple_of(2) {
            commands.push(self.seal());
            commands.extend(onward(record));
        }
        if at.is_multiple_of(5) {
            let amend =
                |command| Command::Amend { reason: "forgotten".to_owned(), command: Box::new(command) };
            commands.extend(pool(record, &mut dice).into_iter().map(amend));
        }
        commands.extend(pool(record, &mut dice));
        self.count += 1;
        let context = Context {
            actor: Actor { person: self.person.clone(), side: self.side, roles: Vec::new() },
            stamp: Stamp::wall(self.now),
            entry_id: id(self.count),
        };
        let chosen =
            commands.into_iter().find(|command| self.visit.check(&standard, command, &context).is_ok())?;
        let before = self.visit.clone();
        let applied = self.visit.apply(&standard, &chosen, &context).unwrap();
        assert!(!before.contains(&applied.hash), "{chosen:?} made no change of its own");
        if self.side == Side::Field {
            check_field_change(&before, &applied.bytes, &self.person).unwrap();
        }
        let read = Document::load(&self.visit.save()).unwrap();
        assert_eq!(read.record(), self.visit.record(), "after {chosen:?} the view differs from the document");
        seen.lock().unwrap().insert(format!("{}:{}", self.person, chosen.name()));
        self.known_state();
        Some(applied.hash)
    }

    fn seal(&self) -> Command {
        let key = SecretKey::from_bytes(&[7; 32]).unwrap();
        let statement = self.visit.seal_statement();
        let signature = key.sign(&statement.bytes()).unwrap();
        Command::Seal { statement, key: key.public_key().unwrap(), certificate: None, signature }
    }

    fn receive(&mut self, changes: &[Vec<u8>]) {
        self.visit.merge(changes).unwrap();
        self.known_state();
    }

    fn known_state(&self) {
        let state = state(self.visit.record(), &standard());
        assert_eq!(
            standard().course("service").rank(&state.id),
            Some(state.rank),
            "`{}` is no state of the pack",
            state.id
        );
        assert!(self.visit.record().unreadable.is_empty());
    }
}

fn changes(visit: &Document) -> Vec<Vec<u8>> {
    visit.changes().into_iter().map(|change| change.bytes).collect()
}

/// Some changes of one replica, in any order, some twice, some that the other has already.
fn parcel(from: &Document, to: &Document, seed: u64) -> Vec<Vec<u8>> {
    let mut dice = Dice(seed);
    let (mut known, mut new): (Vec<_>, Vec<_>) =
        from.changes().into_iter().partition(|change| to.contains(&change.hash));
    dice.shuffle(&mut new);
    dice.shuffle(&mut known);
    new.truncate(dice.roll(new.len() + 2));
    known.truncate(dice.roll(3));
    let mut parcel: Vec<Vec<u8>> = new.into_iter().chain(known).map(|change| change.bytes).collect();
    for _ in 0..dice.roll(3) {
        if let Some(twice) = parcel.get(dice.roll(parcel.len())).cloned() {
            parcel.push(twice);
        }
    }
    dice.shuffle(&mut parcel);
    parcel
}

fn judged(visit: &Document) -> Vec<serde_json::Value> {
    let standard = standard();
    ["2026-03-02T10:00:00+08:00", "2026-03-04T10:00:00+08:00"]
        .into_iter()
        .flat_map(|now| {
            let now = moment(now).instant();
            let record = visit.record();
            let steps = [Side::Field, Side::Office].map(|side| next(record, &standard, side, now));
            let judgement = serde_json::to_value(assess(record, &standard, now)).unwrap();
            [judgement, serde_json::to_value(steps).unwrap()]
        })
        .chain([serde_json::to_value(verified(visit)).unwrap()])
        .collect()
}

/// Whatever honest people do, in whatever order it arrives: no signature and no seal ever looks forged.
fn verified(visit: &Document) -> Verification {
    let verification = verify(visit, &standard(), &Trust::default());
    assert_ne!(verification.verdict, Verdict::Broken, "{verification:#?}");
    if let SealState::Sealed { seal } = &verification.state {
        let check = verification.seals.iter().find(|check| check.entry == *seal).unwrap();
        let fresh = |role: &str| signs_off(visit.record(), &standard(), role);
        assert!(fresh("customer"), "sealed without a signature that stands");
        assert_eq!(check.problems, [Problem::NotCertified]);
    }
    verification
}

fn run(count: usize, start: u64, happenings: &[Happening], seen: &Mutex<BTreeSet<String>>) {
    let mut replicas = replicas(count, start);
    let mut acknowledged = Vec::new();
    for happening in happenings {
        match happening {
            Happening::Command { replica, at, minutes } => {
                acknowledged.extend(replicas[replica % count].work(*at, *minutes, seen));
            }
            Happening::Delivery { from, to, seed } => {
                let (from, to) = (from % count, to % count);
                if from != to {
                    let parcel = parcel(&replicas[from].visit, &replicas[to].visit, *seed);
                    replicas[to].receive(&parcel);
                }
            }
        }
    }
    // In the end everything reaches everybody, each time in another order; the first gets children before parents.
    let mut everything: Vec<Vec<u8>> = replicas.iter().flat_map(|replica| changes(&replica.visit)).collect();
    everything.reverse();
    for (at, replica) in replicas.iter_mut().enumerate() {
        replica.receive(&everything);
        Dice(at as u64).shuffle(&mut everything);
    }
    let first = &replicas[0].visit;
    let judgement = judged(first);
    let rebuilt = Document::from_changes(&everything).unwrap();
    let loaded = Document::load(&first.save()).unwrap();
    let others = replicas[1..].iter().map(|replica| &replica.visit);
    for visit in others.chain([&rebuilt, &loaded]) {
        assert_eq!(visit.heads(), first.heads());
        assert_eq!(visit.record(), first.record());
        assert_eq!(judged(visit), judgement);
    }
    for hash in &acknowledged {
        assert!(first.contains(hash), "an acknowledged change is lost");
    }
    let distinct: BTreeSet<_> = acknowledged.iter().collect();
    assert_eq!(distinct.len(), acknowledged.len(), "two commands were acknowledged by one change");
    for conflict in &first.record().conflicts {
        assert!(conflict.versions.len() > 1);
        assert!(
            conflict
                .versions
                .iter()
                .all(|version| PEOPLE.iter().any(|(person, _)| *person == version.person))
        );
    }
}

#[test]
fn any_interleaving_converges_and_loses_nothing() {
    let asked = std::env::var("JOBSHEET_PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let cases = asked.unwrap_or(CASES);
    let config = Config {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_260_302),
        ..Config::default()
    };
    let seen = Mutex::new(BTreeSet::new());
    let strategy = (2_usize..=4, 0_u64..4, happenings());
    TestRunner::new(config)
        .run(&strategy, |(count, start, happenings)| {
            run(count, start, &happenings, &seen);
            Ok(())
        })
        .unwrap();
    if cases < CASES {
        return;
    }
    // The runs went deep enough to mean something.
    let seen = seen.into_inner().unwrap();
    for name in [
        "sign",
        "seal",
        "amend",
        "leave",
        "resolve",
        "reopen",
        "resume",
        "consume-part",
        "measure",
        "survey",
        "attest",
        "note",
    ] {
        assert!(
            seen.iter().any(|said| said.ends_with(&format!(":{name}"))),
            "no run came to `{name}`: {seen:?}"
        );
    }
    for said in ["office-1:dispatch", "office-1:report", "office-1:answer", "office-1:close"] {
        assert!(seen.contains(said), "no run came to `{said}`: {seen:?}");
    }
}
