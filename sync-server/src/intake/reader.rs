//! From the bytes of a CSV file (RFC 4180) to requests.

use std::collections::{BTreeMap, HashMap};

use csv::StringRecord;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::mapping::{Mapping, MappingError, Source};
use super::times;
use crate::store::RequestRow;

/// Longest value of a column, in Unicode code points.
const MAX_VALUE_CHARS: usize = 4_000;
/// Longest number of a request, in bytes.
const MAX_NUMBER_BYTES: usize = 64;
/// Most rows of one file.
const MAX_ROWS: usize = 100_000;

/// What was read from a file.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// Name of the mapping.
    pub(crate) mapping: String,
    /// Requests, in the order of the file.
    pub(crate) requests: Vec<RequestRow>,
    /// Rows that can not be taken.
    pub(crate) problems: Vec<Problem>,
    /// Rows that were taken, though something in them had to be interpreted.
    pub(crate) notes: Vec<Problem>,
}

/// Something about one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    /// Line of the file on which the row begins, from 1.
    pub(crate) line: u64,
    /// Column, if it is about one.
    pub(crate) column: Option<String>,
    /// What is wrong. Names no value.
    pub(crate) reason: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.column {
            Some(column) => write!(out, "line {}, column {column}: {}", self.line, self.reason),
            None => write!(out, "line {}: {}", self.line, self.reason),
        }
    }
}

/// Why a file can not be read at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IntakeError {
    /// The bytes are not UTF-8.
    #[error(
        "the file is not UTF-8: line {line} has a byte that does not belong (byte {byte} of the file){hint}; save it as CSV UTF-8"
    )]
    Encoding {
        /// Line, from 1.
        line: usize,
        /// Place of the byte, from 0.
        byte: usize,
        /// What it may be instead.
        hint: &'static str,
    },
    /// There is no header.
    #[error("the file is empty; its first line must name the columns")]
    Empty,
    /// The header can not be read.
    #[error("the header can not be read: {0}")]
    Header(String),
    /// Columns are missing.
    #[error("the header lacks the column {missing}, which the mapping `{mapping}` needs; it has: {found}")]
    MissingColumn {
        /// Name of the mapping.
        mapping: String,
        /// The columns.
        missing: String,
        /// Columns that are there.
        found: String,
    },
    /// A column stands twice.
    #[error("the header names the column {0} twice")]
    DoubleColumn(String),
    /// Too many rows.
    #[error("the file has more than {MAX_ROWS} rows; import it in parts")]
    TooManyRows,
    /// The mapping can not be used.
    #[error(transparent)]
    Mapping(#[from] MappingError),
}

/// Reads a file by a mapping.
pub(crate) fn read(bytes: &[u8], mapping: &Mapping) -> Result<Rows, IntakeError> {
    let text = utf8(bytes)?;
    if text.trim().is_empty() {
        return Err(IntakeError::Empty);
    }
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| IntakeError::Header(error.to_string()))?.clone();
    let columns = columns(&header, mapping)?;
    let mut file = File {
        mapping,
        zone: mapping.zone()?,
        columns,
        width: header.len(),
        rows: Rows { mapping: mapping.name.clone(), ..Rows::default() },
        lines: HashMap::new(),
    };
    for row in reader.records() {
        match row {
            Ok(row) => file.row(&row),
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                file.rows.problems.push(Problem {
                    line,
                    column: None,
                    reason: "can not be read as CSV".to_owned(),
                });
            }
        }
        if file.rows.requests.len() + file.rows.problems.len() > MAX_ROWS {
            return Err(IntakeError::TooManyRows);
        }
    }
    Ok(file.rows)
}

pub(super) fn utf8(bytes: &[u8]) -> Result<&str, IntakeError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.trim_start_matches('\u{feff}')),
        Err(error) => {
            let byte = error.valid_up_to();
            let line = bytes[..byte].split(|byte| *byte == b'\n').count();
            let utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
            let hint = if utf16 { ", it looks like UTF-16" } else { "" };
            Err(IntakeError::Encoding { line, byte, hint })
        }
    }
}

/// The place of every column by its name.
fn columns(header: &StringRecord, mapping: &Mapping) -> Result<HashMap<String, usize>, IntakeError> {
    let mut columns = HashMap::new();
    for (at, name) in header.iter().enumerate() {
        if columns.insert(name.trim().to_owned(), at).is_some() {
            return Err(IntakeError::DoubleColumn(name.trim().to_owned()));
        }
    }
    let mut missing: Vec<&str> = mapping.columns().filter(|name| !columns.contains_key(*name)).collect();
    if missing.is_empty() {
        return Ok(columns);
    }
    missing.sort_unstable();
    missing.dedup();
    Err(IntakeError::MissingColumn {
        mapping: mapping.name.clone(),
        missing: missing.join(", "),
        found: header.iter().map(str::trim).collect::<Vec<_>>().join(", "),
    })
}

struct File<'m> {
    mapping: &'m Mapping,
    zone: TimeZone,
    columns: HashMap<String, usize>,
    width: usize,
    rows: Rows,
    /// Line of every number, to find a number that stands twice.
    lines: HashMap<String, u64>,
}

