//! The main job from end to end on real input: what the demonstration shows and the first end to end test asserts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jobsheet_core::Moment;
use serde_json::{Value, json};

use crate::Outcome;
use crate::office::Office;
use crate::phone::{Phone, acknowledged};
use crate::programs::workspace;
use crate::scenario::{self, Ending, Stage, minutes, yes};
use crate::server::Server;

/// Shortly after the last of the 24 requests came in.
const MORNING: &str = "2015-02-19T16:30:00-05:00";
/// When the phones are online again.
const EVENING: &str = "2015-02-20T20:00:00-05:00";
/// The 24 requests that came in closest together: 15 to 19 February 2015. The last two are urgent.
const REQUESTS: [&str; 24] = [
    "101001296115",
    "101001296331",
    "101001296914",
    "101001297503",
    "101001298094",
    "101001298250",
    "101001298463",
    "101001298606",
    "101001299220",
    "101001299700",
    "101001300045",
    "101001300474",
    "101001301827",
    "101001302155",
    "101001302403",
    "101001303915",
    "101001304005",
    "101001304169",
    "101001304951",
    "101001306017",
    "101001306032",
    "101001306466",
    "101001307109",
    "101001307242",
];
const URGENT: [&str; 2] = ["101001307109", "101001307242"];

/// What came of it.
#[derive(Debug, Default)]
pub struct Story {
    /// Rows imported.
    pub imported: u64,
    /// Rows that a second import of the same file added.
    pub imported_again: u64,
    /// Visits dispatched.
    pub visits: usize,
    /// Changes that devices acknowledged.
    pub acknowledged: usize,
    /// Acknowledged changes that the office does not have.
    pub lost: usize,
    /// Commands that were refused, with the clause.
    pub refusals: Vec<(String, String)>,
    /// Commands acknowledged before the SIGKILL, and how many of them were there after reopening.
    pub killed: (usize, usize),
    /// Conflicts after the merge, and after they were settled.
    pub conflicts: (usize, usize),
    /// Deadlines met and missed.
    pub deadlines: (usize, usize),
    /// States of the visits at the office.
    pub states: BTreeMap<String, usize>,
    /// Commands in all devices' outboxes at the end.
    pub unsent: usize,
    /// The HTML service reports, in English and Chinese.
    pub reports: Vec<PathBuf>,
}

struct Job {
    number: &'static str,
    id: String,
    start: Moment,
    crew: &'static [&'static str],
    late: i64,
    ending: Ending,
    urgent: bool,
}

/// Tells the story in a fresh folder. Gives what came of it, and the server, which still runs.
///
/// # Errors
/// The first thing that goes wrong, in words.
pub fn tell(folder: &Path, say: &mut dyn FnMut(&str)) -> Outcome<(Story, Server)> {
    let mut story = Story::default();
    let data = folder.join("server");
    let server = Server::start(&data, Some(MORNING), 0)?;
    let port = server.port();
    let token = server.first_token.clone().ok_or("the first start printed no office token")?;
    let office = Office::at(&server.address, &token)?;
    say(&format!("server  {} on {}", server.address, data.display()));

    let jobs = prepare(&office, &mut story, say)?;
    let phones = enrol(folder, &office, say)?;
    for phone in phones.values() {
        phone.at(MORNING).sync()?;
        let listed = phone.at(MORNING).json(&["visits", "--size", "200"])?;
        say(&format!("device  {:<12} holds {} visits, ready to go offline", phone.name, listed["total"]));
    }
    server.stop()?;
    say("server  stopped: everything from here on happens without it");

    let mut told = Told { folder, story: &mut story, hashes: Vec::new(), say };
    for (place, job) in jobs.iter().enumerate() {
        told.visit(place, job, &phones)?;
    }
    let hashes = told.hashes;
    story.acknowledged = hashes.len();

    let server = Server::start(&data, Some(EVENING), port)?;
    let office = Office::at(&server.address, &token)?;
    say(&format!("server  started again on {}", server.address));
    for _ in 0..2 {
        for phone in phones.values() {
            let report = phone.at(EVENING).sync()?;
            say(&format!("sync    {:<12} {}", phone.name, brief(&report)));
        }
    }
    settle(&jobs, &phones, &office, &mut story, say)?;
    for phone in phones.values() {
        let waiting = phone.at(EVENING).json(&["outbox"])?;
        story.unsent += waiting.as_array().map_or(0, Vec::len);
    }
    judge(folder, &jobs, &office, &hashes, &mut story, say)?;
    Ok((story, server))
}

