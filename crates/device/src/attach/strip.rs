//! A picture without what the camera wrote beside it. The picture itself is not decoded and stays as it is, byte for byte;
//! only how it has to be turned is kept. What is not known to be part of the picture goes: a list of what must go would miss
//! what comes next year.

use img_parts::jpeg::{Jpeg, JpegSegment, markers};
use img_parts::png::Png;
use img_parts::riff::RiffContent;
use img_parts::webp::{
    CHUNK_ALPH, CHUNK_ANIM, CHUNK_ANMF, CHUNK_ICCP, CHUNK_VP8, CHUNK_VP8L, CHUNK_VP8X, WebP,
};
use img_parts::{Bytes, ImageEXIF};

use super::error::AttachmentError;

/// Chunks of a PNG that make up the picture: its pixels, its colours, its animation.
const PNG_CHUNKS: [[u8; 4]; 16] = [
    *b"IHDR", *b"PLTE", *b"IDAT", *b"IEND", *b"tRNS", *b"cHRM", *b"gAMA", *b"iCCP", *b"sBIT", *b"sRGB",
    *b"cICP", *b"bKGD", *b"pHYs", *b"acTL", *b"fcTL", *b"fdAT",
];
/// Chunks of a WebP that make up the picture.
const WEBP_CHUNKS: [[u8; 4]; 7] =
    [CHUNK_VP8X, CHUNK_VP8, CHUNK_VP8L, CHUNK_ALPH, CHUNK_ANIM, CHUNK_ANMF, CHUNK_ICCP];
/// Flags of a WebP that say which chunks come: EXIF and XMP.
const WEBP_METADATA_FLAGS: u8 = 0b0000_1100;

/// The picture alone.
pub(super) fn strip(
    bytes: Vec<u8>,
    media_type: &str,
    orientation: Option<u8>,
) -> Result<Vec<u8>, AttachmentError> {
    let bytes = Bytes::from(bytes);
    let turned = orientation.filter(|orientation| (2..=8).contains(orientation)).map(orientation_alone);
    let broken = |error: img_parts::Error| AttachmentError::NoPicture(error.to_string());
    let out = match media_type {
        "image/jpeg" => {
            let mut jpeg = Jpeg::from_bytes(bytes).map_err(broken)?;
            let segments = std::mem::take(jpeg.segments_mut());
            *jpeg.segments_mut() = segments.into_iter().filter(is_picture).map(until_end).collect();
            jpeg.set_exif(turned);
            jpeg.encoder().bytes()
        }
        "image/png" => {
            let mut png = Png::from_bytes(bytes).map_err(broken)?;
            png.chunks_mut().retain(|chunk| PNG_CHUNKS.contains(&chunk.kind()));
            png.set_exif(turned);
            png.encoder().bytes()
        }
        "image/webp" => {
            let mut webp = WebP::from_bytes(bytes).map_err(broken)?;
            webp.chunks_mut().retain(|chunk| WEBP_CHUNKS.contains(&chunk.id()));
            for chunk in webp.chunks_mut().iter_mut().filter(|chunk| chunk.id() == CHUNK_VP8X) {
                let RiffContent::Data(data) = chunk.content_mut() else { continue };
                let mut flags = data.to_vec();
                if let Some(first) = flags.first_mut() {
                    *first &= !WEBP_METADATA_FLAGS;
                }
                *data = flags.into();
            }
            webp.set_exif(turned);
            webp.encoder().bytes()
        }
        other => return Err(AttachmentError::NotStrippable { media_type: other.to_owned() }),
    };
    Ok(out.to_vec())
}

/// EXIF that says nothing but how the picture has to be turned: one field in one directory (TIFF 6.0, big-endian).
fn orientation_alone(orientation: u8) -> Bytes {
    let mut tiff = Vec::from(*b"MM\0\x2a\0\0\0\x08");
    tiff.extend([0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0]);
    tiff.into()
}

/// A segment without which the picture can not be shown as it should be.
fn is_picture(segment: &JpegSegment) -> bool {
    let contents = segment.contents();
    match segment.marker() {
        // Without the small picture that may follow the density.
        markers::APP0 => contents.starts_with(b"JFIF\0") && contents.get(12..) == Some(&[0, 0]),
        markers::APP2 => contents.starts_with(b"ICC_PROFILE\0"),
        // How the colours are stored.
        markers::APP14 => contents.starts_with(b"Adobe") && contents.len() == 12,
        markers::APP1 | markers::APP3..=markers::APP13 | markers::APP15 | markers::COM => false,
        // Tables, frames, scans.
        0xc0..=0xcf | 0xda..=0xdf => true,
        _ => false,
    }
}

/// The first scan holds the rest of the file: further scans, and after the end of the picture whatever a phone has put there
/// (a film, a second picture with the place in it). It ends with the picture.
fn until_end(segment: JpegSegment) -> JpegSegment {
    let (marker, contents) = (segment.marker(), segment.contents().clone());
    let whole = segment.encoder().bytes();
    if marker != markers::SOS {
        return JpegSegment::new_with_contents(marker, contents);
    }
    let entropy = whole.slice((4 + contents.len()).min(whole.len())..);
    JpegSegment::new_with_entropy(marker, contents, picture_data(&entropy).into())
}

/// Scan data up to the end of the picture, without segments between scans that are no part of it.
fn picture_data(data: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(data.len());
    let mut at = 0;
    while let Some(byte) = data.get(at) {
        let next = data.get(at + 1).copied();
        match (byte, next) {
            (0xff, Some(markers::EOI)) => {
                kept.extend([0xff, markers::EOI]);
                return kept;
            }
            // A data byte, a restart, or a fill byte.
            (0xff, Some(0 | 0xd0..=0xd7 | 0x01)) => {
                kept.extend(&data[at..at + 2]);
                at += 2;
            }
            (0xff, Some(marker)) if marker != 0xff => {
                let length =
                    data.get(at + 2..at + 4).map_or(0, |two| usize::from(two[0]) << 8 | usize::from(two[1]));
                let end = (at + 2 + length.max(2)).min(data.len());
                if matches!(marker, 0xc0..=0xcf | 0xda..=0xdf) {
                    kept.extend(&data[at..end]);
                }
                at = end;
            }
            _ => {
                kept.push(*byte);
                at += 1;
            }
        }
    }
    kept
}
