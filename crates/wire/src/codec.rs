//! Bytes to messages and back, with limits before anything is allocated.

use std::io::Read;

use minicbor::{Decode, Encode};

use crate::message::{Exchange, Reply, binding};
use crate::{
    AssetHistory, MAX_BODY_BYTES, MAX_CHANGE_BYTES, MAX_CHANGES_PER_DOCUMENT, MAX_DOCUMENTS_PER_EXCHANGE,
    MAX_INFLATED_BYTES, MAX_PAST_CHARS, MAX_PAST_PARTS, MAX_PAST_VISITS, MAX_STOCK_FAULTS,
    MAX_STOCK_INCLUDED, MAX_STOCK_LINES, MAX_STOCK_SERIALS, MAX_TARIFF_BYTES, MAX_TARIFFS, MAX_TARIFFS_BYTES,
    PROTOCOL, Stock, Tariffs,
};

const ZSTD_LEVEL: i32 = 3;

/// Why a body can not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The body is empty.
    #[error("the body is empty; send one version byte and one zstd frame")]
    Empty,
    /// The sender speaks another protocol version.
    #[error("protocol version {found} is not supported; supported: {min} to {max}")]
    UnknownVersion {
        /// Version of the body.
        found: u8,
        /// Oldest supported.
        min: u8,
        /// Newest supported.
        max: u8,
    },
    /// A limit is exceeded.
    #[error("{what} exceeds the limit of {limit}; send less in one exchange")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The limit, in bytes or pieces.
        limit: usize,
    },
    /// The frame is cut short or damaged.
    #[error("the body is cut short or damaged ({0}); send it again")]
    Damaged(String),
    /// The changes are not bound to the document they are sent for.
    #[error(
        "the changes are not bound to the document they are sent for; send them again for their own document"
    )]
    WrongBinding,
}

/// Writes a device's message.
///
/// # Errors
/// [`WireError::TooLarge`] if it does not fit into one exchange.
pub fn encode_exchange(message: &Exchange) -> Result<Vec<u8>, WireError> {
    encode(message)
}

/// Reads a device's message and checks its limits and bindings.
///
/// # Errors
/// Any [`WireError`].
///
/// ```
/// use jobsheet_wire::{Exchange, decode_exchange, encode_exchange};
/// let body = encode_exchange(&Exchange::default()).unwrap();
/// assert_eq!(decode_exchange(&body).unwrap(), Exchange::default());
/// assert!(decode_exchange(&body[..body.len() - 1]).is_err());
/// ```
pub fn decode_exchange(body: &[u8]) -> Result<Exchange, WireError> {
    let message: Exchange = decode(body)?;
    if message.push.len() > MAX_DOCUMENTS_PER_EXCHANGE {
        return Err(WireError::TooLarge { what: "number of documents", limit: MAX_DOCUMENTS_PER_EXCHANGE });
    }
    for push in &message.push {
        if push.changes.len() > MAX_CHANGES_PER_DOCUMENT {
            return Err(WireError::TooLarge { what: "number of changes", limit: MAX_CHANGES_PER_DOCUMENT });
        }
        if push.changes.iter().any(|change| change.bytes.len() > MAX_CHANGE_BYTES) {
            return Err(WireError::TooLarge { what: "a change", limit: MAX_CHANGE_BYTES });
        }
        if binding(&push.document, push.changes.iter().map(|change| &change.hash)) != push.binding {
            return Err(WireError::WrongBinding);
        }
    }
    Ok(message)
}

/// Writes the server's message.
///
/// # Errors
/// [`WireError::TooLarge`] if it does not fit into one exchange.
pub fn encode_reply(message: &Reply) -> Result<Vec<u8>, WireError> {
    encode(message)
}

/// Reads the server's message and checks its limits.
///
/// # Errors
/// Any [`WireError`].
pub fn decode_reply(body: &[u8]) -> Result<Reply, WireError> {
    let message: Reply = decode(body)?;
    message.stock.as_ref().map_or(Ok(()), check_stock)?;
    message.tariffs.as_ref().map_or(Ok(()), check_tariffs)?;
    message.histories.iter().flatten().try_for_each(check_history)?;
    Ok(message)
}

