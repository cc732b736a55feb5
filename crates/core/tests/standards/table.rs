//! The committed tables: one line a rule.

use std::path::PathBuf;

/// The heading of a table.
pub const HEADING: &str = "rule\tclause\tcheck\tjob\tkept\tstatus\tbroken\tstatus";

/// One line of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub rule: String,
    pub clause: String,
    pub check: String,
    pub job: String,
    /// The scenario in which the rule is kept, and the finding.
    pub kept: String,
    pub kept_status: String,
    /// What is different where it is broken, and the finding.
    pub broken: String,
    pub broken_status: String,
}

impl Row {
    pub fn line(&self) -> String {
        [
            &self.rule,
            &self.clause,
            &self.check,
            &self.job,
            &self.kept,
            &self.kept_status,
            &self.broken,
            &self.broken_status,
        ]
        .map(String::as_str)
        .join("\t")
    }
}

pub fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/standards/tables").join(format!("{name}.tsv"))
}

/// Whether the tables are to be written anew.
pub fn updating() -> bool {
    std::env::var_os("UPDATE_TABLES").is_some()
}

pub fn write(name: &str, lines: &[String]) {
    std::fs::write(path(name), lines.join("\n") + "\n").unwrap();
}

/// The lines of a table below its heading.
pub fn lines(name: &str, heading: &str) -> Vec<String> {
    let text = std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut lines = text.lines().map(ToOwned::to_owned);
    assert_eq!(lines.next().as_deref(), Some(heading), "{name}");
    lines.collect()
}

pub fn rows(pack: &str) -> Vec<Row> {
    let row = |line: &String| {
        let columns: Vec<&str> = line.split('\t').collect();
        let [rule, clause, check, job, kept, kept_status, broken, broken_status] = columns[..] else {
            panic!("`{line}` has not eight columns");
        };
        let own = |text: &str| text.to_owned();
        Row {
            rule: own(rule),
            clause: own(clause),
            check: own(check),
            job: own(job),
            kept: own(kept),
            kept_status: own(kept_status),
            broken: own(broken),
            broken_status: own(broken_status),
        }
    };
    lines(pack, HEADING).iter().map(row).collect()
}

pub fn row(rule: &str) -> Row {
    let pack = rule.split('.').next().unwrap();
    rows(pack).into_iter().find(|row| row.rule == rule).unwrap_or_else(|| panic!("no row for {rule}"))
}

/// One file of `packs/facts` without its heading, by columns.
pub fn facts<const N: usize>(name: &str) -> Vec<[String; N]> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("packs/facts").join(name);
    let text = std::fs::read_to_string(path).unwrap();
    let columns = |line: &str| {
        let columns: Vec<String> = line.split('\t').map(ToOwned::to_owned).collect();
        columns.try_into().unwrap_or_else(|columns| panic!("{name}: {columns:?} are not {N} columns"))
    };
    text.lines().skip(1).map(columns).collect()
}
