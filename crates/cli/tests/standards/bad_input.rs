//! Bad input: each with the exit code of the help and an error that says what to do.

use crate::{File, run, source, with_input};

#[test]
fn unknown_names_are_not_found_and_the_near_one_is_named() {
    let cases: [(&[&str], &str); 8] = [
        (&["show", "gsa"], "did you mean `gas`?"),
        (&["show", "elephant"], "see `jobsheet standards list`"),
        (&["show", "gas", "--job", "meter-readin"], "did you mean `meter-reading`?"),
        (&["show", "gas", "--role", "technicain"], "did you mean `technician`?"),
        (&["explain", "gas.show-crad"], "did you mean `gas.show-card`?"),
        (&["explain", "follow-up-15-day"], "did you mean `diesel.follow-up-15-days`?"),
        (&["rehearse", "diesel", "--job", "x"], "its jobs: installation, maintenance"),
        (&["diff", "gas", "desel"], "did you mean `diesel`?"),
    ];
    for (args, hint) in cases {
        let ran = run(args);
        assert_eq!((ran.code, ran.out.as_str()), (4, ""), "{args:?}");
        assert!(ran.err.contains(hint), "{args:?}: {}", ran.err);
        let json = run(&[args, &["--json"]].concat());
        assert_eq!(json.code, 4);
        assert_eq!(json.json()["error"]["kind"], "not-found");
        assert!(json.error().contains(hint));
    }
}

#[test]
fn a_rule_that_several_standards_have_must_be_named_in_full() {
    let ran = run(&["explain", "arrive-on-time"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("`gas.arrive-on-time`") && ran.err.contains("`diesel.arrive-on-time`"),
        "{}",
        ran.err
    );
}

#[test]
fn files_that_can_not_be_read() {
    let latin = File::of("latin.toml", b"format = 1\n# caf\xe9\n");
    let large = File::of("large.toml", vec![b'#'; (8 << 20) + 1]);
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.toml");
    let cases = [
        (latin.name(), "not UTF-8: byte 17 is wrong"),
        (large.name(), "larger than 8388608 bytes"),
        (missing.to_str().unwrap(), "No such file"),
        (folder.path().to_str().unwrap(), "directory"),
    ];
    for (file, why) in cases {
        for verb in ["lint", "show", "resolve", "coverage", "rehearse", "page"] {
            let ran = run(&[verb, file]);
            assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{verb} {file}");
            assert!(ran.err.contains(why), "{verb} {file}: {}", ran.err);
        }
        let with = run(&["explain", "gas.show-card", "--with", file]);
        assert_eq!(with.code, 2);
        assert_eq!(run(&["lint", file, "--json"]).json()["error"]["kind"], "invalid-input");
    }
    assert_eq!(with_input(&["lint", "-"], b"\xff").code, 2);
}

#[test]
fn a_pack_with_errors_is_no_pack_for_the_other_verbs() {
    let file = File::of("gas.toml", source("gas").replace("limit = \"PT30M\"", "limit = \"30 min\""));
    for args in [
        vec!["show", file.name()],
        vec!["diff", "gas", file.name()],
        vec!["page", file.name()],
        vec!["rehearse", file.name()],
        vec!["coverage", file.name()],
        vec!["explain", "gas.show-card", "--with", file.name()],
    ] {
        let ran = run(&args);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}");
        assert!(ran.err.contains("`30 min` is not a duration"), "{args:?}: {}", ran.err);
    }
}

#[test]
fn hostile_names_are_repeated_in_one_short_line() {
    let long = "x".repeat(100_000);
    let ran = run(&["explain", &long]);
    assert_eq!(ran.code, 4);
    assert!(ran.err.len() < 300, "{}", ran.err.len());
    let ran = run(&["explain", "a\nb\u{1b}[31m"]);
    assert_eq!(ran.err.lines().count(), 1);
    assert!(!ran.err.contains('\u{1b}'));
}

#[test]
fn usage() {
    for args in [&["lint"][..], &["show"], &["explain"], &["diff", "gas"], &["nonsense"], &["resolve"]] {
        assert_eq!(run(args).code, 2, "{args:?}");
    }
    let help = run(&["--help"]);
    for verb in
        ["list", "show", "explain", "lint", "resolve", "diff", "coverage", "rehearse", "page", "schema"]
    {
        assert!(help.out.contains(verb), "{verb}");
    }
}
