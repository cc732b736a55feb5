//! The parts in a technician's van: what was counted and brought, less what was used.
//!
//! Stock is reference data of the server, not part of any document. The server folds every movement it knows; a device holds
//! the outcome up to a place in the server's log and takes from it what it has used since. Both use the same arithmetic, and
//! the outcome does not depend on the order of uses and receipts: quantities are sums, serials are sets.
//!
//! A part that is in the technician's hand can be used whatever the ledger says. Stock below zero is therefore possible, and
//! never silent: it is a [`StockFinding`].
//!
//! ```
//! use jobsheet_core::stock::{Brought, Fault, Stock, Use};
//! let mut stock = Stock::default();
//! stock.count(Brought { number: "BELT-7".into(), name: None, quantity: 1, serials: Vec::new(), tracked: false });
//! stock.take(&Use { number: "BELT-7".into(), name: None, quantity: 3, serial: None });
//! assert_eq!(stock.line("BELT-7").unwrap().quantity, -2);
//! assert_eq!(stock.findings()[0].fault, Fault::StockShort);
//! ```

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::Text;

/// Parts of one number that were counted in a van or put into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brought {
    /// Part number.
    pub number: String,
    /// Name of the part.
    pub name: Option<String>,
    /// Pieces; 0 only in a count.
    pub quantity: u32,
    /// Serial numbers, as far as they are known.
    pub serials: Vec<String>,
    /// Each piece has a serial number that is followed.
    pub tracked: bool,
}

/// Parts of one number that were used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// Part number.
    pub number: String,
    /// Name of the part.
    pub name: Option<String>,
    /// Pieces.
    pub quantity: u32,
    /// Serial number of one of them.
    pub serial: Option<String>,
}

/// What is wrong with a stock. Each is a finding and no refusal: the ledger may be out of date, the part in the hand is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// More was used than was there: as many pieces are missing in the ledger.
    StockShort,
    /// A serial number was used that is not in the van, or more than once.
    SerialNotInVan,
    /// Pieces whose serial numbers are followed were used without one.
    SerialMissing,
}

impl Fault {
    /// All faults.
    pub const ALL: [Fault; 3] = [Fault::StockShort, Fault::SerialNotInVan, Fault::SerialMissing];

    /// The fault's id, as in JSON.
    pub fn id(self) -> &'static str {
        match self {
            Fault::StockShort => "stock-short",
            Fault::SerialNotInVan => "serial-not-in-van",
            Fault::SerialMissing => "serial-missing",
        }
    }

    /// The fault of an id.
    pub fn of(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.id() == id)
    }

    /// What is wrong, and what mends it.
    pub fn text(self) -> Text {
        match self {
            Fault::StockShort => Text::new(
                "More of this part was used than the ledger holds. Count the van, or enter the receipt that is missing.",
                "该配件的领用数超过账面数。请盘点车上库存，或补录漏记的入库。",
            ),
            Fault::SerialNotInVan => Text::new(
                "A part was used whose serial number is not in the van, or has been used before. Check the number.",
                "所用配件的序列号不在车上库存中，或已被使用。请核对序列号。",
            ),
            Fault::SerialMissing => Text::new(
                "The serial numbers of this part are followed, and it was used without one. Count the van.",
                "该配件按序列号管理，但领用时未填序列号。请盘点车上库存。",
            ),
        }
    }
}

/// Something that is wrong with a stock.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct StockFinding {
    /// Part number.
    pub number: String,
    /// What is wrong.
    pub fault: Fault,
    /// The serial number, if it is about one.
    pub serial: Option<String>,
    /// Pieces that it is about.
    pub quantity: u64,
}

