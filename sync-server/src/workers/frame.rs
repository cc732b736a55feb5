//! Messages between the server and a worker: a length of four bytes, big endian, and so many bytes.

use std::io::{Error, ErrorKind, Read, Result, Write};

use super::limits::MAX_FRAME_BYTES;

/// Writes a message.
pub(super) fn write(out: &mut impl Write, message: &[u8]) -> Result<()> {
    let too_large = || Error::new(ErrorKind::InvalidInput, "the message is too large for a worker");
    let length = u32::try_from(message.len()).map_err(|_| too_large())?;
    if message.len() > MAX_FRAME_BYTES {
        return Err(too_large());
    }
    out.write_all(&length.to_be_bytes())?;
    out.write_all(message)?;
    out.flush()
}

/// Reads a message. `None`: the other side has gone.
pub(super) fn read(from: &mut impl Read) -> Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match from.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let length = u32::from_be_bytes(length) as usize;
    if length > MAX_FRAME_BYTES {
        return Err(Error::new(ErrorKind::InvalidData, "the message of a worker is too large"));
    }
    let mut message = vec![0; length];
    from.read_exact(&mut message)?;
    Ok(Some(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_as_they_were_and_cut_ones_do_not() {
        let mut bytes = Vec::new();
        write(&mut bytes, b"one").unwrap();
        write(&mut bytes, b"").unwrap();
        let mut from = bytes.as_slice();
        assert_eq!(read(&mut from).unwrap().unwrap(), b"one");
        assert_eq!(read(&mut from).unwrap().unwrap(), b"");
        assert!(read(&mut from).unwrap().is_none());
        assert!(read(&mut &bytes[..5]).is_err());
        assert!(read(&mut [0xff; 9].as_slice()).is_err());
        assert!(write(&mut Vec::new(), &vec![0; MAX_FRAME_BYTES + 1]).is_err());
    }
}
