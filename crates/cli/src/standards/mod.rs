//! Standards that come with the program, and pack files.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Subcommand;
use jobsheet_core::standard::{self, Standard};
use serde_json::json;

use crate::failure::Failure;
use crate::output::{Output, line};
use crate::words::cut;

/// What can be done with standards.
#[derive(Debug, Subcommand)]
pub(crate) enum StandardsVerb {
    /// List the standards
    List,
    /// Show the rules of a standard
    Show {
        /// Id of the standard
        id: String,
    },
    /// Check a pack file
    Lint {
        /// The file
        file: PathBuf,
    },
    /// Print the JSON Schema of pack files
    Schema,
}

/// Largest pack file that is read, in bytes.
const MAX_PACK_BYTES: u64 = 8 << 20;

/// Carries out a command about standards.
pub(crate) fn carry_out(verb: StandardsVerb, output: &Output) -> Result<(), Failure> {
    match verb {
        StandardsVerb::List => list(output),
        StandardsVerb::Show { id } => show(output, &id),
        StandardsVerb::Lint { file } => {
            let size = std::fs::metadata(&file).map_err(|error| Failure::file(&file, &error))?.len();
            if size > MAX_PACK_BYTES {
                return Err(Failure::input(
                    file.display().to_string(),
                    format!("larger than {MAX_PACK_BYTES} bytes"),
                ));
            }
            let source = std::fs::read_to_string(&file).map_err(|error| Failure::file(&file, &error))?;
            let standard = Standard::load(&source).map_err(Failure::Pack)?;
            output.result(&standard.reference(), || head(output, &standard))
        }
        StandardsVerb::Schema => line(&serde_json::to_string_pretty(&standard::schema()).map_err(internal)?),
    }
}

fn internal(error: impl std::fmt::Display) -> Failure {
    Failure::Internal(error.to_string())
}

fn list(output: &Output) -> Result<(), Failure> {
    let mut standards = Vec::new();
    for id in standard::builtin_ids() {
        standards.extend(standard::builtin(id).map_err(internal)?);
    }
    let rows: Vec<_> = standards
        .iter()
        .map(|standard| {
            json!({
                "id": standard.pack().id,
                "version": standard.pack().version,
                "sha256": standard.sha256(),
                "title": standard.pack().title.get(output.lang),
                "rules": standard.pack().rules.len(),
            })
        })
        .collect();
    output.result(&rows, || standards.iter().map(|standard| head(output, standard) + "\n").collect())
}

fn head(output: &Output, standard: &Standard) -> String {
    let pack = standard.pack();
    format!("{}  {}  {}", standard.reference(), pack.title.get(output.lang), pack.rules.len())
}

fn show(output: &Output, id: &str) -> Result<(), Failure> {
    let found = standard::builtin(id).map_err(internal)?;
    let standard = found.ok_or_else(|| {
        Failure::NotFound(format!(
            "no standard `{}` comes with this program; see `jobsheet standards list`",
            cut(id, 80)
        ))
    })?;
    output.result(standard.pack(), || {
        let mut out = head(output, &standard) + "\n";
        for phase in &standard.pack().phases {
            let rules: Vec<_> = standard.pack().rules.iter().filter(|rule| rule.phase == phase.id).collect();
            if rules.is_empty() {
                continue;
            }
            let _ = writeln!(out, "\n{}", phase.name.get(output.lang));
            for rule in rules {
                let clause = format!("{} {}", output.words.clause, rule.clause);
                let _ = writeln!(out, "  {clause}: {} [{}]", rule.text.get(output.lang), rule.id);
            }
        }
        out
    })
}
