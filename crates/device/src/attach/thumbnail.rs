//! Small pictures of photos: made when they are asked for, kept beside the store, made anew when they are gone. A hostile or
//! huge picture costs no more than the limits here say.

use std::fs::File;
use std::io::{BufWriter, Cursor, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbImage};
use jobsheet_core::hex;
use sha2::{Digest, Sha256};

use super::error::AttachmentError;
use super::folder::{Folder, is_hash};
use super::kind::media_type;
use crate::store::{Store, make_private_folder};
use crate::{StoreError, random};

/// Longest side of a thumbnail, in pixels.
pub const THUMBNAIL_SIDE: u32 = 320;
/// Most pixels of a picture that is decoded: an 8000 × 8000 photo is.
pub const MAX_PIXELS: u64 = 64 << 20;
/// Largest file of a picture that is decoded or taken apart, in bytes.
pub const MAX_PICTURE_BYTES: u64 = 64 << 20;
/// Most bytes that a decoder may use at a time.
const MAX_DECODER_BYTES: u64 = 256 << 20;
/// JPEG quality of a thumbnail, 1 to 100.
const QUALITY: u8 = 80;

impl Store {
    /// A small JPEG of a photo, standing upright, on white where it is transparent, without anything that the camera wrote
    /// into it. It is kept in `thumbnails/` and made anew if it is gone.
    ///
    /// # Errors
    /// [`AttachmentError::Missing`], [`AttachmentError::Damaged`], [`AttachmentError::NoPicture`] for what is no JPEG, PNG or
    /// WebP or can not be decoded, [`AttachmentError::TooLarge`].
    pub fn thumbnail(&self, sha256: &str) -> Result<PathBuf, AttachmentError> {
        let sha256 = sha256.to_ascii_lowercase();
        if !is_hash(&sha256) {
            return Err(AttachmentError::Missing(sha256.chars().take(64).collect()));
        }
        let path = cached(self, &sha256);
        if path.is_file() {
            return Ok(path);
        }
        let small = small(&read_whole(self, &sha256)?)?;
        write_whole(&path, &small)?;
        Ok(path)
    }
}

fn cached(store: &Store, sha256: &str) -> PathBuf {
    store.folder().join("thumbnails").join(format!("{sha256}.jpg"))
}

/// Removes the thumbnail of a file that goes away; gives the bytes that it had.
pub(super) fn forget(store: &Store, sha256: &str) -> u64 {
    let path = cached(store, sha256);
    let size = std::fs::metadata(&path).map_or(0, |meta| meta.len());
    // It is a cache: one that stays harms nobody.
    if std::fs::remove_file(path).is_ok() { size } else { 0 }
}

/// The bytes of a picture, compared with their hash.
pub(super) fn read_whole(store: &Store, sha256: &str) -> Result<Vec<u8>, AttachmentError> {
    let missing = || AttachmentError::Missing(sha256.to_owned());
    let path = Folder::of(store).file(sha256).ok_or_else(missing)?;
    let failed = |source| StoreError::file("the attachment could not be read", &path, source);
    let mut file = File::open(&path).map_err(|_| missing())?;
    let size = file.metadata().map_err(failed)?.len();
    if size > MAX_PICTURE_BYTES {
        return Err(AttachmentError::TooLarge { what: "the file in bytes", limit: MAX_PICTURE_BYTES });
    }
    let mut bytes = Vec::new();
    (&mut file).take(MAX_PICTURE_BYTES).read_to_end(&mut bytes).map_err(failed)?;
    if hex(&Sha256::digest(&bytes)) != sha256 {
        return Err(AttachmentError::Damaged(sha256.to_owned()));
    }
    Ok(bytes)
}

/// Writes a file that is there whole or not at all. What can be made anew need not be synced.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let failed = |source| StoreError::file("the thumbnail could not be written", path, source);
    if let Some(folder) = path.parent() {
        make_private_folder(folder)?;
    }
    let part = path.with_extension(format!("{}.part", random::uuid()?));
    std::fs::write(&part, bytes).and_then(|()| std::fs::rename(&part, path)).map_err(|error| {
        let _ = std::fs::remove_file(&part);
        failed(error)
    })
}

/// Makes a thumbnail of a picture.
pub(super) fn small(bytes: &[u8]) -> Result<Vec<u8>, AttachmentError> {
    // A bug in a decoder must not take the app down.
    let made = catch_unwind(AssertUnwindSafe(|| decode(bytes)));
    let picture =
        made.unwrap_or_else(|_| Err(AttachmentError::NoPicture("the decoder gave up".to_owned())))?;
    let mut out = BufWriter::new(Vec::new());
    JpegEncoder::new_with_quality(&mut out, QUALITY).encode_image(&picture).map_err(no_picture)?;
    out.flush()
        .and_then(|()| out.into_inner().map_err(std::io::IntoInnerError::into_error))
        .map_err(AttachmentError::Output)
}

fn decode(bytes: &[u8]) -> Result<RgbImage, AttachmentError> {
    let format = match media_type(bytes) {
        "image/jpeg" => ImageFormat::Jpeg,
        "image/png" => ImageFormat::Png,
        "image/webp" => ImageFormat::WebP,
        other => return Err(AttachmentError::NoPicture(format!("{other} is not decoded"))),
    };
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODER_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(no_picture)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(AttachmentError::TooLarge { what: "the number of pixels", limit: MAX_PIXELS });
    }
    let orientation = decoder.orientation().map_err(no_picture)?;
    let whole = DynamicImage::from_decoder(decoder).map_err(no_picture)?;
    let side = THUMBNAIL_SIDE;
    let mut small = if width <= side && height <= side { whole } else { whole.thumbnail(side, side) };
    small.apply_orientation(orientation);
    Ok(on_white(&small))
}

fn on_white(picture: &DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let picture = picture.to_rgba8();
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [red, green, blue, alpha] = picture.get_pixel(x, y).0;
        let mixed = |colour: u8| {
            let sum = u16::from(colour) * u16::from(alpha) + 255 * (255 - u16::from(alpha));
            u8::try_from(sum / 255).unwrap_or(u8::MAX)
        };
        image::Rgb([mixed(red), mixed(green), mixed(blue)])
    })
}

fn no_picture(error: ImageError) -> AttachmentError {
    match error {
        ImageError::Limits(_) => {
            AttachmentError::TooLarge { what: "the decoder's memory in bytes", limit: MAX_DECODER_BYTES }
        }
        other => AttachmentError::NoPicture(other.to_string()),
    }
}