fn brief(report: &Value) -> String {
    let figures = report.as_object().map(|fields| {
        fields
            .iter()
            .filter(|(_, value)| value.as_u64().is_some_and(|number| number > 0))
            .map(|(name, value)| format!("{name} {value}"))
            .collect::<Vec<_>>()
            .join(", ")
    });
    figures.unwrap_or_default()
}

fn prepare(office: &Office, story: &mut Story, say: &mut dyn FnMut(&str)) -> Outcome<Vec<Job>> {
    let csv = std::fs::read(workspace("sync-server/data/boston-311/service_requests.csv"))
        .map_err(|error| format!("service_requests.csv: {error}"))?;
    let first = office.import(csv.clone())?;
    let second = office.import(csv)?;
    story.imported = first["added"].as_u64().unwrap_or(0);
    story.imported_again = second["added"].as_u64().unwrap_or(u64::MAX);
    say(&format!(
        "office  imported {} service requests (City of Boston, 2015); the same file again added {}",
        story.imported, story.imported_again
    ));
    for (id, name) in [("maria", "Maria Santos"), ("tom", "Tom Becker"), ("wei", "王伟")] {
        office.technician(id, name)?;
    }
    let mut jobs = Vec::new();
    for (place, number) in REQUESTS.into_iter().enumerate() {
        jobs.push(dispatch(office, place, number)?);
    }
    story.visits = jobs.len();
    say(&format!(
        "office  dispatched {} visits to maria, tom and wei under `execution-form`; 2 are urgent",
        jobs.len()
    ));
    Ok(jobs)
}

/// Eight visits for maria and tom together, four for each of them alone, eight for wei, an hour apart.
fn dispatch(office: &Office, place: usize, number: &'static str) -> Outcome<Job> {
    let urgent = URGENT.contains(&number);
    let (crew, turn): (&'static [&'static str], usize) = match place {
        0..8 => (&["maria", "tom"], place),
        8..12 => (&["maria"], place),
        12..15 => (&["tom"], place - 4),
        15..22 => (&["wei"], place - 15),
        22 => (&["tom"], 0),
        _ => (&["wei"], 0),
    };
    let start = if urgent {
        "2015-02-19T17:45:00-05:00".to_owned()
    } else {
        let day: Moment = "2015-02-20T08:00:00-05:00".parse().map_err(|error| format!("{error}"))?;
        minutes(&day, 60 * i64::try_from(turn).unwrap_or(0))
    };
    let start: Moment = start.parse().map_err(|error| format!("{error}"))?;
    let order = if urgent { json!({ "urgency": "urgent" }) } else { json!({}) };
    let answer = office.post(
        &format!("/v1/requests/{number}/dispatch"),
        &json!({
            "standard": "execution-form", "crew": crew, "start": start.to_string(), "end": minutes(&start, 55),
            "tools": ["multimeter", "spare contactors", "service manual"], "order": order
        }),
    )?;
    let id = answer["visit"].as_str().ok_or_else(|| format!("no visit id in {answer}"))?.to_owned();
    let mut commands = vec![
        json!({ "do": "report", "event": "first-response-given", "note": "Called back, visit arranged." }),
    ];
    commands.push(yes("verify-need"));
    commands.push(yes("recheck-key-fields"));
    if urgent {
        commands.push(json!({ "do": "report", "event": "supervisor-alerted" }));
        commands.push(scenario::text("urgent-coordinate", "Nearest crew sent at once."));
    }
    for command in &commands {
        office.command(&id, command)?;
    }
    let ending = match place {
        3 => Ending::Dissatisfied,
        9 => Ending::Parked,
        17 => Ending::Declined,
        _ => Ending::Satisfied,
    };
    // Tom reaches the urgent customer late; on one other visit he is late as well.
    let late = match place {
        22 => 2,
        13 => 25,
        23 => -5,
        _ => 0,
    };
    Ok(Job { number, id, start, crew, late, ending, urgent })
}

