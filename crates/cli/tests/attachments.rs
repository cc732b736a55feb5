//! Photos, documents and strokes from outside: attached, listed, checked, shown, given out and swept by the real program, also
//! while it is killed.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::{at, code, id, jobsheet, json, lines, seeded, seeded_jobs, text, with_input};
use exif::experimental::Writer;
use exif::{Field, In, Rational, Tag};
use img_parts::ImageEXIF;
use img_parts::jpeg::Jpeg;
use jobsheet::{Options, Store};
use serde_json::{Value, json};

/// A small photo with EXIF that says when and where: Boston, 42° 21′ 30.24″ N 71° 3′ 35.28″ W.
fn photo() -> Vec<u8> {
    let field = |tag, value| Field { tag, ifd_num: In::PRIMARY, value };
    let ascii = |tag, text: &str| field(tag, exif::Value::Ascii(vec![text.as_bytes().to_vec()]));
    let degrees = |tag, parts: [(u32, u32); 3]| {
        field(tag, exif::Value::Rational(parts.map(|(num, denom)| Rational { num, denom }).to_vec()))
    };
    let fields = [
        ascii(Tag::DateTimeOriginal, "2026:03:02 10:31:05"),
        ascii(Tag::OffsetTimeOriginal, "-05:00"),
        ascii(Tag::GPSLatitudeRef, "N"),
        degrees(Tag::GPSLatitude, [(42, 1), (21, 1), (3024, 100)]),
        ascii(Tag::GPSLongitudeRef, "W"),
        degrees(Tag::GPSLongitude, [(71, 1), (3, 1), (3528, 100)]),
    ];
    let mut writer = Writer::new();
    for field in &fields {
        writer.push_field(field);
    }
    let mut tiff = Cursor::new(Vec::new());
    writer.write(&mut tiff, false).unwrap();
    let mut picture = Cursor::new(Vec::new());
    let pixels = image::RgbImage::from_pixel(64, 48, image::Rgb([200, 120, 40]));
    pixels.write_to(&mut picture, image::ImageFormat::Jpeg).unwrap();
    let mut jpeg = Jpeg::from_bytes(picture.into_inner().into()).unwrap();
    jpeg.set_exif(Some(tiff.into_inner().into()));
    jpeg.encoder().bytes().to_vec()
}

fn holds(text: &str, words: &[&str]) {
    for words in words {
        assert!(text.contains(words), "`{words}` is not in\n{text}");
    }
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let file = folder.join(name);
    std::fs::write(&file, bytes).unwrap();
    file
}

