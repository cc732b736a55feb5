//! A pack as far as it can be read: elements that can not be are left out, so that the rest is checked all the same.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue, Deserializer};

use super::findings::Findings;
use super::place::{Path, Step, Tree};
use super::words::shape as say;
use crate::standard::{Flow, Kind, Pack};

/// Lists of the pack whose elements stand for themselves.
pub(super) const LISTS: [&str; 9] =
    ["roles", "jobs", "phases", "quantities", "events", "calendars", "forms", "situations", "rules"];

/// Lists of a course.
pub(super) const FLOW_LISTS: [&str; 5] = ["order", "notes", "states", "steps", "planned"];

/// Fields without which a pack, or a course, can not be built.
const HEAD: [&str; 6] = ["format", "id", "version", "title", "source", "about"];
const NEEDED: [&str; 5] = ["roles", "jobs", "phases", "events", "rules"];
const FLOW_NEEDED: [&str; 4] = ["opening", "order", "states", "steps"];

/// A file without what could not be read of it.
pub(in crate::standard) struct Draft<T> {
    pub(in crate::standard) value: T,
    /// Places in the file of the elements of lists of which some were left out.
    index: BTreeMap<Path, Vec<usize>>,
    /// What was left out.
    pub(in crate::standard) cuts: BTreeSet<Path>,
}

impl<T> Draft<T> {
    /// Where the nth element of a list stands in the file.
    pub(in crate::standard) fn at(&self, list: &Path, nth: usize) -> Path {
        let place = self.index.get(list).map_or(Some(&nth), |places| places.get(nth));
        list.item(*place.unwrap_or(&nth))
    }
}

/// Reads a file without the parts in which faults of shape have been found. `None`: there is nothing left to check.
pub(in crate::standard) fn read<T: DeserializeOwned>(
    tree: &Tree,
    fill: impl Fn(&mut DeTable<'_>),
    out: &mut Findings,
) -> Option<Draft<T>> {
    let mut cuts: BTreeSet<Path> =
        out.list.iter().filter_map(|finding| cut(finding.fault.code, &finding.path)).collect();
    // What the schema can not tell is found by reading, one by one.
    for _ in 0..100 {
        let mut root = tree.root.clone();
        for path in cuts.iter().rev() {
            remove(root.get_mut(), &path.0);
        }
        fill(root.get_mut());
        match T::deserialize(Deserializer::from(root)) {
            Ok(value) => return Some(Draft { value, index: index(tree, &cuts), cuts }),
            Err(error) => {
                let path = path_at(tree, &error.span()?);
                out.say(&say::UNREADABLE, path.clone(), [error.message()]);
                if !cuts.insert(cut(say::UNREADABLE.code, &path)?) {
                    return None;
                }
            }
        }
    }
    None
}

/// Gives a pack what it needs to be read at all.
pub(in crate::standard) fn fill_pack(root: &mut DeTable<'_>) {
    let text = |text: &'static str| DeValue::String(text.into());
    for key in HEAD.into_iter().filter(|key| *key != "format") {
        let value = match key {
            "title" | "about" => DeValue::Table(DeTable::from_iter(
                [("en", "-"), ("zh", "-")]
                    .map(|(lang, words)| (Spanned::new(0..0, lang.into()), Spanned::new(0..0, text(words)))),
            )),
            _ => text(""),
        };
        add(root, key, value);
    }
    // There is no way to make a number but to read one.
    if let Ok(one) = DeValue::parse("1") {
        add(root, "format", one.into_inner());
    }
    for key in NEEDED {
        add(root, key, DeValue::Array(DeArray::new()));
    }
    for kind in Kind::ALL {
        if let Some(DeValue::Table(flow)) = root.get_mut(kind.id()).map(Spanned::get_mut) {
            for key in FLOW_NEEDED {
                add(flow, key, DeValue::Array(DeArray::new()));
            }
        }
    }
}

/// Gives a table a value for a key that it lacks.
pub(in crate::standard) fn add<'s>(table: &mut DeTable<'s>, key: &'static str, value: DeValue<'s>) {
    if !table.contains_key(key) {
        table.insert(Spanned::new(0..0, key.into()), Spanned::new(0..0, value));
    }
}

