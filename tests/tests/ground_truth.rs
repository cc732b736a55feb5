//! The city's own verdict on 600 real service requests, against what Jobsheet says of their deadlines: a real server, each
//! request with the target that the city gave it, the close entered with the time at which it happened.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jobsheet_core::Moment;
use jobsheet_tests::office::Office;
use jobsheet_tests::server::Server;
use serde_json::json;

const REQUESTS: &str = include_str!("../../sync-server/data/boston-311/service_requests.csv");
const PACK: &str = include_str!("../data/city-targets.toml");
const ZONE: &str = "America/New_York";

struct Row {
    number: String,
    target: String,
    closed: String,
    verdict: String,
}

/// The rows that have a target, a close and a verdict. Read with another reader than the server's.
fn rows() -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(REQUESTS.as_bytes());
    reader
        .deserialize::<BTreeMap<String, String>>()
        .map(|row| {
            let row = row.unwrap();
            let field = |name: &str| row[name].trim().to_owned();
            Row {
                number: field("CASE_ENQUIRY_ID"),
                target: field("TARGET_DT"),
                closed: field("CLOSED_DT"),
                verdict: field("OnTime_Status"),
            }
        })
        .filter(|row| !row.target.is_empty() && !row.closed.is_empty() && !row.verdict.is_empty())
        .collect()
}

/// A time as the city publishes it, with the offset that New York had.
fn moment(text: &str) -> Moment {
    let local = DateTime::strptime("%m/%d/%Y %I:%M:%S %p", text).unwrap();
    let zone = TimeZone::get(ZONE).unwrap();
    let instant = zone.to_ambiguous_timestamp(local).compatible().unwrap();
    Moment::new(instant, zone.to_offset(instant))
}

#[test]
fn the_citys_verdicts_are_ours() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("server"), None, 0).unwrap();
    let office = Office::at(&server.address, server.first_token.as_deref().unwrap()).unwrap();
    office.import(REQUESTS.as_bytes().to_vec()).unwrap();
    let published = office
        .ask(reqwest::Method::POST, "/v1/standards", Some(("application/toml", PACK.as_bytes().to_vec())))
        .unwrap();
    assert_eq!(published.status, 201, "{}", published.text);

    let rows = rows();
    assert_eq!(rows.len(), 424);
    let mut agreed: BTreeMap<&str, usize> = BTreeMap::new();
    let mut differences = Vec::new();
    for row in &rows {
        let order = json!({ "target_at": moment(&row.target), "time_zone": ZONE });
        let body = json!({ "standard": "city-targets", "order": order });
        let path = format!("/v1/requests/{}/register", row.number);
        let visit = office.post(&path, &body).unwrap()["visit"].as_str().unwrap().to_owned();
        let command = json!({ "do": "report", "event": "request-settled", "happened": moment(&row.closed) });
        office.command(&visit, &command).unwrap();
        let shown = office.get(&format!("/v1/visits/{visit}")).unwrap();
        let clock = &shown["assessment"]["milestones"][0];
        assert_eq!(clock["rule"], "city-targets.target");
        assert_eq!(clock["entered_later"], true, "the close was entered long after it happened");
        let ours = match clock["state"].as_str().unwrap() {
            "met" => "ONTIME",
            "met-late" => "OVERDUE",
            other => panic!("{}: {other}", row.number),
        };
        if ours == row.verdict {
            *agreed.entry(ours).or_default() += 1;
        } else {
            differences.push(format!("{}: {ours}, the city says {} ({clock})", row.number, row.verdict));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    println!("agreed: {agreed:?}");
    assert_eq!(agreed.values().sum::<usize>(), 424);
    assert!(agreed.len() == 2, "both verdicts occur: {agreed:?}");
    server.stop().unwrap();
}
