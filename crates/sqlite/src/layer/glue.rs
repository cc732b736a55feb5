//! The C side of layers: `SQLite`'s table of file functions, each passed to a [`LayerFile`] or on to the table below.
#![allow(unsafe_code)] // SQLite's file interface is C: structures that begin with a pointer to a table of functions

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::Path;
use std::ptr::{null, null_mut, slice_from_raw_parts_mut};
use std::slice::from_raw_parts;

use rusqlite::ffi;

use super::{Code, Kind, Layer, LayerFile};

/// An open file: `SQLite` gives the memory, this at its beginning and the file of the table below behind it.
#[repr(C)]
struct File {
    base: ffi::sqlite3_file,
    /// From `Box::into_raw`; freed in `close`.
    layer: *mut Box<dyn LayerFile>,
}

struct Place {
    below: *mut ffi::sqlite3_vfs,
    layer: Box<dyn Layer>,
}

/// The file below a layer.
#[derive(Debug)]
pub struct Below(*mut ffi::sqlite3_file);

impl Below {
    fn methods(&self) -> Result<&ffi::sqlite3_io_methods, Code> {
        // SAFETY: the file below is open as long as this exists: both live inside one call from SQLite.
        unsafe { (*self.0).pMethods.as_ref() }.ok_or(Code(ffi::SQLITE_IOERR))
    }

    /// Reads.
    ///
    /// # Errors
    /// What the file below answers.
    pub fn read(&self, into: &mut [u8], at: u64) -> Result<(), Code> {
        let call = self.methods()?.xRead.ok_or(Code(ffi::SQLITE_IOERR_READ))?;
        // SAFETY: the buffer is ours and as long as told.
        done(unsafe { call(self.0, into.as_mut_ptr().cast(), length(into.len())?, offset(at)?) })
    }

    /// Writes.
    ///
    /// # Errors
    /// What the file below answers.
    pub fn write(&self, bytes: &[u8], at: u64) -> Result<(), Code> {
        let call = self.methods()?.xWrite.ok_or(Code(ffi::SQLITE_IOERR_WRITE))?;
        // SAFETY: the buffer is ours and as long as told; it is only read.
        done(unsafe { call(self.0, bytes.as_ptr().cast(), length(bytes.len())?, offset(at)?) })
    }

    /// Cuts.
    ///
    /// # Errors
    /// What the file below answers.
    pub fn truncate(&self, size: u64) -> Result<(), Code> {
        let call = self.methods()?.xTruncate.ok_or(Code(ffi::SQLITE_IOERR_TRUNCATE))?;
        // SAFETY: plain numbers.
        done(unsafe { call(self.0, offset(size)?) })
    }

    /// Makes what was written durable.
    ///
    /// # Errors
    /// What the file below answers.
    pub fn sync(&self) -> Result<(), Code> {
        let call = self.methods()?.xSync.ok_or(Code(ffi::SQLITE_IOERR_FSYNC))?;
        // SAFETY: plain numbers.
        done(unsafe { call(self.0, ffi::SQLITE_SYNC_NORMAL) })
    }

    /// Size of the file in bytes.
    ///
    /// # Errors
    /// What the file below answers.
    pub fn size(&self) -> Result<u64, Code> {
        let call = self.methods()?.xFileSize.ok_or(Code(ffi::SQLITE_IOERR_FSTAT))?;
        let mut size = 0;
        // SAFETY: the number is ours.
        done(unsafe { call(self.0, &raw mut size) })?;
        u64::try_from(size).map_err(|_| Code(ffi::SQLITE_IOERR_FSTAT))
    }
}

fn done(code: c_int) -> Result<(), Code> {
    if code == ffi::SQLITE_OK { Ok(()) } else { Err(Code(code)) }
}

fn told(result: Result<(), Code>) -> c_int {
    result.map_or_else(|code| code.0, |()| ffi::SQLITE_OK)
}

