//! Changes that are small and would fill the memory of whoever reads them.

use jobsheet_wire::Framed;
use sha2::Digest;

/// Turns a change of one operation into one of `count`, all alike: its columns are run-length encoded, so it grows by some
/// bytes. Hash and checksum are right.
pub fn repeated(change: &[u8], count: u32) -> Framed {
    let mut at = 9;
    let body_length = read_number(change, &mut at);
    let body = &change[at..];
    assert_eq!(body.len() as u64, body_length);

    let mut at = 0;
    let hashes = read_number(body, &mut at);
    at += usize::try_from(hashes).unwrap() * 32;
    skip_text(body, &mut at); // actor
    for _ in 0..3 {
        read_number(body, &mut at); // sequence number, first operation, time
    }
    skip_text(body, &mut at); // message
    for _ in 0..read_number(body, &mut at) {
        skip_text(body, &mut at); // other actors
    }
    let head = &body[..at];
    let columns: Vec<(u64, usize)> = (0..read_number(body, &mut at))
        .map(|_| (read_number(body, &mut at), usize::try_from(read_number(body, &mut at)).unwrap()))
        .collect();

    let (mut metadata, mut data) = (Vec::new(), Vec::new());
    let mut kept = 0;
    for (spec, length) in columns {
        let column = &body[at..at + length];
        at += length;
        let repeated = match spec & 7 {
            // Booleans: how often false, then how often true.
            4 => {
                let mut out = if column == [0, 1] { vec![0] } else { Vec::new() };
                write_number(&mut out, u64::from(count));
                out
            }
            // What the values are made of: a null has no bytes.
            6 => run(count, &[0]),
            7 => Vec::new(),
            // A run of one literal, or of one value, becomes a run of many.
            _ => {
                let value = match column[0] {
                    0x7f | 1 => &column[1..],
                    0 => continue,
                    other => panic!("a column begins with {other}"),
                };
                run(count, value)
            }
        };
        write_number(&mut metadata, spec);
        write_number(&mut metadata, repeated.len() as u64);
        data.extend(repeated);
        kept += 1;
    }
    let mut body = head.to_vec();
    write_number(&mut body, kept);
    body.extend(metadata);
    body.extend(data);

    let mut chunk = vec![1];
    write_number(&mut chunk, body.len() as u64);
    chunk.extend(body);
    let hash: [u8; 32] = sha2::Sha256::digest(&chunk).into();
    let bytes = [change[..4].to_vec(), hash[..4].to_vec(), chunk].concat();
    Framed { hash, bytes }
}

/// A run in run-length encoding: a signed count, then the value.
fn run(count: u32, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut left = i64::from(count);
    loop {
        let byte = u8::try_from(left & 0x7f).unwrap();
        left >>= 7;
        let last = left == 0 && byte & 0x40 == 0;
        out.push(if last { byte } else { byte | 0x80 });
        if last {
            break;
        }
    }
    out.extend(value);
    out
}

/// Reads a number (LEB128).
pub fn read_number(bytes: &[u8], at: &mut usize) -> u64 {
    let mut value = 0;
    for shift in (0..).step_by(7) {
        let byte = bytes[*at];
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    value
}

fn skip_text(bytes: &[u8], at: &mut usize) {
    *at += usize::try_from(read_number(bytes, at)).unwrap();
}

/// Writes a number (LEB128).
pub fn write_number(out: &mut Vec<u8>, mut number: u64) {
    loop {
        let byte = u8::try_from(number & 0x7f).unwrap();
        number >>= 7;
        if number == 0 {
            out.push(byte);
            return;
        }
        out.push(byte | 0x80);
    }
}
