//! A document without the changes that were refused.

use std::collections::{HashMap, HashSet};

use jobsheet_core::record::{Document, RecordError, read_header};

use crate::store::{LoggedChange, short};

/// Code of a change that builds on a refused one and was not sent yet.
pub(super) const BUILDS_ON_REFUSED: &str = "builds-on-refused";

/// A change that leaves the document.
pub(super) struct Fallen {
    pub(super) hash: [u8; 32],
    pub(super) code: String,
    pub(super) reason: String,
}

/// Refused changes and everything that builds on them, parents first.
pub(super) fn closure(
    document: &Document,
    logged: &[LoggedChange],
    refused: &HashMap<[u8; 32], (&str, &str)>,
) -> Vec<Fallen> {
    let mut fallen: Vec<Fallen> = Vec::new();
    let mut hashes: HashSet<[u8; 32]> = HashSet::new();
    // The history first; then changes that wait for others inside the document and are not in its history.
    let waiting = logged.iter().filter(|change| !document.contains(&change.hash));
    let waiting = waiting.filter_map(|change| read_header(&change.bytes).ok());
    for header in document.headers().into_iter().chain(waiting) {
        let (code, reason) = if let Some((code, reason)) = refused.get(&header.hash) {
            ((*code).to_owned(), (*reason).to_owned())
        } else if let Some(parent) = header.deps.iter().find(|parent| hashes.contains(*parent)) {
            (
                BUILDS_ON_REFUSED.to_owned(),
                format!("it builds on change {}, which was refused", short(parent)),
            )
        } else {
            continue;
        };
        hashes.insert(header.hash);
        fallen.push(Fallen { hash: header.hash, code, reason });
    }
    fallen
}

/// The document made anew from the changes that stay, those that still wait included.
pub(super) fn without(
    document: &Document,
    logged: &[LoggedChange],
    fallen: &[Fallen],
) -> Result<Document, RecordError> {
    let gone: HashSet<[u8; 32]> = fallen.iter().map(|fallen| fallen.hash).collect();
    let history = document.changes().into_iter().map(|change| (change.hash, change.bytes));
    let waiting = logged.iter().filter(|change| !document.contains(&change.hash));
    let waiting = waiting.map(|change| (change.hash, change.bytes.clone()));
    let kept: Vec<Vec<u8>> =
        history.chain(waiting).filter(|(hash, _)| !gone.contains(hash)).map(|(_, bytes)| bytes).collect();
    Document::from_changes(&kept)
}