fn enrol(
    folder: &Path,
    office: &Office,
    say: &mut dyn FnMut(&str),
) -> Outcome<BTreeMap<&'static str, Phone>> {
    let mut phones = BTreeMap::new();
    for (name, technician) in
        [("maria-phone", "maria"), ("tom-phone", "tom"), ("wei-phone", "wei"), ("wei-tablet", "wei")]
    {
        let phone = Phone::new(name, folder);
        phone.at(MORNING).enrol(&office.address, &office.code(technician)?)?;
        phones.insert(name, phone);
    }
    say(
        "office  enrolled 4 devices with one-time codes: maria-phone and tom-phone work as one crew, wei has two",
    );
    Ok(phones)
}

struct Told<'a> {
    folder: &'a Path,
    story: &'a mut Story,
    /// Visit and hash of every acknowledged change.
    hashes: Vec<(String, String)>,
    say: &'a mut dyn FnMut(&str),
}

impl Told<'_> {
    fn stage(&mut self, phone: &Phone, job: &Job, stage: &Stage) -> Outcome<()> {
        let answers = phone.at(&stage.at).run(&job.id, &stage.commands)?;
        for (command, answer) in stage.commands.iter().zip(&answers) {
            if !acknowledged(answer) {
                return Err(format!("{}: visit {}: {command} was refused: {answer}", phone.name, job.number));
            }
            self.keep(job, answer);
        }
        Ok(())
    }

    fn keep(&mut self, job: &Job, answer: &Value) {
        if let Some(hash) = answer["change"].as_str() {
            self.hashes.push((job.id.clone(), hash.to_owned()));
        }
    }

    /// Gives a command that must be refused, and tells under which clause.
    fn refused(&mut self, phone: &Phone, job: &Job, at: &str, command: &Value) -> Outcome<()> {
        let answers = phone.at(at).run(&job.id, std::slice::from_ref(command))?;
        let answer = answers.first().cloned().unwrap_or_default();
        if acknowledged(&answer) {
            return Err(format!("{}: {command} should have been refused", phone.name));
        }
        let clause = find(&answer, "clause").and_then(Value::as_str).unwrap_or("no clause").to_owned();
        let name = command["do"].as_str().unwrap_or_default().to_owned();
        let why = find(&answer, "message").and_then(Value::as_str).unwrap_or_default().to_owned();
        (self.say)(&format!("refused {:<12} {name}: {why}", phone.name));
        self.story.refusals.push((name, clause));
        Ok(())
    }

    fn photo(&mut self, phone: &Phone, job: &Job, at: &str, item: &str, moment: Option<&str>) -> Outcome<()> {
        let seed = u32::try_from(self.hashes.len()).unwrap_or(0);
        let file = self.folder.join("picture.bmp");
        std::fs::write(&file, scenario::picture(seed)).map_err(|error| format!("picture: {error}"))?;
        let file = file.to_string_lossy().into_owned();
        let item = scenario::rule(item);
        let mut arguments = vec!["add-photo", job.id.as_str(), file.as_str(), "--item", item.as_str()];
        if let Some(moment) = moment {
            arguments.extend(["--moment", moment]);
        }
        let answer = phone.at(at).json(&arguments)?;
        self.keep(job, &answer);
        Ok(())
    }

    fn visit(&mut self, place: usize, job: &Job, phones: &BTreeMap<&'static str, Phone>) -> Outcome<()> {
        let name = match (job.crew[0], place) {
            ("maria", _) => "maria-phone",
            ("tom", _) => "tom-phone",
            (_, 20 | 21) => "wei-tablet",
            _ => "wei-phone",
        };
        let phone = phones.get(name).ok_or("no such phone")?;
        let (start, late) = (&job.start, job.late);
        for stage in scenario::preparation(start) {
            self.stage(phone, job, &stage)?;
        }
        if place == 0 {
            let told = phone.at(&minutes(start, -5)).json(&["next", &job.id])?;
            let first = find(&told, "text").map(words).unwrap_or_default();
            (self.say)(&format!("device  {:<12} visit {}: next: {first}", phone.name, job.number));
        }
        let mut diagnosis = scenario::diagnosis(start, late, "Contactor burnt, supply in order.");
        if job.urgent {
            let arrival = if late > 0 { "17:30" } else { "17:40" };
            diagnosis.at = format!("2015-02-19T{arrival}:00-05:00");
        }
        self.stage(phone, job, &diagnosis)?;
        if place == 0 {
            let at = minutes(start, 9);
            self.refused(phone, job, &at, &scenario::plain("start"))?;
            let slip =
                json!({ "do": "measure", "quantity": "supply-voltage", "value": 22950.0, "unit": "V" });
            self.refused(phone, job, &at, &slip)?;
        }
        if job.ending == Ending::Declined {
            return self.stage(phone, job, &scenario::declined(start, late));
        }
        let serial = format!("SN-{place:03}");
        let part = (place.is_multiple_of(2) && job.ending != Ending::Parked).then_some(serial.as_str());
        self.stage(phone, job, &scenario::work(start, late, part))?;
        self.photo(phone, job, &minutes(start, late + 12), "protect-site", None)?;
        if part.is_some() {
            for (after, moment) in [(14, "before"), (25, "after")] {
                self.photo(phone, job, &minutes(start, late + after), "photo-key-steps", Some(moment))?;
            }
        }
        if job.ending == Ending::Parked {
            return self.stage(phone, job, &scenario::parked(start, late));
        }
        let sign_off = scenario::sign_off(start, late, job.ending);
        match place {
            0 => {
                let (finish, rest) = sign_off.commands.split_at(1);
                self.stage(phone, job, &Stage { at: minutes(start, late + 38), commands: finish.to_vec() })?;
                let early = json!({ "do": "sign", "role": "customer", "name": "R. Alvarez" });
                self.refused(phone, job, &minutes(start, late + 39), &early)?;
                self.stage(phone, job, &Stage { at: sign_off.at.clone(), commands: rest.to_vec() })?;
                let touched = yes("test-run");
                self.refused(phone, job, &minutes(start, late + 50), &touched)?;
                let other = phones.get("tom-phone").ok_or("no such phone")?;
                self.meanwhile(other, job)
            }
            16 => self.killed(phone, job, &sign_off),
            _ => self.stage(phone, job, &sign_off),
        }
    }

    /// The other device of the crew answers the same items differently, without having seen the first one's work.
    fn meanwhile(&mut self, phone: &Phone, job: &Job) -> Outcome<()> {
        let no = json!({ "do": "answer", "item": scenario::rule("professional-tools"), "value": { "yes": false } });
        let stage = Stage {
            at: minutes(&job.start, 15),
            commands: vec![
                no,
                scenario::text("state-duration", "two hours"),
                scenario::note("communication", " Neighbour asked for a card."),
            ],
        };
        (self.say)(&format!(
            "device  {:<12} answers the same items of visit {} differently, offline",
            phone.name, job.number
        ));
        self.stage(phone, job, &stage)
    }

    /// The process is killed with SIGKILL in the middle; what it acknowledged must be there, and the work goes on.
    fn killed(&mut self, phone: &Phone, job: &Job, stage: &Stage) -> Outcome<()> {
        let before = 4;
        let mut session = phone.at(&stage.at).session(&job.id)?;
        let mut acknowledged_hashes = Vec::new();
        for command in &stage.commands[..before] {
            let answer = session.give(command)?;
            if !acknowledged(&answer) {
                return Err(format!("{}: {command} was refused: {answer}", phone.name));
            }
            acknowledged_hashes.push(answer["change"].as_str().unwrap_or_default().to_owned());
            self.keep(job, &answer);
        }
        session.kill()?;
        let history = phone.at(&stage.at).json(&["history", &job.id])?.to_string();
        let found = acknowledged_hashes.iter().filter(|hash| history.contains(hash.as_str())).count();
        self.story.killed = (acknowledged_hashes.len(), found);
        (self.say)(&format!(
            "device  {:<12} killed with SIGKILL after {} commands of visit {}; reopened: {found} of them are there",
            phone.name,
            acknowledged_hashes.len(),
            job.number
        ));
        let rest =
            Stage { at: minutes(&job.start, job.late + 45), commands: stage.commands[before..].to_vec() };
        self.stage(phone, job, &rest)
    }
}