/// What is left out for a fault of shape.
fn cut(code: &str, path: &Path) -> Option<Path> {
    if code == say::MISSING_TRANSLATION.code || code == say::SYNTAX.code {
        return None;
    }
    let length = match path.0.as_slice() {
        [Step::Key(list), Step::Item(_), ..] if !HEAD.contains(&&**list) => 2,
        [Step::Key(flow), Step::Key(list), Step::Item(_), ..]
            if Kind::of(flow).is_some() && FLOW_LISTS.contains(&&**list) =>
        {
            3
        }
        [Step::Key(flow), Step::Key(_), ..] if Kind::of(flow).is_some() => 2,
        [Step::Key(_), ..] => 1,
        _ => return None,
    };
    Some(Path(path.0[..length].to_vec()))
}

fn remove(table: &mut DeTable<'_>, path: &[Step]) {
    match path {
        [Step::Key(key)] => drop(table.remove(&**key)),
        [Step::Key(key), rest @ ..] => {
            if let Some(value) = table.get_mut(&**key) {
                remove_from(value.get_mut(), rest);
            }
        }
        _ => {}
    }
}

fn remove_from(value: &mut DeValue<'_>, path: &[Step]) {
    match (value, path) {
        (DeValue::Table(table), _) => remove(table, path),
        (DeValue::Array(array), [Step::Item(at)]) => {
            let mut kept = DeArray::new();
            for (_, item) in array.iter().enumerate().filter(|(nth, _)| nth != at) {
                kept.push(item.clone());
            }
            *array = kept;
        }
        (DeValue::Array(array), [Step::Item(at), rest @ ..]) => {
            if let Some(item) = array.get_mut(*at) {
                remove_from(item.get_mut(), rest);
            }
        }
        _ => {}
    }
}

fn index(tree: &Tree, cuts: &BTreeSet<Path>) -> BTreeMap<Path, Vec<usize>> {
    let mut lists: BTreeMap<Path, BTreeSet<usize>> = BTreeMap::new();
    for cut in cuts {
        if let [list @ .., Step::Item(at)] = cut.0.as_slice() {
            lists.entry(Path(list.to_vec())).or_default().insert(*at);
        }
    }
    let kept = |(list, gone): (Path, BTreeSet<usize>)| {
        let length = tree.get(&list).and_then(|list| list.get_ref().as_array()).map_or(0, |list| list.len());
        (list, (0..length).filter(|at| !gone.contains(at)).collect())
    };
    lists.into_iter().map(kept).collect()
}

/// The way to the innermost value in which some bytes stand.
fn path_at(tree: &Tree, span: &Range<usize>) -> Path {
    let mut top = tree.root.get_ref().iter();
    top.find_map(|(key, value)| inside(value, Path::top().key(key.get_ref().to_string()), span))
        .unwrap_or_default()
}

/// The same within a value. A table under a header has the place of its header, so all tables are looked into.
fn inside(value: &Spanned<DeValue>, path: Path, span: &Range<usize>) -> Option<Path> {
    let deeper = match value.get_ref() {
        DeValue::Table(table) => {
            table.iter().find_map(|(key, value)| inside(value, path.key(key.get_ref().to_string()), span))
        }
        DeValue::Array(array) => {
            array.iter().enumerate().find_map(|(at, value)| inside(value, path.item(at), span))
        }
        _ => None,
    };
    let here = value.span().start <= span.start && span.end <= value.span().end;
    deeper.or(here.then_some(path))
}

impl Draft<Pack> {
    /// Whether anything of a course was left out or added.
    pub(super) fn flow_is_whole(&self, tree: &Tree, kind: Kind) -> bool {
        let path = Path::top().key(kind.id());
        FLOW_NEEDED.iter().all(|key| tree.get(&path.key(*key)).is_some())
            && !self.cuts.iter().any(|cut| cut.starts_with(&path))
    }

    /// The courses there are, each with its place.
    pub(super) fn flows(&self) -> Vec<(Kind, &Flow, Path)> {
        self.value.flows().map(|(kind, flow)| (kind, flow, Path::top().key(kind.id()))).collect()
    }
}
