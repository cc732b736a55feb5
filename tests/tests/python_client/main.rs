//! A client in another language, written from `docs/protocol.md` alone, and the test vectors that it shares with the codec.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::Command;

use jobsheet_tests::office::Office;
use jobsheet_tests::programs::workspace;
use jobsheet_tests::server::Server;
use jobsheet_wire::{
    BytesHash, DocumentPush, Exchange, Framed, Held, HeldDocument, binding, decode_exchange, digest_of_heads,
    encode_exchange, expand,
};
use serde_json::{Value, json};

/// The events of a visit under `execution-form`, from the order to the way home.
const VISIT: [&str; 10] = [
    "order-accepted",
    "departed",
    "arrived",
    "diagnosis-done",
    "consent-given",
    "work-started",
    "work-finished",
    "handed-over",
    "signed-off",
    "left-site",
];

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// The client's Python, with the packages that it needs. None: there is no Python here, which in CI is a failure.
fn python() -> Option<PathBuf> {
    if !Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED the client in Python: it needs a program that is not on this machine");
        assert!(std::env::var_os("CI").is_none(), "it must be tested in CI");
        return None;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clients/protocol");
    std::fs::create_dir_all(&folder).unwrap();
    let python = folder.join("venv/bin/python");
    // Two tests may come here at once.
    let turn = std::fs::File::create(folder.join("turn")).unwrap();
    turn.lock().unwrap();
    if !python.exists() {
        run(Command::new("python3").args(["-m", "venv", "venv"]).current_dir(&folder));
    }
    run(Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"])
        .arg(client("requirements.txt")));
    Some(python)
}

fn client(file: &str) -> PathBuf {
    workspace("tests/clients/protocol").join(file)
}

fn vectors() -> PathBuf {
    workspace("docs/vectors/sync-1.json")
}

#[test]
fn a_visit_is_done_by_a_client_in_python() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("server"), None, 0).unwrap();
    let office = Office::at(&server.address, server.first_token.as_ref().unwrap()).unwrap();
    let requests = workspace("sync-server/data/boston-311/service_requests.csv");
    office.import(std::fs::read(requests).unwrap()).unwrap();
    office.technician("maria", "Maria").unwrap();
    let order = json!({
        "standard": "execution-form", "crew": ["maria"],
        "start": "2026-03-02T10:00:00-05:00", "end": "2026-03-02T11:00:00-05:00"
    });
    let told = office.post("/v1/requests/101001296115/dispatch", &order).unwrap();
    let visit = told["visit"].as_str().unwrap();
    let mut command = Command::new(python);
    command.arg(client("client.py")).args([&server.address, &office.code("maria").unwrap()]).args(VISIT);
    let done: Value = serde_json::from_str(&run(&mut command)).unwrap();

    let all = |verdict: &str| json!(vec![verdict; VISIT.len() + 1]);
    assert_eq!(done["poke"], json!(["event: poke", "data: poke", ""]));
    assert_eq!(done["early"], json!(["pending"]), "a child before its parents");
    assert_eq!((&done["verdicts"], &done["again"]), (&all("accepted"), &all("duplicate")));
    assert_eq!(done["foreign"], json!(["refused"]), "for a document that it does not see");
    assert_eq!(done["applied"], json!([visit]));
    assert_eq!(done["differed"], json!([0, 1]));

    let row = office.get("/v1/visits").unwrap()["visits"][0].clone();
    assert_eq!((&row["id"], &row["state"]), (&json!(visit), &json!("uploaded")), "done, and at the office");
    let shown = office.get(&format!("/v1/visits/{visit}")).unwrap();
    assert_eq!(shown["heads"], done["heads"], "both hold the same");
    let said = shown["record"]["talk"].as_object().unwrap().values().next().unwrap();
    assert_eq!((&said["words"], &said["by"]), (&json!("你好 from Python"), &json!("maria")));
}

#[test]
fn the_client_writes_as_the_test_vectors_say() {
    let Some(python) = python() else { return };
    assert_eq!(run(Command::new(python).arg(client("vectors.py")).arg(vectors())).trim(), "the same");
}

fn bytes(value: &Value) -> Vec<u8> {
    jobsheet_core::unhex(value.as_str().unwrap()).unwrap()
}

fn array<const N: usize>(value: &Value) -> [u8; N] {
    bytes(value).try_into().unwrap()
}

#[test]
fn the_codec_reads_and_writes_as_the_test_vectors_say() {
    let told: Value = serde_json::from_str(&std::fs::read_to_string(vectors()).unwrap()).unwrap();
    let list = |value: &Value| value.as_array().unwrap().clone();
    let document = array(&told["document"]);
    let heads: Vec<[u8; 32]> = list(&told["heads"]).iter().map(array).collect();
    assert_eq!(digest_of_heads(&document, &heads).to_vec(), bytes(&told["digest_of_heads"]));
    let framed = |one: &Value| Framed { hash: array(&one["hash"]), bytes: bytes(&one["bytes"]) };
    let changes: Vec<Framed> = list(&told["changes"]).iter().map(framed).collect();
    let hashes = changes.iter().map(|change| &change.hash);
    assert_eq!(binding(&document, hashes).to_vec(), bytes(&told["binding"]));
    let expanded = expand(&bytes(&told["as_they_are"]), &mut (1 << 20)).unwrap();
    let expanded: Vec<Framed> =
        expanded.into_iter().map(|one| Framed { hash: one.hash, bytes: one.bytes }).collect();
    assert_eq!(expanded, changes);

    let message = &told["exchange"];
    let held = |one: &Value| HeldDocument { document: array(&one[0]), digest: bytes(&one[1]) };
    let expected = Exchange {
        cursor: bytes(&message["cursor"]),
        push: vec![DocumentPush { document, changes }],
        packs: list(&message["packs"]).iter().map(|hash| BytesHash(array(hash))).collect(),
        sent_at_ms: message["sent_at_ms"].as_i64().unwrap(),
        stock: message["stock"].as_u64(),
        tariffs: message["tariffs"].as_u64(),
        held: Some(Held {
            after: bytes(&message["held"]["after"]),
            upto: bytes(&message["held"]["upto"]),
            documents: list(&message["held"]["documents"]).iter().map(held).collect(),
        }),
        unapplied: list(&message["unapplied"]).iter().map(array).collect(),
        hand_overs: Vec::new(),
    };
    let body = bytes(&message["body"]);
    assert_eq!(decode_exchange(&body).unwrap(), expected);
    assert_eq!(zstd::decode_all(&body[1..]).unwrap(), bytes(&message["cbor"]));
    // Written anew it is packed closer, and says the same.
    assert_eq!(decode_exchange(&encode_exchange(&expected).unwrap()).unwrap(), expected);
}
