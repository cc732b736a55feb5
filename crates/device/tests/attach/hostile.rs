//! Pictures made to do harm, and pictures that broke: kept, and no more.

use std::time::{Duration, Instant};

use image::ImageFormat;
use jobsheet::{AttachmentError, MAX_PIXELS, PhotoFacts, Store};
use jobsheet_core::report::Audience;

use crate::common::{seeded, visit_id};
use crate::pictures::{ascii, attached, boston, encoded, orientation, picture, satellites, with_exif, write};

/// Longest that one hostile picture may take, on a slow machine under load.
const LONGEST: Duration = Duration::from_secs(20);

/// A PNG of any size whose pixels are not there: header alone.
fn claims(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = encoded(&picture(8, 8, 1), ImageFormat::Png);
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let check = crc(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&check.to_be_bytes());
    bytes
}

/// CRC-32 as PNG has it.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(
            sum ^ u32::from(*byte),
            |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 },
        )
    })
}

/// Everything that reads the bytes of a photo. What it says does not matter, only that it says something.
fn look_at(store: &Store, folder: &std::path::Path, bytes: &[u8]) {
    let begun = Instant::now();
    let photo = attached(store, folder, bytes);
    let _ = store.thumbnail(&photo.sha256);
    let out = folder.join("out");
    let _ = store.attachment_for(visit_id(0), &photo.sha256, Audience::Customer, &out);
    assert_eq!(std::fs::read(store.attachment(&photo.sha256).unwrap()).unwrap(), bytes);
    assert!(begun.elapsed() < LONGEST, "took {:?}", begun.elapsed());
}

#[test]
fn a_picture_that_claims_to_be_huge_is_not_decoded() {
    let seeded = seeded(1);
    for (width, height) in [(100_000, 100_000), (u32::MAX >> 1, 1), (8193, 8192), (65_535, 65_535)] {
        let photo = attached(&seeded.store, seeded.folder.path(), &claims(width, height));
        let refused = seeded.store.thumbnail(&photo.sha256);
        let told = matches!(refused, Err(AttachmentError::TooLarge { .. } | AttachmentError::NoPicture(_)));
        assert!(told, "{width} × {height}: {refused:?}");
    }
    assert_eq!(MAX_PIXELS, 8192 * 8192);
}

#[test]
fn the_limit_of_pixels_has_two_sides() {
    let seeded = seeded(1);
    let flat = |width, height| {
        encoded(&image::RgbImage::from_pixel(width, height, image::Rgb([9, 9, 9])), ImageFormat::Png)
    };
    let at = |bytes: &[u8]| {
        let photo = attached(&seeded.store, seeded.folder.path(), bytes);
        seeded.store.thumbnail(&photo.sha256)
    };
    // A bomb: 64 Mi pixels in a file of some hundred kilobytes. It is decoded, within the memory that it may use.
    let most = flat(8192, 8192);
    assert!(most.len() < 1_000_000);
    at(&most).unwrap();
    let beyond = at(&flat(8192, 8193));
    assert!(matches!(beyond, Err(AttachmentError::TooLarge { limit: MAX_PIXELS, .. })), "{beyond:?}");
}

#[test]
fn truncated_and_flipped_pictures_are_kept_and_harm_nobody() {
    let seeded = seeded(1);
    let folder = seeded.folder.path();
    let mut fields = boston();
    fields.extend(satellites("2026:03:02", 2, 30, 0));
    fields.extend([orientation(6), ascii(exif::Tag::DateTimeOriginal, "2026:03:02 10:31:05")]);
    // Deterministic dice: a failure can be looked at again.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut dice = |sides: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % sides as u64).unwrap()
    };
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let whole = with_exif(encoded(&picture(64, 48, 1), format), &fields);
        for _ in 0..25 {
            look_at(&seeded.store, folder, &whole[..=dice(whole.len() - 1)]);
        }
        for round in 0..120 {
            let mut bytes = whole.clone();
            for _ in 0..=round % 4 {
                // Mostly in the first kilobyte, where headers, EXIF and tables are.
                let at = if round % 3 == 0 { dice(bytes.len()) } else { dice(bytes.len().min(1024)) };
                bytes[at] = [0, 0xff, bytes[at] ^ 1 << dice(8), u8::try_from(dice(256)).unwrap()][dice(4)];
            }
            look_at(&seeded.store, folder, &bytes);
        }
    }
    // Whatever was in them, the store and the record are whole.
    assert!(seeded.store.check_attachments().unwrap().is_fine());
}

#[test]
fn boxes_and_segments_that_lie_about_their_size() {
    let seeded = seeded(1);
    let mut heic = Vec::from(*b"\0\0\0\x18ftypheic\0\0\0\0mif1heic");
    heic.extend(u32::MAX.to_be_bytes());
    heic.extend(b"meta\0\0\0\0");
    heic.resize(300_000, 7);
    let mut webp = Vec::from(*b"RIFF\xff\xff\xff\xffWEBPEXIF\xff\xff\xff\xff");
    webp.resize(300_000, 7);
    let mut png = Vec::from(*b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffeXIf");
    png.resize(300_000, 7);
    let mut jpeg = Vec::from(*b"\xff\xd8\xff\xe1\xff\xffExif\0\0MM\0\x2a\xff\xff\xff\xff");
    jpeg.resize(300_000, 7);
    for bytes in [heic, webp, png, jpeg] {
        look_at(&seeded.store, seeded.folder.path(), &bytes);
    }
}

#[test]
fn a_file_that_can_not_be_shown_can_still_be_attached_by_its_rule() {
    let seeded = seeded(1);
    let file = write(seeded.folder.path(), "broken.jpg", b"\xff\xd8\xff\xe1\0\x10Exif");
    let facts = PhotoFacts { item: Some("execution-form.protect-site".to_owned()), ..PhotoFacts::default() };
    seeded.store.attach(visit_id(0), &file, &facts).unwrap();
}
