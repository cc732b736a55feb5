//! Files that records name: listed, checked, shown, given out, and swept when nothing names them.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::Subcommand;
use jobsheet::{AttachedFile, Presence};
use jobsheet_core::record::FileUse;
use jobsheet_core::report::Audience;

use crate::Here;
use crate::failure::Failure;
use crate::visit::find;
use crate::words::cut;

/// Shortest beginning of a hash that stands for it.
const SHORTEST: usize = 6;

#[derive(Debug, Subcommand)]
pub(crate) enum AttachmentsVerb {
    /// List the files that records name, whether they are here, and whether the server has them
    List {
        /// Id or order number [default: all visits and shifts]
        visit: Option<String>,
    },
    /// Fetch a file of another device from the server, or all of open visits up to a limit
    ///
    /// A file appears whole and with the right hash, or not at all; what came of a fetch that broke off is kept for the next.
    Fetch {
        /// SHA-256 of the file, or its beginning [default: all files of open visits and shifts]
        sha256: Option<String>,
        /// Fetch no more than this, in MiB [default: 64]
        #[arg(long, value_name = "MIB", conflicts_with = "sha256")]
        limit: Option<u32>,
    },
    /// Compare every file with its hash, and every record with the files; damaged files are put aside, not deleted
    ///
    /// The exit code is 7 if a file is missing or damaged, or a document can not be read.
    Check,
    /// Make a small picture of a photo, standing upright, without what the camera wrote into it
    Thumbnail {
        /// SHA-256 of the photo, or its beginning
        sha256: String,
        /// Copy it there instead of saying where it is
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Give a file out: the original to crew and office, the picture alone to customers and third parties
    Export {
        /// Id or order number
        visit: String,
        /// SHA-256 of the file, or its beginning
        sha256: String,
        /// Who gets it: crew, office, customer or third-party
        #[arg(long)]
        audience: Audience,
        /// Where to write it
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Remove files that nothing names: no record, no change that waits or was refused
    Sweep {
        /// Leave files alone that are younger, in hours [default: 24]
        #[arg(long, value_name = "HOURS")]
        grace: Option<u32>,
    },
}

pub(crate) fn carry_out(here: &Here<'_>, verb: AttachmentsVerb) -> Result<(), Failure> {
    match verb {
        AttachmentsVerb::List { visit } => list(here, visit.as_deref()),
        AttachmentsVerb::Fetch { sha256: Some(sha256), .. } => {
            let sha256 = in_full(&here.store.attachments(None)?, &sha256)?;
            let file = here.store.fetch_file(&sha256)?;
            let fetched = serde_json::json!({ "sha256": sha256, "file": file });
            here.output.result(&fetched, || file.display().to_string())
        }
        AttachmentsVerb::Fetch { sha256: None, limit } => {
            let fetched = here.store.prefetch(limit.map(|mib| u64::from(mib) << 20))?;
            here.output.result(&fetched, || {
                let words = here.output.words;
                let kib = fetched.bytes.div_ceil(1024);
                format!("{} {} ({kib} KiB) · {} {}", fetched.files, words.here, fetched.left, words.elsewhere)
            })
        }
        AttachmentsVerb::Check => check(here),
        AttachmentsVerb::Thumbnail { sha256, out } => thumbnail(here, &sha256, out),
        AttachmentsVerb::Export { visit, sha256, audience, out } => {
            let visit = find(&here.store, &visit)?;
            let sha256 = in_full(&here.store.attachments(Some(visit))?, &sha256)?;
            let exported = here.store.attachment_for(visit, &sha256, audience, &out)?;
            here.output.result(&exported, || format!("{}  sha256:{}", out.display(), exported.sha256))
        }
        AttachmentsVerb::Sweep { grace } => sweep(here, grace),
    }
}

/// The hash that begins so; it is needed in full only where two begin alike.
fn in_full(files: &[AttachedFile], given: &str) -> Result<String, Failure> {
    let given = given.trim().to_ascii_lowercase();
    let shown = cut(&given, 64);
    if given.len() < SHORTEST || !given.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let reason = format!("give a SHA-256, or at least its first {SHORTEST} hexadecimal digits");
        return Err(Failure::input("sha256", reason));
    }
    let mut found = files.iter().filter(|file| file.sha256.starts_with(&given));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one.sha256.clone()),
        (None, _) => {
            Err(Failure::NotFound(format!("no record names a file {shown}; see `attachments list`")))
        }
        _ => Err(Failure::input("sha256", format!("several files begin with {shown}; give more of it"))),
    }
}

