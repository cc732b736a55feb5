//! `cargo xtask docs`: rewrites the pages of the standards from the packs.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::shell::{self, Outcome, cargo, root, target};

const BEGIN: &str = "<!-- side by side: begin -->\n";
const END: &str = "<!-- side by side: end -->";

/// One page a standard, and the tables of all of them in the index.
pub(crate) fn run() -> Outcome {
    shell::run("build", cargo().args(["build", "--quiet", "-p", "jobsheet-cli"]))?;
    let folder = root().join("docs/standards");
    let list: Value =
        serde_json::from_str(&standards(&["list", "--json"])?).map_err(|error| error.to_string())?;
    for id in list.as_array().into_iter().flatten().filter_map(|standard| standard["id"].as_str()) {
        write(&folder.join(format!("{id}.md")), &standards(&["page", id])?)?;
    }
    let index = folder.join("README.md");
    let text = std::fs::read_to_string(&index).map_err(|error| format!("{}: {error}", index.display()))?;
    let (before, rest) = text.split_once(BEGIN).ok_or("README.md has lost its mark `side by side: begin`")?;
    let (_, after) = rest.split_once(END).ok_or("README.md has lost its mark `side by side: end`")?;
    let tables = standards(&["page"])?;
    write(&index, &format!("{before}{BEGIN}\n{tables}\n{END}{after}"))
}

/// Writes a page, and says so if it was another before.
fn write(file: &Path, text: &str) -> Outcome {
    if std::fs::read_to_string(file).is_ok_and(|before| before == text) {
        return Ok(());
    }
    std::fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))?;
    println!("    {}", file.strip_prefix(root()).unwrap_or(file).display());
    Ok(())
}

/// What `jobsheet standards …` prints.
fn standards(args: &[&str]) -> Result<String, String> {
    let program = target().join("debug").join(format!("jobsheet{}", std::env::consts::EXE_SUFFIX));
    let output = Command::new(&program)
        .arg("standards")
        .args(args)
        .env_remove("JOBSHEET_LANG")
        .output()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    if !output.status.success() {
        return Err(format!("standards {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr)));
    }
    String::from_utf8(output.stdout).map_err(|error| error.to_string())
}
