//! Where packs are found: those that come with the program by id, pack files, standard input.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jobsheet_core::standard::{self, Rule, Standard};

use super::near;
use crate::failure::Failure;
use crate::words::cut;

/// Largest pack file that is read, in bytes.
const MAX_PACK_BYTES: u64 = 8 << 20;

/// Longest piece of somebody's input that an error repeats.
const SHOWN: usize = 80;

/// The packs of one run.
pub(super) struct Library {
    given: Vec<Arc<Standard>>,
}

impl Library {
    /// The packs that come with the program and those of the files, each of which may extend one before it.
    pub(super) fn with(files: &[PathBuf]) -> Result<Self, Failure> {
        let mut library = Self { given: Vec::new() };
        for file in files {
            let standard = library.load(&read(file)?)?;
            library.given.push(Arc::new(standard));
        }
        Ok(library)
    }

    /// A pack by id.
    pub(super) fn find(&self, id: &str) -> Option<Arc<Standard>> {
        let given = self.given.iter().rfind(|standard| standard.pack().id == id);
        given.cloned().or_else(|| standard::builtin(id).ok().flatten())
    }

    /// A complete pack of a file's text: its own, or the one that comes of a company's changes.
    fn load(&self, source: &str) -> Result<Standard, Failure> {
        let whole = standard::resolve(source, &|id| self.find(id)).map_err(Failure::Pack)?;
        Standard::load(&whole).map_err(Failure::Pack)
    }

    /// A pack by id, or of a pack file.
    pub(super) fn open(&self, name: &str) -> Result<Arc<Standard>, Failure> {
        if let Some(standard) = self.find(name) {
            return Ok(standard);
        }
        let path = Path::new(name);
        let is_file = name == "-" || name.contains(['/', '\\', '.']) || path.exists();
        if is_file {
            return self.load(&read(path)?).map(Arc::new);
        }
        let hint = near::hint(name, self.ids().iter().map(String::as_str));
        Err(Failure::NotFound(format!(
            "no standard `{}` comes with this program{hint}; see `jobsheet standards list`, or name a pack file",
            cut(name, SHOWN)
        )))
    }

    /// Ids of all packs: those of files after those that come with the program.
    pub(super) fn ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = standard::builtin_ids().map(ToOwned::to_owned).collect();
        ids.extend(self.given.iter().map(|standard| standard.pack().id.clone()));
        ids.dedup();
        ids
    }

    /// All packs.
    pub(super) fn all(&self) -> Vec<Arc<Standard>> {
        self.ids().iter().filter_map(|id| self.find(id)).collect()
    }

    /// A rule by its id, or by the part after the dot if only one of the packs has it.
    pub(super) fn rule(&self, name: &str) -> Result<(Arc<Standard>, Rule), Failure> {
        let of = |standard: &Arc<Standard>, wanted: &dyn Fn(&str) -> bool| {
            let rule = standard.pack().rules.iter().find(|rule| wanted(&rule.id))?;
            Some((Arc::clone(standard), rule.clone()))
        };
        // A file's pack repeats the rules of the one it extends, with its own changes: it comes first.
        let packs: Vec<_> = self.all().into_iter().rev().collect();
        if let Some(found) = packs.iter().find_map(|standard| of(standard, &|id| id == name)) {
            return Ok(found);
        }
        let short = |id: &str| id.split_once('.').is_some_and(|(_, rest)| rest == name);
        let mut found: Vec<_> = packs.iter().filter_map(|standard| of(standard, &short)).collect();
        found.dedup_by(|one, other| one.1.id == other.1.id);
        if found.len() > 1 {
            let ids: Vec<_> = found.iter().map(|(_, rule)| format!("`{}`", rule.id)).collect();
            return Err(Failure::input(
                "RULE",
                format!("more than one standard has it: name {}", ids.join(" or ")),
            ));
        }
        found.pop().ok_or_else(|| {
            let ids =
                packs.iter().flat_map(|standard| standard.pack().rules.iter().map(|rule| rule.id.as_str()));
            Failure::NotFound(format!("no rule `{}`{}", cut(name, SHOWN), near::hint(name, ids)))
        })
    }
}

/// The text of a pack file, or of standard input for `-`.
pub(super) fn read(path: &Path) -> Result<String, Failure> {
    let name = shown(path);
    let wrong = |error: &std::io::Error| Failure::input(name.clone(), error.to_string());
    let mut bytes = Vec::new();
    let most = MAX_PACK_BYTES + 1;
    if path == Path::new("-") {
        std::io::stdin().lock().take(most).read_to_end(&mut bytes).map_err(|error| wrong(&error))?;
    } else {
        let file = std::fs::File::open(path).map_err(|error| wrong(&error))?;
        file.take(most).read_to_end(&mut bytes).map_err(|error| wrong(&error))?;
    }
    if bytes.len() as u64 > MAX_PACK_BYTES {
        return Err(Failure::input(name, format!("larger than {MAX_PACK_BYTES} bytes")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::input(name, format!("not UTF-8: byte {} is wrong; save the file as UTF-8", at + 1))
    })
}

/// A file's name for people; standard input has one too.
pub(super) fn shown(path: &Path) -> String {
    if path == Path::new("-") { "<stdin>".to_owned() } else { cut(&path.display().to_string(), 500) }
}
