//! Packs of the company: taken, refused, used, and sent to devices.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Server, codes, ok, order, pack, problem};
use jobsheet_core::record::Command;
use reqwest::Method;
use reqwest::blocking::Response;
use serde_json::{Value, json};

const NUMBERS: [&str; 2] = ["101001241039", "101001241625"];

/// The execution form as a pack of its own.
fn acme(version: &str) -> String {
    pack("execution-form").replace("execution-form", "acme-form").replacen(
        "version = \"1.0.0\"",
        &format!("version = \"{version}\""),
        1,
    )
}

fn send(server: &Server, source: impl Into<reqwest::blocking::Body>) -> Response {
    server.ask(Method::POST, "/v1/standards").body(source).send().unwrap()
}

#[test]
fn a_pack_is_stored_once_and_stays_as_it_is() {
    let server = Server::start();
    let supervisor = server.token_of(&["supervisor"]);
    let by = |source: String| {
        server.ask_by(&supervisor, Method::POST, "/v1/standards").body(source).send().unwrap()
    };
    let first = by(acme("1.0.0"));
    assert_eq!(first.status(), 201);
    let first = ok(first);
    assert_eq!(
        (&first["id"], &first["version"], &first["new"]),
        (&json!("acme-form"), &json!("1.0.0"), &json!(true))
    );
    let again = by(format!("# A comment changes nothing.\n{}", acme("1.0.0")));
    assert_eq!(again.status(), 200);
    let again = ok(again);
    assert_eq!((&again["new"], &again["sha256"]), (&json!(false), &first["sha256"]));
    let changed = acme("1.0.0").replacen("Service execution form", "Acme form", 1);
    assert_ne!(changed, acme("1.0.0"));
    let told = server.refused(|| by(changed.clone()), 409, "version-taken");
    assert!(told["detail"].as_str().unwrap().contains("`acme-form` 1.0.0"), "{told}");
    let builtin = pack("execution-form");
    assert_eq!(ok(by(builtin.clone()))["new"], false, "it comes with the server");
    let forged = builtin.replacen("Service execution form", "Acme form", 1);
    server.refused(|| by(forged), 409, "version-taken");
    ok(by(changed.replacen("1.0.0", "1.1.0", 1)));

    let list = server.get("/v1/standards");
    let rows = list.as_array().unwrap();
    let found = |id: &str, version: &str| {
        rows.iter().find(|row| row["id"] == id && row["version"] == version).unwrap()
    };
    assert_eq!(rows.len(), 7);
    let (old, new) = (found("acme-form", "1.0.0"), found("acme-form", "1.1.0"));
    assert_eq!(
        (&old["origin"], &old["current"], &new["current"]),
        (&json!("company"), &json!(false), &json!(true))
    );
    assert_eq!((&new["title"]["en"], &new["added_by"]), (&json!("Acme form"), &json!("supervisor")));
    let gas = found("gas", "1.0.0");
    assert_eq!(
        (&gas["origin"], &gas["current"], &gas["added_by"]),
        (&json!("builtin"), &json!(true), &Value::Null)
    );
    assert!(
        gas["jobs"]
            .as_array()
            .unwrap()
            .iter()
            .any(|job| job["id"] == "counter-shift" && job["kind"] == "shift")
    );

    let shown = server.get("/v1/standards/acme-form");
    assert_eq!((&shown["version"], &shown["versions"]), (&json!("1.1.0"), &json!(["1.0.0", "1.1.0"])));
    assert!(shown["source"].as_str().unwrap().contains("Acme form"));
    let shown = server.get("/v1/standards/acme-form?version=1.0.0");
    assert_eq!(shown["source"], acme("1.0.0"));
    assert_eq!((&shown["base"], &shown["disabled"]), (&Value::Null, &json!([])));
    assert_eq!(server.get("/v1/standards/gas")["source"], pack("gas"));
    for path in ["/v1/standards/nothing", "/v1/standards/gas?version=9.9.9", "/v1/standards/%2e%2e%2fetc"] {
        problem(server.ask(Method::GET, path).send().unwrap(), 404, "unknown");
    }
}

