//! Small CSV files with fixed columns: every row that can not be taken is listed, and blocks no other.

use std::collections::HashMap;

use csv::StringRecord;

use super::{IntakeError, Problem};

/// Most rows of one file.
const MAX_ROWS: usize = 100_000;

/// What is wrong with a row, and in which column.
pub(super) type Wrong = (Option<&'static str>, String);

/// A row by the names of its columns.
pub(super) struct Row<'a> {
    columns: &'a HashMap<String, usize>,
    row: &'a StringRecord,
}

impl Row<'_> {
    /// The value of a column; empty where the file has no such column.
    pub(super) fn value(&self, column: &str) -> &str {
        self.columns.get(column).and_then(|at| self.row.get(*at)).unwrap_or_default().trim()
    }
}

/// The rows of a file that could be taken, with their lines, and those that could not.
pub(super) struct Table<T> {
    pub(super) rows: Vec<(u64, T)>,
    pub(super) problems: Vec<Problem>,
}

/// Reads a file. `required` columns must be there, `optional` ones may; any other is an error, which a slip of the pen in a
/// header would otherwise hide.
pub(super) fn read<T>(
    bytes: &[u8],
    required: &[&str],
    optional: &[&str],
    mut take: impl FnMut(&Row<'_>) -> Result<T, Wrong>,
) -> Result<Table<T>, IntakeError> {
    let text = super::reader::utf8(bytes)?;
    if text.trim().is_empty() {
        return Err(IntakeError::Empty);
    }
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| IntakeError::Header(error.to_string()))?.clone();
    let mut columns = HashMap::new();
    for (at, name) in header.iter().enumerate() {
        let name = name.trim();
        if !required.contains(&name) && !optional.contains(&name) {
            let known = [required, optional].concat().join(", ");
            let name: String = name.chars().take(40).collect();
            return Err(IntakeError::Header(format!(
                "there is no column `{name}` here; the columns are {known}"
            )));
        }
        if columns.insert(name.to_owned(), at).is_some() {
            return Err(IntakeError::DoubleColumn(name.to_owned()));
        }
    }
    let missing: Vec<&str> = required.iter().copied().filter(|name| !columns.contains_key(*name)).collect();
    if !missing.is_empty() {
        return Err(IntakeError::Header(format!("the columns {} are missing", missing.join(", "))));
    }
    let mut table = Table { rows: Vec::new(), problems: Vec::new() };
    for row in reader.records() {
        match row {
            Ok(row) => {
                let line = row.position().map_or(0, csv::Position::line);
                let taken = if row.len() == header.len() {
                    take(&Row { columns: &columns, row: &row })
                } else {
                    Err((None, format!("has {} columns, the header has {}", row.len(), header.len())))
                };
                match taken {
                    Ok(taken) => table.rows.push((line, taken)),
                    Err((column, reason)) => {
                        table.problems.push(Problem { line, column: column.map(str::to_owned), reason });
                    }
                }
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                let reason = "can not be read as CSV".to_owned();
                table.problems.push(Problem { line, column: None, reason });
            }
        }
        if table.rows.len() + table.problems.len() > MAX_ROWS {
            return Err(IntakeError::TooManyRows);
        }
    }
    Ok(table)
}