fn at_most(what: &'static str, many: usize, limit: usize) -> Result<(), WireError> {
    if many > limit { Err(WireError::TooLarge { what, limit }) } else { Ok(()) }
}

fn check_stock(stock: &Stock) -> Result<(), WireError> {
    at_most("number of stock lines", stock.lines.len(), MAX_STOCK_LINES)?;
    at_most("number of stock faults", stock.faults.len(), MAX_STOCK_FAULTS)?;
    at_most("number of uses included", stock.included.len(), MAX_STOCK_INCLUDED)?;
    let serials = stock.lines.iter().map(|line| line.serials.len()).sum();
    at_most("number of serial numbers", serials, MAX_STOCK_SERIALS)
}

fn check_history(history: &AssetHistory) -> Result<(), WireError> {
    at_most("number of earlier visits", history.visits.len(), MAX_PAST_VISITS)?;
    for past in &history.visits {
        at_most("number of parts of an earlier visit", past.parts.len(), MAX_PAST_PARTS)?;
        for text in [&past.fault, &past.cause, &past.solution] {
            at_most("a text of an earlier visit", text.chars().count(), MAX_PAST_CHARS)?;
        }
    }
    Ok(())
}

fn check_tariffs(tariffs: &Tariffs) -> Result<(), WireError> {
    at_most("number of tariffs", tariffs.tariffs.len(), MAX_TARIFFS)?;
    for tariff in &tariffs.tariffs {
        at_most("a tariff", tariff.len(), MAX_TARIFF_BYTES)?;
    }
    at_most("all tariffs together", tariffs.tariffs.iter().map(String::len).sum(), MAX_TARIFFS_BYTES)
}

fn encode(message: &impl Encode<()>) -> Result<Vec<u8>, WireError> {
    let plain = minicbor::to_vec(message).map_err(|error| WireError::Damaged(error.to_string()))?;
    if plain.len() > MAX_INFLATED_BYTES {
        return Err(WireError::TooLarge { what: "the message", limit: MAX_INFLATED_BYTES });
    }
    let failed = |error: std::io::Error| WireError::Damaged(error.to_string());
    let mut body = vec![PROTOCOL];
    let mut encoder = zstd::Encoder::new(&mut body, ZSTD_LEVEL).map_err(failed)?;
    encoder.include_checksum(true).map_err(failed)?;
    std::io::Write::write_all(&mut encoder, &plain).map_err(failed)?;
    encoder.finish().map_err(failed)?;
    if body.len() > MAX_BODY_BYTES {
        return Err(WireError::TooLarge { what: "the body", limit: MAX_BODY_BYTES });
    }
    Ok(body)
}