#[test]
fn a_pack_with_errors_is_refused_with_their_places() {
    let server = Server::start();
    let broken = acme("1.0.0").replacen("order.urgency ==", "order.urgence ==", 1);
    assert_ne!(broken, acme("1.0.0"));
    let told = server.refused(|| send(&server, broken.clone()), 422, "pack-not-valid");
    let diagnostics = told["diagnostics"].as_array().unwrap();
    assert!(!diagnostics.is_empty(), "{told}");
    for diagnostic in diagnostics {
        assert!(diagnostic["code"].is_string() && diagnostic["place"].is_string(), "{diagnostic}");
        assert!(diagnostic["line"].as_u64().unwrap() >= 1 && diagnostic["column"].as_u64().unwrap() >= 1);
        for lang in ["en", "zh"] {
            assert!(
                diagnostic["message"][lang].as_str().is_some_and(|text| !text.is_empty()),
                "{diagnostic}"
            );
            assert!(diagnostic["help"][lang].as_str().is_some_and(|text| !text.is_empty()), "{diagnostic}");
        }
    }
    server.refused(|| send(&server, "this is no pack"), 422, "pack-not-valid");
    server.refused(|| send(&server, ""), 422, "pack-not-valid");
    server.refused(|| send(&server, vec![0xff, 0xfe, 0x00]), 422, "wrong-encoding");
    server.refused(|| send(&server, "#".repeat((1 << 20) + 1)), 413, "too-large");

    let file = server.folder.path().join("broken.toml");
    std::fs::write(&file, broken).unwrap();
    let output = server.console(&["standard", "add", file.to_str().unwrap()]);
    assert!(!output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.starts_with(&format!("{}:", file.display())), "{said}");
}

#[test]
fn visits_follow_the_newest_pack_and_keep_the_one_they_began_with() {
    let server = Server::start();
    server.import();
    server.technician("lee");
    let dispatch = |number: &str, standard: &str| -> uuid::Uuid {
        let mut body = order(&["lee"]);
        body["standard"] = json!(standard);
        let response = server.post(&format!("/v1/requests/{number}/dispatch"), &body);
        ok(response)["visit"].as_str().unwrap().parse().unwrap()
    };
    let one = ok(send(&server, acme("1.9.0")));
    ok(send(&server, acme("1.2.0")));
    let first = dispatch(NUMBERS[0], "acme-form");
    let two = ok(send(&server, acme("1.10.0")));
    ok(send(&server, acme("1.10.1-rc.1").replacen("1.10.1-rc.1", "1.10.0-rc.1", 1)));
    let second = dispatch(NUMBERS[1], "acme-form");
    let pinned =
        |id: &uuid::Uuid| server.get(&format!("/v1/visits/{id}"))["record"]["standard"]["sha256"].clone();
    assert_eq!((pinned(&first), pinned(&second)), (one["sha256"].clone(), two["sha256"].clone()));

    let mut lee = server.device("lee");
    let reply = lee.sync(&[]);
    assert_eq!((reply.deliveries.len(), reply.packs.len()), (2, 2), "each with its own pack");
    let accepted = lee.work(&first, Command::Accept);
    assert_eq!(codes(&lee.sync(&[(first, vec![accepted])])), ["accepted"]);
    let token = server.token.clone();
    let mut again = Server::on(server.stop(), &["--clock", common::NOW]);
    again.token = token;
    let shown = again.get(&format!("/v1/visits/{first}"));
    assert_eq!(shown["assessment"]["state"]["id"], "accepted", "judged by its pack after a restart too");
    assert!(shown["assessment"]["findings"][0]["rule"].as_str().unwrap().starts_with("acme-form."));
}

#[test]
fn a_pack_of_the_company_comes_before_the_one_of_the_server() {
    let server = Server::start();
    server.import();
    server.technician("lee");
    let own = pack("execution-form").replacen("version = \"1.0.0\"", "version = \"1.0.0-acme\"", 1).replacen(
        "Service execution form",
        "Acme form",
        1,
    );
    let own = ok(send(&server, own));
    let visit = server.dispatch(NUMBERS[0], &["lee"]);
    let shown = server.get(&format!("/v1/visits/{visit}"));
    assert_eq!(shown["record"]["standard"]["sha256"], own["sha256"]);
}

