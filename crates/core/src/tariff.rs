//! Tariffs: what a company asks for parts, labour and flat fees. A pack only names one; the company supplies the table.
//!
//! Money is counted in minor units of its currency (ISO 4217): whole numbers, no fractions, no rounding.

use std::collections::BTreeMap;

use iso_currency::Currency;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::deadline::{Limit, LimitSpan};

/// Most part numbers in a tariff.
pub const MAX_TARIFF_PARTS: usize = 5000;
/// Most flat fees in a tariff.
pub const MAX_TARIFF_FEES: usize = 200;
/// Highest price, in minor units.
pub const MAX_PRICE: i64 = 1_000_000_000_000;
/// Longest part number in a tariff, in Unicode code points.
const MAX_NUMBER_CHARS: usize = 200;

/// One version of a tariff. In JSON:
/// `{"id": "service", "valid_from": "2026-01-01", "currency": "CNY", "parts": {"BELT-7": 12000},
/// "labour": {"per": "PT30M", "price": 9000}, "fees": {"misuse": 50000}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tariff {
    /// Id in kebab case, as packs name it.
    pub id: String,
    /// First day on which it holds, at the place of service; it holds until the next version does.
    pub valid_from: Date,
    /// ISO 4217 code.
    pub currency: String,
    /// Price of one piece by part number, in minor units.
    #[serde(default)]
    pub parts: BTreeMap<String, i64>,
    /// Price of labour.
    #[serde(default)]
    pub labour: Option<Labour>,
    /// Flat fees by kind of cost, in minor units.
    #[serde(default)]
    pub fees: BTreeMap<String, i64>,
}

/// Price of labour: every unit of time that was begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Labour {
    /// The unit: ISO 8601 duration of an exact length, such as `PT30M`.
    pub per: String,
    /// Price of one unit, in minor units.
    pub price: i64,
}

/// An amount of money.
///
/// ```
/// use jobsheet_core::tariff::Amount;
/// assert_eq!(Amount { minor: 12_050, currency: "CNY".into() }.to_string(), "120.50 CNY");
/// assert_eq!(Amount { minor: 120, currency: "JPY".into() }.to_string(), "120 JPY");
/// assert_eq!(Amount { minor: 1, currency: "KWD".into() }.to_string(), "0.001 KWD");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Amount {
    /// Minor units: hundredths of a yuan, whole yen.
    pub minor: i64,
    /// ISO 4217 code.
    pub currency: String,
}

impl std::fmt::Display for Amount {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = digits(&self.currency).unwrap_or(0);
        let (sign, minor) = (if self.minor < 0 { "-" } else { "" }, self.minor.unsigned_abs());
        let one = 10_u64.pow(digits);
        if digits == 0 {
            return write!(out, "{sign}{minor} {}", self.currency);
        }
        let (whole, part) = (minor / one, minor % one);
        write!(out, "{sign}{whole}.{part:0width$} {}", self.currency, width = digits as usize)
    }
}

/// Digits after the point of a currency. `None`: there is no such currency.
pub fn digits(currency: &str) -> Option<u32> {
    Currency::from_code(currency).map(|currency| u32::from(currency.exponent().unwrap_or(0)))
}

/// What is wrong with a tariff.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TariffError {
    /// The id is none.
    #[error("the id of a tariff is 1 to 64 lower-case letters, digits and `-`")]
    Id,
    /// The currency is none.
    #[error("the currency is no ISO 4217 code such as CNY")]
    Currency,
    /// A price is none.
    #[error("the price of `{what}` must be 0 to {MAX_PRICE} minor units")]
    Price {
        /// Part number, kind of cost, or `labour`.
        what: String,
    },
    /// A name is empty or too long.
    #[error("a part number or kind of cost has 1 to {MAX_NUMBER_CHARS} characters")]
    Name,
    /// The unit of labour is none.
    #[error("the unit of labour must be an exact duration such as PT30M")]
    Unit,
    /// Too much in it.
    #[error("a tariff holds at most {MAX_TARIFF_PARTS} part numbers and {MAX_TARIFF_FEES} fees")]
    TooMany,
}

impl Tariff {
    /// Checks it: nothing is charged by a tariff that is not sound.
    ///
    /// # Errors
    /// [`TariffError`], the first that is found.
    pub fn check(&self) -> Result<(), TariffError> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if self.id.is_empty() || self.id.len() > 64 || !self.id.bytes().all(fits) {
            return Err(TariffError::Id);
        }
        if digits(&self.currency).is_none() {
            return Err(TariffError::Currency);
        }
        if self.parts.len() > MAX_TARIFF_PARTS || self.fees.len() > MAX_TARIFF_FEES {
            return Err(TariffError::TooMany);
        }
        for (name, price) in self.parts.iter().chain(&self.fees) {
            check_name(name)?;
            check_price(name, *price)?;
        }
        if let Some(labour) = &self.labour {
            check_price("labour", labour.price)?;
            labour.seconds().ok_or(TariffError::Unit)?;
        }
        Ok(())
    }
}

/// Checks the name of a part or of a kind of cost.
pub(crate) fn check_name(name: &str) -> Result<(), TariffError> {
    let length = name.chars().take(MAX_NUMBER_CHARS + 1).count();
    if (1..=MAX_NUMBER_CHARS).contains(&length) { Ok(()) } else { Err(TariffError::Name) }
}

fn check_price(what: &str, price: i64) -> Result<(), TariffError> {
    let right = (0..=MAX_PRICE).contains(&price);
    if right { Ok(()) } else { Err(TariffError::Price { what: what.to_owned() }) }
}

impl Labour {
    /// Length of a unit, in seconds. `None`: it has no exact length of at least a second.
    pub fn seconds(&self) -> Option<u64> {
        let Ok(Limit::Span(span)) = self.per.parse::<Limit>() else { return None };
        exact_seconds(&span).filter(|seconds| *seconds > 0)
    }
}

fn exact_seconds(span: &LimitSpan) -> Option<u64> {
    let exact = span.is_exact().then(|| span.exact())?;
    u64::try_from(exact.as_secs()).ok()
}

/// The version of a tariff that holds on a day.
///
/// ```
/// use jobsheet_core::tariff::{Tariff, in_force};
/// let of = |from: &str| -> Tariff {
///     serde_json::from_value(serde_json::json!({"id": "service", "valid_from": from, "currency": "CNY"})).unwrap()
/// };
/// let tariffs = [of("2026-01-01"), of("2026-07-01")];
/// let on = |day: &str| in_force(&tariffs, "service", day.parse().unwrap()).map(|tariff| tariff.valid_from.to_string());
/// assert_eq!(on("2025-12-31"), None);
/// assert_eq!(on("2026-06-30").as_deref(), Some("2026-01-01"));
/// assert_eq!(on("2026-07-01").as_deref(), Some("2026-07-01"));
/// ```
pub fn in_force<'t>(tariffs: &'t [Tariff], id: &str, day: Date) -> Option<&'t Tariff> {
    let holds = tariffs.iter().filter(|tariff| tariff.id == id && tariff.valid_from <= day);
    holds.max_by_key(|tariff| tariff.valid_from)
}