/// What is wrong with a row, and in which column.
type Wrong = (Option<String>, String);

impl File<'_> {
    fn row(&mut self, row: &StringRecord) {
        let line = row.position().map_or(0, csv::Position::line);
        let mut notes = Vec::new();
        match self.request(row, line, &mut notes) {
            Ok(request) => {
                self.rows.requests.push(request);
                self.rows.notes.extend(notes);
            }
            Err((column, reason)) => self.rows.problems.push(Problem { line, column, reason }),
        }
    }

    fn request(
        &mut self,
        row: &StringRecord,
        line: u64,
        notes: &mut Vec<Problem>,
    ) -> Result<RequestRow, Wrong> {
        if row.len() != self.width {
            let open_quote = row.iter().any(|value| value.contains('\n'));
            let hint = if open_quote { "; a quote that is opened in it may not be closed" } else { "" };
            return Err((None, format!("has {} columns, the header has {}{hint}", row.len(), self.width)));
        }
        for column in &self.mapping.required {
            if self.value(row, column)?.is_empty() {
                return Err((Some(column.clone()), "is empty".to_owned()));
            }
        }
        let mapping = self.mapping;
        let number = self.number(row, line)?;
        let mut time = |column: &str| self.time(row, column, line, notes);
        let received_at = time(&mapping.received_at)?
            .ok_or_else(|| (Some(mapping.received_at.clone()), "is empty".to_owned()))?;
        let target_at = mapping.target_at.as_deref().map(&mut time).transpose()?.flatten();
        let closed_at = mapping.closed_at.as_deref().map(&mut time).transpose()?.flatten();
        let verdict = mapping.verdict.as_deref().map(|column| self.value(row, column)).transpose()?;
        let fields = self.fields(row, line, notes)?;
        let verdict = verdict.filter(|verdict| !verdict.is_empty()).map(ToOwned::to_owned);
        self.lines.insert(number.clone(), line);
        Ok(RequestRow { number, fields, received_at, target_at, closed_at, verdict, visit: None })
    }

    fn number(&self, row: &StringRecord, line: u64) -> Result<String, Wrong> {
        let column = &self.mapping.number;
        let wrong = |reason: String| Err((Some(column.clone()), reason));
        let number = self.value(row, column)?;
        let safe = number.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if number.is_empty() || number.len() > MAX_NUMBER_BYTES || !safe {
            return wrong(format!("must be 1 to {MAX_NUMBER_BYTES} letters, digits, `-`, `_` or `.`"));
        }
        match self.lines.get(number) {
            Some(first) if *first != line => wrong(format!("stands on line {first} already")),
            _ => Ok(number.to_owned()),
        }
    }

    fn fields(
        &self,
        row: &StringRecord,
        line: u64,
        notes: &mut Vec<Problem>,
    ) -> Result<BTreeMap<String, String>, Wrong> {
        let mut fields = BTreeMap::new();
        for (field, source) in &self.mapping.order {
            let value = match source {
                Source::Column { column } => self.value(row, column)?.to_owned(),
                Source::Time { time } => self.time(row, time, line, notes)?.unwrap_or_default(),
                Source::Constant { constant } => constant.clone(),
                Source::Columns { columns, join } => {
                    let mut values: Vec<&str> = Vec::new();
                    for column in columns {
                        let value = self.value(row, column)?;
                        if !value.is_empty() && !values.contains(&value) {
                            values.push(value);
                        }
                    }
                    values.join(join)
                }
            };
            if !value.is_empty() {
                fields.insert(field.clone(), value);
            }
        }
        Ok(fields)
    }

    fn value<'r>(&self, row: &'r StringRecord, column: &str) -> Result<&'r str, Wrong> {
        let at = self.columns.get(column).copied();
        let value = at.and_then(|at| row.get(at)).unwrap_or_default().trim();
        if value.chars().nth(MAX_VALUE_CHARS).is_some() {
            return Err((Some(column.to_owned()), format!("has more than {MAX_VALUE_CHARS} characters")));
        }
        Ok(value)
    }

    fn time(
        &self,
        row: &StringRecord,
        column: &str,
        line: u64,
        notes: &mut Vec<Problem>,
    ) -> Result<Option<String>, Wrong> {
        let text = self.value(row, column)?;
        if text.is_empty() {
            return Ok(None);
        }
        let column = Some(column.to_owned());
        let time = times::read(text, &self.mapping.date_format, &self.zone)
            .map_err(|reason| (column.clone(), reason))?;
        if let Some(note) = time.note {
            notes.push(Problem { line, column, reason: note.to_owned() });
        }
        Ok(Some(time.moment.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPPING: &str = r#"
        name = "small"
        date_format = "%Y-%m-%d %H:%M"
        time_zone = "America/New_York"
        number = "ID"
        received_at = "OPENED"
        required = ["WHAT"]
        [order]
        fault = { columns = ["WHAT", "MORE"], join = " / " }
        urgency = { constant = "normal" }
    "#;

    fn rows(csv: &str) -> Result<Rows, IntakeError> {
        read(csv.as_bytes(), &Mapping::parse(MAPPING).unwrap())
    }

    #[test]
    fn a_row_that_can_not_be_taken_blocks_nothing() {
        let read = rows(
            "ID,OPENED,WHAT,MORE\n1,2015-01-02 09:00,Heat,Heat\n2,soon,Heat,\n3,2015-01-02 09:00,,x\n4,2015-01-02\n\
             1,2015-01-02 09:00,Heat,\n5,2015-01-02 09:00,\"Two\nlines\",x\n6,2015-01-02 10:00,Drain,blocked\n",
        )
        .unwrap();
        let numbers: Vec<&str> = read.requests.iter().map(|request| request.number.as_str()).collect();
        assert_eq!(numbers, ["1", "5", "6"]);
        assert_eq!(read.requests[0].fields["fault"], "Heat");
        assert_eq!(read.requests[2].fields["fault"], "Drain / blocked");
        let problems: Vec<String> = read.problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            problems,
            [
                "line 3, column OPENED: is not a time in the format `%Y-%m-%d %H:%M`",
                "line 4, column WHAT: is empty",
                "line 5: has 2 columns, the header has 4",
                "line 6, column ID: stands on line 2 already",
            ]
        );
    }

    #[test]
    fn a_time_becomes_an_order_field_as_an_instant() {
        let mapping = MAPPING.to_owned() + "target_at = { time = \"DUE\" }\n";
        let mapping = Mapping::parse(&mapping).unwrap();
        let csv = "ID,OPENED,WHAT,MORE,DUE\n1,2015-01-02 09:00,Heat,,2015-07-03 10:30\n2,2015-01-02 09:00,Heat,,\n\
                   3,2015-01-02 09:00,Heat,,soon\n4,2015-01-02 09:00,Heat,,2015-11-01 01:30\n";
        let read = read(csv.as_bytes(), &mapping).unwrap();
        assert_eq!(read.requests[0].fields["target_at"], "2015-07-03T10:30:00-04:00");
        assert!(!read.requests[1].fields.contains_key("target_at"), "an empty one is left out");
        assert_eq!(
            read.problems[0].to_string(),
            "line 4, column DUE: is not a time in the format `%Y-%m-%d %H:%M`"
        );
        assert_eq!(read.notes[0].column.as_deref(), Some("DUE"), "the clock was set back");
        let missing = super::read(b"ID,OPENED,WHAT,MORE\n", &mapping).unwrap_err().to_string();
        assert!(missing.contains("DUE"), "{missing}");
    }

    #[test]
    fn an_unclosed_quote_is_named_with_its_line() {
        let read =
            rows("ID,OPENED,WHAT,MORE\n1,2015-01-02 09:00,\"Heat,x\n2,2015-01-02 09:00,Heat,x\n").unwrap();
        assert!(read.requests.is_empty());
        assert_eq!(read.problems.len(), 1);
        assert_eq!(read.problems[0].line, 2);
        assert!(read.problems[0].reason.contains("quote"), "{}", read.problems[0].reason);
    }

    #[test]
    fn files_that_can_not_be_read_say_why() {
        let mapping = Mapping::parse(MAPPING).unwrap();
        assert!(matches!(rows(""), Err(IntakeError::Empty)));
        let missing = rows("ID,WHAT,MORE\n").unwrap_err().to_string();
        assert!(missing.contains("OPENED") && missing.contains("ID, WHAT, MORE"), "{missing}");
        assert!(matches!(rows("ID,ID,OPENED,WHAT,MORE\n"), Err(IntakeError::DoubleColumn(_))));
        let latin1 = read(b"ID,OPENED,WHAT,MORE\n1,2015-01-02 09:00,Caf\xe9,x\n", &mapping).unwrap_err();
        assert!(matches!(latin1, IntakeError::Encoding { line: 2, .. }), "{latin1}");
        let utf16 = read(&[0xff, 0xfe, 0x49, 0x00], &mapping).unwrap_err().to_string();
        assert!(utf16.contains("UTF-16"), "{utf16}");
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_column() {
        assert_eq!(
            rows("\u{feff}ID,OPENED,WHAT,MORE\n1,2015-01-02 09:00,Heat,\n").unwrap().requests.len(),
            1
        );
    }

    #[test]
    fn the_sample_file_is_read_whole() {
        let bytes = include_bytes!("../../data/boston-311/service_requests.csv");
        let read = read(bytes, &Mapping::builtin("boston-311").unwrap()).unwrap();
        assert_eq!((read.requests.len(), read.problems.len()), (600, 0));
        let first = &read.requests[0];
        assert_eq!(
            (first.number.as_str(), first.received_at.as_str()),
            ("101001241039", "2015-01-02T09:17:43-05:00")
        );
        assert_eq!((first.target_at.as_deref(), first.verdict.as_deref()), (None, Some("ONTIME")));
        assert_eq!(first.fields["fault"], "Catchbasin");
    }
}
