//! One visit or shift: found by what people call it, its report.

use std::path::PathBuf;

use jobsheet::Store;
use jobsheet_core::record::DocumentId;
use jobsheet_core::report::Audience;

use crate::Here;
use crate::failure::Failure;
use crate::words::cut;

/// Finds a visit or shift by id or order number.
pub(crate) fn find(store: &Store, visit: &str) -> Result<DocumentId, Failure> {
    let visit = visit.trim();
    let shown = cut(visit, 80);
    if visit.is_empty() || visit.chars().count() > 200 {
        return Err(Failure::input("visit", "give the id of a visit or shift (a UUID) or its order number"));
    }
    let found = store.find(visit)?;
    match found.as_slice() {
        [one] => Ok(*one),
        [] if looks_like_uuid(visit) => {
            Err(Failure::input("visit", format!("`{shown}` is not a UUID: 8-4-4-4-12 hexadecimal digits")))
        }
        [] => Err(Failure::NotFound(format!(
            "no visit or shift with the id or number `{shown}` is on this device; see `jobsheet visits`, or run `jobsheet sync`"
        ))),
        several => Err(Failure::input(
            "visit",
            format!(
                "{} have the number `{shown}`; give one of the ids: {}",
                several.len(),
                several.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
            ),
        )),
    }
}

/// Meant as a UUID, but none.
fn looks_like_uuid(text: &str) -> bool {
    text.matches('-').count() >= 4 && text.len() >= 30 && text.parse::<DocumentId>().is_err()
}

/// Renders the service report.
pub(crate) fn report(
    here: &Here<'_>,
    visit: &str,
    out: Option<PathBuf>,
    audience: Audience,
    photos: bool,
) -> Result<(), Failure> {
    let visit = find(&here.store, visit)?;
    let html = if photos {
        here.store.report_with_photos(visit, here.output.lang, audience)?
    } else {
        here.store.report(visit, here.output.lang, audience)?
    };
    let Some(file) = out else {
        let html_json = serde_json::json!({ "visit": visit, "html": html });
        return here.output.result(&html_json, || html.clone());
    };
    std::fs::write(&file, &html).map_err(|error| Failure::file(&file, &error))?;
    let written = serde_json::json!({ "visit": visit, "file": file, "bytes": html.len() });
    here.output.result(&written, || file.display().to_string())
}
