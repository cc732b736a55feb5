//! What was durable in the write-ahead log is not dropped in silence.
//!
//! After a crash `SQLite` reads its log up to the first frame whose checksum is wrong and forgets the rest: it can not tell a
//! commit that power loss has torn from one that was durable and was damaged later. So after each sync of the log a small
//! file beside it (`…-synced`, never synced itself) is told how far the log was durable. It may be behind after a loss of
//! power, never ahead. A frame that it vouches for and that is damaged is an error, at recovery and at every later read.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use rusqlite::ffi;

use crate::layer::{Below, Code, LayerFile};
use crate::sum::Sum;

const HEADER: usize = 32;
const FRAME: usize = 24;
/// First bytes of a log whose checksums are little-endian.
const MAGIC: [u8; 4] = [0x37, 0x7f, 0x06, 0x82];
const NOTE: usize = HEADER + 8 + 8;
/// What the name of the note ends with, where the log's ends with `-wal`.
pub(crate) const NOTE_SUFFIX: &str = "-synced";

/// A write-ahead log.
pub(crate) struct Log {
    note: Option<File>,
    /// The frame header written last, and its number.
    last: Option<(u64, [u8; FRAME])>,
}

/// How far a log was durable: its header, and how many frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Durable {
    header: [u8; HEADER],
    frames: u64,
}

impl Log {
    pub(crate) fn at(path: &Path) -> Self {
        Self { note: note_of(path).and_then(|path| open(&path)), last: None }
    }

    /// What the note says, if it is whole.
    fn noted(&mut self) -> Option<Durable> {
        let note = self.note.as_mut()?;
        let mut bytes = [0; NOTE];
        note.seek(SeekFrom::Start(0)).ok()?;
        note.read_exact(&mut bytes).ok()?;
        let (content, sum) = bytes.split_at(NOTE - 8);
        if Sum::default().over(content).le_bytes() != sum {
            return None;
        }
        let (header, frames) = content.split_at(HEADER);
        Some(Durable { header: header.try_into().ok()?, frames: u64::from_le_bytes(frames.try_into().ok()?) })
    }

    fn write_note(&mut self, durable: &Durable) {
        let Some(note) = self.note.as_mut() else { return };
        let mut bytes = [0; NOTE];
        bytes[..HEADER].copy_from_slice(&durable.header);
        bytes[HEADER..NOTE - 8].copy_from_slice(&durable.frames.to_le_bytes());
        let sum = Sum::default().over(&bytes[..NOTE - 8]);
        bytes[NOTE - 8..].copy_from_slice(&sum.le_bytes());
        // A note that can not be written is only behind.
        let _ = note.seek(SeekFrom::Start(0)).and_then(|_| note.write_all(&bytes));
    }

    /// Whether a frame is what was written, if the note vouches for it.
    fn checked(&mut self, below: &Below, frame: u64, bytes: Option<&[u8]>, page: &[u8]) -> Result<(), Code> {
        let Some(durable) = self.noted().filter(|durable| frame < durable.frames) else { return Ok(()) };
        let mut header = [0; HEADER];
        below.read(&mut header, 0)?;
        if header != durable.header {
            // The log has begun anew since.
            return Ok(());
        }
        let mut own = [0; FRAME];
        match bytes {
            Some(bytes) => own.copy_from_slice(bytes),
            None => below.read(&mut own, frame_at(frame, page.len()))?,
        }
        let before = if frame == 0 {
            sum_at(&header, 24)
        } else {
            let mut previous = [0; FRAME];
            below.read(&mut previous, frame_at(frame - 1, page.len()))?;
            sum_at(&previous, 16)
        };
        let sum = before.over(&own[..8]).over(page);
        if sum == sum_at(&own, 16) && own[8..16] == header[16..24] {
            Ok(())
        } else {
            Err(Code(ffi::SQLITE_IOERR_DATA))
        }
    }
}

impl LayerFile for Log {
    fn read(&mut self, below: &Below, into: &mut [u8], at: u64) -> Result<(), Code> {
        below.read(into, at)?;
        if at == 0 && into.len() == HEADER {
            mend_header(self, below, into);
            return Ok(());
        }
        if into.len() <= FRAME {
            return Ok(());
        }
        // At recovery whole frames are read, later the pages in them.
        let with_header = !into.len().is_power_of_two();
        let page = if with_header { into.len() - FRAME } else { into.len() };
        let start = if with_header { at } else { at.saturating_sub(FRAME as u64) };
        let Some(frame) = number(start, page) else { return Ok(()) };
        let (own, page) = into.split_at(into.len() - page);
        self.checked(below, frame, with_header.then_some(own), page)
    }

    fn write(&mut self, below: &Below, bytes: &[u8], at: u64) -> Result<(), Code> {
        if let Ok(own) = <[u8; FRAME]>::try_from(bytes) {
            let mut header = [0; HEADER];
            if below.read(&mut header, 0).is_ok() {
                self.last = number(at, page_bytes(&header)).map(|frame| (frame, own));
            }
        } else if at == 0 {
            self.last = None;
        }
        below.write(bytes, at)
    }

