//! What the camera says: when, where, how it was held, and how its clock went.

use exif::Tag;
use image::ImageFormat;
use jobsheet_core::record::{Shot, Spot};

use crate::common::{moment, seeded};
use crate::pictures::{ascii, attached, boston, encoded, jpeg, orientation, picture, satellites, with_exif};

fn shot(fields: &[exif::Field]) -> Option<Shot> {
    let seeded = seeded(1);
    attached(&seeded.store, seeded.folder.path(), &with_exif(jpeg(1), fields)).shot
}

#[test]
fn time_place_orientation_and_the_difference_of_the_clocks_are_read() {
    let mut fields = boston();
    fields.extend(satellites("2026:03:02", 15, 30, 0));
    fields.push(ascii(Tag::DateTimeOriginal, "2026:03:02 10:31:05"));
    fields.push(ascii(Tag::OffsetTimeOriginal, "-05:00"));
    fields.push(orientation(6));
    let shot = shot(&fields).unwrap();
    assert_eq!(shot.taken_at, Some(moment("2026-03-02T10:31:05-05:00")));
    assert_eq!((shot.offset_assumed, shot.clock_ahead_s, shot.orientation), (false, Some(65), Some(6)));
    assert_eq!(shot.position, Some(Spot { latitude: 42.358_4, longitude: -71.059_8, accuracy_m: None }));
}

#[test]
fn every_kind_of_picture_is_read() {
    let seeded = seeded(1);
    let fields =
        [ascii(Tag::DateTimeOriginal, "2026:03:02 10:31:05"), ascii(Tag::OffsetTimeOriginal, "+08:00")];
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let bytes = with_exif(encoded(&picture(64, 48, 1), format), &fields);
        let photo = attached(&seeded.store, seeded.folder.path(), &bytes);
        let taken = photo.shot.and_then(|shot| shot.taken_at);
        assert_eq!(taken, Some(moment("2026-03-02T10:31:05+08:00")), "{format:?}");
    }
}

#[test]
fn an_offset_that_is_not_named_comes_from_the_satellites_else_from_the_device() {
    let taken = [ascii(Tag::DateTimeOriginal, "2026:03:02 10:31:05")];
    // The store's clock shows +08:00.
    let assumed = shot(&taken).unwrap();
    assert_eq!(assumed.taken_at, Some(moment("2026-03-02T10:31:05+08:00")));
    assert!(assumed.offset_assumed && assumed.clock_ahead_s.is_none());
    // 25 s behind the satellites, in a zone of a half hour.
    let mut fields = satellites("2026:03:02", 5, 1, 30);
    fields.extend(taken);
    let derived = shot(&fields).unwrap();
    assert_eq!(derived.taken_at, Some(moment("2026-03-02T10:31:05+05:30")));
    assert_eq!((derived.offset_assumed, derived.clock_ahead_s), (false, Some(-25)));
}

#[test]
fn what_can_not_be_is_left_out_and_the_photo_is_kept() {
    let time = |text: &str| ascii(Tag::DateTimeOriginal, text);
    for text in [
        "",
        "now",
        "2026:13:02 10:31:05",
        "2026:02:30 10:31:05",
        "2026:03:02 25:31:05",
        "2026-03-02T10:31:05",
        "    :  :     :  :  ",
    ] {
        assert_eq!(shot(&[time(text)]), None, "{text}");
    }
    for offset in ["", "8", "+99:00", "+08", "+08:99", "-é0:00"] {
        let fields = [time("2026:03:02 10:31:05"), ascii(Tag::OffsetTimeOriginal, offset)];
        assert!(shot(&fields).unwrap().offset_assumed, "{offset}");
    }
    // A receiver that has found nothing, and degrees that do not exist.
    let mut nowhere = boston();
    nowhere[1].value = exif::Value::Rational(vec![exif::Rational { num: 0, denom: 1 }; 3]);
    nowhere[3].value = exif::Value::Rational(vec![exif::Rational { num: 0, denom: 1 }; 3]);
    assert_eq!(shot(&nowhere), None);
    let mut beyond = boston();
    beyond[1].value = exif::Value::Rational(vec![exif::Rational { num: 91, denom: 1 }; 3]);
    assert_eq!(shot(&beyond), None);
    let mut divided = boston();
    divided[1].value = exif::Value::Rational(vec![exif::Rational { num: 42, denom: 0 }; 3]);
    assert_eq!(shot(&divided), None);
    assert_eq!(shot(&[orientation(9)]), None);
    // Of a good time and a bad place the time is kept.
    beyond.push(time("2026:03:02 10:31:05"));
    let half = shot(&beyond).unwrap();
    assert!(half.taken_at.is_some() && half.position.is_none());
}