fn decode<T: for<'b> Decode<'b, ()>>(body: &[u8]) -> Result<T, WireError> {
    if body.len() > MAX_BODY_BYTES {
        return Err(WireError::TooLarge { what: "the body", limit: MAX_BODY_BYTES });
    }
    let (version, frame) = body.split_first().ok_or(WireError::Empty)?;
    if *version != PROTOCOL {
        return Err(WireError::UnknownVersion { found: *version, min: PROTOCOL, max: PROTOCOL });
    }
    let damaged = |error: std::io::Error| WireError::Damaged(error.to_string());
    let decoder = zstd::Decoder::with_buffer(frame).map_err(damaged)?;
    let mut plain = Vec::new();
    let limit = MAX_INFLATED_BYTES as u64 + 1;
    decoder.single_frame().take(limit).read_to_end(&mut plain).map_err(damaged)?;
    if plain.len() > MAX_INFLATED_BYTES {
        return Err(WireError::TooLarge { what: "the inflated message", limit: MAX_INFLATED_BYTES });
    }
    minicbor::decode(&plain).map_err(|error| WireError::Damaged(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DocumentPush, Framed};

    fn exchange() -> Exchange {
        let document = [3; 16];
        let changes =
            vec![Framed { hash: [9; 32], bytes: b"a change, long enough to be worth compressing".to_vec() }];
        let bound = binding(&document, changes.iter().map(|change| &change.hash));
        Exchange {
            cursor: vec![1, 2],
            push: vec![DocumentPush { document, changes, binding: bound }],
            packs: Vec::new(),
            sent_at_ms: 1_700_000_000_000,
            stock: None,
            tariffs: None,
        }
    }

    #[test]
    fn every_cut_and_every_flipped_byte_is_refused() {
        let body = encode_exchange(&exchange()).unwrap();
        assert_eq!(decode_exchange(&body).unwrap(), exchange());
        for length in 0..body.len() {
            assert!(decode_exchange(&body[..length]).is_err(), "cut to {length} bytes was taken");
        }
        for at in 0..body.len() {
            for bit in 0..8 {
                let mut flipped = body.clone();
                flipped[at] ^= 1 << bit;
                // A flipped bit in the frame header may leave the content whole; what is read must then be equal.
                if let Ok(read) = decode_exchange(&flipped) {
                    assert_eq!(read, exchange(), "byte {at}, bit {bit}");
                }
            }
        }
    }

    #[test]
    fn unknown_version_names_the_supported_range() {
        let mut body = encode_exchange(&exchange()).unwrap();
        body[0] = 9;
        assert_eq!(decode_exchange(&body), Err(WireError::UnknownVersion { found: 9, min: 1, max: 1 }));
    }

    #[test]
    fn limits_hold_on_both_sides() {
        assert_eq!(
            decode_exchange(&vec![1; MAX_BODY_BYTES + 1]).unwrap_err().to_string(),
            "the body exceeds the limit of 4194304; send less in one exchange"
        );
        let with_change = |size: usize| {
            let mut message = exchange();
            message.push[0].changes[0].bytes = vec![0; size];
            decode_exchange(&encode_exchange(&message).unwrap())
        };
        assert!(with_change(MAX_CHANGE_BYTES).is_ok());
        assert!(matches!(
            with_change(MAX_CHANGE_BYTES + 1),
            Err(WireError::TooLarge { what: "a change", .. })
        ));
        let with_documents = |count: usize| {
            let push =
                DocumentPush { document: [0; 16], changes: Vec::new(), binding: binding(&[0; 16], []) };
            decode_exchange(&encode_exchange(&Exchange { push: vec![push; count], ..exchange() }).unwrap())
        };
        assert!(with_documents(MAX_DOCUMENTS_PER_EXCHANGE).is_ok());
        assert!(matches!(with_documents(MAX_DOCUMENTS_PER_EXCHANGE + 1), Err(WireError::TooLarge { .. })));
        let with_changes = |count: usize| {
            let changes = vec![Framed { hash: [0; 32], bytes: Vec::new() }; count];
            let bound = binding(&[0; 16], changes.iter().map(|change| &change.hash));
            let push = vec![DocumentPush { document: [0; 16], changes, binding: bound }];
            decode_exchange(&encode_exchange(&Exchange { push, ..exchange() }).unwrap())
        };
        assert!(with_changes(MAX_CHANGES_PER_DOCUMENT).is_ok());
        assert!(matches!(with_changes(MAX_CHANGES_PER_DOCUMENT + 1), Err(WireError::TooLarge { .. })));
    }

    #[test]
    fn a_bomb_is_stopped_at_the_limit() {
        let mut body = vec![PROTOCOL];
        let zeros = vec![0_u8; MAX_INFLATED_BYTES + 1024];
        body.extend(zstd::encode_all(&zeros[..], 19).unwrap());
        assert!(matches!(
            decode_exchange(&body),
            Err(WireError::TooLarge { what: "the inflated message", .. })
        ));
    }

    #[test]
    fn changes_sent_for_another_document_are_refused() {
        let mut message = exchange();
        message.push[0].document = [4; 16];
        assert_eq!(decode_exchange(&encode_exchange(&message).unwrap()), Err(WireError::WrongBinding));
    }
}
