//! What kind of file it is, told by its first bytes.

/// Bytes that are looked at.
pub(super) const FIRST_BYTES: usize = 64;

/// Media type by the first bytes, for what phones, scanners and signature pads make.
pub(super) fn media_type(first: &[u8]) -> &'static str {
    match first {
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
        [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] => match brand.get(..4) {
            Some(b"heic" | b"heix" | b"heim" | b"heis" | b"mif1" | b"msf1") => "image/heic",
            Some(b"qt  ") => "video/quicktime",
            _ => "video/mp4",
        },
        [0x1a, 0x45, 0xdf, 0xa3, ..] => "video/webm",
        [b'%', b'P', b'D', b'F', ..] => "application/pdf",
        [b'P', b'K', 3, 4, ..] => "application/zip",
        text => match text.trim_ascii_start() {
            [b'<', b's', b'v', b'g', ..] => "image/svg+xml",
            [b'<', b'?', b'x', b'm', b'l', rest @ ..] if rest.windows(4).any(|four| four == b"<svg") => {
                "image/svg+xml"
            }
            [b'{' | b'[', ..] if text.is_ascii() => "application/json",
            _ => "application/octet-stream",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::media_type;

    #[test]
    fn media_types_are_told_by_their_first_bytes() {
        for (first, kind) in [
            (&[0xff, 0xd8, 0xff, 0xe0, 0, 0][..], "image/jpeg"),
            (b"\x89PNG\r\n\x1a\n", "image/png"),
            (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
            (b"\0\0\0\x18ftypheic", "image/heic"),
            (b"\0\0\0\x18ftypmp42", "video/mp4"),
            (b"\0\0\0\x14ftypqt  ", "video/quicktime"),
            (b"\0\0\0\x18ftyp", "video/mp4"),
            (b"\x1a\x45\xdf\xa3", "video/webm"),
            (b"%PDF-1.7", "application/pdf"),
            (b"PK\x03\x04", "application/zip"),
            (b" <svg xmlns=\"", "image/svg+xml"),
            (b"<?xml version=\"1.0\"?><svg ", "image/svg+xml"),
            (b"<?xml version=\"1.0\"?><note>", "application/octet-stream"),
            (b"{\"strokes\": []}", "application/json"),
            (b"plain", "application/octet-stream"),
            (b"", "application/octet-stream"),
        ] {
            assert_eq!(media_type(first), kind, "{first:?}");
        }
    }
}
