//! The crypto of `SQLCipher`'s file format (AES-256-CBC, HMAC, PBKDF2) from `RustCrypto`. `SQLCipher` asks for a table of C
//! functions; this is that table. What it computes is fixed by the format: files can be read by any other `SQLCipher` 4.
#![allow(unsafe_code)] // a C function table: pointers and lengths come from SQLCipher, which owns the buffers for the call

use std::ffi::{CStr, c_char, c_int, c_uchar, c_void};
use std::ptr::{null_mut, slice_from_raw_parts_mut};
use std::slice::from_raw_parts;

use aes::Aes256;
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use hmac::{Hmac, KeyInit, Mac};
use rusqlite::ffi::{SQLITE_ERROR, SQLITE_OK};
use sha2::{Sha256, Sha512};

const ENCRYPT: c_int = 1;
const SHA256: c_int = 1;
const SHA512: c_int = 2;
const KEY_BYTES: c_int = 32;
const BLOCK_BYTES: c_int = 16;

/// `struct sqlcipher_provider` of `SQLCipher` 4.
#[repr(C)]
struct Provider {
    init: Option<extern "C" fn() -> c_int>,
    shutdown: Option<extern "C" fn()>,
    name: Option<extern "C" fn(*mut c_void) -> *const c_char>,
    add_random: Option<extern "C" fn(*mut c_void, *const c_void, c_int) -> c_int>,
    random: Option<unsafe extern "C" fn(*mut c_void, *mut c_void, c_int) -> c_int>,
    hmac: Option<HmacFn>,
    kdf: Option<KdfFn>,
    cipher: Option<CipherFn>,
    cipher_name: Option<extern "C" fn(*mut c_void) -> *const c_char>,
    key_size: Option<extern "C" fn(*mut c_void) -> c_int>,
    iv_size: Option<extern "C" fn(*mut c_void) -> c_int>,
    block_size: Option<extern "C" fn(*mut c_void) -> c_int>,
    hmac_size: Option<extern "C" fn(*mut c_void, c_int) -> c_int>,
    context_init: Option<extern "C" fn(*mut *mut c_void) -> c_int>,
    context_free: Option<extern "C" fn(*mut *mut c_void) -> c_int>,
    fips_status: Option<extern "C" fn(*mut c_void) -> c_int>,
    version: Option<extern "C" fn(*mut c_void) -> *const c_char>,
    next: *mut Provider,
}

type Bytes = *const c_uchar;
type HmacFn =
    unsafe extern "C" fn(*mut c_void, c_int, Bytes, c_int, Bytes, c_int, Bytes, c_int, *mut c_uchar) -> c_int;
type KdfFn =
    unsafe extern "C" fn(*mut c_void, c_int, Bytes, c_int, Bytes, c_int, c_int, c_int, *mut c_uchar) -> c_int;
type CipherFn =
    unsafe extern "C" fn(*mut c_void, c_int, Bytes, c_int, Bytes, Bytes, c_int, *mut c_uchar) -> c_int;

/// Called once by `SQLCipher`, when `SQLite` is initialised.
// SAFETY: the name is the one that build.rs gives SQLCipher, and nothing else has it.
#[unsafe(no_mangle)]
unsafe extern "C" fn jobsheet_sqlcipher_provider(provider: *mut Provider) -> c_int {
    let table = Provider {
        init: None,
        shutdown: None,
        name: Some(name),
        add_random: Some(add_random),
        random: Some(random),
        hmac: Some(hmac),
        kdf: Some(kdf),
        cipher: Some(cipher),
        cipher_name: Some(cipher_name),
        key_size: Some(key_size),
        iv_size: Some(block_size),
        block_size: Some(block_size),
        hmac_size: Some(hmac_size),
        context_init: Some(context_init),
        context_free: Some(context_free),
        fips_status: Some(fips_status),
        version: Some(version),
        next: null_mut(),
    };
    // SAFETY: SQLCipher passes a block of its own that is as large as its struct, which has the same fields in this order.
    unsafe { provider.write(table) };
    SQLITE_OK
}

