//! Small pictures: upright, without metadata, made again when they are gone.

use std::io::Cursor;

use exif::Tag;
use image::{GenericImageView, ImageFormat, Rgba, RgbaImage};
use jobsheet::{AttachmentError, THUMBNAIL_SIDE};

use crate::common::seeded;
use crate::pictures::{ascii, attached, boston, encoded, orientation, picture, with_exif};

fn is_red(pixel: [u8; 3]) -> bool {
    pixel[0] > 180 && pixel[2] < 90
}

#[test]
fn a_thumbnail_is_small_upright_and_says_nothing() {
    let seeded = seeded(1);
    // Red is on the left; turned by a quarter clockwise (EXIF 6) it is at the top.
    for (turn, (width, height), red) in [
        (1, (320, 240), (10, 100)),
        (3, (320, 240), (310, 100)),
        (6, (240, 320), (100, 10)),
        (8, (240, 320), (100, 310)),
    ] {
        let mut fields = boston();
        fields.extend([orientation(turn), ascii(Tag::Artist, "Somebody")]);
        let bytes = with_exif(encoded(&picture(1280, 960, 1), ImageFormat::Jpeg), &fields);
        let photo = attached(&seeded.store, seeded.folder.path(), &bytes);
        let file = seeded.store.thumbnail(&photo.sha256).unwrap();
        let small = std::fs::read(&file).unwrap();
        assert!(
            !small.windows(4).any(|four| four == b"Exif")
                && !small.windows(8).any(|eight| eight == b"Somebody")
        );
        let shown = image::load_from_memory_with_format(&small, ImageFormat::Jpeg).unwrap().to_rgb8();
        assert_eq!(shown.dimensions(), (width, height), "turned {turn}");
        assert!(is_red(shown.get_pixel(red.0, red.1).0), "turned {turn}");
        assert!(!is_red(shown.get_pixel(width - 1 - red.0, height - 1 - red.1).0), "turned {turn}");
    }
}

#[test]
fn it_is_kept_and_made_again() {
    let seeded = seeded(1);
    let photo = attached(&seeded.store, seeded.folder.path(), &crate::pictures::jpeg(3));
    let file = seeded.store.thumbnail(&photo.sha256).unwrap();
    let first = std::fs::read(&file).unwrap();
    std::fs::write(&file, b"kept, not made again").unwrap();
    seeded.store.thumbnail(&photo.sha256).unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), b"kept, not made again");
    std::fs::remove_dir_all(file.parent().unwrap()).unwrap();
    assert_eq!(seeded.store.thumbnail(&photo.sha256).unwrap(), file);
    assert_eq!(std::fs::read(&file).unwrap(), first);
}

#[test]
fn other_formats_small_ones_and_transparent_ones() {
    let seeded = seeded(1);
    let shown = |bytes: &[u8]| {
        let photo = attached(&seeded.store, seeded.folder.path(), bytes);
        image::open(seeded.store.thumbnail(&photo.sha256).unwrap()).unwrap()
    };
    for format in [ImageFormat::Png, ImageFormat::WebP] {
        assert_eq!(shown(&encoded(&picture(1000, 500, 2), format)).dimensions(), (THUMBNAIL_SIDE, 160));
    }
    assert_eq!(shown(&encoded(&picture(40, 30, 2), ImageFormat::Jpeg)).dimensions(), (40, 30));
    let clear = RgbaImage::from_pixel(50, 50, Rgba([0, 0, 0, 0]));
    let mut png = Vec::new();
    clear.write_to(&mut Cursor::new(&mut png), ImageFormat::Png).unwrap();
    assert!(shown(&png).to_rgb8().get_pixel(25, 25).0.iter().all(|value| *value > 250));
}

#[test]
fn what_is_no_picture_is_kept_and_said_to_be_none() {
    let seeded = seeded(1);
    for bytes in [&b"plain text"[..], b"%PDF-1.7", b"\xff\xd8\xff\xe0 no picture", b"\x89PNG\r\n\x1a\n"] {
        let photo = attached(&seeded.store, seeded.folder.path(), bytes);
        let none = seeded.store.thumbnail(&photo.sha256);
        assert!(matches!(none, Err(AttachmentError::NoPicture(_))), "{none:?}");
        assert!(seeded.store.attachment(&photo.sha256).is_some());
    }
    for unknown in ["ab".repeat(32), "../../etc/passwd".to_owned(), String::new()] {
        assert!(matches!(seeded.store.thumbnail(&unknown), Err(AttachmentError::Missing(_))));
    }
}

#[test]
fn a_damaged_file_is_not_shown() {
    let seeded = seeded(1);
    let photo = attached(&seeded.store, seeded.folder.path(), &crate::pictures::jpeg(4));
    let path = seeded.store.attachment(&photo.sha256).unwrap();
    std::fs::write(&path, crate::pictures::jpeg(5)).unwrap();
    assert!(matches!(seeded.store.thumbnail(&photo.sha256), Err(AttachmentError::Damaged(_))));
}