fn length(len: usize) -> Result<c_int, Code> {
    c_int::try_from(len).map_err(|_| Code(ffi::SQLITE_TOOBIG))
}

fn offset(at: u64) -> Result<i64, Code> {
    i64::try_from(at).map_err(|_| Code(ffi::SQLITE_TOOBIG))
}

/// Registers a layer under a name, above another one (none: the default). It is kept until the process ends.
///
/// # Errors
/// A [`Code`] if there is no such layer below, or the name can not be used.
pub fn register(
    name: &str,
    below: Option<&str>,
    make_default: bool,
    layer: Box<dyn Layer>,
) -> Result<(), Code> {
    let name = CString::new(name).map_err(|_| Code(ffi::SQLITE_MISUSE))?;
    let below = below.map(CString::new).transpose().map_err(|_| Code(ffi::SQLITE_MISUSE))?;
    let below_name = below.as_ref().map_or(null(), |name| name.as_ptr());
    // SAFETY: a name that ends with zero, or none.
    let below = unsafe { ffi::sqlite3_vfs_find(below_name) };
    // SAFETY: what SQLite has registered stays valid until it is unregistered, which nobody here does.
    let Some(base) = (unsafe { below.as_ref() }) else { return Err(Code(ffi::SQLITE_NOTFOUND)) };
    let place = Box::into_raw(Box::new(Place { below, layer }));
    let own = c_int::try_from(size_of::<File>()).map_err(|_| Code(ffi::SQLITE_TOOBIG))?;
    let vfs = Box::new(ffi::sqlite3_vfs {
        iVersion: base.iVersion.min(2),
        szOsFile: own + base.szOsFile,
        mxPathname: base.mxPathname,
        pNext: null_mut(),
        zName: name.into_raw(),
        pAppData: place.cast(),
        xOpen: Some(open),
        xDelete: Some(delete),
        xAccess: Some(access),
        xFullPathname: Some(full_pathname),
        xDlOpen: None,
        xDlError: None,
        xDlSym: None,
        xDlClose: None,
        xRandomness: Some(randomness),
        xSleep: Some(sleep),
        xCurrentTime: Some(current_time),
        xGetLastError: Some(last_error),
        xCurrentTimeInt64: Some(current_time_i64),
        xSetSystemCall: None,
        xGetSystemCall: None,
        xNextSystemCall: None,
    });
    // SAFETY: given away for good; SQLite keeps it in its list.
    done(unsafe { ffi::sqlite3_vfs_register(Box::into_raw(vfs), c_int::from(make_default)) })
}

/// # Safety
/// `vfs` is one that `register` made.
unsafe fn place<'a>(vfs: *mut ffi::sqlite3_vfs) -> &'a Place {
    // SAFETY: as the caller promises; a place is never freed.
    unsafe { &*(*vfs).pAppData.cast() }
}

/// # Safety
/// `file` is one that `open` filled.
unsafe fn below(file: *mut ffi::sqlite3_file) -> *mut ffi::sqlite3_file {
    // SAFETY: `SQLite` gave `szOsFile` bytes: ours, and behind them those of the file below.
    unsafe { file.cast::<File>().add(1).cast() }
}

/// # Safety
/// `file` is one that `open` filled; `SQLite` uses a file from one thread at a time.
unsafe fn layer<'a>(file: *mut ffi::sqlite3_file) -> &'a mut dyn LayerFile {
    // SAFETY: as the caller promises.
    unsafe { &mut **(*file.cast::<File>()).layer }
}

/// # Safety
/// `name` is null or a text that ends with zero.
unsafe fn path<'a>(name: *const c_char) -> Option<&'a Path> {
    if name.is_null() {
        return None;
    }
    // SAFETY: as the caller promises.
    unsafe { CStr::from_ptr(name) }.to_str().ok().map(Path::new)
}

fn kind(flags: c_int) -> Kind {
    if flags & ffi::SQLITE_OPEN_MAIN_DB != 0 {
        Kind::Database
    } else if flags & ffi::SQLITE_OPEN_WAL != 0 {
        Kind::Log
    } else if flags & ffi::SQLITE_OPEN_MAIN_JOURNAL != 0 {
        Kind::Journal
    } else {
        Kind::Other
    }
}

unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite passes the table that was registered, a name of its own and memory for the file.
    unsafe {
        (*file).pMethods = null();
        let place = place(vfs);
        let opened = match place.layer.open(path(name), kind(flags)) {
            Ok(opened) => opened,
            Err(code) => return code.0,
        };
        let under = below(file);
        (*under).pMethods = null();
        let Some(call) = (*place.below).xOpen else { return ffi::SQLITE_CANTOPEN };
        let code = call(place.below, name, under, flags, out);
        if code == ffi::SQLITE_OK {
            (*file.cast::<File>()).layer = Box::into_raw(Box::new(opened));
            (*file).pMethods = &raw const METHODS;
        } else if let Some(close) = (*under).pMethods.as_ref().and_then(|methods| methods.xClose) {
            close(under);
        }
        code
    }
}

unsafe extern "C" fn delete(vfs: *mut ffi::sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    // SAFETY: as in `open`.
    unsafe {
        let place = place(vfs);
        if let Some(Err(code)) = path(name).map(|path| place.layer.delete(path, sync != 0)) {
            return code.0;
        }
        (*place.below).xDelete.map_or(ffi::SQLITE_IOERR_DELETE, |call| call(place.below, name, sync))
    }
}

unsafe extern "C" fn access(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: passed on as it came.
    unsafe {
        let below = place(vfs).below;
        (*below).xAccess.map_or(ffi::SQLITE_IOERR_ACCESS, |call| call(below, name, flags, out))
    }
}

unsafe extern "C" fn full_pathname(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    len: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: passed on as it came.
    unsafe {
        let below = place(vfs).below;
        (*below).xFullPathname.map_or(ffi::SQLITE_CANTOPEN, |call| call(below, name, len, out))
    }
}

unsafe extern "C" fn randomness(vfs: *mut ffi::sqlite3_vfs, len: c_int, out: *mut c_char) -> c_int {
    // SAFETY: passed on as it came.
    unsafe {
        let below = place(vfs).below;
        (*below).xRandomness.map_or(0, |call| call(below, len, out))
    }
}

unsafe extern "C" fn sleep(vfs: *mut ffi::sqlite3_vfs, micros: c_int) -> c_int {
    // SAFETY: passed on as it came.
    unsafe {
        let below = place(vfs).below;
        (*below).xSleep.map_or(0, |call| call(below, micros))
    }
}

unsafe extern "C" fn current_time(vfs: *mut ffi::sqlite3_vfs, out: *mut f64) -> c_int {
    // SAFETY: passed on as it came.
    unsafe {
        let below = place(vfs).below;
        (*below).xCurrentTime.map_or(ffi::SQLITE_ERROR, |call| call(below, out))
    }
}

unsafe extern "C" fn current_time_i64(vfs: *mut ffi::sqlite3_vfs, out: *mut i64) -> c_int {
    // SAFETY: passed on as it came; called only where the version of the table below has it.
    unsafe {
        let below = place(vfs).below;
        (*below).xCurrentTimeInt64.map_or(ffi::SQLITE_ERROR, |call| call(below, out))
    }
}

unsafe extern "C" fn last_error(vfs: *mut ffi::sqlite3_vfs, len: c_int, out: *mut c_char) -> c_int {
    // SAFETY: passed on as it came.
    unsafe {
        let below = place(vfs).below;
        (*below).xGetLastError.map_or(0, |call| call(below, len, out))
    }
}

/// Version 2: there is no memory mapping of the database, so that every read comes through here.
static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: SQLite closes a file once; the layer was made in `open` and is not used after this.
    unsafe {
        let own = file.cast::<File>();
        drop(Box::from_raw((*own).layer));
        (*own).layer = null_mut();
        (*file).pMethods = null();
        let under = below(file);
        let close = (*under).pMethods.as_ref().and_then(|methods| methods.xClose);
        close.map_or(ffi::SQLITE_IOERR_CLOSE, |call| call(under))
    }
}