/// A buffer of `SQLCipher`; none where it gives none.
///
/// # Safety
/// `at` must be null or valid for `len` bytes for as long as the result is used.
unsafe fn bytes<'a>(at: *const c_uchar, len: c_int) -> Option<&'a [u8]> {
    if at.is_null() {
        return None;
    }
    // SAFETY: as the caller promises.
    usize::try_from(len).ok().map(|len| unsafe { from_raw_parts(at, len) })
}

/// The same for a buffer that is written.
///
/// # Safety
/// As `bytes`, and nobody else uses the buffer meanwhile.
unsafe fn bytes_mut<'a>(at: *mut c_uchar, len: c_int) -> Option<&'a mut [u8]> {
    if at.is_null() {
        return None;
    }
    // SAFETY: as the caller promises.
    usize::try_from(len).ok().map(|len| unsafe { &mut *slice_from_raw_parts_mut(at, len) })
}

fn told(done: Option<()>) -> c_int {
    if done.is_some() { SQLITE_OK } else { SQLITE_ERROR }
}

extern "C" fn name(_: *mut c_void) -> *const c_char {
    const NAME: &CStr = c"rustcrypto";
    NAME.as_ptr()
}

extern "C" fn version(_: *mut c_void) -> *const c_char {
    const VERSION: &CStr = c"1";
    VERSION.as_ptr()
}

extern "C" fn cipher_name(_: *mut c_void) -> *const c_char {
    const CIPHER: &CStr = c"aes-256-cbc";
    CIPHER.as_ptr()
}

extern "C" fn key_size(_: *mut c_void) -> c_int {
    KEY_BYTES
}

extern "C" fn block_size(_: *mut c_void) -> c_int {
    BLOCK_BYTES
}

extern "C" fn hmac_size(_: *mut c_void, algorithm: c_int) -> c_int {
    match algorithm {
        SHA256 => 32,
        SHA512 => 64,
        _ => 0,
    }
}

extern "C" fn context_init(_: *mut *mut c_void) -> c_int {
    SQLITE_OK
}

extern "C" fn context_free(_: *mut *mut c_void) -> c_int {
    SQLITE_OK
}

extern "C" fn fips_status(_: *mut c_void) -> c_int {
    0
}

/// The operating system's randomness needs no help.
extern "C" fn add_random(_: *mut c_void, _: *const c_void, _: c_int) -> c_int {
    SQLITE_OK
}

unsafe extern "C" fn random(_: *mut c_void, into: *mut c_void, len: c_int) -> c_int {
    // SAFETY: SQLCipher's buffer of that length.
    let into = unsafe { bytes_mut(into.cast(), len) };
    told(into.and_then(|into| getrandom::fill(into).ok()))
}

unsafe extern "C" fn hmac(
    _: *mut c_void,
    algorithm: c_int,
    key: Bytes,
    key_len: c_int,
    first: Bytes,
    first_len: c_int,
    second: Bytes,
    second_len: c_int,
    out: *mut c_uchar,
) -> c_int {
    // SAFETY: SQLCipher's buffers of those lengths; `out` holds the digest of the algorithm, as `hmac_size` told.
    let (key, first, second, out) = unsafe {
        (
            bytes(key, key_len),
            bytes(first, first_len),
            bytes(second, second_len),
            bytes_mut(out, hmac_size(null_mut(), algorithm)),
        )
    };
    let (Some(key), Some(first), Some(out)) = (key, first, out) else { return SQLITE_ERROR };
    let second = second.unwrap_or_default();
    told(match algorithm {
        SHA256 => authenticate::<Hmac<Sha256>>(key, &[first, second], out),
        SHA512 => authenticate::<Hmac<Sha512>>(key, &[first, second], out),
        _ => None,
    })
}

fn authenticate<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]], out: &mut [u8]) -> Option<()> {
    let mut mac = <M as KeyInit>::new_from_slice(key).ok()?;
    for part in parts {
        mac.update(part);
    }
    let digest = mac.finalize().into_bytes();
    out.get_mut(..digest.len())?.copy_from_slice(&digest);
    Some(())
}