/// A text in the language of the demonstration.
fn words(text: &Value) -> String {
    text.as_str().or(text["en"].as_str()).unwrap_or_default().to_owned()
}

/// The first value of a key anywhere in a JSON value, outermost first.
pub fn find<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    match value {
        Value::Object(fields) => {
            fields.get(key).or_else(|| fields.values().find_map(|value| find(value, key)))
        }
        Value::Array(values) => values.iter().find_map(|value| find(value, key)),
        _ => None,
    }
}

fn settle(
    jobs: &[Job],
    phones: &BTreeMap<&'static str, Phone>,
    office: &Office,
    story: &mut Story,
    say: &mut dyn FnMut(&str),
) -> Outcome<()> {
    let conflicts = |job: &Job| -> Outcome<Vec<Value>> {
        let visit = office.get(&format!("/v1/visits/{}", job.id))?;
        Ok(visit["record"]["conflicts"].as_array().cloned().unwrap_or_default())
    };
    let job = &jobs[0];
    let found = conflicts(job)?;
    story.conflicts.0 = found.len();
    let phone = phones.get("maria-phone").ok_or("no such phone")?.at(EVENING);
    for conflict in &found {
        let item = conflict["target"]["answer"].as_str().unwrap_or_default();
        let versions = conflict["versions"].as_array().cloned().unwrap_or_default();
        let shown: Vec<String> = versions
            .iter()
            .map(|version| format!("{} ({}, {})", version["value"]["is"], version["person"], version["at"]))
            .collect();
        say(&format!("merge   visit {}: {item}: {}", job.number, shown.join(" against ")));
        let chosen = versions.iter().position(|version| version["person"] == "maria").unwrap_or(0);
        let command = json!({ "do": "resolve", "target": { "answer": item }, "version": chosen });
        phone.work(&job.id, &[command])?;
    }
    phone.sync()?;
    for phone in phones.values() {
        phone.at(EVENING).sync()?;
    }
    story.conflicts.1 = conflicts(job)?.len();
    say(&format!("merge   maria settled {} conflicts; {} are left", story.conflicts.0, story.conflicts.1));
    Ok(())
}

