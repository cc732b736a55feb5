//! `jobsheet standards`: what standards ask, whether a pack is sound, and how packs differ.

mod clock;
mod coverage;
mod diff;
mod duty;
mod explain;
mod facts;
mod library;
mod lint;
mod near;
mod page;
mod proof;
mod rehearse;
mod show;
mod speech;
mod when;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use jobsheet_core::standard::{self, Standard};
use serde_json::json;

use crate::failure::Failure;
use crate::output::{Output, line};
use explain::Explained;
use library::Library;
use speech::Speech;

/// What can be done with standards.
#[derive(Debug, Subcommand)]
pub(crate) enum StandardsVerb {
    /// List the standards
    List,
    /// What each role has to do, by phase, with clause, time and consequence
    Show {
        /// Id of a standard, or a pack file
        id: String,
        /// Only what belongs to one job
        #[arg(long)]
        job: Option<String>,
        /// Only what binds one role, with what binds everyone
        #[arg(long)]
        role: Option<String>,
        #[command(flatten)]
        with: With,
    },
    /// Everything about one rule
    Explain {
        /// Id of the rule; without the pack's prefix if only one standard has it
        rule: String,
        #[command(flatten)]
        with: With,
    },
    /// Check pack files: 0 if they are sound, 2 if there is an error
    Lint {
        /// The files; `-` is standard input
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Warnings count as errors
        #[arg(long)]
        strict: bool,
        #[command(flatten)]
        with: With,
    },
    /// Make a complete pack of a company's changes to a standard
    Resolve {
        /// The file with the changes; `-` is standard input
        file: PathBuf,
        #[command(flatten)]
        with: With,
    },
    /// Rules that were added, removed or changed from one standard to another
    Diff {
        /// Id of a standard, or a pack file
        from: String,
        /// Id of a standard, or a pack file
        to: String,
        #[command(flatten)]
        with: With,
    },
    /// How every duty, form field, clock and transition of the source document is kept: 3 if one is missing
    Coverage {
        /// Id of a standard, or a pack file [default: all that come with the program]
        id: Option<String>,
        /// List every row, not only what no record can prove and what is missing
        #[arg(long)]
        rows: bool,
        #[command(flatten)]
        with: With,
    },
    /// Work a document of each job to its end, and count what that asks of people: 3 if it gets stuck
    Rehearse {
        /// Id of a standard, or a pack file
        id: String,
        /// Only one job
        #[arg(long)]
        job: Option<String>,
        #[command(flatten)]
        with: With,
    },
    /// A standard as a Markdown page
    Page {
        /// Id of a standard, or a pack file [default: all standards side by side]
        id: Option<String>,
        #[command(flatten)]
        with: With,
    },
    /// Print the JSON Schema of pack files
    Schema {
        /// That of a company's changes to a standard
        #[arg(long)]
        overlay: bool,
    },
}

/// Further packs.
#[derive(Debug, clap::Args)]
pub(crate) struct With {
    /// Pack file that others may extend; may be given more than once
    #[arg(long, value_name = "FILE")]
    with: Vec<PathBuf>,
}

impl With {
    fn library(&self) -> Result<Library, Failure> {
        Library::with(&self.with)
    }
}

/// Carries out a command about standards.
pub(crate) fn carry_out(verb: StandardsVerb, output: &Output) -> Result<(), Failure> {
    match verb {
        StandardsVerb::List => list(output),
        StandardsVerb::Show { id, job, role, with } => {
            show::show(output, &with.library()?, &id, job.as_deref(), role.as_deref())
        }
        StandardsVerb::Explain { rule, with } => {
            let (standard, rule) = with.library()?.rule(&rule)?;
            let speech = Speech::of(&standard, output.lang);
            let explained = Explained::of(&standard, &rule, output.lang);
            output.result(&explained, || explained.people(speech))
        }
        StandardsVerb::Lint { files, strict, with } => lint::lint(output, &with.library()?, &files, strict),
        StandardsVerb::Resolve { file, with } => resolve(output, &with.library()?, &file),
        StandardsVerb::Diff { from, to, with } => {
            let library = with.library()?;
            diff::diff(output, &*library.open(&from)?, &*library.open(&to)?)
        }
        StandardsVerb::Coverage { id, rows, with } => {
            let library = with.library()?;
            let standards = match id {
                Some(id) => vec![library.open(&id)?],
                None => library.all(),
            };
            let standards: Vec<&Standard> = standards.iter().map(AsRef::as_ref).collect();
            coverage::coverage(output, &standards, rows)
        }
        StandardsVerb::Rehearse { id, job, with } => {
            rehearse::rehearse(output, &*with.library()?.open(&id)?, job.as_deref())
        }
        StandardsVerb::Page { id, with } => {
            let library = with.library()?;
            let (id, text) = match id {
                Some(id) => {
                    let standard = library.open(&id)?;
                    (Some(standard.pack().id.clone()), page::page(&standard, output.lang)?)
                }
                None => (None, page::side_by_side(&library.all(), output.lang)),
            };
            output.result(&json!({ "id": id, "markdown": text }), || text)
        }
        StandardsVerb::Schema { overlay } => {
            let schema = if overlay { standard::overlay_schema() } else { standard::schema() };
            line(&serde_json::to_string_pretty(&schema).map_err(internal)?)
        }
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
            let pack = standard.pack();
            let jobs: Vec<_> = pack
                .jobs
                .iter()
                .map(|job| json!({ "id": job.id, "kind": job.kind, "name": job.name.get(output.lang) }))
                .collect();
            json!({
                "id": pack.id,
                "version": pack.version,
                "sha256": standard.sha256(),
                "title": pack.title.get(output.lang),
                "source": pack.source,
                "rules": pack.rules.len(),
                "jobs": jobs,
            })
        })
        .collect();
    output.result(&rows, || standards.iter().map(|standard| head(output, standard) + "\n").collect())
}

fn head(output: &Output, standard: &Standard) -> String {
    let pack = standard.pack();
    let (rules, jobs) = (pack.rules.len(), pack.jobs.len());
    let counts = match output.lang {
        jobsheet_core::Lang::En => format!("{rules} rules, {jobs} job{}", if jobs == 1 { "" } else { "s" }),
        jobsheet_core::Lang::Zh => format!("{rules} 条规则，{jobs} 种工作"),
    };
    format!("{}  {}  {counts}", standard.reference(), pack.title.get(output.lang))
}

fn resolve(output: &Output, library: &Library, file: &Path) -> Result<(), Failure> {
    let source = library::read(file)?;
    let text = standard::resolve(&source, &|id| library.find(id)).map_err(Failure::Pack)?;
    let standard = Standard::load(&text).map_err(Failure::Pack)?;
    let pack = standard.pack();
    let json = json!({
        "id": pack.id,
        "version": pack.version,
        "sha256": standard.sha256(),
        "based_on": pack.based_on,
        "text": text,
    });
    output.result(&json, || text)
}
