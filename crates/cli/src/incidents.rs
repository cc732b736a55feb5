//! Special situations: what to bear in mind and say, what to do in which order, who is told by when; and calls for help.

use std::fmt::Write as _;
use std::str::FromStr;

use jobsheet::{CallForHelp, Delivery, DeliveryTry};
use jobsheet_core::Moment;
use jobsheet_core::assess::{Duty, Guidance, Incident, Notice, Status};
use jobsheet_core::record::{DocumentId, Spot};
use jobsheet_core::standard::{Severity, Standard};
use serde_json::json;

use crate::Here;
use crate::failure::Failure;
use crate::lists::local;
use crate::names::Names;
use crate::visit::find;
use crate::words::{cut, span};

/// Exit code where the server refused the alert.
const REFUSED: u8 = 3;

/// A call for help, as it is given on the command line.
#[derive(Debug, clap::Args)]
pub(crate) struct AlertArgs {
    /// Id or order number
    visit: String,
    /// Special situation, an id of the pack [default: the only one that has an alert]
    #[arg(long, value_name = "ID")]
    situation: Option<String>,
    /// What is the matter
    #[arg(long)]
    words: Option<String>,
    /// Where you are, in degrees north and east, and how exact in metres
    #[arg(long, value_name = "LAT,LON[,METRES]", allow_hyphen_values = true)]
    place: Option<Place>,
    /// Keep the alert and return; the next sync sends it first
    #[arg(long)]
    no_wait: bool,
}

/// A place as `42.36,-71.06,15`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place(Spot);

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // The place is personal: the message does not repeat it.
        let wrong = || "write degrees north and east, and perhaps metres: 42.36,-71.06,15".to_owned();
        let numbers: Vec<f64> = text
            .split(',')
            .map(|part| part.trim().parse::<f64>().map_err(|_| wrong()))
            .collect::<Result<_, _>>()?;
        match numbers[..] {
            [latitude, longitude] => Ok(Self(Spot { latitude, longitude, accuracy_m: None })),
            [latitude, longitude, metres] => Ok(Self(Spot { latitude, longitude, accuracy_m: Some(metres) })),
            _ => Err(wrong()),
        }
    }
}

/// Calls the office for help, and tries until the server has it.
pub(crate) fn alert(here: &Here<'_>, args: AlertArgs) -> Result<(), Failure> {
    let visit = find(&here.store, &args.visit)?;
    let situation = match args.situation {
        Some(situation) => Some(situation),
        None => only_alarm(here, visit)?,
    };
    let call = CallForHelp { situation, words: args.words, place: args.place.map(|place| place.0) };
    let receipt = here.store.alert(visit, call)?;
    let words = here.output.words;
    if args.no_wait {
        let shown = json!({ "receipt": receipt, "delivery": null });
        return here.output.result(&shown, || format!("{} · {}", words.alert_kept, receipt.entry));
    }
    if !here.output.is_json() {
        crate::output::line(words.alert_kept)?;
    }
    let delivery = here.store.keep_alerting(|| false, |tried| tell(here, tried))?;
    let shown = json!({ "receipt": receipt, "delivery": delivery });
    here.output.result(&shown, || delivered(here, delivery, &receipt.entry.to_string()))?;
    if delivery.refused > 0 { Err(Failure::Told(REFUSED)) } else { Ok(()) }
}

fn delivered(here: &Here<'_>, delivery: Delivery, entry: &str) -> String {
    let words = here.output.words;
    if delivery.refused > 0 {
        return format!("{}: jobsheet quarantine", words.alert_refused);
    }
    format!("{} · {entry}", words.alert_sent)
}

/// A try is told to people as it happens; with JSON only the outcome is.
fn tell(here: &Here<'_>, tried: &DeliveryTry) {
    if let (false, Some(failed)) = (here.output.is_json(), &tried.failed) {
        let wait = tried.next_in.map_or(0, |wait| wait.as_secs());
        // Nobody is left to tell if the terminal is gone; the tries go on.
        let _ = crate::output::line(&format!("{}. {failed} (+{wait} s)", tried.number));
    }
}

