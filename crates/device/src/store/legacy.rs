//! Stores of before pages carried checksums are written anew, once, when they are opened.

use std::fmt::Write;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::connections::Access;
use super::schema;
use crate::StoreError;

fn connect(access: &Access) -> Result<Connection, StoreError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(&access.file, flags)?;
    connection.busy_timeout(access.busy)?;
    Ok(connection)
}

/// Copies the store into a new file with checksums and puts it in the place of the old one. A newer store is refused
/// before; whatever fails leaves the old one as it is.
pub(crate) fn write_anew(access: &Access, application: u32) -> Result<(), StoreError> {
    let connection = connect(access)?;
    schema::refuse_newer(&connection)?;
    let fresh = access.file.with_extension("db-anew");
    let failed = |source| StoreError::file("the store could not be written anew", fresh.clone(), source);
    match std::fs::remove_file(&fresh) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    // Alone: the journal is folded in and goes away, and nobody else may come in until the connection is closed.
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
    connection.pragma_update(None, "application_id", application)?;
    rusqlite::reserve_checksums(&connection)?;
    connection.execute("VACUUM INTO ?1", [address(&fresh)])?;
    std::fs::File::open(&fresh).and_then(|file| file.sync_all()).map_err(failed)?;
    std::fs::rename(&fresh, &access.file).map_err(failed)?;
    if let Some(folder) = access.file.parent().and_then(|folder| std::fs::File::open(folder).ok()) {
        folder.sync_all().map_err(failed)?;
    }
    Ok(())
}

/// The path as an address that names the layer with checksums.
fn address(path: &Path) -> String {
    let mut text = "file:".to_owned();
    for byte in path.to_string_lossy().bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_') {
            text.push(char::from(byte));
        } else {
            // Writing to a text can not fail.
            let _ = write!(text, "%{byte:02x}");
        }
    }
    text.push_str("?vfs=");
    text.push_str(rusqlite::PLAIN);
    text
}
