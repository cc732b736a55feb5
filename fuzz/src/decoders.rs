//! Everything that reads bytes from outside, by name. Whatever the bytes are, it must end with a value or a typed error.

use jobsheet_core::record::read_header;
use jobsheet_core::seal::{Trust, file};
use jobsheet_core::standard::Standard;
use jobsheet_wire::{
    Exchange, MAX_EXPANDED_BYTES, PROTOCOL, compact, decode_exchange, decode_reply, encode_exchange, expand,
    kept_changes, kept_document,
};

/// A decoder.
pub type Decoder = fn(&[u8]);

/// All of them. Each has a target of the same name in `fuzz_targets/`.
pub const DECODERS: [(&str, Decoder); 8] = [
    ("exchange", exchange),
    ("message", message),
    ("reply", reply),
    ("compact_changes", compact_changes),
    ("kept", kept),
    ("change_header", change_header),
    ("sealed_file", sealed_file),
    ("pack", pack),
];

/// The body of a request, as it comes.
pub fn exchange(bytes: &[u8]) {
    if let Ok(read) = decode_exchange(bytes) {
        let again = encode_exchange(&read).and_then(|body| decode_exchange(&body));
        assert!(again.is_ok_and(|again| again == read), "what was read is not what would be written");
    }
}

/// The message inside the body of a request.
pub fn message(bytes: &[u8]) {
    if let Some(body) = body(bytes) {
        exchange(&body);
    }
}

/// The message inside the body of an answer.
pub fn reply(bytes: &[u8]) {
    if let Some(body) = body(bytes) {
        let _ = decode_reply(&body, &Exchange::default());
    }
}

/// Changes in their compact form.
pub fn compact_changes(bytes: &[u8]) {
    let mut room = MAX_EXPANDED_BYTES;
    if let Ok(read) = expand(bytes, &mut room) {
        let again = compact(read.iter().map(|one| one.bytes.as_slice()));
        let mut room = 2 * MAX_EXPANDED_BYTES;
        assert!(expand(&again, &mut room).is_ok_and(|again| again == read));
    }
}

/// What the server reads from its own store.
pub fn kept(bytes: &[u8]) {
    let _ = kept_changes(bytes);
    let _ = kept_document(bytes.to_vec());
}

/// The header of a change.
pub fn change_header(bytes: &[u8]) {
    let _ = read_header(bytes);
}

/// A file of a sealed record.
pub fn sealed_file(bytes: &[u8]) {
    let _ = file::verify(&mut &bytes[..], &Trust::default());
}

/// The text of a pack.
pub fn pack(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Standard::load(text);
    }
}

/// A body with a message.
pub fn body(message: &[u8]) -> Option<Vec<u8>> {
    let frame = zstd::encode_all(message, 1).ok()?;
    Some([vec![PROTOCOL], frame].concat())
}