    fn sync(&mut self, below: &Below) -> Result<(), Code> {
        below.sync()?;
        let Some((frame, own)) = self.last.take() else { return Ok(()) };
        let mut header = [0; HEADER];
        let commit = own[4..8] != [0; 4];
        if commit
            && below.read(&mut header, 0).is_ok()
            && header[..4] == MAGIC
            && header[16..24] == own[8..16]
        {
            self.write_note(&Durable { header, frames: frame + 1 });
        }
        Ok(())
    }
}

/// A header whose checksum is wrong makes `SQLite` forget the whole log. The note has a copy. Writing it back is right in
/// either case: if the header was damaged, the log is whole again; if a new one was torn before it was durable, everything
/// in the old log has been moved into the database before, and moving it again changes nothing.
fn mend_header(log: &mut Log, below: &Below, header: &mut [u8]) {
    let whole = header.first_chunk::<HEADER>().is_some_and(|header| {
        header[..4] == MAGIC && Sum::default().over(&header[..24]) == sum_at(header, 24)
    });
    if whole {
        return;
    }
    if let Some(durable) = log.noted() {
        header.copy_from_slice(&durable.header);
        // Where it can not be written now it is mended at the next opening again.
        let _ = below.write(&durable.header, 0).and_then(|()| below.sync());
    }
}

fn sum_at(bytes: &[u8], at: usize) -> Sum {
    let found = bytes.get(at..at + 8).and_then(|bytes| bytes.try_into().ok());
    Sum::read(found.unwrap_or([0; 8]))
}

fn page_bytes(header: &[u8; HEADER]) -> usize {
    let [a, b, c, d] = [header[8], header[9], header[10], header[11]];
    usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(0)
}

fn frame_at(frame: u64, page: usize) -> u64 {
    HEADER as u64 + frame * (page + FRAME) as u64
}

fn number(at: u64, page: usize) -> Option<u64> {
    let from = at.checked_sub(HEADER as u64)?;
    let size = (page + FRAME) as u64;
    from.is_multiple_of(size).then(|| from / size)
}

/// The file beside a log that says how far it was durable.
fn note_of(log: &Path) -> Option<PathBuf> {
    let name = log.to_str()?.strip_suffix("-wal")?;
    Some(PathBuf::from(format!("{name}{NOTE_SUFFIX}")))
}

fn open(path: &Path) -> Option<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).ok()
}

/// Makes every frame of a log that its note vouches for acceptable to `SQLite`, whatever is in it, for reading what is left
/// in a copy of a damaged database. The checksums are computed anew; what is in the pages is for the reader to judge.
pub(crate) fn accept(path: &Path) -> std::io::Result<()> {
    let mut log = std::fs::read(path)?;
    let Some(durable) = Log::at(path).noted() else { return Ok(()) };
    let page = page_bytes(&durable.header);
    let size = page + FRAME;
    let frames = usize::try_from(durable.frames).unwrap_or(0).min(log.len().saturating_sub(HEADER) / size);
    if frames == 0 || !page.is_power_of_two() {
        return Ok(());
    }
    let found = &log[..HEADER];
    let whole = found.first_chunk::<HEADER>().is_some_and(|header| {
        header[..4] == MAGIC && Sum::default().over(&header[..24]) == sum_at(header, 24)
    });
    if whole && *found != durable.header {
        // Begun anew since: the note says nothing about what is in it.
        return Ok(());
    }
    log[..HEADER].copy_from_slice(&durable.header);
    let mut sum = sum_at(&durable.header, 24);
    let mut largest = 1;
    for (frame, bytes) in log[HEADER..HEADER + frames * size].chunks_mut(size).enumerate() {
        let (own, content) = bytes.split_at_mut(FRAME);
        let word = |at: usize| {
            own.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_be_bytes)
        };
        let (number, commit) = (word(0), word(4));
        if sum.over(&own[..8]).over(content) != sum_at(own, 16) || own[8..16] != durable.header[16..24] {
            let last = frame + 1 == frames;
            if number == 0 || usize::try_from(number).is_ok_and(|number| number > frames + 1_000_000) {
                own[..4].copy_from_slice(&1_u32.to_be_bytes());
            }
            if last && commit == 0 || commit != 0 && commit < largest {
                own[4..8].copy_from_slice(&largest.max(number).to_be_bytes());
            }
            own[8..16].copy_from_slice(&durable.header[16..24]);
        }
        sum = sum.over(&own[..8]).over(content);
        own[16..20].copy_from_slice(&sum.one.to_be_bytes());
        own[20..24].copy_from_slice(&sum.two.to_be_bytes());
        largest = largest.max(number.min(u32::MAX - 1)).max(commit);
    }
    std::fs::write(path, log)
}
