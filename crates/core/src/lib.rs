//! Standards, records, judging and reports of Jobsheet.
//!
//! This crate does no I/O and has no clock: the time, ids and randomness are passed in, so that the phone, the server and
//! every test judge a record alike.

pub mod assess;
pub mod deadline;
pub mod key;
pub mod record;
pub mod rehearse;
pub mod report;
pub mod seal;
pub mod standard;
pub mod stock;
pub mod tariff;
mod text;
mod time;

pub use text::{Lang, Text};
pub use time::{CLOCK_TOLERANCE, Elapsed, Moment, NotAMoment, Stamp};

/// Writes bytes as lower-case hexadecimal digits.
///
/// ```
/// assert_eq!(jobsheet_core::hex(&[0x0f, 0xa0]), "0fa0");
/// ```
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
    digits.map(|digit| DIGITS[usize::from(digit)]).collect()
}

/// Reads hexadecimal digits. `None` if there is anything else.
///
/// ```
/// assert_eq!(jobsheet_core::unhex("0fA0"), Some(vec![0x0f, 0xa0]));
/// assert_eq!(jobsheet_core::unhex("+f"), None);
/// ```
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    // `from_str_radix` would take a sign.
    if !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    text.as_bytes()
        .chunks(2)
        .map(|pair| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect()
}
