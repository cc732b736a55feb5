//! Changes in their compact form: what comes out is what went in, byte for byte; what is damaged does not come out as
//! something else unnoticed, and never as more than the limits allow.
#![allow(clippy::unwrap_used)]

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, AutoCommit, ObjType, ROOT};
use jobsheet_wire::{
    ExpandError, MAX_CHANGE_BYTES, MAX_CHANGES_PER_DOCUMENT, MAX_EXPANDED_BYTES, compact, expand,
};
use proptest::prelude::*;

fn expanded(bytes: &[u8]) -> Result<Vec<Vec<u8>>, ExpandError> {
    let mut room = MAX_EXPANDED_BYTES;
    expand(bytes, &mut room).map(|changes| changes.into_iter().map(|change| change.bytes).collect())
}

fn packed(changes: &[Vec<u8>]) -> Vec<u8> {
    compact(changes.iter().map(Vec::as_slice))
}

/// What somebody does in a document.
#[derive(Debug, Clone)]
enum Step {
    Put { who: usize, key: u8, value: String },
    Type { who: usize, at: usize, text: String },
    Delete { who: usize, at: usize },
    Merge { who: usize, from: usize },
    Nothing { who: usize },
}

fn step(people: usize) -> impl Strategy<Value = Step> {
    let who = 0..people;
    prop_oneof![
        4 => (who.clone(), any::<u8>(), ".{0,40}").prop_map(|(who, key, value)| Step::Put { who, key, value }),
        3 => (who.clone(), any::<usize>(), ".{1,20}").prop_map(|(who, at, text)| Step::Type { who, at, text }),
        1 => (who.clone(), any::<usize>()).prop_map(|(who, at)| Step::Delete { who, at }),
        2 => (who.clone(), who.clone()).prop_map(|(who, from)| Step::Merge { who, from }),
        1 => who.prop_map(|who| Step::Nothing { who }),
    ]
}