/// The one special situation of the job that has an alert, if there is exactly one.
fn only_alarm(here: &Here<'_>, visit: DocumentId) -> Result<Option<String>, Failure> {
    let view = here.store.visit(visit)?;
    let job = &view.record.job;
    let known = view.standard.situations_of(job).filter(|known| known.alert.is_some());
    let known: Vec<&str> = known.map(|known| known.id.as_str()).collect();
    Ok(if let [one] = known[..] { Some(one.to_owned()) } else { None })
}

/// Lists the special situations that have been reported.
pub(crate) fn list(here: &Here<'_>, visit: &str) -> Result<(), Failure> {
    let visit = find(&here.store, visit)?;
    let standard = here.store.standard(visit)?;
    let incidents = here.store.incidents(visit)?;
    here.output.result(&incidents, || {
        if incidents.is_empty() {
            return here.output.words.nothing.to_owned();
        }
        let mut out = String::new();
        for incident in &incidents {
            head(here, incident, &mut out);
            for duty in incident.duties.iter().filter(|duty| incident.open && !duty.done) {
                duty_line(here, &standard, duty, &mut out);
            }
            for notice in incident.tells.iter().filter(|notice| incident.open && notice.told.is_none()) {
                notice_line(here, notice, &mut out);
            }
        }
        out
    })
}

/// Shows one special situation: reported or not.
pub(crate) fn show(here: &Here<'_>, visit: &str, situation: &str) -> Result<(), Failure> {
    let visit = find(&here.store, visit)?;
    let Some(incident) = here.store.situation(visit, situation)? else {
        let view = here.store.visit(visit)?;
        let known: Vec<&str> =
            view.standard.situations_of(&view.record.job).map(|known| known.id.as_str()).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        let situation = cut(situation, 60);
        return Err(Failure::input(
            "situation",
            format!("the standard has no situation `{situation}` for this job; it has {known}"),
        ));
    };
    let standard = here.store.standard(visit)?;
    here.output.result(&incident, || whole(here, &standard, &incident))
}

fn whole(here: &Here<'_>, standard: &Standard, incident: &Incident) -> String {
    let (words, lang) = (here.output.words, here.output.lang);
    let names = Names::new(here.output, standard);
    let mut out = String::new();
    head(here, incident, &mut out);
    if let Some(reading) = &incident.reading {
        let _ = writeln!(out, "  {}", reading.get(lang));
    }
    for report in &incident.reports {
        let note = report.note.as_deref().unwrap_or_default();
        let line = format!("  {}  {}  {note}", local(here, report.at.instant()), report.person);
        let _ = writeln!(out, "{}", line.trim_end());
    }
    for alert in &incident.alerts {
        let answer = alert.acknowledged.as_ref().map_or_else(
            || words.alert_open.to_owned(),
            |answer| {
                let said = answer.words.as_deref().unwrap_or_default();
                format!("{} {} {said}", words.alert_answered, answer.person)
            },
        );
        let line = format!("  {} {}  {answer}", words.alert, local(here, alert.at.instant()));
        let _ = writeln!(out, "{}", line.trim_end());
    }
    section(&mut out, words.bear_in_mind, incident.guidance.iter(), |out, line| guidance(here, line, out));
    section(&mut out, words.to_do, incident.duties.iter(), |out, duty| duty_line(here, standard, duty, out));
    section(&mut out, words.to_tell, incident.tells.iter(), |out, notice| notice_line(here, notice, out));
    if incident.reports.is_empty() {
        if let Some(known) = standard.situation(&incident.situation) {
            let _ = writeln!(out, "{}: {}", words.opened_by, names.events(&known.opens));
        }
    } else if incident.open && !incident.closes.is_empty() {
        let _ = writeln!(out, "{}: {}", words.closed_by, names.events(&incident.closes));
    }
    if !incident.frees.is_empty() {
        let _ = writeln!(out, "{}: {}", words.frees, names.events(&incident.frees));
    }
    out
}