#[test]
fn the_console_adds_and_lists_standards_beside_the_running_server() {
    let server = Server::start();
    let file = server.folder.path().join("acme.toml");
    std::fs::write(&file, acme("1.0.0")).unwrap();
    let add = || {
        let output = server.console(&["standard", "add", file.to_str().unwrap()]);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(add().contains("standard acme-form 1.0.0 added: "));
    assert!(add().contains("standard acme-form 1.0.0 stored already: "));
    let listed = String::from_utf8(server.console(&["standard", "list"]).stdout).unwrap();
    assert!(
        listed.contains("acme-form  1.0.0  company") && listed.contains("gas  1.0.0  builtin"),
        "{listed}"
    );
    assert_eq!(server.get("/v1/standards/acme-form")["added_by"], "console");
    let output = server.console(&["standard", "add", "/no/such/file"]);
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("/no/such/file"));
}

const OVERLAY: &str = r#"
format = 1
id = "acme-form"
version = "1.0.0"
title = { en = "Acme form", zh = "艾克美表" }
extends = { id = "execution-form", version = "1.0.0" }
override = [{ rule = "execution-form.verify-need", set = { severity = "should" } }]
disable = [{ rule = "execution-form.recheck-key-fields", reason = { en = "Checked by the system.", zh = "由系统核对。" } }]

[[rules]]
id = "acme-form.read-back"
clause = "Handbook 3"
phase = "intake"
roles = ["customer-service"]
severity = "must"
text = { en = "Read the order back to the customer.", zh = "向客户复述工单。" }
check.item = { ask = "yes-no", window = { after = "request-registered" } }
"#;

#[test]
fn what_a_company_changes_is_laid_over_the_standard() {
    let server = Server::start();
    server.import();
    server.technician("lee");
    let base = server.get("/v1/standards/execution-form");
    let sent = ok(send(&server, OVERLAY));
    assert_eq!(sent["based_on"]["id"], "execution-form");
    let shown = server.get("/v1/standards/acme-form");
    assert_eq!(
        (&shown["based_on"], &shown["base"]["sha256"]),
        (&json!("execution-form 1.0.0"), &base["sha256"])
    );
    assert_eq!(shown["overridden"], json!(["execution-form.verify-need"]));
    assert_eq!(shown["added"], json!(["acme-form.read-back"]));
    let reason = json!({"en": "Checked by the system.", "zh": "由系统核对。"});
    assert_eq!(shown["disabled"], json!([{"rule": "execution-form.recheck-key-fields", "reason": reason}]));
    assert_eq!(shown["original"], OVERLAY);
    assert!(shown["source"].as_str().unwrap().contains("acme-form.read-back"));

    let mut body = order(&["lee"]);
    body["standard"] = json!("acme-form");
    let visit = ok(server.post(&format!("/v1/requests/{}/dispatch", NUMBERS[0]), &body))["visit"].clone();
    let visit: uuid::Uuid = visit.as_str().unwrap().parse().unwrap();
    let shown = server.get(&format!("/v1/visits/{visit}"));
    let status = |rule: &str| {
        let findings = shown["assessment"]["findings"].as_array().unwrap();
        findings.iter().find(|finding| finding["rule"] == rule).unwrap()["status"].clone()
    };
    assert_eq!(status("acme-form.read-back"), "outstanding");
    assert_eq!(status("execution-form.recheck-key-fields"), "disabled");
    let mut lee = server.device("lee");
    let reply = lee.sync(&[]);
    assert_eq!(jobsheet_core::hex(&reply.packs[0].sha256), sent["sha256"], "devices get the whole pack");
    let accepted = lee.work(&visit, Command::Accept);
    assert_eq!(codes(&lee.sync(&[(visit, vec![accepted])])), ["accepted"]);

    let further = OVERLAY
        .replace("acme-form", "acme-night")
        .replace("severity = \"should\"", "severity = \"must\"")
        .replace("execution-form\", version", "acme-form\", version")
        .replace("execution-form.recheck-key-fields", "acme-form.read-back");
    ok(send(&server, further));
    assert_eq!(server.get("/v1/standards/acme-night")["based_on"], "acme-form 1.0.0");
    let lost = OVERLAY.replacen("execution-form\", version", "nowhere\", version", 1);
    let told = server.refused(|| send(&server, lost), 422, "pack-not-valid");
    let diagnostic = &told["diagnostics"][0];
    assert_eq!((&diagnostic["line"], &diagnostic["level"]), (&json!(6), &json!("error")), "{told}");
}