fn judge(
    folder: &Path,
    jobs: &[Job],
    office: &Office,
    hashes: &[(String, String)],
    story: &mut Story,
    say: &mut dyn FnMut(&str),
) -> Outcome<()> {
    explain(jobs, office)?;
    let mut at_office: BTreeMap<&str, String> = BTreeMap::new();
    let mut late: BTreeMap<String, usize> = BTreeMap::new();
    for job in jobs {
        let visit = office.get(&format!("/v1/visits/{}?lang=en", job.id))?;
        let state = visit["assessment"]["state"]["id"].as_str().unwrap_or("unknown").to_owned();
        *story.states.entry(state).or_default() += 1;
        for milestone in visit["assessment"]["milestones"].as_array().into_iter().flatten() {
            match milestone["state"].as_str() {
                Some("met") => story.deadlines.0 += 1,
                Some("met-late" | "breached") => {
                    story.deadlines.1 += 1;
                    *late.entry(milestone["rule"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
                }
                _ => {}
            }
        }
        at_office.insert(&job.id, office.get(&format!("/v1/visits/{}/changes", job.id))?.to_string());
    }
    story.lost = hashes
        .iter()
        .filter(|(visit, hash)| {
            !at_office.get(visit.as_str()).is_some_and(|changes| changes.contains(hash.as_str()))
        })
        .count();
    let states: Vec<String> = story.states.iter().map(|(state, count)| format!("{count} {state}")).collect();
    say(&format!("office  {} visits: {}", jobs.len(), states.join(", ")));
    say(&format!("office  deadlines: {} met, {} missed", story.deadlines.0, story.deadlines.1));
    for (rule, count) in late {
        say(&format!("        missed {count:>2} × {rule}"));
    }
    for (lang, place) in [("en", 3), ("zh", 0)] {
        let job = &jobs[place];
        let page = office.text(&format!("/v1/visits/{}/report?lang={lang}&audience=office", job.id))?;
        let file = folder.join(format!("report-{}-{lang}.html", job.number));
        std::fs::write(&file, page).map_err(|error| format!("report: {error}"))?;
        say(&format!("office  service report ({lang}): {}", file.display()));
        story.reports.push(file);
    }
    say(&format!("office  {} changes acknowledged on the devices, {} lost", hashes.len(), story.lost));
    Ok(())
}

/// The supervisor gives the reason for the late first responses and escalates them, as the standard asks.
fn explain(jobs: &[Job], office: &Office) -> Outcome<()> {
    for job in jobs.iter().filter(|job| !job.urgent).take(6) {
        let milestone = scenario::rule("normal-response-24h");
        let reason = json!({ "do": "explain-delay", "milestone": milestone, "reason": "Request lay with another department." });
        office.command(&job.id, &reason)?;
        office.command(&job.id, &json!({ "do": "escalate", "milestone": milestone, "to": "supervisor" }))?;
    }
    Ok(())
}
