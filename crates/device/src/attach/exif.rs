//! What the camera wrote into a photo, read as evidence. Whatever is wrong with it, the photo is kept: what can not be read
//! is left out.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use exif::{Exif, Field, In, Rational, Reader, Tag, Value};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use jobsheet_core::Moment;
use jobsheet_core::record::{Shot, Spot};

/// Most bytes of a JPEG that are read for it: cameras write it first, in one segment of 64 kB at most.
const MAX_JPEG_BYTES: u64 = 256 << 10;
/// Most bytes of a HEIC that are read for it: its directory comes first and says where it is.
const MAX_HEIC_BYTES: u64 = 1 << 20;
/// Most bytes of a PNG or WebP that are read for it: it may stand behind the picture.
const MAX_OTHER_BYTES: u64 = 8 << 20;
/// Offsets of time zones are whole quarters of an hour.
const QUARTER_S: i64 = 15 * 60;

/// What the camera says, if it says anything. `device`: the UTC offset that is assumed where the camera names none.
pub(super) fn read(file: &Path, media_type: &str, device: Offset) -> Option<Shot> {
    let left = match media_type {
        "image/jpeg" => MAX_JPEG_BYTES,
        "image/heic" => MAX_HEIC_BYTES,
        "image/png" | "image/webp" => MAX_OTHER_BYTES,
        _ => return None,
    };
    let source = Bounded { file: File::open(file).ok()?, left };
    // A bug in the reader of a hostile file must not cost the photo.
    let read = catch_unwind(AssertUnwindSafe(|| {
        let mut reader = Reader::new();
        reader.continue_on_error(true);
        let exif = reader.read_from_container(&mut BufReader::new(source));
        exif.or_else(|error| error.distill_partial_result(|_| {})).ok().map(|exif| shot(&exif, device))
    }));
    read.ok().flatten().filter(Shot::says_anything)
}

/// Reads no more than it may, so that a hostile file can not fill the memory.
struct Bounded {
    file: File,
    left: u64,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.file.read(&mut buffer[..most])?;
        self.left -= read as u64;
        Ok(read)
    }
}

impl Seek for Bounded {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.file.seek(to)
    }
}

fn shot(exif: &Exif, device: Offset) -> Shot {
    let field = |tag: Tag| exif.get_field(tag, In::PRIMARY);
    let taken = [
        (Tag::DateTimeOriginal, Tag::OffsetTimeOriginal),
        (Tag::DateTimeDigitized, Tag::OffsetTimeDigitized),
        (Tag::DateTime, Tag::OffsetTime),
    ]
    .into_iter()
    .find_map(|(time, offset)| Some((civil(field(time)?)?, field(offset).and_then(offset_of))));
    let satellites = satellite_time(field(Tag::GPSDateStamp), field(Tag::GPSTimeStamp));
    let mut shot = Shot {
        position: position(&field),
        orientation: field(Tag::Orientation)
            .and_then(|field| field.value.get_uint(0))
            .and_then(|number| u8::try_from(number).ok())
            .filter(|number| (1..=8).contains(number)),
        ..Shot::default()
    };
    let Some((civil, named)) = taken else { return shot };
    // The satellites tell UTC: a camera that names no offset shows by the difference which one its clock has.
    let derived = satellites.filter(|_| named.is_none()).and_then(|utc| nearest_offset(civil, utc));
    let offset = named.or(derived).unwrap_or(device);
    let Ok(at) = TimeZone::fixed(offset).to_timestamp(civil) else { return shot };
    shot.taken_at = Some(Moment::new(at, offset));
    shot.offset_assumed = named.is_none() && derived.is_none();
    shot.clock_ahead_s =
        satellites.filter(|_| !shot.offset_assumed).map(|utc| at.duration_since(utc).as_secs());
    shot
}

fn text(field: &Field) -> Option<&str> {
    let Value::Ascii(lines) = &field.value else { return None };
    std::str::from_utf8(lines.first()?).ok().map(str::trim)
}

/// `2026:03:02 10:30:00`.
fn civil(field: &Field) -> Option<DateTime> {
    let (date, time) = text(field)?.split_once(' ')?;
    let [hour, minute, second] = numbers(time)?;
    let time = Time::new(hour.try_into().ok()?, minute.try_into().ok()?, second.try_into().ok()?, 0).ok()?;
    Some(date_of(date)?.to_datetime(time))
}

/// `2026:03:02`.
fn date_of(text: &str) -> Option<Date> {
    let [year, month, day] = numbers(text)?;
    Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()
}

fn numbers(text: &str) -> Option<[i16; 3]> {
    let mut parts = text.split(':').map(|part| part.trim().parse().ok());
    let three = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(three)
}

/// `+08:00`, or `Z`.
fn offset_of(field: &Field) -> Option<Offset> {
    let text = text(field)?;
    if text == "Z" {
        return Some(Offset::UTC);
    }
    let sign = match text.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let in_range = (0..=14).contains(&hours) && (0..60).contains(&minutes);
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok().filter(|_| in_range)
}

fn nearest_offset(civil: DateTime, utc: Timestamp) -> Option<Offset> {
    let as_utc = TimeZone::UTC.to_timestamp(civil).ok()?;
    let apart = as_utc.duration_since(utc).as_secs();
    let quarters = (apart + apart.signum() * QUARTER_S / 2) / QUARTER_S;
    let seconds = i32::try_from(quarters * QUARTER_S).ok()?;
    Offset::from_seconds(seconds).ok().filter(|_| seconds.abs() <= 14 * 3600)
}

fn rationals(field: &Field) -> Option<[f64; 3]> {
    let Value::Rational(values) = &field.value else { return None };
    let number = |value: &Rational| (value.denom != 0).then(|| value.to_f64());
    match values.as_slice() {
        [first, second, third, ..] => Some([number(first)?, number(second)?, number(third)?]),
        _ => None,
    }
}

fn satellite_time(date: Option<&Field>, time: Option<&Field>) -> Option<Timestamp> {
    let date = date_of(text(date?)?)?;
    let [hours, minutes, seconds] = rationals(time?)?;
    let in_day = hours * 3600.0 + minutes * 60.0 + seconds;
    if !(0.0..86_400.0).contains(&in_day) {
        return None;
    }
    let midnight = TimeZone::UTC.to_timestamp(date.to_datetime(Time::midnight())).ok()?;
    midnight.checked_add(SignedDuration::try_from_secs_f64(in_day).ok()?).ok()
}

fn position<'a>(field: &impl Fn(Tag) -> Option<&'a Field>) -> Option<Spot> {
    let degrees = |value: Tag, sense: Tag, negative: &str| {
        let [degrees, minutes, seconds] = rationals(field(value)?)?;
        let size = degrees + minutes / 60.0 + seconds / 3600.0;
        let signed = if text(field(sense)?)?.eq_ignore_ascii_case(negative) { -size } else { size };
        // A tenth of a metre; more digits say nothing.
        Some((signed * 1e6).round() / 1e6)
    };
    let position = Spot {
        latitude: degrees(Tag::GPSLatitude, Tag::GPSLatitudeRef, "S")?,
        longitude: degrees(Tag::GPSLongitude, Tag::GPSLongitudeRef, "W")?,
        accuracy_m: None,
    };
    // 0, 0 is what a receiver writes that has found no satellite.
    let found = position.latitude != 0.0 || position.longitude != 0.0;
    position.exists().then_some(position).filter(|_| found)
}
