//! Commands as JSON: one to try, or many from standard input.

use std::io::{BufRead, Read};
use std::path::Path;

use jobsheet::{DocumentFacts, PhotoFacts, Receipt};
use jobsheet_core::record::{Command, DocumentId};
use serde_json::{Map, Value, json};

use crate::Here;
use crate::act::in_full;
use crate::complete::complete;
use crate::failure::Failure;
use crate::output::line;
use crate::visit::find;

/// Longest line of input, in bytes. What a record takes is far less; the rest is read past.
const MAX_LINE_BYTES: u64 = 16 << 20;

/// Says whether a command would be carried out.
pub(crate) fn preview(here: &Here<'_>, visit: &str, command: &str) -> Result<(), Failure> {
    let visit = find(&here.store, visit)?;
    let command = complete(here, visit, read(parse(command.as_bytes())?)?)?;
    here.store.preview(visit, &command)?;
    let possible = json!({ "possible": true, "visit": visit, "command": command.name() });
    here.output.result(&possible, || here.output.words.possible.to_owned())
}

/// Carries out commands from standard input until it ends.
pub(crate) fn run(here: &Here<'_>, visit: Option<&str>) -> Result<(), Failure> {
    let default = visit.map(|visit| find(&here.store, visit)).transpose()?;
    let mut input = std::io::stdin().lock();
    let mut number = 0_u64;
    loop {
        let mut text = Vec::new();
        let taken = input
            .by_ref()
            .take(MAX_LINE_BYTES)
            .read_until(b'\n', &mut text)
            .map_err(|error| Failure::input("standard input", error.to_string()))?;
        if taken == 0 {
            return Ok(());
        }
        number += 1;
        let whole = text.last() == Some(&b'\n') || (taken as u64) < MAX_LINE_BYTES;
        if whole && text.trim_ascii().is_empty() {
            continue;
        }
        let done = if whole {
            one(here, default, &text)
        } else {
            skip_line(&mut input)?;
            Err(Failure::input("line", format!("longer than {MAX_LINE_BYTES} bytes")))
        };
        match done {
            Ok(receipt) => line(&json!({ "ok": true, "line": number, "receipt": receipt }).to_string())?,
            Err(failure) => {
                line(
                    &json!({ "ok": false, "line": number, "error": here.output.failure_json(&failure) })
                        .to_string(),
                )?;
                if failure.is_lasting() {
                    return Err(failure);
                }
            }
        }
    }
}

/// Reads past the rest of a line without keeping it.
fn skip_line(input: &mut impl BufRead) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::input("standard input", error.to_string());
    loop {
        let block = input.fill_buf().map_err(failed)?;
        if block.is_empty() {
            return Ok(());
        }
        let end = block.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(block.len(), |end| end + 1);
        input.consume(taken);
        if end.is_some() {
            return Ok(());
        }
    }
}

fn one(here: &Here<'_>, default: Option<DocumentId>, text: &[u8]) -> Result<Receipt, Failure> {
    let mut object = parse(text)?;
    let visit = match object.remove("visit") {
        Some(Value::String(visit)) => find(&here.store, &visit)?,
        Some(_) => return Err(Failure::input("visit", "give the id or the order number as a string")),
        None => default.ok_or_else(|| {
            Failure::input("visit", "the line names no visit or shift, and none was given to `run`")
        })?,
    };
    let with_file = match object.get("do").and_then(Value::as_str) {
        Some("add-photo") => Some(WithFile::Photo),
        Some("add-document") => Some(WithFile::Document),
        Some("sign") => Some(WithFile::Strokes),
        _ => None,
    };
    if let Some(of) = with_file
        && let Some(file) = object.remove("file")
    {
        return attach(here, visit, of, &file, object);
    }
    let command = complete(here, visit, read(object)?)?;
    Ok(here.store.apply(visit, &command)?)
}

/// What a line attaches.
#[derive(Clone, Copy)]
enum WithFile {
    Photo,
    Document,
    Strokes,
}

/// A command that is given with its file instead of a hash.
fn attach(
    here: &Here<'_>,
    visit: DocumentId,
    of: WithFile,
    file: &Value,
    mut object: Map<String, Value>,
) -> Result<Receipt, Failure> {
    let file = Path::new(file.as_str().ok_or_else(|| Failure::input("file", "give a path as a string"))?);
    let mut text = |name: &str| match object.remove(name) {
        Some(Value::String(text)) => Ok(Some(text)),
        Some(Value::Null) | None => Ok(None),
        Some(_) => Err(Failure::input(name, "give a string")),
    };
    let item = match of {
        WithFile::Strokes => None,
        _ => in_full(here, visit, text("item")?)?,
    };
    // All fields are read before anything is done, so that a slip of the pen is told first.
    let taken = match of {
        WithFile::Photo => {
            let pair_with = text("pair_with")?.map(|key| {
                key.parse().map_err(|_| Failure::input("pair_with", "give the key of a photo, a UUID"))
            });
            let (moment, caption) = (text("moment")?, text("caption")?);
            Taken::Photo(PhotoFacts {
                item,
                moment,
                caption,
                pair_with: pair_with.transpose()?,
                amend: text("amend")?,
            })
        }
        WithFile::Document => {
            Taken::Document(DocumentFacts { item, name: text("name")?, amend: text("amend")? })
        }
        WithFile::Strokes => {
            let missing = |name| Failure::input(name, "is missing");
            let role = text("role")?.ok_or_else(|| missing("role"))?;
            Taken::Strokes(role, text("name")?.ok_or_else(|| missing("name"))?)
        }
    };
    if let Some(unknown) = object.keys().find(|key| *key != "do") {
        let unknown: String = unknown.chars().take(40).collect();
        return Err(Failure::input(unknown, "a command with a file has no such field"));
    }
    Ok(match taken {
        Taken::Photo(facts) => here.store.attach(visit, file, &facts)?,
        Taken::Document(facts) => here.store.attach_document(visit, file, &facts)?,
        Taken::Strokes(role, name) => here.store.sign_with_strokes(visit, &role, &name, file)?,
    })
}

/// What was read from the line.
enum Taken {
    Photo(PhotoFacts),
    Document(DocumentFacts),
    Strokes(String, String),
}

fn parse(text: &[u8]) -> Result<Map<String, Value>, Failure> {
    serde_json::from_slice(text)
        .map_err(|error| Failure::input("json", format!("not a JSON object: {error}")))
}

fn read(object: Map<String, Value>) -> Result<Command, Failure> {
    Command::read(Value::Object(object)).map_err(|error| Failure::input("command", error))
}
