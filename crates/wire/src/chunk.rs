//! An Automerge change chunk taken apart to its fields and put together again, without Automerge: byte for byte, or not at all.
//!
//! The layout is that of Automerge's storage format: magic bytes, the first four bytes of the SHA-256, a type byte, the length,
//! and the fields. Numbers are LEB128. Nothing in here asks what operations mean.

use sha2::{Digest, Sha256};

use crate::leb::{Reader, write_i64, write_u64};
use crate::message::Hash;

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const UNCOMPRESSED_CHANGE: u8 = 1;
/// Bytes of a chunk before its type: the magic bytes and the checksum.
const BEFORE_TYPE: usize = 8;

/// A change chunk, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chunk<'a> {
    pub(crate) deps: Vec<Hash>,
    pub(crate) actor: &'a [u8],
    pub(crate) seq: u64,
    pub(crate) start_op: u64,
    pub(crate) time: i64,
    pub(crate) message: &'a [u8],
    pub(crate) other_actors: Vec<&'a [u8]>,
    /// Specification and data of each column.
    pub(crate) columns: Vec<(u64, &'a [u8])>,
    /// Bytes after the columns, of a later version of the format.
    pub(crate) extra: &'a [u8],
}

impl<'a> Chunk<'a> {
    /// Takes a chunk apart; also its hash. `None`: it is none, or would not come out the same again.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<(Self, Hash)> {
        let mut reader = Reader::new(bytes);
        (reader.take(MAGIC.len())? == MAGIC).then_some(())?;
        reader.take(BEFORE_TYPE - MAGIC.len())?;
        (reader.take(1)? == [UNCOMPRESSED_CHANGE]).then_some(())?;
        (reader.u64()? == reader.left() as u64).then_some(())?;
        let mut deps = Vec::new();
        for _ in 0..reader.count()? {
            deps.push(reader.take(32)?.try_into().ok()?);
        }
        let actor = reader.text()?;
        let (seq, start_op, time) = (reader.u64()?, reader.u64()?, reader.i64()?);
        let message = reader.text()?;
        let mut other_actors = Vec::new();
        for _ in 0..reader.count()? {
            other_actors.push(reader.text()?);
        }
        let mut sizes = Vec::new();
        for _ in 0..reader.count()? {
            sizes.push((reader.u64()?, usize::try_from(reader.u64()?).ok()?));
        }
        let mut columns = Vec::new();
        for (column, size) in sizes {
            columns.push((column, reader.take(size)?));
        }
        let extra = reader.take(reader.left())?;
        let chunk = Self { deps, actor, seq, start_op, time, message, other_actors, columns, extra };
        // Numbers may be written in more bytes than they need: such a chunk does not come out the same.
        let (again, hash) = chunk.write();
        (again == bytes).then_some((chunk, hash))
    }

    /// At least as many bytes as the chunk has once it is put together, but for a few of numbers.
    pub(crate) fn size(&self) -> usize {
        let columns: usize = self.columns.iter().map(|(_, data)| data.len() + 2).sum();
        let others: usize = self.other_actors.iter().map(|actor| actor.len() + 1).sum();
        32 * self.deps.len() + self.actor.len() + self.message.len() + others + columns + self.extra.len()
    }

    /// Puts the chunk together; also its hash.
    pub(crate) fn write(&self) -> (Vec<u8>, Hash) {
        let mut body = Vec::new();
        write_u64(&mut body, self.deps.len() as u64);
        for dep in &self.deps {
            body.extend(dep);
        }
        write_text(&mut body, self.actor);
        write_u64(&mut body, self.seq);
        write_u64(&mut body, self.start_op);
        write_i64(&mut body, self.time);
        write_text(&mut body, self.message);
        write_u64(&mut body, self.other_actors.len() as u64);
        for actor in &self.other_actors {
            write_text(&mut body, actor);
        }
        write_u64(&mut body, self.columns.len() as u64);
        for (column, data) in &self.columns {
            write_u64(&mut body, *column);
            write_u64(&mut body, data.len() as u64);
        }
        for (_, data) in &self.columns {
            body.extend(*data);
        }
        body.extend(self.extra);

        let mut bytes = [&MAGIC[..], &[0; 4]].concat();
        bytes.push(UNCOMPRESSED_CHANGE);
        write_u64(&mut bytes, body.len() as u64);
        bytes.extend(body);
        let hash = hash(&bytes);
        bytes[MAGIC.len()..BEFORE_TYPE].copy_from_slice(&hash[..4]);
        (bytes, hash)
    }
}

/// The hash by which Automerge names the change in a chunk: over all that follows the checksum.
pub(crate) fn hash(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes.get(BEFORE_TYPE..).unwrap_or_default()).into()
}

pub(crate) fn write_text(out: &mut Vec<u8>, text: &[u8]) {
    write_u64(out, text.len() as u64);
    out.extend(text);
}
