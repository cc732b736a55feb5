//! What was counted in a van or put into it, as CSV: `part_number,quantity` and, where known, `name`, `serials` (separated by
//! blanks) and `tracked` (`yes` or `no`).

use std::collections::{HashMap, HashSet};

use jobsheet_core::stock::Brought;
use jobsheet_wire::{MAX_STOCK_LINES, MAX_STOCK_SERIALS};

use super::table::{self, Wrong};
use super::{IntakeError, Problem, Summary};
use crate::office::By;
use crate::store::{EntryKind, StoreError, Writing};

/// Longest part number and serial number, in Unicode code points.
const MAX_NUMBER_CHARS: usize = 100;
/// Longest name of a part, in Unicode code points.
const MAX_NAME_CHARS: usize = 200;
/// Most pieces of one number.
const MAX_PIECES: u32 = 1_000_000;

/// What was read from a file.
#[derive(Debug)]
pub(crate) struct StockRows {
    rows: Vec<(u64, Brought)>,
    problems: Vec<Problem>,
}

/// Reads a file.
pub(crate) fn read(bytes: &[u8], kind: EntryKind) -> Result<StockRows, IntakeError> {
    let mut numbers = HashSet::new();
    let mut serials = HashSet::new();
    let table = table::read(bytes, &["part_number", "quantity"], &["name", "serials", "tracked"], |row| {
        let number = name("part_number", row.value("part_number"), MAX_NUMBER_CHARS)?;
        if numbers.contains(&number) {
            return Err((Some("part_number"), "stands on an earlier line already".to_owned()));
        }
        let least = u32::from(kind != EntryKind::Count);
        let quantity =
            row.value("quantity").parse().ok().filter(|pieces| (least..=MAX_PIECES).contains(pieces));
        let quantity: u32 = quantity
            .ok_or((Some("quantity"), format!("must be a whole number from {least} to {MAX_PIECES}")))?;
        let own = own_serials(row.value("serials"), quantity)?;
        let tracked = match row.value("tracked") {
            "" => !own.is_empty(),
            "yes" => true,
            "no" if own.is_empty() => false,
            "no" => return Err((Some("tracked"), "is `no`, and there are serial numbers".to_owned())),
            _ => return Err((Some("tracked"), "must be yes or no".to_owned())),
        };
        if own.iter().any(|serial| serials.contains(&(number.clone(), serial.clone()))) {
            return Err((Some("serials"), "holds a serial number twice".to_owned()));
        }
        serials.extend(own.iter().map(|serial| (number.clone(), serial.clone())));
        numbers.insert(number.clone());
        let named = row.value("name");
        let name = if named.is_empty() { None } else { Some(name("name", named, MAX_NAME_CHARS)?) };
        Ok(Brought { number, name, quantity, serials: own, tracked })
    })?;
    Ok(StockRows { rows: table.rows, problems: table.problems })
}

fn own_serials(text: &str, quantity: u32) -> Result<Vec<String>, Wrong> {
    let mut serials: Vec<String> = Vec::new();
    for serial in text.split_whitespace() {
        let serial = name("serials", serial, MAX_NUMBER_CHARS)?;
        if serials.contains(&serial) {
            return Err((Some("serials"), "holds a serial number twice".to_owned()));
        }
        serials.push(serial);
    }
    // Fewer would be pieces that nobody can use without a finding; more would be pieces that are not there.
    if !serials.is_empty() && serials.len() != quantity as usize {
        return Err((Some("serials"), format!("has {} serial numbers for {quantity} pieces", serials.len())));
    }
    Ok(serials)
}

fn name(column: &'static str, text: &str, limit: usize) -> Result<String, Wrong> {
    let length = text.chars().take(limit + 1).count();
    if length == 0 || length > limit || text.chars().any(char::is_control) {
        return Err((Some(column), format!("must be 1 to {limit} characters on one line")));
    }
    Ok(text.to_owned())
}