fn section<T>(
    out: &mut String,
    title: &str,
    items: impl ExactSizeIterator<Item = T>,
    mut write: impl FnMut(&mut String, T),
) {
    if items.len() > 0 {
        let _ = writeln!(out, "{title}");
        for item in items {
            write(out, item);
        }
    }
}

fn head(here: &Here<'_>, incident: &Incident, out: &mut String) {
    let words = here.output.words;
    let name = incident.name.get(here.output.lang);
    let when = |at: Moment| local(here, at.instant());
    let state = match (incident.open, incident.since, incident.closed) {
        (true, Some(since), _) => format!("{} · {} {}", words.open_situation, words.since, when(since)),
        (false, Some(since), Some(closed)) => {
            format!("{} · {} – {}", words.over_situation, when(since), when(closed))
        }
        (false, Some(since), None) => format!("{} · {}", words.over_situation, when(since)),
        _ => words.not_reported.to_owned(),
    };
    let _ = writeln!(out, "{name} [{}] · {state}", incident.situation);
}

fn guidance(here: &Here<'_>, line: &Guidance, out: &mut String) {
    let (words, lang) = (here.output.words, here.output.lang);
    let sign = match line.severity {
        Severity::Must => '✓',
        Severity::MustNot => '✗',
        Severity::Should => '○',
    };
    let _ = writeln!(out, "  {sign} {} ({} {})", line.text.get(lang), words.clause, line.clause);
    if let Some(say) = &line.say {
        let _ = writeln!(out, "      “{}”", say.get(lang));
    }
    if let Some(reading) = &line.reading {
        let _ = writeln!(out, "      {}", reading.get(lang));
    }
}

fn duty_line(here: &Here<'_>, standard: &Standard, duty: &Duty, out: &mut String) {
    let (words, lang) = (here.output.words, here.output.lang);
    let names = Names::new(here.output, standard);
    let mark = if duty.done {
        "[x]"
    } else if duty.status == Status::Violated {
        "[!]"
    } else {
        "[ ]"
    };
    let _ = writeln!(out, "  {mark} {} ({} {})", duty.text.get(lang), words.clause, duty.clause);
    if duty.done {
        return;
    }
    let mut facts = Vec::new();
    if let Some(command) = &duty.command {
        facts.push(names.subcommand(command, duty.argument.as_deref()));
    }
    facts.push(names.roles(&duty.roles));
    facts.extend(duty.due.map(|due| format!("{} {}", words.until, local(here, due.instant()))));
    facts.extend(
        duty.left_seconds
            .map(|left| format!("{} {}", span(left), if left < 0 { words.over } else { words.left })),
    );
    let _ = writeln!(out, "      {}", facts.join(" · "));
}

fn notice_line(here: &Here<'_>, notice: &Notice, out: &mut String) {
    let (words, lang) = (here.output.words, here.output.lang);
    if notice.moot {
        return;
    }
    let state = match (notice.told, notice.due, notice.at_once) {
        (Some(told), ..) => format!("{} {}", words.told, local(here, told.instant())),
        (None, Some(due), _) => format!("{} {}", words.until, local(here, due.instant())),
        (None, None, true) => words.at_once.to_owned(),
        _ => String::new(),
    };
    let late = if notice.late { format!(" · {}", words.late) } else { String::new() };
    let name = notice.name.get(lang);
    let _ = writeln!(out, "  {name}: {state}{late} ({} {})", words.clause, notice.clause);
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn a_place_is_two_numbers_or_three_and_a_wrong_one_is_not_repeated() {
        let spot = "42.36, -71.06,15".parse::<Place>().unwrap().0;
        assert_eq!((spot.latitude, spot.longitude, spot.accuracy_m), (42.36, -71.06, Some(15.0)));
        assert_eq!("42.36,-71.06".parse::<Place>().unwrap().0.accuracy_m, None);
        for wrong in ["", "42.36", "42.36;71", "abc,71", "1,2,3,4"] {
            let told = "x".to_owned() + &wrong.parse::<Place>().unwrap_err();
            assert!(told.contains("42.36,-71.06,15") && !told.contains("abc"), "{wrong}");
        }
    }
}
