//! The archive in its one form: fixed owner, mode and time in every header, zeros between the entries, two empty blocks at
//! the end. Whatever is not that is no file of ours, so no byte can be changed unseen.

use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};
use tar::Header;

use crate::hex;

/// Bytes of a block.
const BLOCK: usize = 512;
/// Bytes copied at a time.
const COPY_BYTES: usize = 64 << 10;

/// The header of an entry.
fn header(name: &str, size: u64) -> io::Result<Header> {
    let mut header = Header::new_ustar();
    header.set_path(name)?;
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    Ok(header)
}

fn is_header(block: &[u8; BLOCK], name: &str, size: u64) -> bool {
    header(name, size).is_ok_and(|header| header.as_bytes() == block)
}

fn padding(size: u64) -> usize {
    let over = usize::try_from(size % BLOCK as u64).unwrap_or(0);
    (BLOCK - over) % BLOCK
}

/// An archive that is written.
pub(super) struct Archive<'a> {
    out: &'a mut dyn Write,
}

impl<'a> Archive<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        Self { out }
    }

    pub(super) fn part(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.stream(name, bytes.len() as u64, bytes).map(drop)
    }

    /// Copies an entry and returns the SHA-256 of what was copied, hexadecimal. A stream of another length is an error.
    pub(super) fn stream(&mut self, name: &str, size: u64, bytes: impl Read) -> io::Result<String> {
        self.out.write_all(header(name, size)?.as_bytes())?;
        let mut digest = Sha256::new();
        let mut bytes = bytes.take(size.saturating_add(1));
        let (mut copied, mut block) = (0_u64, vec![0; COPY_BYTES]);
        loop {
            let read = match bytes.read(&mut block) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            copied += read as u64;
            if copied > size {
                break;
            }
            digest.update(&block[..read]);
            self.out.write_all(&block[..read])?;
        }
        if copied != size {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("{name} has another length")));
        }
        self.out.write_all(&[0; BLOCK][..padding(size)])?;
        Ok(hex(&digest.finalize()))
    }

    pub(super) fn end(self) -> io::Result<()> {
        self.out.write_all(&[0; 2 * BLOCK])?;
        self.out.flush()
    }
}

/// Why an archive is not in its one form.
#[derive(Debug)]
pub(super) enum Unread {
    /// The bytes are not as they must be.
    Form,
    /// The stream failed.
    Io(io::Error),
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof { Self::Form } else { Self::Io(error) }
    }
}

/// An archive that is read.
pub(super) struct Opened<'a> {
    from: &'a mut dyn Read,
}

impl<'a> Opened<'a> {
    pub(super) fn new(from: &'a mut dyn Read) -> Self {
        Self { from }
    }

    /// Reads an entry of a name whose size is not known, up to a limit.
    pub(super) fn sized(&mut self, name: &str, limit: u64) -> Result<Vec<u8>, Unread> {
        let mut block = [0; BLOCK];
        self.from.read_exact(&mut block)?;
        let mut found = Header::new_ustar();
        found.as_mut_bytes().copy_from_slice(&block);
        let size = found.entry_size().map_err(|_| Unread::Form)?;
        if size > limit || !is_header(&block, name, size) {
            return Err(Unread::Form);
        }
        self.body(size)
    }

    /// Reads an entry of a name and size.
    pub(super) fn part(&mut self, name: &str, size: u64) -> Result<Vec<u8>, Unread> {
        self.header(name, size)?;
        self.body(size)
    }

    /// Gives an entry to whoever reads it, without keeping it, and returns its SHA-256, hexadecimal. What is left unread is read
    /// past.
    pub(super) fn digest(
        &mut self,
        name: &str,
        size: u64,
        reads: impl FnOnce(&mut dyn Read) -> io::Result<()>,
    ) -> Result<String, Unread> {
        self.header(name, size)?;
        let mut hashed = Hashed { from: (&mut *self.from).take(size), digest: Sha256::new() };
        reads(&mut hashed)?;
        io::copy(&mut hashed, &mut io::sink())?;
        if hashed.from.limit() > 0 {
            return Err(Unread::Form);
        }
        let sha256 = hex(&hashed.digest.finalize());
        self.zeros(padding(size))?;
        Ok(sha256)
    }

    /// The end of the archive, and nothing after it.
    pub(super) fn end(&mut self) -> Result<(), Unread> {
        self.zeros(2 * BLOCK)?;
        if self.from.read(&mut [0])? == 0 { Ok(()) } else { Err(Unread::Form) }
    }

    fn header(&mut self, name: &str, size: u64) -> Result<(), Unread> {
        let mut block = [0; BLOCK];
        self.from.read_exact(&mut block)?;
        if is_header(&block, name, size) { Ok(()) } else { Err(Unread::Form) }
    }

    fn body(&mut self, size: u64) -> Result<Vec<u8>, Unread> {
        let mut bytes = Vec::new();
        // The size may lie: what is not there is not made room for.
        self.from.take(size).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != size {
            return Err(Unread::Form);
        }
        self.zeros(padding(size))?;
        Ok(bytes)
    }

    fn zeros(&mut self, count: usize) -> Result<(), Unread> {
        let mut bytes = vec![0; count];
        self.from.read_exact(&mut bytes)?;
        if bytes.iter().all(|byte| *byte == 0) { Ok(()) } else { Err(Unread::Form) }
    }
}

/// A stream that is hashed as it is read.
struct Hashed<R> {
    from: R,
    digest: Sha256,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(into)?;
        self.digest.update(into.get(..read).unwrap_or_default());
        Ok(read)
    }
}
