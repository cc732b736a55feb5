//! Bytes to messages and back, with limits before anything is allocated.

use std::io::Read;

use minicbor::{Decode, Encode};

use crate::compact::ExpandError;
use crate::message::{Exchange, Reply};
use crate::travel::{ExchangeTravels, ReplyTravels};
use crate::{
    AssetHistory, HandOverBytes, Held, MAX_BODY_BYTES, MAX_DOCUMENTS_PER_EXCHANGE, MAX_HAND_OVER_BYTES,
    MAX_HAND_OVERS_PER_EXCHANGE, MAX_HELD_DOCUMENTS, MAX_INFLATED_BYTES, MAX_PAST_CHARS, MAX_PAST_PARTS,
    MAX_PAST_VISITS, MAX_STOCK_FAULTS, MAX_STOCK_INCLUDED, MAX_STOCK_LINES, MAX_STOCK_SERIALS,
    MAX_TARIFF_BYTES, MAX_TARIFFS, MAX_TARIFFS_BYTES, MAX_UNAPPLIED, PROTOCOL, Stock, Tariffs,
};

/// A device has time, and pays for bytes.
const LEVEL_OF_EXCHANGE: i32 = 6;
/// The server writes many.
const LEVEL_OF_REPLY: i32 = 3;

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
    /// The changes can not be rebuilt from their compact form.
    #[error("the changes can not be rebuilt; send them again")]
    NotRebuilt,
}

impl From<ExpandError> for WireError {
    fn from(error: ExpandError) -> Self {
        match error {
            ExpandError::Damaged => Self::NotRebuilt,
            ExpandError::TooLarge { what, limit } => Self::TooLarge { what, limit },
        }
    }
}

/// Writes a device's message.
///
/// # Errors
/// [`WireError::TooLarge`] if it does not fit into one exchange.
pub fn encode_exchange(message: &Exchange) -> Result<Vec<u8>, WireError> {
    encode(&ExchangeTravels::from(message), LEVEL_OF_EXCHANGE)
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
    let message: ExchangeTravels = decode(body)?;
    at_most("number of documents", message.push.len(), MAX_DOCUMENTS_PER_EXCHANGE)?;
    let hand_overs = message.hand_overs.as_deref().unwrap_or_default();
    at_most("number of hand-overs", hand_overs.len(), MAX_HAND_OVERS_PER_EXCHANGE)?;
    for HandOverBytes(bytes) in hand_overs {
        at_most("a hand-over", bytes.len(), MAX_HAND_OVER_BYTES)?;
    }
    let message = message.arrive()?;
    at_most("number of documents asked for", message.unapplied.len(), MAX_UNAPPLIED)?;
    message.held.as_ref().map_or(Ok(()), check_held)?;
    Ok(message)
}

/// Writes the server's message, the answer to `asked`.
///
/// # Errors
/// [`WireError::TooLarge`] if it does not fit into one exchange; [`WireError::Damaged`] for a verdict on a change that was not
/// sent.
pub fn encode_reply(message: &Reply, asked: &Exchange) -> Result<Vec<u8>, WireError> {
    encode(&ReplyTravels::of(message, asked)?, LEVEL_OF_REPLY)
}

/// Reads the server's message, the answer to `asked`, and checks its limits.
///
/// # Errors
/// Any [`WireError`].
pub fn decode_reply(body: &[u8], asked: &Exchange) -> Result<Reply, WireError> {
    let message = decode::<ReplyTravels>(body)?.arrive(asked)?;
    message.stock.as_ref().map_or(Ok(()), check_stock)?;
    message.tariffs.as_ref().map_or(Ok(()), check_tariffs)?;
    message.histories.iter().flatten().try_for_each(check_history)?;
    Ok(message)
}

/// How many bytes the message in a body has at most, by what its frame says. `None`: it does not say.
///
/// ```
/// let body = jobsheet_wire::encode_exchange(&jobsheet_wire::Exchange::default()).unwrap();
/// assert!(jobsheet_wire::inflated_bound(&body).unwrap() < 100);
/// ```
pub fn inflated_bound(body: &[u8]) -> Option<usize> {
    let (_, frame) = body.split_first()?;
    zstd::bulk::Decompressor::upper_bound(frame)
}