fn list(here: &Here<'_>, visit: Option<&str>) -> Result<(), Failure> {
    let visit = visit.map(|visit| find(&here.store, visit)).transpose()?;
    let files = here.store.attachments(visit)?;
    here.output.result(&files, || {
        let words = here.output.words;
        if files.is_empty() {
            return words.nothing.to_owned();
        }
        let lines = files.iter().map(|file| {
            let presence = match file.presence {
                Presence::Here => words.here,
                Presence::Elsewhere => words.elsewhere,
                Presence::Missing => words.missing,
            };
            let uses: Vec<&str> = file.uses.iter().map(|of| name(*of)).collect();
            let size = file.size.map_or_else(String::new, |size| format!("{} KiB", size.div_ceil(1024)));
            let kind = file.media_type.as_deref().unwrap_or_default();
            let sent = if file.to_send { words.to_send } else { "" };
            let line = format!("{}  {presence}  {}  {size}  {kind}  {sent}", file.sha256, uses.join(","));
            format!("{}\n", line.trim_end())
        });
        lines.collect()
    })
}

fn name(of: FileUse) -> &'static str {
    match of {
        FileUse::Photo => "photo",
        FileUse::Document => "document",
        FileUse::Signature => "signature",
    }
}

fn check(here: &Here<'_>) -> Result<(), Failure> {
    let check = here.store.check_attachments()?;
    here.output.result(&check, || {
        let words = here.output.words;
        let mut out = format!(
            "{} {} · {} {} · {} {} · {} {} · {} {}\n",
            check.fine,
            words.fine,
            check.missing.len(),
            words.missing,
            check.damaged.len(),
            words.damaged,
            check.elsewhere,
            words.elsewhere,
            check.unnamed,
            words.unnamed
        );
        for file in &check.missing {
            let _ = writeln!(out, "  {}: {}", words.missing, file.sha256);
        }
        for file in &check.damaged {
            let _ = writeln!(
                out,
                "  {}: {}  {} {}",
                words.damaged,
                file.sha256,
                words.kept_as,
                file.kept_as.display()
            );
        }
        for document in &check.unreadable {
            let _ = writeln!(out, "  {}: {document}", words.unreadable);
        }
        out
    })?;
    if check.is_fine() { Ok(()) } else { Err(Failure::Told(7)) }
}

fn thumbnail(here: &Here<'_>, sha256: &str, out: Option<PathBuf>) -> Result<(), Failure> {
    let sha256 = in_full(&here.store.attachments(None)?, sha256)?;
    let mut file = here.store.thumbnail(&sha256)?;
    if let Some(out) = out {
        std::fs::copy(&file, &out).map_err(|error| Failure::file(&out, &error))?;
        file = out;
    }
    let made = serde_json::json!({ "sha256": sha256, "file": file });
    here.output.result(&made, || file.display().to_string())
}

fn sweep(here: &Here<'_>, grace: Option<u32>) -> Result<(), Failure> {
    let grace = grace.map(|hours| Duration::from_hours(u64::from(hours)));
    let swept = here.store.sweep_attachments(grace)?;
    here.output.result(&swept, || {
        let words = here.output.words;
        let mut out = format!(
            "{} {} ({} KiB) · {} {} · {} {}\n",
            swept.removed.len(),
            words.removed,
            swept.freed_bytes.div_ceil(1024),
            swept.young,
            words.young,
            swept.named,
            words.named
        );
        for document in &swept.unreadable {
            let _ = writeln!(out, "  {}: {document}", words.unreadable);
        }
        for folder in &swept.set_aside {
            let _ = writeln!(out, "  {}: {}", words.set_aside, folder.display());
        }
        out
    })?;
    // Nothing was removed while something could not be read.
    if swept.knew_all() { Ok(()) } else { Err(Failure::Told(7)) }
}
