//! What encryption costs a command: the same answers into a plain store and into an encrypted one, in turn.

use std::path::Path;

use jobsheet::{Key, Options};
use jobsheet_core::record::{AnswerValue, Command};
use jobsheet_tests::workload::{visit_id, worked};

use crate::measure::{Bar, paired, seed, standard, store};

const VISITS: usize = 64;
/// Commands on one visit, beyond its 99 changes, before the next one.
const APPLIES: usize = 40;

pub(crate) fn bars(folder: &Path) -> Vec<Bar> {
    let standard = standard();
    let visits: Vec<_> = (0..VISITS).map(|number| worked(&standard, number as u64).unwrap()).collect();
    let open = |name: &str, key: Option<Key>| {
        let store = store(&folder.join(name), Options { warm_documents: VISITS, key, ..Options::default() });
        seed(&store, &standard, &visits);
        store
    };
    let (plain, encrypted) = (open("plain", None), open("encrypted", Some(Key::from_bytes([7; 32]))));
    let answer = |round: usize| Command::Answer {
        item: "execution-form.state-duration".to_owned(),
        value: AnswerValue::Text(format!("{round} minutes, as agreed")),
    };
    let visit = |round: usize| visit_id((round / APPLIES) as u64);
    let (floor, figure) = paired(
        VISITS * APPLIES,
        |round| plain.apply(visit(round), &answer(round)).unwrap(),
        |round| encrypted.apply(visit(round), &answer(round)).unwrap(),
    );
    println!("floor  apply into a plain store       {:9.1} us", floor * 1e3);
    println!("figure apply into an encrypted store  {:9.1} us", figure * 1e3);
    vec![Bar { name: "encryption-of-apply", measured: figure / floor, limit: 1.25, unit: "x" }]
}
