//! Parts at the office: what lies in the vans, a further visit for what was left open, what a visit costs.

use std::collections::BTreeMap;

use jobsheet_core::Moment;
use jobsheet_core::record::{Command, VisitLink};
use jobsheet_core::standard::Kind;
use jobsheet_core::stock::StockFinding;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::actions::check_crew;
use super::register::{Opening, has_field, job_of, open};
use super::{By, OfficeError, command};
use crate::documents::load;
use crate::standards::Standards;
use crate::store::{Reading, StockAt, Writing};

/// Most further visits of one.
const MAX_FOLLOW_ONS: u32 = 99;

/// The van of a technician.
#[derive(Debug, Serialize)]
pub(crate) struct Van {
    /// Whose it is.
    technician: String,
    /// What was committed up to here is taken into account.
    as_of: u64,
    /// The parts, by number.
    lines: Vec<VanLine>,
    /// What is wrong.
    findings: Vec<VanFinding>,
}

#[derive(Debug, Serialize)]
struct VanLine {
    number: String,
    name: Option<String>,
    quantity: i64,
    tracked: bool,
    listed: bool,
    serials: Vec<String>,
}

#[derive(Debug, Serialize)]
struct VanFinding {
    #[serde(flatten)]
    finding: StockFinding,
    text: jobsheet_core::Text,
    /// Visits in which the part was used, latest first.
    visits: Vec<Uuid>,
}

impl std::fmt::Display for Van {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for line in &self.lines {
            let name = line.name.as_deref().unwrap_or_default();
            writeln!(out, "{:>6}  {:<20}  {name}  {}", line.quantity, line.number, line.serials.join(" "))?;
        }
        for VanFinding { finding, text, .. } in &self.findings {
            let serial = finding.serial.as_deref().unwrap_or_default();
            writeln!(
                out,
                "{}: {} {serial} ({}): {}",
                finding.fault.id(),
                finding.number,
                finding.quantity,
                text.en
            )?;
        }
        write!(out, "{} part numbers, {} findings", self.lines.len(), self.findings.len())
    }
}

/// The van of a technician. A technician for whom nothing was counted has an empty one.
pub(crate) fn van(tx: &Reading<'_>, technician: &str) -> Result<Van, OfficeError> {
    check_crew(tx, &[technician.to_owned()])?;
    let Some(StockAt { as_of, stock }) = tx.stock(technician)? else {
        return Ok(Van {
            technician: technician.to_owned(),
            as_of: 0,
            lines: Vec::new(),
            findings: Vec::new(),
        });
    };
    let lines = stock.lines().map(|line| VanLine {
        number: line.number.clone(),
        name: line.name.clone(),
        quantity: line.quantity,
        tracked: line.tracked,
        listed: line.listed,
        serials: line.serials().map(ToOwned::to_owned).collect(),
    });
    let lines = lines.collect();
    let mut findings = Vec::new();
    for finding in stock.findings() {
        let visits = tx.visits_that_used(technician, &finding.number)?;
        findings.push(VanFinding { text: finding.fault.text(), finding, visits });
    }
    Ok(Van { technician: technician.to_owned(), as_of, lines, findings })
}

/// All vans.
pub(crate) fn vans(tx: &Reading<'_>) -> Result<Vec<Van>, OfficeError> {
    tx.stock_holders()?.iter().map(|technician| van(tx, technician)).collect()
}

/// A further visit for what one has left open.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FollowOn {
    /// Technicians, by id; the first leads.
    crew: Vec<String>,
    /// Planned start.
    start: Moment,
    /// Planned end.
    end: Moment,
    /// Tools to carry.
    #[serde(default)]
    tools: Vec<String>,
    /// Order fields that differ from those of the first visit.
    #[serde(default)]
    order: BTreeMap<String, String>,
    /// Its number; none: that of the first visit with a number behind it.
    #[serde(default)]
    number: Option<String>,
}

/// A further visit that has been opened.
#[derive(Debug, Serialize)]
pub(crate) struct FollowOnOpened {
    visit: Uuid,
    number: String,
    follows: Uuid,
}

/// Opens a further visit for what one has left open, sends its crew, and ties the two to each other, in one transaction.
pub(crate) fn follow_on(
    tx: &Writing<'_>,
    standards: &Standards,
    first: &Uuid,
    new: FollowOn,
    by: &By,
) -> Result<FollowOnOpened, OfficeError> {
    let FollowOn { crew, start, end, tools, order: changed, number } = new;
    let unknown = || OfficeError::Unknown { what: "visit", id: first.to_string() };
    let loaded = load(tx, standards, first)?.ok_or_else(unknown)?;
    let record = loaded.visit.record();
    if record.kind != Kind::Visit {
        let reason = "only a visit is followed by another".to_owned();
        return Err(OfficeError::Invalid { field: "visit", reason });
    }
    check_crew(tx, &crew)?;
    let first_number = record.order.get("number").cloned().unwrap_or_else(|| first.to_string());
    let number = number_after(tx, &first_number, number)?;
    // The rules of today hold for what is done from now on; what was done stays judged by those of its day.
    let standard = standards.current(tx, &loaded.standard.pack().id)?;
    let job = job_of(&standard, Some(&record.job), Kind::Visit)?;
    let mut order: BTreeMap<String, String> =
        record.order.iter().filter(|(id, _)| has_field(&standard, job, id)).map(own).collect();
    if has_field(&standard, job, "received_at") {
        order.insert("received_at".to_owned(), Moment::utc(by.now).to_string());
    }
    order.extend(changed);
    let opening = Opening {
        standard: &standard,
        job,
        number: &number,
        request: None,
        about: Some(first),
        order,
        received_at: None,
    };
    let mut opened = open(tx, opening, by)?;
    opened.apply(&Command::Dispatch { crew: crew.clone(), start, end, tools }, by)?;
    let follows = Command::LinkVisit { how: VisitLink::Follows, visit: *first, number: first_number };
    opened.apply(&follows, by)?;
    let visit = opened.commit(tx, &crew, by)?;
    let booked = Command::LinkVisit { how: VisitLink::FollowOn, visit, number: number.clone() };
    command(tx, standards, first, &booked, by)?;
    tx.audit(by.now, &by.person, "follow-on", &visit.to_string(), &number)?;
    Ok(FollowOnOpened { visit, number, follows: *first })
}

fn own((id, value): (&String, &String)) -> (String, String) {
    (id.clone(), value.clone())
}

fn number_after(tx: &Reading<'_>, first: &str, wanted: Option<String>) -> Result<String, OfficeError> {
    if let Some(number) = wanted {
        super::check_id("number", &number)?;
        let taken = tx.is_number_taken(&number)?;
        return if taken { Err(OfficeError::Taken { what: "number", id: number }) } else { Ok(number) };
    }
    for nth in 2..=MAX_FOLLOW_ONS {
        let number = format!("{first}-{nth}");
        if !tx.is_number_taken(&number)? {
            return Ok(number);
        }
    }
    Err(OfficeError::Taken { what: "number", id: format!("{first}-{MAX_FOLLOW_ONS}") })
}
