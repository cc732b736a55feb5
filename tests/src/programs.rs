//! Where the built programs lie.

use std::path::{Path, PathBuf};

use crate::Outcome;

/// A program of the workspace, beside or above the one that runs now.
///
/// # Errors
/// If it is not built.
pub fn program(name: &str) -> Outcome<PathBuf> {
    let own = std::env::current_exe().map_err(|error| format!("own path: {error}"))?;
    own.ancestors().skip(1).take(3).map(|folder| folder.join(name)).find(|path| path.is_file()).ok_or_else(
        || format!("`{name}` is not built; run `cargo build --workspace --bins`, or `cargo xtask test`"),
    )
}

/// A file of the workspace.
pub fn workspace(path: &str) -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).join(path)
}
