//! The few calls of `SQLite` that `rusqlite` does not have.
#![allow(unsafe_code)] // three C calls on an open connection

use std::ffi::{c_char, c_int, c_void};

use rusqlite::{Connection, ffi};

unsafe extern "C" {
    fn sqlite3_key(db: *mut ffi::sqlite3, key: *const c_void, len: c_int) -> c_int;
    fn sqlite3_rekey(db: *mut ffi::sqlite3, key: *const c_void, len: c_int) -> c_int;
}

const MAIN: *const c_char = c"main".as_ptr();

fn done(code: c_int) -> rusqlite::Result<()> {
    if code == ffi::SQLITE_OK {
        return Ok(());
    }
    Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None))
}

/// `SQLCipher`'s way to write a key that is used as it is, without a derivation from words. Overwritten when dropped.
struct Written([u8; 67]);

impl Written {
    fn new(key: &[u8; 32]) -> Self {
        let digit = |value: u8| if value < 10 { b'0' + value } else { b'a' + value - 10 };
        let mut text = [b'\''; 67];
        text[0] = b'x';
        for (at, byte) in key.iter().enumerate() {
            text[2 + at * 2] = digit(byte >> 4);
            text[3 + at * 2] = digit(byte & 15);
        }
        Self(text)
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        self.0.fill(0);
        std::hint::black_box(&self.0);
    }
}

/// Gives a connection its key. To be called before anything else; whether it is the right one shows at the first read.
pub(crate) fn key(connection: &Connection, key: &[u8; 32]) -> rusqlite::Result<()> {
    let text = Written::new(key);
    // SAFETY: the connection is open, the text lives through the call, and SQLCipher copies it.
    done(unsafe { sqlite3_key(connection.handle(), text.0.as_ptr().cast(), 67) })
}

/// Writes the whole database anew under another key.
pub(crate) fn rekey(connection: &Connection, key: &[u8; 32]) -> rusqlite::Result<()> {
    let text = Written::new(key);
    // SAFETY: as in `key`.
    done(unsafe { sqlite3_rekey(connection.handle(), text.0.as_ptr().cast(), 67) })
}

/// Reserves bytes at the end of each page, from the first page that is written on.
pub(crate) fn reserve(connection: &Connection, bytes: c_int) -> rusqlite::Result<()> {
    let mut bytes = bytes;
    let at = (&raw mut bytes).cast();
    // SAFETY: the connection is open, and the number lives through the call.
    done(unsafe { ffi::sqlite3_file_control(connection.handle(), MAIN, ffi::SQLITE_FCNTL_RESERVE_BYTES, at) })
}

/// The first bytes of a database file, read through the file that the connection holds open: opening it once more and
/// closing it would give up the locks that this process has on it.
pub(crate) fn first_bytes(connection: &Connection, into: &mut [u8]) -> rusqlite::Result<()> {
    let mut file: *mut ffi::sqlite3_file = std::ptr::null_mut();
    let at = (&raw mut file).cast();
    let len = c_int::try_from(into.len()).unwrap_or(0);
    // SAFETY: the connection is open; SQLite gives its own file, which stays open during this call, and the buffer is ours.
    done(unsafe {
        let code = ffi::sqlite3_file_control(connection.handle(), MAIN, ffi::SQLITE_FCNTL_FILE_POINTER, at);
        if code == ffi::SQLITE_OK {
            let methods = file.as_ref().and_then(|file| file.pMethods.as_ref());
            methods
                .and_then(|methods| methods.xRead)
                .map_or(ffi::SQLITE_CANTOPEN, |read| read(file, into.as_mut_ptr().cast(), len, 0))
        } else {
            code
        }
    })
}