/// The changes of a document that several people worked on at once.
fn history(steps: &[Step]) -> Vec<Vec<u8>> {
    let mut base = AutoCommit::new();
    let text = base.put_object(ROOT, "text", ObjType::Text).unwrap();
    base.commit();
    let mut docs: Vec<AutoCommit> =
        (0..3_u8).map(|who| base.fork().with_actor(ActorId::from([who; 16]))).collect();
    for (at, step) in steps.iter().enumerate() {
        let time = 1_770_000_000 + 37 * i64::try_from(at).unwrap();
        let options = || {
            let names = ["answer", "note", "photo"];
            CommitOptions::default().with_message(names[at % 3]).with_time(time)
        };
        match step {
            Step::Put { who, key, value } => {
                docs[*who].put(ROOT, format!("k{key}"), value.as_str()).unwrap();
                docs[*who].commit_with(options());
            }
            Step::Type { who, at, text: words } => {
                let length = automerge::ReadDoc::length(&docs[*who], &text);
                docs[*who].splice_text(&text, at % (length + 1), 0, words).unwrap();
                docs[*who].commit_with(options());
            }
            Step::Delete { who, at } => {
                let length = automerge::ReadDoc::length(&docs[*who], &text);
                if length > 0 {
                    docs[*who].splice_text(&text, at % length, 1, "").unwrap();
                    docs[*who].commit_with(options());
                }
            }
            Step::Merge { who, from } => {
                let mut other = docs[*from].clone();
                docs[*who].merge(&mut other).unwrap();
            }
            Step::Nothing { who } => {
                docs[*who].empty_change(options());
            }
        }
    }
    let mut all = docs.remove(0);
    for mut other in docs {
        all.merge(&mut other).unwrap();
    }
    all.get_changes(&[]).into_iter().map(|change| change.raw_bytes().to_vec()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_goes_in_comes_out(steps in prop::collection::vec(step(3), 0..60), from in 0_usize..20) {
        let changes = history(&steps);
        let part = &changes[from.min(changes.len())..];
        prop_assert_eq!(expanded(&packed(part)).unwrap(), part);
    }

    #[test]
    fn changes_with_flipped_bits_are_carried_as_well(
        steps in prop::collection::vec(step(2), 1..20), flips in prop::collection::vec((any::<usize>(), any::<usize>(), 0_u8..8), 1..5),
    ) {
        let mut changes = history(&steps);
        for (which, at, bit) in flips {
            let which = which % changes.len();
            let at = at % changes[which].len();
            changes[which][at] ^= 1 << bit;
        }
        prop_assert_eq!(expanded(&packed(&changes)).unwrap(), changes);
    }

    #[test]
    fn damaged_forms_are_refused_or_are_other_changes_within_limits(
        steps in prop::collection::vec(step(2), 1..20), flips in prop::collection::vec((any::<usize>(), any::<u8>()), 1..4),
        cut in any::<usize>(),
    ) {
        let mut bytes = packed(&history(&steps));
        for (at, with) in flips {
            let at = at % bytes.len();
            bytes[at] = with;
        }
        let mut room = MAX_EXPANDED_BYTES;
        if let Ok(changes) = expand(&bytes, &mut room) {
            prop_assert!(changes.iter().all(|change| change.bytes.len() <= MAX_CHANGE_BYTES));
        }
        let _ = expanded(&bytes[..cut % bytes.len()]);
    }
}

#[test]
fn a_cut_form_is_refused() {
    let bytes = packed(&history(&[Step::Put { who: 0, key: 1, value: "x".to_owned() }]));
    for length in 0..bytes.len() {
        assert_eq!(expanded(&bytes[..length]), Err(ExpandError::Damaged), "{length}");
    }
    assert_eq!(expanded(&[&bytes[..], &[0]].concat()), Err(ExpandError::Damaged), "something follows");
}

#[test]
fn limits_hold_on_both_sides() {
    let of = |count: usize, size: usize| expanded(&packed(&vec![vec![7; size]; count]));
    assert!(of(MAX_CHANGES_PER_DOCUMENT, 1).is_ok());
    let refused = of(MAX_CHANGES_PER_DOCUMENT + 1, 1);
    assert!(matches!(refused, Err(ExpandError::TooLarge { what: "number of changes", .. })));
    assert!(of(1, MAX_CHANGE_BYTES).is_ok());
    assert!(matches!(of(1, MAX_CHANGE_BYTES + 1), Err(ExpandError::TooLarge { what: "a change", .. })));
    let many = MAX_EXPANDED_BYTES / MAX_CHANGE_BYTES;
    assert!(of(many, MAX_CHANGE_BYTES).is_ok());
    let refused = of(many + 1, MAX_CHANGE_BYTES);
    assert!(matches!(refused, Err(ExpandError::TooLarge { what: "the changes of one exchange", .. })));
}

/// A message of 200 kB that is told once and had by four thousand changes would be 800 MB.
#[test]
fn what_is_told_once_can_not_be_blown_up() {
    let mut doc = AutoCommit::new();
    let words = "x".repeat(200_000);
    for _ in 0..4 {
        doc.empty_change(CommitOptions::default().with_message(&words));
    }
    let changes: Vec<Vec<u8>> =
        doc.get_changes(&[]).into_iter().map(|change| change.raw_bytes().to_vec()).collect();
    let four = packed(&changes);
    assert_eq!(expanded(&four).unwrap(), changes);
    assert!(four.len() < 201_000, "told once: {}", four.len());
    // The same with a count of 4,000: five streams grow by what one byte each tells.
    let many = blown_up(&four, 4_000);
    let refused = expanded(&many);
    assert!(
        matches!(refused, Err(ExpandError::TooLarge { what: "the changes of one exchange", .. })),
        "{refused:?}"
    );
}

/// The compact form of four changes with the streams of `count` ones.
fn blown_up(four: &[u8], count: u64) -> Vec<u8> {
    // What is told once ends where the first stream begins: the stream of shapes of four changes, `4 1 1 1 1`.
    let streams = four.windows(5).rposition(|bytes| bytes == [4, 1, 1, 1, 1]).unwrap();
    let mut out = leb(count);
    out.extend(&four[1..streams]);
    let stream = |first: &[u8], rest: u8| {
        let mut stream = first.to_vec();
        stream.resize(first.len() + usize::try_from(count).unwrap() - 1, rest);
        [leb(stream.len() as u64), stream].concat()
    };
    out.extend(stream(&[1], 1)); // shapes
    out.extend(stream(&[1], 0)); // dependencies: none, then the one before
    out.extend(stream(&[2], 0)); // sequence numbers
    out.extend(stream(&[2], 0)); // first operations
    out.extend(stream(&[0], 0)); // times
    out.extend(stream(&[0], 0)); // extra bytes
    out.extend(leb(0)); // as they are
    out
}

fn leb(mut number: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(u8::try_from(number).unwrap());
    out
}