/// Stores the rows of a file for a technician, in one transaction. Rows beyond what a device takes are listed.
pub(crate) fn store(
    tx: &Writing<'_>,
    technician: &str,
    kind: EntryKind,
    rows: StockRows,
    by: &By,
) -> Result<Summary, StoreError> {
    let StockRows { rows, mut problems } = rows;
    let (mut numbers, mut serials) = tx.stock_size(technician)?;
    let mut taken = Vec::new();
    let mut lines = HashMap::new();
    for (line, brought) in rows {
        let new_number = !numbers.contains(&brought.number);
        let reason = if new_number && numbers.len() >= MAX_STOCK_LINES {
            format!("a van holds at most {MAX_STOCK_LINES} part numbers")
        } else if serials + brought.serials.len() > MAX_STOCK_SERIALS {
            format!("a van holds at most {MAX_STOCK_SERIALS} serial numbers")
        } else {
            numbers.insert(brought.number.clone());
            serials += brought.serials.len();
            lines.insert(brought.number.clone(), line);
            taken.push(brought);
            continue;
        };
        problems.push(Problem { line, column: None, reason });
    }
    problems.sort_by_key(|problem| problem.line);
    tx.add_stock(technician, kind, &taken, &by.person, by.now)?;
    let summary = Summary {
        requests: taken.len() + problems.len(),
        added: taken.len(),
        known: 0,
        refused: problems.len(),
        problems,
        notes: Vec::new(),
    };
    let action = format!("stock-{}", kind.id());
    tx.audit(by.now, &by.person, &action, technician, &format!("{} rows", summary.added))?;
    Ok(summary)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(csv: &str, kind: EntryKind) -> (Vec<String>, Vec<String>) {
        let read = read(csv.as_bytes(), kind).unwrap();
        let numbers = read.rows.iter().map(|(_, row)| row.number.clone()).collect();
        (numbers, read.problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_row_that_can_not_be_taken_blocks_nothing() {
        let csv = "part_number,quantity,name,serials,tracked\n\
                   BELT-7,3,Belt,,\nPUMP-1,2,Pump,S1 S2,\n,1,,,\nX,-1,,,\nX,1.5,,,\nBELT-7,1,,,\nY,2,,S1,\nZ,2,,A A,\n\
                   V,1,,B,no\nW,1,,,maybe\nU,1\nT,0,,,yes\n";
        let (numbers, problems) = problems(csv, EntryKind::Count);
        assert_eq!(numbers, ["BELT-7", "PUMP-1", "T"]);
        assert_eq!(
            problems,
            [
                "line 4, column part_number: must be 1 to 100 characters on one line",
                "line 5, column quantity: must be a whole number from 0 to 1000000",
                "line 6, column quantity: must be a whole number from 0 to 1000000",
                "line 7, column part_number: stands on an earlier line already",
                "line 8, column serials: has 1 serial numbers for 2 pieces",
                "line 9, column serials: holds a serial number twice",
                "line 10, column tracked: is `no`, and there are serial numbers",
                "line 11, column tracked: must be yes or no",
                "line 12: has 2 columns, the header has 5",
            ]
        );
    }

    #[test]
    fn limits_hold_on_both_sides() {
        let of = |number: &str, pieces: &str, kind| {
            problems(&format!("part_number,quantity\n{number},{pieces}\n"), kind).0.len()
        };
        assert_eq!(of("A", "0", EntryKind::Count), 1);
        assert_eq!(of("A", "0", EntryKind::Receipt), 0);
        assert_eq!(of("A", "1000000", EntryKind::Receipt), 1);
        assert_eq!(of("A", "1000001", EntryKind::Receipt), 0);
        assert_eq!(of(&"件".repeat(100), "1", EntryKind::Count), 1);
        assert_eq!(of(&"件".repeat(101), "1", EntryKind::Count), 0);
    }

    #[test]
    fn a_header_with_a_slip_of_the_pen_is_refused() {
        let of = |csv: &str| read(csv.as_bytes(), EntryKind::Count).unwrap_err().to_string();
        assert!(of("part_number,qty\nA,1\n").contains("there is no column `qty` here"));
        assert!(of("part_number\nA\n").contains("the columns quantity are missing"));
        assert!(of("part_number,quantity,quantity\nA,1,1\n").contains("twice"));
        assert!(of("").contains("empty"));
    }
}