fn at_most(what: &'static str, many: usize, limit: usize) -> Result<(), WireError> {
    if many > limit { Err(WireError::TooLarge { what, limit }) } else { Ok(()) }
}

fn check_held(held: &Held) -> Result<(), WireError> {
    at_most("number of documents to be compared", held.documents.len(), MAX_HELD_DOCUMENTS)?;
    let bounds = [&held.after, &held.upto].into_iter().all(|id| matches!(id.len(), 0 | 16));
    let digests = held.documents.iter().all(|document| matches!(document.digest.len(), 0 | 8));
    if bounds && digests {
        Ok(())
    } else {
        Err(WireError::Damaged("an id has 16 bytes, a digest of heads 8".to_owned()))
    }
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

fn encode(message: &impl Encode<()>, level: i32) -> Result<Vec<u8>, WireError> {
    let plain = minicbor::to_vec(message).map_err(|error| WireError::Damaged(error.to_string()))?;
    if plain.len() > MAX_INFLATED_BYTES {
        return Err(WireError::TooLarge { what: "the message", limit: MAX_INFLATED_BYTES });
    }
    let failed = |error: std::io::Error| WireError::Damaged(error.to_string());
    let mut body = vec![PROTOCOL];
    let mut encoder = zstd::Encoder::new(&mut body, level).map_err(failed)?;
    encoder.include_checksum(true).map_err(failed)?;
    // The receiver makes room by it.
    encoder.set_pledged_src_size(Some(plain.len() as u64)).map_err(failed)?;
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
    use crate::message::binding;
    use crate::travel::Id;
    use crate::{
        DocumentPush, Framed, HeldDocument, MAX_CHANGE_BYTES, MAX_CHANGES_PER_DOCUMENT, Verdict,
        VerdictOfChange,
    };
    use sha2::{Digest, Sha256};

    fn framed(bytes: Vec<u8>) -> Framed {
        Framed { hash: Sha256::digest(bytes.get(8..).unwrap_or_default()).into(), bytes }
    }

    fn exchange() -> Exchange {
        let document = [3; 16];
        let changes = vec![
            framed(b"no change, and long enough to be worth compressing".to_vec()),
            framed(b"another".to_vec()),
            framed(b"one more".to_vec()),
        ];
        Exchange {
            cursor: vec![1, 2],
            push: vec![DocumentPush { document, changes }],
            packs: Vec::new(),
            sent_at_ms: 1_700_000_000_000,
            stock: None,
            tariffs: None,
            held: None,
            unapplied: Vec::new(),
            hand_overs: Vec::new(),
        }
    }

    #[test]
    fn verdicts_find_their_changes_again() {
        let asked = exchange();
        let hash = |at: usize| asked.push[0].changes[at].hash;
        let told = |at: usize, verdict| VerdictOfChange { document: [3; 16], hash: hash(at), verdict };
        let refused = || Verdict::Refused { code: "no".to_owned(), reason: "no".to_owned() };
        for verdicts in [
            vec![told(0, Verdict::Accepted(4)), told(1, Verdict::Accepted(5)), told(2, Verdict::Accepted(9))],
            vec![told(0, Verdict::Duplicate(4)), told(1, Verdict::Accepted(5)), told(2, refused())],
            vec![told(0, refused()), told(1, refused()), told(2, Verdict::Pending(Vec::new()))],
            vec![told(1, Verdict::Accepted(1))],
        ] {
            let reply = Reply { verdicts, ..Reply::default() };
            assert_eq!(decode_reply(&encode_reply(&reply, &asked).unwrap(), &asked).unwrap(), reply);
        }
        let strange = VerdictOfChange { document: [3; 16], hash: [0; 32], verdict: Verdict::Accepted(1) };
        let reply = Reply { verdicts: vec![strange], ..Reply::default() };
        assert!(encode_reply(&reply, &asked).is_err(), "a verdict on what nobody sent");
        let reply = Reply { verdicts: vec![told(2, Verdict::Accepted(1))], ..Reply::default() };
        let body = encode_reply(&reply, &asked).unwrap();
        let mut less = asked.clone();
        less.push[0].changes.pop();
        assert!(decode_reply(&body, &less).is_err(), "an answer to another question");
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
            message.push[0].changes[0] = framed(vec![0; size]);
            decode_exchange(&encode_exchange(&message).unwrap())
        };
        assert!(with_change(MAX_CHANGE_BYTES).is_ok());
        assert!(matches!(
            with_change(MAX_CHANGE_BYTES + 1),
            Err(WireError::TooLarge { what: "a change", .. })
        ));
        let with_documents = |count: usize| {
            let push = DocumentPush { document: [0; 16], changes: Vec::new() };
            decode_exchange(&encode_exchange(&Exchange { push: vec![push; count], ..exchange() }).unwrap())
        };
        assert!(with_documents(MAX_DOCUMENTS_PER_EXCHANGE).is_ok());
        assert!(matches!(with_documents(MAX_DOCUMENTS_PER_EXCHANGE + 1), Err(WireError::TooLarge { .. })));
        let with_changes = |count: usize| {
            let push = vec![DocumentPush { document: [0; 16], changes: vec![framed(Vec::new()); count] }];
            decode_exchange(&encode_exchange(&Exchange { push, ..exchange() }).unwrap())
        };
        assert!(with_changes(MAX_CHANGES_PER_DOCUMENT).is_ok());
        assert!(matches!(with_changes(MAX_CHANGES_PER_DOCUMENT + 1), Err(WireError::TooLarge { .. })));
    }

    #[test]
    fn what_is_compared_and_asked_for_travels_within_limits() {
        let told = |held: Held, unapplied: usize| {
            let asked = Exchange { held: Some(held), unapplied: vec![[9; 16]; unapplied], ..exchange() };
            decode_exchange(&encode_exchange(&asked).unwrap()).map(|read| assert_eq!(read, asked))
        };
        let document = |digest: usize| HeldDocument { document: [1; 16], digest: vec![5; digest] };
        let held = |documents: Vec<HeldDocument>| Held { after: vec![0; 16], upto: Vec::new(), documents };
        let most = vec![document(8); MAX_HELD_DOCUMENTS];
        assert!(told(held(most.clone()), MAX_UNAPPLIED).is_ok());
        assert!(matches!(told(held(most.clone()), MAX_UNAPPLIED + 1), Err(WireError::TooLarge { .. })));
        let one_more = [most, vec![document(0)]].concat();
        assert!(matches!(told(held(one_more), 0), Err(WireError::TooLarge { .. })));
        for digest in [1, 7, 9, 32] {
            assert!(matches!(told(held(vec![document(digest)]), 0), Err(WireError::Damaged(_))));
        }
        let strange = Held { after: vec![0; 15], ..held(Vec::new()) };
        assert!(matches!(told(strange, 0), Err(WireError::Damaged(_))));
    }

    #[test]
    fn limits_of_hand_overs_hold_on_both_sides() {
        let with = |count: usize, size: usize| {
            let hand_overs = vec![HandOverBytes(vec![7; size]); count];
            decode_exchange(&encode_exchange(&Exchange { hand_overs, ..exchange() }).unwrap())
        };
        assert_eq!(
            with(MAX_HAND_OVERS_PER_EXCHANGE, 9).unwrap().hand_overs.len(),
            MAX_HAND_OVERS_PER_EXCHANGE
        );
        assert!(matches!(with(MAX_HAND_OVERS_PER_EXCHANGE + 1, 9), Err(WireError::TooLarge { .. })));
        assert!(with(1, MAX_HAND_OVER_BYTES).is_ok());
        assert!(matches!(with(1, MAX_HAND_OVER_BYTES + 1), Err(WireError::TooLarge { .. })));
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
        let mut travels = ExchangeTravels::from(&exchange());
        travels.push[0].document = Id([4; 16]);
        assert_eq!(decode_exchange(&encode(&travels, 3).unwrap()), Err(WireError::WrongBinding));
        assert_ne!(binding(&[3; 16], []), binding(&[4; 16], []));
    }
}
