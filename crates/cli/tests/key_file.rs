//! An encrypted store from the command line: the key comes from a file, never from the command line itself.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

use std::path::Path;
use std::process::Command;

/// Exit code and what was said, of a list of visits.
fn visits(store: &Path, key: Option<&Path>, by_variable: bool) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jobsheet"));
    command.arg("--store").arg(store).env_remove("JOBSHEET_KEY_FILE");
    match key {
        Some(key) if by_variable => command.env("JOBSHEET_KEY_FILE", key),
        Some(key) => command.arg("--key-file").arg(key),
        None => &mut command,
    };
    let output = command.arg("visits").output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

#[test]
fn a_store_opens_with_the_key_it_was_made_with_and_with_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let key = file("key", &[7; 32]);
    let digits = file("digits", format!("{}\n", "07".repeat(32)).as_bytes());
    let (other, short) = (file("other", &[8; 32]), file("short", &[7; 31]));
    let store = folder.path().join("store");

    assert_eq!(visits(&store, Some(&key), false).0, 0);
    let database = std::fs::read(store.join("jobsheet.db")).unwrap();
    assert!(!database.starts_with(b"SQLite format 3"), "the file is not encrypted");
    assert_eq!(visits(&store, Some(&key), true).0, 0, "by the environment");
    assert_eq!(visits(&store, Some(&digits), false).0, 0, "as hexadecimal digits");
    for (wrong, code, words) in [
        (Some(&other), 7, "not the key"),
        (None, 7, "encrypted"),
        (Some(&short), 2, "32 bytes"),
        (Some(&folder.path().join("none")), 2, "none"),
    ] {
        let (exit, said) = visits(&store, wrong.map(std::path::PathBuf::as_path), false);
        assert_eq!(exit, code, "{said}");
        assert!(said.contains(words), "{said}");
        assert!(!said.contains("0707"), "the key is told: {said}");
    }
    let plain = folder.path().join("plain");
    assert_eq!(visits(&plain, None, false).0, 0);
    assert_eq!(visits(&plain, Some(&key), false).0, 7, "a plain store is not opened with a key");
    assert_eq!(visits(&store, Some(&key), false).0, 0, "nothing was changed by all that");
}