/// The parts of one number in a van.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Part number.
    pub number: String,
    /// Name of the part.
    pub name: Option<String>,
    /// Pieces by the ledger; below zero: more was used than is known to have been there.
    pub quantity: i64,
    /// Each piece has a serial number that is followed.
    pub tracked: bool,
    /// It was counted or brought once; else it is known only from its use.
    pub listed: bool,
    brought: BTreeSet<String>,
    used: BTreeMap<String, u64>,
    without_serial: u64,
}

impl Line {
    /// Serial numbers that are in the van, in order.
    pub fn serials(&self) -> impl Iterator<Item = &str> {
        self.brought.iter().filter(|serial| !self.used.contains_key(*serial)).map(String::as_str)
    }

    fn findings(&self) -> impl Iterator<Item = StockFinding> {
        let finding = |fault, serial: Option<&String>, quantity: u64| {
            let (number, serial) = (self.number.clone(), serial.cloned());
            (quantity > 0).then_some(StockFinding { number, fault, serial, quantity })
        };
        let short = if self.quantity < 0 { self.quantity.unsigned_abs() } else { 0 };
        let strange = self.used.iter().filter(|_| self.tracked).filter_map(move |(serial, times)| {
            let known = u64::from(self.brought.contains(serial));
            finding(Fault::SerialNotInVan, Some(serial), times.saturating_sub(known))
        });
        let without = if self.tracked { self.without_serial } else { 0 };
        finding(Fault::StockShort, None, short).into_iter().chain(strange).chain(finding(
            Fault::SerialMissing,
            None,
            without,
        ))
    }
}

/// The parts in one van.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stock {
    lines: BTreeMap<String, Line>,
}

impl Stock {
    /// Somebody counted the pieces of a number. What was known of it before counts no more.
    pub fn count(&mut self, counted: Brought) {
        let name = counted.name.clone().or_else(|| self.line(&counted.number)?.name.clone());
        let line = Line {
            number: counted.number.clone(),
            name,
            quantity: i64::from(counted.quantity),
            tracked: counted.tracked || !counted.serials.is_empty(),
            listed: true,
            brought: counted.serials.into_iter().collect(),
            ..Line::default()
        };
        self.lines.insert(counted.number, line);
    }

    /// Pieces were put into the van.
    pub fn receive(&mut self, received: Brought) {
        let line = self.of(&received.number);
        line.name = received.name.or(line.name.take());
        line.quantity += i64::from(received.quantity);
        line.tracked |= received.tracked || !received.serials.is_empty();
        line.listed = true;
        line.brought.extend(received.serials);
    }

    /// Pieces were used.
    pub fn take(&mut self, used: &Use) {
        let line = self.of(&used.number);
        if line.name.is_none() {
            line.name.clone_from(&used.name);
        }
        line.quantity -= i64::from(used.quantity);
        let mut without = u64::from(used.quantity);
        if let Some(serial) = &used.serial {
            *line.used.entry(serial.clone()).or_default() += 1;
            without = without.saturating_sub(1);
        }
        line.without_serial += without;
    }

    /// The outcome of what a server has folded: pieces, and the serial numbers that are still there.
    pub fn known(
        &mut self,
        number: String,
        name: Option<String>,
        quantity: i64,
        tracked: bool,
        serials: Vec<String>,
    ) {
        let brought = serials.into_iter().collect();
        let line = Line {
            number: number.clone(),
            name,
            quantity,
            tracked,
            listed: true,
            brought,
            ..Line::default()
        };
        self.lines.insert(number, line);
    }

    fn of(&mut self, number: &str) -> &mut Line {
        let fresh = || Line { number: number.to_owned(), ..Line::default() };
        self.lines.entry(number.to_owned()).or_insert_with(fresh)
    }

    /// The pieces of a number.
    pub fn line(&self, number: &str) -> Option<&Line> {
        self.lines.get(number)
    }

    /// All lines, by number.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        self.lines.values()
    }

    /// Everything that is wrong, by number.
    pub fn findings(&self) -> Vec<StockFinding> {
        self.lines.values().flat_map(Line::findings).collect()
    }
}
