//! The salvage file, format 1: text in lines. Each is the SHA-256 of its JSON in hexadecimal, a blank, and the JSON. The
//! first line says what the file is, then comes one line a change, and the last tells how many there were. A damaged line is
//! left out; no other suffers.

use std::io::Write;
use std::path::Path;

use jobsheet_core::hex;
use jobsheet_core::record::DocumentId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::remains::Remains;
use crate::StoreError;

/// Version of the format.
const FORMAT: u32 = 1;
/// Largest salvage file that is read, in bytes: a device's work of years.
pub(super) const MAX_FILE_BYTES: u64 = 256 << 20;

/// One change as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Saved {
    /// The visit or shift.
    pub(super) visit: DocumentId,
    /// Its order number, if that was still known: for people.
    pub(super) number: String,
    /// SHA-256 by which the record names the change.
    pub(super) change: String,
    /// Name of its command: for people.
    pub(super) command: String,
    /// When it was made, seconds since 1970 by the device's clock: for people.
    pub(super) made_at: i64,
    /// The store knew that the server has it.
    pub(super) durable: bool,
    /// The server had refused it.
    pub(super) refused: bool,
    /// The change itself, hexadecimal.
    pub(super) bytes: String,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    First { salvage: u32 },
    Last { changes: u32, unreadable: u32 },
    Change(Box<Saved>),
}

/// Writes a new file, durable when this returns. An existing one is not written over.
pub(super) fn write(out: &Path, remains: &Remains) -> Result<(), StoreError> {
    let failed = |source| StoreError::file("the salvage file could not be written", out, source);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = std::io::BufWriter::new(options.open(out).map_err(failed)?);
    let mut put = |line: &Line| {
        let json = serde_json::to_string(line).map_err(std::io::Error::other)?;
        writeln!(file, "{} {json}", hex(&Sha256::digest(&json)))
    };
    put(&Line::First { salvage: FORMAT }).map_err(failed)?;
    for change in &remains.changes {
        put(&Line::Change(Box::new(change.clone()))).map_err(failed)?;
    }
    let changes = u32::try_from(remains.changes.len()).unwrap_or(u32::MAX);
    put(&Line::Last { changes, unreadable: remains.unreadable }).map_err(failed)?;
    file.into_inner().map_err(|error| failed(error.into_error()))?.sync_all().map_err(failed)
}

/// What a file holds: the changes, and how many lines of it are damaged or missing.
pub(super) fn read(path: &Path) -> Result<(Vec<Saved>, u32), StoreError> {
    let failed = |source| StoreError::file("the salvage file could not be read", path, source);
    if std::fs::metadata(path).map_err(failed)?.len() > MAX_FILE_BYTES {
        return Err(StoreError::Salvage { reason: format!("it has more than {MAX_FILE_BYTES} bytes") });
    }
    let content = std::fs::read(path).map_err(failed)?;
    let (mut changes, mut damaged, mut told, mut known) = (Vec::new(), 0, None, false);
    for line in content.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        match parse(line) {
            Some(Line::First { salvage: FORMAT }) => known = true,
            Some(Line::First { salvage }) => {
                let reason = format!("it has format {salvage}, this version reads {FORMAT}; update the app");
                return Err(StoreError::Salvage { reason });
            }
            Some(Line::Last { changes, .. }) => told = Some(changes),
            Some(Line::Change(change)) => {
                known = true;
                changes.push(*change);
            }
            None => damaged += 1,
        }
    }
    if !known {
        return Err(StoreError::Salvage { reason: "it is no salvage file".to_owned() });
    }
    // Without its last line the file was cut off; with it, it says how many there were.
    let missing = match told {
        Some(told) => told.saturating_sub(u32::try_from(changes.len()).unwrap_or(u32::MAX)),
        None => 1,
    };
    Ok((changes, damaged.max(missing)))
}

fn parse(line: &[u8]) -> Option<Line> {
    let (sum, json) = line.split_at_checked(65)?;
    let right = hex(&Sha256::digest(json));
    if sum.strip_suffix(b" ")? == right.as_bytes() { serde_json::from_slice(json).ok() } else { None }
}