unsafe extern "C" fn read(file: *mut ffi::sqlite3_file, into: *mut c_void, len: c_int, at: i64) -> c_int {
    let (Ok(len), Ok(at)) = (usize::try_from(len), u64::try_from(at)) else { return ffi::SQLITE_IOERR_READ };
    // SAFETY: SQLite's buffer of that length.
    unsafe {
        let into = &mut *slice_from_raw_parts_mut(into.cast::<u8>(), len);
        told(layer(file).read(&Below(below(file)), into, at))
    }
}

unsafe extern "C" fn write(file: *mut ffi::sqlite3_file, bytes: *const c_void, len: c_int, at: i64) -> c_int {
    let (Ok(len), Ok(at)) = (usize::try_from(len), u64::try_from(at)) else { return ffi::SQLITE_IOERR_WRITE };
    // SAFETY: SQLite's buffer of that length.
    unsafe { told(layer(file).write(&Below(below(file)), from_raw_parts(bytes.cast(), len), at)) }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: i64) -> c_int {
    let Ok(size) = u64::try_from(size) else { return ffi::SQLITE_IOERR_TRUNCATE };
    // SAFETY: an open file.
    unsafe { told(layer(file).truncate(&Below(below(file)), size)) }
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: an open file.
    unsafe { told(layer(file).sync(&Below(below(file)))) }
}

/// Passes a call on to the file below, with a result for where it has no such function.
macro_rules! pass {
    ($file:expr, $method:ident, $missing:expr $(, $argument:expr)*) => {{
        // SAFETY: an open file; the arguments are passed on as they came.
        unsafe {
            let under = below($file);
            (*under).pMethods.as_ref().and_then(|methods| methods.$method)
                .map_or($missing, |call| call(under $(, $argument)*))
        }
    }};
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, out: *mut i64) -> c_int {
    pass!(file, xFileSize, ffi::SQLITE_IOERR_FSTAT, out)
}

unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    pass!(file, xLock, ffi::SQLITE_IOERR_LOCK, level)
}

unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    pass!(file, xUnlock, ffi::SQLITE_IOERR_UNLOCK, level)
}

unsafe extern "C" fn check_reserved_lock(file: *mut ffi::sqlite3_file, out: *mut c_int) -> c_int {
    pass!(file, xCheckReservedLock, ffi::SQLITE_IOERR_CHECKRESERVEDLOCK, out)
}

unsafe extern "C" fn file_control(file: *mut ffi::sqlite3_file, what: c_int, argument: *mut c_void) -> c_int {
    pass!(file, xFileControl, ffi::SQLITE_NOTFOUND, what, argument)
}

unsafe extern "C" fn sector_size(file: *mut ffi::sqlite3_file) -> c_int {
    pass!(file, xSectorSize, 4096)
}

/// Never a part of a page: a layer that checks pages must see them whole.
unsafe extern "C" fn device_characteristics(file: *mut ffi::sqlite3_file) -> c_int {
    pass!(file, xDeviceCharacteristics, 0) & !ffi::SQLITE_IOCAP_SUBPAGE_READ
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    page: c_int,
    size: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    pass!(file, xShmMap, ffi::SQLITE_IOERR_SHMMAP, page, size, extend, out)
}

unsafe extern "C" fn shm_lock(file: *mut ffi::sqlite3_file, at: c_int, n: c_int, flags: c_int) -> c_int {
    pass!(file, xShmLock, ffi::SQLITE_IOERR_SHMLOCK, at, n, flags)
}

unsafe extern "C" fn shm_barrier(file: *mut ffi::sqlite3_file) {
    let () = pass!(file, xShmBarrier, ());
}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, delete: c_int) -> c_int {
    pass!(file, xShmUnmap, ffi::SQLITE_OK, delete)
}
