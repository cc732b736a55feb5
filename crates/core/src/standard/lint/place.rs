//! Where the values of a pack file stand in its text.

use std::borrow::Cow;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One step from a value to a value in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::standard) enum Step {
    Key(Cow<'static, str>),
    Item(usize),
}

/// The way from the top of a file to a value in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::standard) struct Path(pub(in crate::standard) Vec<Step>);

impl Path {
    /// The top of the file.
    pub(in crate::standard) fn top() -> Self {
        Self::default()
    }

    pub(in crate::standard) fn key(&self, key: impl Into<Cow<'static, str>>) -> Self {
        self.then(Step::Key(key.into()))
    }

    pub(in crate::standard) fn item(&self, at: usize) -> Self {
        self.then(Step::Item(at))
    }

    fn then(&self, step: Step) -> Self {
        let mut steps = Vec::with_capacity(self.0.len() + 1);
        steps.extend_from_slice(&self.0);
        steps.push(step);
        Self(steps)
    }

    pub(in crate::standard) fn starts_with(&self, other: &Path) -> bool {
        self.0.starts_with(&other.0)
    }

    /// The same way further on from another place: `prefix` becomes `other`.
    pub(in crate::standard) fn moved(&self, prefix: &Path, other: &Path) -> Self {
        Self(other.0.iter().chain(&self.0[prefix.0.len()..]).cloned().collect())
    }
}

/// What of a table entry is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::standard) enum Aim {
    Key,
    Value,
}

/// Keys that name an element of a list.
const NAMES: [&str; 3] = ["id", "event", "rule"];

/// A TOML file with the places of its values.
pub(in crate::standard) struct Tree<'s> {
    pub(in crate::standard) source: &'s str,
    pub(in crate::standard) root: Spanned<DeTable<'s>>,
    /// Where the lines of the file begin.
    lines: Vec<usize>,
}

impl<'s> Tree<'s> {
    /// Reads a file, of which `text` is what is TOML: as long as the file, with blanks for the rest.
    pub(in crate::standard) fn parse(source: &'s str, text: &'s str) -> Self {
        let lines = [0].into_iter().chain(source.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { source, root: DeTable::parse_recoverable(text).0, lines }
    }

    /// How many tables and lists the file has.
    pub(in crate::standard) fn size(&self) -> usize {
        fn size(value: &Spanned<DeValue>) -> usize {
            match value.get_ref() {
                DeValue::Table(table) => 1 + table.iter().map(|(_, value)| size(value)).sum::<usize>(),
                DeValue::Array(array) => 1 + array.iter().map(size).sum::<usize>(),
                _ => 0,
            }
        }
        self.root.get_ref().iter().map(|(_, value)| size(value)).sum()
    }

    /// Line and column in characters, from 1, of a byte of the file.
    pub(in crate::standard) fn position(&self, byte: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|start| *start <= byte);
        let start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
        (line, self.source.get(start..byte).map_or(1, |before| before.chars().count() + 1))
    }

    pub(in crate::standard) fn has(&self, key: &str) -> bool {
        self.root.get_ref().contains_key(key)
    }

    /// The value at the end of a way, if the file has it.
    pub(in crate::standard) fn get(&self, path: &Path) -> Option<&Spanned<DeValue<'s>>> {
        let (found, rest) = self.walk(path);
        if rest == 0 { found.map(|(_, value)| value) } else { None }
    }

    /// Follows a way as far as it goes: the last entry found, with its key's place, and how many steps are left.
    fn walk(&self, path: &Path) -> (Option<Entry<'_, 's>>, usize) {
        let mut found: Option<Entry> = None;
        for (at, step) in path.0.iter().enumerate() {
            let next = match (step, found.as_ref().map(|(_, value)| value.get_ref())) {
                (Step::Key(key), None) => entry(self.root.get_ref(), key),
                (Step::Key(key), Some(DeValue::Table(table))) => entry(table, key),
                (Step::Item(item), Some(DeValue::Array(array))) => {
                    array.get(*item).map(|value| (None, value))
                }
                _ => None,
            };
            if next.is_none() {
                return (found, path.0.len() - at);
            }
            found = next;
        }
        (found, 0)
    }

    /// The text that a fault is about. A value that is not in the file is looked for where it belongs.
    pub(in crate::standard) fn span(&self, path: &Path, aim: Aim) -> Range<usize> {
        let (found, rest) = self.walk(path);
        let Some((key, value)) = found else { return 0..0 };
        match (key, value.get_ref()) {
            (Some(key), _) if aim == Aim::Key && rest == 0 => key,
            (_, DeValue::Table(table)) if named(table).is_some() => {
                named(table).map_or_else(|| value.span(), |(_, name)| name.span())
            }
            (Some(key), DeValue::Table(_) | DeValue::Array(_)) => key,
            _ => value.span(),
        }
    }

    /// The id of the rule or other element in which a value stands; that of the pack for its head.
    pub(in crate::standard) fn place(&self, path: &Path) -> String {
        for length in 1..=path.0.len() {
            let part = Path(path.0[..length].to_vec());
            if matches!(part.0.last(), Some(Step::Item(_)))
                && let Some(DeValue::Table(table)) = self.get(&part).map(Spanned::get_ref)
                && let Some((_, name)) = named(table)
                && let Some(name) = name.get_ref().as_str()
            {
                return name.to_owned();
            }
        }
        match path.0.as_slice() {
            [Step::Key(flow), rest @ ..] if ["visit", "case", "shift"].contains(&&**flow) => match rest {
                [Step::Key(part), ..] if ["survey", "signing"].contains(&&**part) => {
                    part.clone().into_owned()
                }
                _ => flow.clone().into_owned(),
            },
            _ => {
                let id = self.get(&Path::top().key("id")).and_then(|id| id.get_ref().as_str());
                id.unwrap_or_default().to_owned()
            }
        }
    }
}

type Entry<'t, 's> = (Option<Range<usize>>, &'t Spanned<DeValue<'s>>);

fn entry<'t, 's>(table: &'t DeTable<'s>, key: &str) -> Option<Entry<'t, 's>> {
    table.get_key_value(key).map(|(key, value)| (Some(key.span()), value))
}

/// The entry that names an element.
fn named<'t, 's>(table: &'t DeTable<'s>) -> Option<(&'static str, &'t Spanned<DeValue<'s>>)> {
    NAMES.into_iter().find_map(|key| Some((key, table.get(key)?)))
}
