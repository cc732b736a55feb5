//! The names that a file defines, whether or not what bears them can be read.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;

use super::draft::{FLOW_LISTS, LISTS};
use super::place::{Path, Tree};
use super::syntax::Damage;
use crate::standard::Kind;

/// The names of one list.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: BTreeSet<String>,
    /// The list holds names that can not be read: any name may be one of them.
    open: bool,
}

impl Names {
    pub(super) fn has(&self, name: &str) -> bool {
        self.open || self.known.contains(name)
    }

    /// Whether the list holds names that can not be read.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &str> + Clone {
        self.known.iter().map(String::as_str)
    }
}

/// The names of all lists.
#[derive(Debug, Default)]
pub(super) struct Lexicon {
    lists: BTreeMap<&'static str, Names>,
    flows: BTreeMap<(Kind, &'static str), Names>,
    none: Names,
}

impl Lexicon {
    /// A list in which something is not TOML may lack some of its elements.
    pub(super) fn of(tree: &Tree, damage: &Damage) -> Self {
        let mut lexicon = Self::default();
        for list in LISTS {
            let damaged = damage.touches(list);
            let names = names(tree, &Path::top().key(list), "id", damaged);
            let optional = ["quantities", "calendars", "forms", "situations"].contains(&list);
            lexicon
                .lists
                .insert(list, names.unwrap_or(Names { open: damaged || !optional, ..Names::default() }));
        }
        for kind in Kind::ALL {
            let path = Path::top().key(kind.id());
            let damaged = damage.touches(kind.id());
            if tree.get(&path).is_none() && !damaged {
                continue;
            }
            for list in FLOW_LISTS {
                let key = if ["steps", "planned"].contains(&list) { "event" } else { "id" };
                let names = names(tree, &path.key(list), key, damaged);
                let optional = ["notes", "planned"].contains(&list);
                let names = names.unwrap_or(Names { open: damaged || !optional, ..Names::default() });
                lexicon.flows.insert((kind, list), names);
            }
        }
        lexicon
    }

    /// The names of a list of the pack.
    pub(super) fn list(&self, list: &str) -> &Names {
        self.lists.get(list).unwrap_or(&self.none)
    }

    /// The names of a list of a course.
    pub(super) fn flow(&self, kind: Kind, list: &'static str) -> &Names {
        self.flows.get(&(kind, list)).unwrap_or(&self.none)
    }

    /// Whether the file has a course for a kind of document, even one that can not be read.
    pub(super) fn has_flow(&self, kind: Kind) -> bool {
        self.flows.contains_key(&(kind, "steps"))
    }

    /// The names of a list in all courses.
    pub(super) fn anywhere(&self, list: &'static str) -> impl Iterator<Item = (Kind, &Names)> {
        self.flows.iter().filter(move |((_, of), _)| *of == list).map(|((kind, _), names)| (*kind, names))
    }
}

/// The names in a list; none: there is no such list.
fn names(tree: &Tree, path: &Path, key: &str, damaged: bool) -> Option<Names> {
    let list = tree.get(path)?.get_ref().as_array();
    let Some(list) = list else { return Some(Names { open: true, ..Names::default() }) };
    let mut names = Names { open: damaged, ..Names::default() };
    for element in list {
        match element.get_ref().get(key).map(Spanned::get_ref).and_then(|name| name.as_str()) {
            Some(name) => drop(names.known.insert(name.to_owned())),
            None => names.open = true,
        }
    }
    Some(names)
}
