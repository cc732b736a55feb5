//! Stock and tariffs on the wire: the bytes, the limits, and peers that know nothing of them.
#![allow(clippy::unwrap_used)]

use jobsheet_wire::{
    AssetHistory, EntryKey, Exchange, MAX_PAST_CHARS, MAX_PAST_PARTS, MAX_PAST_VISITS, MAX_STOCK_FAULTS,
    MAX_STOCK_INCLUDED, MAX_STOCK_LINES, MAX_STOCK_SERIALS, MAX_TARIFF_BYTES, MAX_TARIFFS, MAX_TARIFFS_BYTES,
    PastVisit, Reply, Stock, StockFault, StockLine, Tariffs, WireError, decode_exchange, decode_reply,
    encode_exchange, encode_reply,
};
use minicbor::{Decode, Encode};

/// The device's message as it was before there were stocks.
#[derive(Debug, PartialEq, Encode, Decode)]
struct OldExchange {
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    cursor: Vec<u8>,
    #[n(1)]
    push: Vec<u8>,
    #[n(2)]
    packs: Vec<u8>,
    #[n(3)]
    sent_at_ms: i64,
}

/// The server's message as it was before there were stocks.
#[derive(Debug, PartialEq, Encode, Decode)]
struct OldReply {
    #[n(0)]
    verdicts: Vec<u8>,
    #[n(1)]
    deliveries: Vec<u8>,
    #[n(2)]
    packs: Vec<u8>,
    #[n(3)]
    #[cbor(with = "minicbor::bytes")]
    cursor: Vec<u8>,
    #[n(4)]
    more: bool,
    #[n(5)]
    server_at_ms: i64,
    #[n(6)]
    epoch_changed: bool,
}

/// The CBOR inside a body.
fn inside(body: &[u8]) -> Vec<u8> {
    zstd::decode_all(&body[1..]).unwrap()
}

