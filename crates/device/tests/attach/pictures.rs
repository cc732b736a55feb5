//! Real pictures with real EXIF, made here.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use exif::experimental::Writer;
use exif::{Field, In, Rational, Tag, Value};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use img_parts::jpeg::Jpeg;
use img_parts::png::Png;
use img_parts::webp::WebP;
use img_parts::{Bytes, ImageEXIF};
use jobsheet::{PhotoFacts, Store};
use jobsheet_core::record::Photo;

use crate::common::visit_id;

/// A picture whose left half is red and whose right half is blue, with the seed as a row of black and white blocks along the
/// middle that no encoder smooths away.
pub(crate) fn picture(width: u32, height: u32, seed: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let noise = u8::try_from((x.wrapping_mul(31) ^ y.wrapping_mul(17)) % 16).unwrap();
        if y / 8 == height / 16 && x < 256 && seed >> (x / 8) & 1 == 1 {
            Rgb([255; 3])
        } else if x < width / 2 {
            Rgb([240 + noise % 16, noise, noise])
        } else {
            Rgb([noise, noise, 240 + noise % 16])
        }
    })
}

pub(crate) fn encoded(picture: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    DynamicImage::ImageRgb8(picture.clone()).write_to(&mut Cursor::new(&mut bytes), format).unwrap();
    bytes
}

pub(crate) fn jpeg(seed: u32) -> Vec<u8> {
    encoded(&picture(640, 480, seed), ImageFormat::Jpeg)
}

fn field(tag: Tag, value: Value) -> Field {
    Field { tag, ifd_num: In::PRIMARY, value }
}

pub(crate) fn ascii(tag: Tag, text: &str) -> Field {
    field(tag, Value::Ascii(vec![text.as_bytes().to_vec()]))
}

pub(crate) fn orientation(number: u16) -> Field {
    field(Tag::Orientation, Value::Short(vec![number]))
}

fn rational(tag: Tag, values: &[(u32, u32)]) -> Field {
    field(
        tag,
        Value::Rational(values.iter().map(|(num, denom)| Rational { num: *num, denom: *denom }).collect()),
    )
}

/// Boston, 42° 21′ 30.24″ N 71° 3′ 35.28″ W.
pub(crate) fn boston() -> Vec<Field> {
    vec![
        ascii(Tag::GPSLatitudeRef, "N"),
        rational(Tag::GPSLatitude, &[(42, 1), (21, 1), (3024, 100)]),
        ascii(Tag::GPSLongitudeRef, "W"),
        rational(Tag::GPSLongitude, &[(71, 1), (3, 1), (3528, 100)]),
    ]
}

/// What the satellites say it is: UTC.
pub(crate) fn satellites(date: &str, hour: u32, minute: u32, second: u32) -> Vec<Field> {
    vec![ascii(Tag::GPSDateStamp, date), rational(Tag::GPSTimeStamp, &[(hour, 1), (minute, 1), (second, 1)])]
}

pub(crate) fn tiff(fields: &[Field]) -> Bytes {
    let mut writer = Writer::new();
    for field in fields {
        writer.push_field(field);
    }
    let mut out = Cursor::new(Vec::new());
    writer.write(&mut out, false).unwrap();
    out.into_inner().into()
}

/// The same picture with EXIF in it.
pub(crate) fn with_exif(bytes: Vec<u8>, fields: &[Field]) -> Vec<u8> {
    let exif = Some(tiff(fields));
    let bytes = Bytes::from(bytes);
    match bytes[0] {
        0xff => {
            let mut jpeg = Jpeg::from_bytes(bytes).unwrap();
            jpeg.set_exif(exif);
            jpeg.encoder().bytes().to_vec()
        }
        0x89 => {
            let mut png = Png::from_bytes(bytes).unwrap();
            png.set_exif(exif);
            png.encoder().bytes().to_vec()
        }
        _ => {
            let mut webp = WebP::from_bytes(bytes).unwrap();
            webp.set_exif(exif);
            webp.encoder().bytes().to_vec()
        }
    }
}

pub(crate) fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let file = folder.join(name);
    std::fs::write(&file, bytes).unwrap();
    file
}

/// Attaches bytes as a photo of the first visit and gives what the record says of them.
pub(crate) fn attached(store: &Store, folder: &Path, bytes: &[u8]) -> Photo {
    let file = write(folder, "attached.jpg", bytes);
    let receipt = store.attach(visit_id(0), &file, &PhotoFacts::default()).unwrap();
    store.visit(visit_id(0)).unwrap().record.photos[&receipt.entry].clone()
}