fn said(folder: &Path, args: &[&str]) -> String {
    let output = jobsheet(folder, args);
    assert_eq!(code(&output), 0, "{args:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn told(folder: &Path, args: &[&str]) -> Value {
    let args = [args, &["--json"]].concat();
    let output = jobsheet(folder, &args);
    assert_eq!(code(&output), 0, "{args:?}: {}", text(&output.stdout));
    json(&output)
}

fn path(file: &Path) -> &str {
    file.to_str().unwrap()
}

#[test]
fn before_and_after_are_shown_side_by_side() {
    let store = seeded();
    let folder = store.path();
    for step in ["accept", "prepare", "depart", "arrive", "present-badge"] {
        let _ = jobsheet(folder, &[step, "SR-0"]);
    }
    said(folder, &["consume-part", "SR-0", "BELT-7"]);
    let before = write(folder, "before.jpg", &photo());
    let after = write(folder, "after.jpg", &[&photo()[..], b"x"].concat());
    let add = |file: &Path, moment: &str, more: &[&str]| {
        let args = ["add-photo", "SR-0", path(file), "--item", "photo-key-steps", "--moment", moment];
        told(folder, &[&args, more].concat())["entry"].as_str().unwrap().to_owned()
    };
    let first = add(&before, "before", &[]);
    let shown = said(folder, &["show", "SR-0"]);
    holds(
        &shown,
        &["photos\n", "no photo: after", "before: ", " | after: no photo", &first, "42.358400, -71.059800"],
    );
    holds(&said(folder, &["show", "SR-0", "--lang", "zh"]), &["照片", "缺照片: 后"]);
    add(&after, "after", &["--pair-with", &first]);
    let view = told(folder, &["show", "SR-0"]);
    let items = view["assessment"]["photos"].as_array().unwrap();
    let item = items.iter().find(|item| item["rule"] == "execution-form.photo-key-steps").unwrap();
    assert_eq!(item["missing"], json!([]));
    assert_eq!(item["rows"][0]["photos"][0], first);
    assert_eq!(item["rows"][0]["doubts"], json!([]));
    assert_eq!(view["record"]["photos"][&first]["shot"]["taken_at"], "2026-03-02T10:31:05-05:00");
    // Not the key of a photo, and a photo of the same moment.
    let args = ["add-photo", "SR-0", path(&before), "--item", "photo-key-steps", "--moment", "before"];
    assert_eq!(code(&jobsheet(folder, &[&args[..], &["--pair-with", "x"]].concat())), 2);
    assert_eq!(code(&jobsheet(folder, &[&args[..], &["--pair-with", &first]].concat())), 3);
}

#[test]
fn what_is_missing_is_on_the_list_of_what_to_do() {
    let store = seeded_jobs();
    let folder = store.path();
    // The moments of a photo that is asked for, and the other way to give a document.
    let next = at(folder, "08:40", &["next", "ENG-1", "--json"]);
    assert_eq!(code(&next), 0);
    assert!(
        json(&next)
            .as_array()
            .unwrap()
            .iter()
            .all(|step| step.get("moments").is_some() && step.get("or").is_some())
    );
    let report =
        at(folder, "08:40", &["report-event", "ENG-1", "guarded-step-planned", "--about", "data-change"]);
    assert_eq!(code(&report), 0, "{}", text(&report.stderr));
    let next = text(&at(folder, "08:41", &["next", "ENG-1"]).stdout);
    holds(&next, &["answer diesel.data-backup --text TEXT or add-document FILE --item diesel.data-backup"]);
    let backup = write(folder, "backup.zip", b"PK\x03\x04 the data");
    let added = at(folder, "08:42", &["add-document", "ENG-1", path(&backup), "--item", "data-backup"]);
    assert_eq!(code(&added), 0, "{}", text(&added.stderr));
    let next = text(&at(folder, "08:43", &["next", "ENG-1"]).stdout);
    assert!(!next.contains("add-document"), "{next}");
    let shown = text(&at(folder, "08:43", &["show", "ENG-1"]).stdout);
    holds(&shown, &["documents\n", "backup.zip", "application/zip", "[diesel.data-backup]"]);
    // A rule that asks for something else.
    let wrong = at(folder, "08:44", &["add-document", "ENG-1", path(&backup), "--item", "visit-report"]);
    assert!(matches!(code(&wrong), 2 | 3));
}

#[test]
fn files_are_listed_checked_shown_and_given_out() {
    let store = seeded();
    let folder = store.path();
    let photo = write(folder, "photo.jpg", &photo());
    let film = write(folder, "film.mp4", b"\0\0\0\x18ftypmp42 with a place");
    said(folder, &["add-photo", "SR-0", path(&photo), "--caption", "the lamp"]);
    said(folder, &["add-document", "SR-0", path(&film), "--name", "Before we came"]);
    let files = told(folder, &["attachments", "list"]);
    assert_eq!(files.as_array().unwrap().len(), 2);
    assert_eq!(told(folder, &["attachments", "list", "SR-1"]), json!([]));
    let of = |kind: &str| {
        let files = files.as_array().unwrap().iter();
        let mut found = files.filter(|file| file["media_type"] == kind);
        found.next().unwrap()["sha256"].as_str().unwrap().to_owned()
    };
    let (photo, film) = (of("image/jpeg"), of("video/mp4"));
    holds(&said(folder, &["attachments", "list", "SR-0"]), &[&photo, "here", "photo", "document"]);
    holds(&said(folder, &["attachments", "list", "--lang", "zh"]), &["本机"]);

    let small = told(folder, &["attachments", "thumbnail", &photo[..8]])["file"].as_str().unwrap().to_owned();
    assert!(std::fs::read(&small).unwrap().starts_with(&[0xff, 0xd8]));
    let copy = folder.join("small.jpg");
    said(folder, &["attachments", "thumbnail", &photo, "--out", path(&copy)]);
    assert_eq!(std::fs::read(&copy).unwrap(), std::fs::read(&small).unwrap());
    assert_eq!(code(&jobsheet(folder, &["attachments", "thumbnail", &film])), 2);
    assert_eq!(code(&jobsheet(folder, &["attachments", "thumbnail", "abcdef0123"])), 4);
    assert_eq!(code(&jobsheet(folder, &["attachments", "thumbnail", "../x"])), 2);

    let out = folder.join("out.jpg");
    let export = |sha256: &str, audience: &str| {
        let args =
            ["attachments", "export", "SR-0", sha256, "--audience", audience, "--out", path(&out), "--json"];
        jobsheet(folder, &args)
    };
    let given = export(&photo, "customer");
    assert_eq!((code(&given), json(&given)["stripped"].clone()), (0, json!(true)));
    assert!(!std::fs::read(&out).unwrap().windows(4).any(|four| four == b"Exif"));
    assert_eq!(code(&export(&photo, "crew")), 0);
    assert_eq!(std::fs::read(&out).unwrap(), self::photo());
    let refused = export(&film, "customer");
    assert_eq!(code(&refused), 2);
    holds(&text(&refused.stdout), &["crew and office only"]);
    assert_eq!(code(&export(&film, "office")), 0);

    let page = said(folder, &["report", "SR-0", "--audience", "customer", "--photos"]);
    holds(&page, &["<img src=\"data:image/jpeg;base64,", "Before we came"]);
    assert!(!page.contains("42.35") && page.contains(&photo));
    holds(&said(folder, &["report", "SR-0"]), &["42.358400, -71.059800"]);

    holds(&said(folder, &["attachments", "check"]), &["2 fine · 0 missing · 0 damaged"]);
    std::fs::write(folder.join("attachments").join(&photo), b"something else").unwrap();
    std::fs::remove_file(folder.join("attachments").join(&film)).unwrap();
    let check = jobsheet(folder, &["attachments", "check", "--json"]);
    assert_eq!(code(&check), 7);
    let found = json(&check);
    assert_eq!(
        (&found["missing"][0]["sha256"], &found["damaged"][0]["sha256"]),
        (&json!(film), &json!(photo))
    );
    assert_eq!(std::fs::read(found["damaged"][0]["kept_as"].as_str().unwrap()).unwrap(), b"something else");
}

#[test]
fn lines_of_a_run_attach_by_file_and_one_that_can_not_ends_nothing() {
    let store = seeded();
    let folder = store.path();
    let photo = write(folder, "photo.jpg", &photo());
    // Sparse: nothing is written to the disk for it.
    let huge = folder.join("huge.mp4");
    File::create(&huge).unwrap().set_len((512 << 20) + 1).unwrap();
    let input = [
        json!({ "do": "add-photo", "file": photo }),
        json!({ "do": "add-document", "file": photo, "name": "the lamp" }),
        json!({ "do": "add-document", "file": huge }),
        json!({ "do": "add-document", "file": folder.join("none") }),
        json!({ "do": "add-document", "file": photo, "nmae": "x" }),
        json!({ "do": "add-photo", "file": photo, "pair_with": "x" }),
        json!({ "do": "sign", "file": photo, "role": "customer" }),
        json!({ "do": "sign", "file": photo, "role": "customer", "name": "Chen" }),
        json!({ "do": "accept" }),
    ];
    let input: String = input.iter().map(|line| line.to_string() + "\n").collect();
    let output = with_input(folder, &["run", "SR-0"], input.as_bytes());
    assert_eq!(code(&output), 0);
    let answers = lines(&output);
    let ok: Vec<bool> = answers.iter().map(|answer| answer["ok"].as_bool().unwrap()).collect();
    assert_eq!(ok, [true, true, false, false, false, false, false, false, true], "{answers:?}");
    holds(&answers[2]["error"]["message"].to_string(), &["more than 536870912 bytes"]);
    assert_eq!(answers[7]["error"]["kind"], "refused");
    assert_eq!(told(folder, &["attachments", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn a_sweep_from_outside_keeps_what_is_named() {
    let store = seeded();
    let folder = store.path();
    let photo = write(folder, "photo.jpg", &photo());
    said(folder, &["add-photo", "SR-0", path(&photo)]);
    let spare = folder.join("attachments").join("ab".repeat(32));
    std::fs::write(&spare, b"spare").unwrap();
    holds(&said(folder, &["attachments", "sweep"]), &["0 removed", "1 too young", "1 named"]);
    let swept = told(folder, &["attachments", "sweep", "--grace", "0"]);
    assert_eq!((swept["removed"].as_array().unwrap().len(), &swept["named"]), (1, &json!(1)));
    assert!(!spare.exists());
    said(folder, &["attachments", "check"]);
}

fn run(folder: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_jobsheet"))
        .args(["run", "SR-0"])
        .env("JOBSHEET_STORE", folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

#[test]
fn a_kill_at_any_moment_leaves_no_record_without_its_file() {
    let store = seeded();
    let folder = store.path();
    let (mut acknowledged, mut attached, head) = (0, 0, photo());
    for round in 0_u64..16 {
        let mut child = run(folder);
        let mut stdin = child.stdin.take().unwrap();
        // Each process attaches photos of some size, none of which the others have.
        let sources: Vec<PathBuf> = (0..12_u8)
            .map(|number| {
                let name = format!("{round}-{number}.jpg");
                write(folder, &name, &[&head[..], &vec![number; 400_000], name.as_bytes()].concat())
            })
            .collect();
        let feeder = std::thread::spawn(move || {
            for source in sources {
                // Ends when the process that reads is gone.
                if writeln!(stdin, "{}", json!({ "do": "add-photo", "file": source })).is_err() {
                    return;
                }
            }
        });
        // Another process sweeps meanwhile, without mercy for the young.
        let sweeper = Command::new(env!("CARGO_BIN_EXE_jobsheet"))
            .args(["attachments", "sweep", "--grace", "0"])
            .env("JOBSHEET_STORE", folder)
            .stdout(Stdio::null())
            .spawn();
        let out = child.stdout.take().unwrap();
        let reader = std::thread::spawn(move || {
            let answers = BufReader::new(out).lines().map_while(Result::ok);
            let answers = answers.filter_map(|answer| serde_json::from_str::<Value>(&answer).ok());
            answers.filter(|answer| answer["ok"] == true).count()
        });
        std::thread::sleep(Duration::from_millis(20 + 9 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        sweeper.unwrap().wait().unwrap();
        feeder.join().unwrap();
        acknowledged += reader.join().unwrap();

        let store = Store::open(folder, Options::default()).unwrap();
        let check = store.check_attachments().unwrap();
        assert!(check.is_fine(), "{check:?}");
        let record = store.visit(id(0)).unwrap().record;
        assert!(record.photos.len() >= acknowledged, "{} of {acknowledged}", record.photos.len());
        for photo in record.photos.values() {
            assert_eq!(
                std::fs::metadata(store.attachment(&photo.sha256).unwrap()).unwrap().len(),
                photo.size
            );
        }
        attached = record.photos.len();
    }
    assert!(attached > 0, "no process lived long enough to attach anything");
    // Orphans and unfinished copies of all those deaths go, the photos stay.
    said(folder, &["attachments", "sweep", "--grace", "0"]);
    let check = told(folder, &["attachments", "check"]);
    assert_eq!((check["fine"].as_u64().unwrap(), &check["unnamed"]), (attached as u64, &json!(0)));
    let left = std::fs::read_dir(folder.join("attachments")).unwrap();
    assert!(
        left.map(|entry| entry.unwrap().file_name()).all(|name| !name.to_string_lossy().ends_with(".part"))
    );
}

/// Highest memory that a process has held, in bytes, as the kernel tells it.
#[cfg(target_os = "linux")]
fn peak(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() * 1024
}

/// Peak memory of a process that attaches one file and checks nothing else.
#[cfg(target_os = "linux")]
fn peak_of_attaching(folder: &Path, line: &Value) -> u64 {
    let mut child = run(folder);
    writeln!(child.stdin.as_mut().unwrap(), "{line}").unwrap();
    let mut answer = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut answer).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&answer).unwrap()["ok"], true, "{answer}");
    // The process waits for more input, so its peak can be read.
    let peak = peak(&child);
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    peak
}

#[cfg(target_os = "linux")]
#[test]
fn a_film_of_200_megabytes_takes_no_more_memory_than_a_small_one() {
    const MOST: u64 = 16 << 20;
    let store = seeded();
    let folder = store.path();
    let small = write(folder, "small.mp4", b"\0\0\0\x18ftypmp42 small");
    let large = folder.join("large.mp4");
    let mut film = File::create(&large).unwrap();
    film.write_all(b"\0\0\0\x18ftypmp42").unwrap();
    for block in 0..200_u8 {
        film.write_all(&vec![block; 1_000_000]).unwrap();
    }
    drop(film);
    for command in ["add-document", "add-photo"] {
        let of = |file: &Path| peak_of_attaching(folder, &json!({ "do": command, "file": file }));
        let (floor, peak) = (of(&small), of(&large));
        println!("{command}: {} kB with a small file, {} kB with 200 MB", floor / 1024, peak / 1024);
        assert!(peak < floor + MOST, "{command}: {peak} against {floor}");
    }
    std::fs::remove_file(&large).unwrap();
    let check = told(folder, &["attachments", "check"]);
    assert_eq!(
        (check["fine"].as_u64(), check["fine_bytes"].as_u64().unwrap() > 200_000_000),
        (Some(2), true)
    );
}