unsafe extern "C" fn kdf(
    _: *mut c_void,
    algorithm: c_int,
    secret: Bytes,
    secret_len: c_int,
    salt: Bytes,
    salt_len: c_int,
    rounds: c_int,
    key_len: c_int,
    key: *mut c_uchar,
) -> c_int {
    // SAFETY: SQLCipher's buffers of those lengths.
    let (secret, salt, key) =
        unsafe { (bytes(secret, secret_len), bytes(salt, salt_len), bytes_mut(key, key_len)) };
    let (Some(secret), Some(salt), Some(key)) = (secret, salt, key) else { return SQLITE_ERROR };
    told(match algorithm {
        SHA256 => pbkdf2::<Hmac<Sha256>>(secret, salt, rounds, key),
        SHA512 => pbkdf2::<Hmac<Sha512>>(secret, salt, rounds, key),
        _ => None,
    })
}

/// PBKDF2 (RFC 8018, 5.2). Keys of stores are random, not words, so that `SQLCipher` asks for two rounds.
fn pbkdf2<M: Mac + KeyInit + Clone>(secret: &[u8], salt: &[u8], rounds: c_int, key: &mut [u8]) -> Option<()> {
    let prf = <M as KeyInit>::new_from_slice(secret).ok()?;
    for (number, block) in (1_u32..).zip(key.chunks_mut(M::output_size())) {
        let mut mac = prf.clone();
        mac.update(salt);
        mac.update(&number.to_be_bytes());
        let mut last = mac.finalize().into_bytes();
        let mut sum = last.clone();
        for _ in 1..rounds {
            let mut mac = prf.clone();
            mac.update(&last);
            last = mac.finalize().into_bytes();
            sum.iter_mut().zip(&last).for_each(|(sum, byte)| *sum ^= byte);
        }
        block.copy_from_slice(sum.get(..block.len())?);
    }
    Some(())
}

unsafe extern "C" fn cipher(
    _: *mut c_void,
    mode: c_int,
    key: Bytes,
    key_len: c_int,
    iv: Bytes,
    input: Bytes,
    len: c_int,
    out: *mut c_uchar,
) -> c_int {
    // SAFETY: SQLCipher's buffers of those lengths; input and output are two buffers, each of `len` bytes.
    let (key, iv, input, out) =
        unsafe { (bytes(key, key_len), bytes(iv, BLOCK_BYTES), bytes(input, len), bytes_mut(out, len)) };
    let (Some(key), Some(iv), Some(input), Some(out)) = (key, iv, input, out) else { return SQLITE_ERROR };
    let done = if mode == ENCRYPT {
        cbc::Encryptor::<Aes256>::new_from_slices(key, iv)
            .ok()
            .and_then(|cipher| cipher.encrypt_padded_b2b::<NoPadding>(input, out).ok().map(drop))
    } else {
        cbc::Decryptor::<Aes256>::new_from_slices(key, iv)
            .ok()
            .and_then(|cipher| cipher.decrypt_padded_b2b::<NoPadding>(input, out).ok().map(drop))
    };
    told(done)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test that fails may panic

    use super::*;

    #[test]
    fn pbkdf2_gives_the_published_values() {
        // PBKDF2-HMAC-SHA256, "password" and "salt": 1, 2 and 4096 rounds (RFC 7914's companions).
        let mut key = [0; 32];
        pbkdf2::<Hmac<Sha256>>(b"password", b"salt", 2, &mut key).unwrap();
        assert_eq!(key[..8], [0xae, 0x4d, 0x0c, 0x95, 0xaf, 0x6b, 0x46, 0xd3]);
        pbkdf2::<Hmac<Sha256>>(b"password", b"salt", 4096, &mut key).unwrap();
        assert_eq!(key[..8], [0xc5, 0xe4, 0x78, 0xd5, 0x92, 0x88, 0xc8, 0x41]);
    }
}