/// A body around CBOR.
fn around(message: impl Encode<()>) -> Vec<u8> {
    [vec![1], zstd::encode_all(&minicbor::to_vec(message).unwrap()[..], 3).unwrap()].concat()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn stock() -> Stock {
    let belt = StockLine {
        number: "BELT-7".to_owned(),
        name: Some("Belt".to_owned()),
        quantity: -1,
        tracked: true,
        serials: vec!["S1".to_owned()],
    };
    let fault = StockFault {
        number: "BELT-7".to_owned(),
        code: "serial-not-in-van".to_owned(),
        serial: Some("S9".to_owned()),
        quantity: 1,
    };
    Stock { as_of: 300, lines: vec![belt], faults: vec![fault], included: vec![EntryKey([7; 16])] }
}

#[test]
fn the_bytes_of_a_stock_and_of_tariffs_stay_as_they_are() {
    let stock = minicbor::to_vec(stock()).unwrap();
    assert_eq!(
        hex(&stock),
        "8419012c81856642454c542d376442656c7420f58162533181846642454c542d377173657269616c2d6e6f742d696e2d76616e62533901815007070707070707070707070707070707"
    );
    let tariffs = minicbor::to_vec(Tariffs { as_of: 7, tariffs: vec!["{}".to_owned()] }).unwrap();
    assert_eq!(hex(&tariffs), "820781627b7d");
    let exchange = encode_exchange(&Exchange { stock: Some(0), tariffs: Some(7), ..Exchange::default() });
    assert_eq!(hex(&inside(&exchange.unwrap())), "86408080000007");
}

#[test]
fn peers_that_know_nothing_of_stocks_read_and_are_read() {
    let old = OldExchange { cursor: vec![1], push: Vec::new(), packs: Vec::new(), sent_at_ms: 9 };
    let read = decode_exchange(&around(&old)).unwrap();
    assert_eq!((read.stock, read.tariffs, read.sent_at_ms), (None, None, 9));
    // What holds nothing new has the bytes that it always had.
    assert_eq!(inside(&encode_exchange(&read).unwrap()), minicbor::to_vec(&old).unwrap());

    let reply = Reply {
        server_at_ms: 5,
        stock: Some(stock()),
        tariffs: Some(Tariffs::default()),
        ..Reply::default()
    };
    let asked = Exchange::default();
    let read: OldReply = minicbor::decode(&inside(&encode_reply(&reply, &asked).unwrap())).unwrap();
    assert_eq!(read.server_at_ms, 5);
    let read = decode_reply(&around(read), &asked).unwrap();
    assert_eq!((read.stock, read.tariffs), (None, None));
}

fn told(reply: &Reply) -> Result<Reply, WireError> {
    let asked = Exchange::default();
    decode_reply(&encode_reply(reply, &asked).unwrap(), &asked)
}

fn too_large(result: &Result<Reply, WireError>, name: &str) {
    assert!(matches!(result, Err(WireError::TooLarge { what, .. }) if *what == name), "{result:?}");
}

#[test]
fn limits_of_a_stock_hold_on_both_sides() {
    let with = |lines: usize, serials: usize, faults: usize, included: usize| {
        let mut stock = Stock {
            as_of: 1,
            lines: vec![StockLine::default(); lines],
            faults: vec![StockFault::default(); faults],
            included: vec![EntryKey([0; 16]); included],
        };
        stock.lines[0].serials = vec!["S".to_owned(); serials];
        told(&Reply { stock: Some(stock), ..Reply::default() })
    };
    assert!(with(MAX_STOCK_LINES, MAX_STOCK_SERIALS, MAX_STOCK_FAULTS, MAX_STOCK_INCLUDED).is_ok());
    too_large(&with(MAX_STOCK_LINES + 1, 0, 0, 0), "number of stock lines");
    too_large(&with(1, MAX_STOCK_SERIALS + 1, 0, 0), "number of serial numbers");
    too_large(&with(1, 0, MAX_STOCK_FAULTS + 1, 0), "number of stock faults");
    too_large(&with(1, 0, 0, MAX_STOCK_INCLUDED + 1), "number of uses included");
}

#[test]
fn limits_of_tariffs_hold_on_both_sides() {
    let with = |tariffs: Vec<String>| {
        told(&Reply { tariffs: Some(Tariffs { as_of: 1, tariffs }), ..Reply::default() })
    };
    assert!(with(vec![String::new(); MAX_TARIFFS]).is_ok());
    too_large(&with(vec![String::new(); MAX_TARIFFS + 1]), "number of tariffs");
    assert!(with(vec!["x".repeat(MAX_TARIFF_BYTES)]).is_ok());
    too_large(&with(vec!["x".repeat(MAX_TARIFF_BYTES + 1)]), "a tariff");
    let many = MAX_TARIFFS_BYTES / MAX_TARIFF_BYTES;
    assert!(with(vec!["x".repeat(MAX_TARIFF_BYTES); many]).is_ok());
    too_large(&with(vec!["x".repeat(MAX_TARIFF_BYTES); many + 1]), "all tariffs together");
}

#[test]
fn limits_of_earlier_visits_hold_on_both_sides() {
    let with = |visits: usize, parts: usize, chars: usize| {
        let past = PastVisit {
            cause: "长".repeat(chars),
            parts: vec!["1 × BELT-7".to_owned(); parts],
            ..PastVisit::default()
        };
        let history = AssetHistory { document: [7; 16], visits: vec![past; visits] };
        let reply = Reply { histories: Some(vec![history]), ..Reply::default() };
        let told = told(&reply);
        if let Ok(read) = &told {
            assert_eq!(*read, reply);
        }
        told
    };
    assert!(with(MAX_PAST_VISITS, MAX_PAST_PARTS, MAX_PAST_CHARS).is_ok());
    too_large(&with(MAX_PAST_VISITS + 1, 0, 0), "number of earlier visits");
    too_large(&with(1, MAX_PAST_PARTS + 1, 0), "number of parts of an earlier visit");
    too_large(&with(1, 0, MAX_PAST_CHARS + 1), "a text of an earlier visit");
}
