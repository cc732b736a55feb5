//! Where the elements of a pack file stand in its text, so that an error names the line that is wrong.

use std::collections::HashMap;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// Lists of elements, each with the key that names one.
const LISTS: [(&str, &str); 10] = [
    ("roles", "id"),
    ("phases", "id"),
    ("order", "id"),
    ("notes", "id"),
    ("quantities", "id"),
    ("events", "id"),
    ("states", "id"),
    ("steps", "event"),
    ("forms", "id"),
    ("rules", "id"),
];

/// Byte ranges of the elements of a pack file, by section and id.
#[derive(Debug)]
pub(super) struct Places<'a> {
    source: &'a str,
    ranges: HashMap<(&'static str, String), Vec<Range<usize>>>,
}

impl<'a> Places<'a> {
    /// Reads the places of a text that is known to be TOML.
    pub(super) fn of(source: &'a str) -> Self {
        let mut ranges: HashMap<_, Vec<_>> = HashMap::new();
        if let Ok(file) = DeTable::parse(source) {
            for (section, key) in LISTS {
                let list = file.get_ref().get(section).and_then(|list| list.get_ref().as_array());
                for element in list.into_iter().flat_map(|list| list.iter()) {
                    let Some(name) = element.get_ref().get(key) else { continue };
                    let Some(id) = name.get_ref().as_str() else { continue };
                    let range = name.span().start..end(element.get_ref(), element.span().end);
                    ranges.entry((section, id.to_owned())).or_default().push(range);
                }
            }
            for section in ["survey", "signing"] {
                if let Some(table) = file.get_ref().get(section) {
                    let range = table.span().start..end(table.get_ref(), table.span().end);
                    ranges.entry((section, section.to_owned())).or_default().push(range);
                }
            }
        }
        Self { source, ranges }
    }

    /// Line and column, from 1, of `needle` within the nth element of this id, of the element if it has no such text.
    /// The head of the file is the section with the empty name.
    pub(super) fn position(
        &self,
        section: &'static str,
        id: &str,
        nth: usize,
        needle: &str,
    ) -> (usize, usize) {
        let ranges = self.ranges.get(&(section, id.to_owned()));
        let range = ranges.and_then(|ranges| ranges.get(nth).or(ranges.last())).cloned();
        let range = range.unwrap_or(0..if section.is_empty() { self.source.len() } else { 0 });
        let within = self.source.get(range.clone()).unwrap_or_default();
        position(self.source, range.start + within.find(needle).unwrap_or(0))
    }
}

/// Where a value ends; a table under a header ends where the last of its values does.
fn end(value: &DeValue<'_>, own: usize) -> usize {
    match value {
        DeValue::Table(table) => table
            .iter()
            .map(|(_, value)| end(value.get_ref(), value.span().end))
            .max()
            .unwrap_or(own)
            .max(own),
        DeValue::Array(array) => {
            array.iter().map(|value| end(value.get_ref(), value.span().end)).max().unwrap_or(own).max(own)
        }
        _ => own,
    }
}

/// Line and column, from 1, of a byte.
pub(super) fn position(source: &str, byte: usize) -> (usize, usize) {
    let before = source.get(..byte).unwrap_or(source);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}
