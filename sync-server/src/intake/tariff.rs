//! A version of a tariff as CSV: `kind,code,price` and, for labour, `per`. `kind` is `part` (its number in `code`), `fee` (the
//! kind of cost in `code`) or `labour` (no code). `price` is in whole minor units of the currency, such as fen. A file with
//! a row that can not be taken is not stored at all: a tariff with a hole in it would be charged by.

use jiff::civil::Date;
use jobsheet_core::tariff::{Labour, MAX_PRICE, Tariff, TariffError};

use super::table::{self, Wrong};
use super::{IntakeError, Problem};

/// A tariff that was read, and the rows that were not taken.
#[derive(Debug)]
pub(crate) struct TariffRows {
    /// The tariff.
    pub(crate) tariff: Tariff,
    /// Rows that were taken.
    pub(crate) taken: usize,
    /// Rows that were not.
    pub(crate) problems: Vec<Problem>,
}

/// Reads a file.
pub(crate) fn read(
    bytes: &[u8],
    id: &str,
    valid_from: Date,
    currency: &str,
) -> Result<Result<TariffRows, TariffError>, IntakeError> {
    let mut tariff = Tariff {
        id: id.to_owned(),
        valid_from,
        currency: currency.to_owned(),
        parts: std::collections::BTreeMap::new(),
        labour: None,
        fees: std::collections::BTreeMap::new(),
    };
    if let Err(error) = tariff.check() {
        return Ok(Err(error));
    }
    let table = table::read(bytes, &["kind", "code", "price"], &["per"], |row| {
        let code = row.value("code");
        let price = row.value("price").parse().ok().filter(|price| (0..=MAX_PRICE).contains(price));
        let wrong =
            || (Some("price"), format!("must be a whole number of minor units from 0 to {MAX_PRICE}"));
        let price: i64 = price.ok_or_else(wrong)?;
        let twice = (Some("code"), "stands on an earlier line already".to_owned());
        let named = |column: &'static str| -> Result<String, Wrong> {
            let fits =
                (1..=200).contains(&code.chars().take(201).count()) && !code.chars().any(char::is_control);
            if fits {
                Ok(code.to_owned())
            } else {
                Err((Some(column), "must be 1 to 200 characters on one line".to_owned()))
            }
        };
        match row.value("kind") {
            "part" if tariff.parts.contains_key(code) => Err(twice),
            "part" => {
                tariff.parts.insert(named("code")?, price);
                Ok(())
            }
            "fee" if tariff.fees.contains_key(code) => Err(twice),
            "fee" => {
                tariff.fees.insert(named("code")?, price);
                Ok(())
            }
            "labour" if tariff.labour.is_some() => {
                Err((None, "labour stands on an earlier line already".to_owned()))
            }
            "labour" => {
                let labour = Labour { per: row.value("per").to_owned(), price };
                let wrong = || (Some("per"), "must be an exact duration such as PT30M".to_owned());
                labour.seconds().ok_or_else(wrong)?;
                tariff.labour = Some(labour);
                Ok(())
            }
            _ => Err((Some("kind"), "must be part, labour or fee".to_owned())),
        }
    })?;
    let rows = TariffRows { tariff, taken: table.rows.len(), problems: table.problems };
    Ok(rows.tariff.check().map(|()| rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_whole_minor_units_and_bad_rows_are_listed() {
        let csv = "kind,code,price,per\npart,BELT-7,12000,\npart,BELT-7,1,\npart,PUMP-1,12.50,\nlabour,,9000,PT30M\n\
                   labour,,1,PT1H\nfee,misuse,50000,\nfee,x,-1,\ntax,x,1,\npart,,1,\n";
        let read = read(csv.as_bytes(), "service", "2026-01-01".parse().unwrap(), "CNY").unwrap().unwrap();
        assert_eq!(
            (read.taken, read.tariff.parts["BELT-7"], read.tariff.fees["misuse"]),
            (3, 12_000, 50_000)
        );
        assert_eq!(read.tariff.labour, Some(Labour { per: "PT30M".to_owned(), price: 9000 }));
        let problems: Vec<String> = read.problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            problems,
            [
                "line 3, column code: stands on an earlier line already",
                "line 4, column price: must be a whole number of minor units from 0 to 1000000000000",
                "line 6: labour stands on an earlier line already",
                "line 8, column price: must be a whole number of minor units from 0 to 1000000000000",
                "line 9, column kind: must be part, labour or fee",
                "line 10, column code: must be 1 to 200 characters on one line",
            ]
        );
    }

    #[test]
    fn a_month_is_no_unit_of_labour_and_a_currency_is_one_of_iso_4217() {
        let of = |csv: &str, currency: &str| {
            read(csv.as_bytes(), "service", "2026-01-01".parse().unwrap(), currency)
        };
        let month = of("kind,code,price,per\nlabour,,9000,P1M\n", "CNY").unwrap().unwrap();
        assert_eq!((month.taken, month.problems.len()), (0, 1));
        assert_eq!(of("kind,code,price\n", "RMB").unwrap().unwrap_err(), TariffError::Currency);
    }
}
