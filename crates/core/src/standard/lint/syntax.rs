//! Reading on after an error of syntax.
//!
//! A parser that goes on in the middle of a broken value sees errors everywhere. So a file that is not TOML is taken
//! apart into its statements; one that does not parse by itself is told once and left out, and the rest is read as if it
//! were not there.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use toml::de::DeTable;

/// A file without the statements that are not TOML; every byte that is left has its place.
pub(in crate::standard) struct Mended<'s> {
    pub(in crate::standard) text: Cow<'s, str>,
    /// What is wrong in each statement that was left out, and at which byte.
    pub(in crate::standard) errors: Vec<(usize, String)>,
    pub(in crate::standard) damage: Damage,
}

/// What has been left out of a file.
#[derive(Debug, Default)]
pub(in crate::standard) struct Damage {
    /// From one header to the next, around what was left out.
    blocks: Vec<Range<usize>>,
    /// The keys of the pack that are concerned.
    keys: BTreeSet<String>,
    /// It can not be told which keys are.
    any: bool,
}

impl Damage {
    pub(in crate::standard) fn is_none(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Whether something at a byte may be missing because it was left out.
    pub(super) fn covers(&self, byte: usize) -> bool {
        self.blocks.iter().any(|block| block.contains(&byte))
    }

    /// Whether a key of the pack may lack something.
    pub(super) fn touches(&self, key: &str) -> bool {
        self.any || self.keys.contains(key)
    }
}

/// Leaves out what is not TOML.
pub(in crate::standard) fn mend(source: &str) -> Mended<'_> {
    let mut mended = Mended { text: Cow::Borrowed(source), errors: Vec::new(), damage: Damage::default() };
    if DeTable::parse(source).is_ok() {
        return mended;
    }
    let statements = statements(source);
    for at in 0..statements.len() {
        let Range { start, end } = statements[at].clone();
        if let Err(error) = DeTable::parse(&source[start..end]) {
            let byte = start + error.span().map_or(0, |span| span.start);
            mended.leave_out(source, &statements, at, byte, error.message());
        }
    }
    // What is left is wrong only together, such as a key that stands twice.
    for _ in 0..statements.len() {
        let Err(error) = DeTable::parse(&mended.text) else { break };
        let byte = error.span().map_or(0, |span| span.start);
        let Some(at) = statements.iter().position(|statement| statement.contains(&byte)) else { break };
        let message = error.message().to_owned();
        mended.leave_out(source, &statements, at, byte, &message);
    }
    mended
}

impl Mended<'_> {
    fn leave_out(
        &mut self,
        source: &str,
        statements: &[Range<usize>],
        at: usize,
        byte: usize,
        message: &str,
    ) {
        let text = self.text.to_mut();
        let is_header = |statement: &Range<usize>| source[statement.start..].starts_with('[');
        let last = match statements[at + 1..].iter().position(is_header) {
            Some(after) => at + after,
            None => statements.len() - 1,
        };
        let block = statements[..at].iter().rposition(is_header).map_or(0, |header| statements[header].start);
        // Without its header, what stands under it would go to the wrong table.
        let gone = if is_header(&statements[at]) { at..last + 1 } else { at..at + 1 };
        let gone = statements[gone.start].start..statements[gone.end - 1].end;
        let blank: String = text[gone.clone()].chars().flat_map(|one| blank(one).chars()).collect();
        if blank == text[gone.clone()] {
            return;
        }
        text.replace_range(gone.clone(), &blank);
        let header = if is_header(&statements[at]) { statements[at].start } else { block };
        match first_word(
            &source[if source[header..].starts_with('[') { header } else { statements[at].start }..],
        ) {
            Some(key) => drop(self.damage.keys.insert(key.to_owned())),
            None => self.damage.any = true,
        }
        self.damage.blocks.push(header..statements[last].end);
        self.errors.push((byte, message.to_owned()));
    }
}

/// As many blanks as a character has bytes.
fn blank(one: char) -> &'static str {
    match one {
        '\n' => "\n",
        '\r' => "\r",
        _ => ["", " ", "  ", "   ", "    "][one.len_utf8()],
    }
}

/// The first name of a header or an assignment.
fn first_word(statement: &str) -> Option<&str> {
    let word = statement.trim_start_matches(['[', ' ', '"', '\'']);
    let end =
        word.find(|one: char| !one.is_ascii_alphanumeric() && one != '-' && one != '_').unwrap_or(word.len());
    Some(&word[..end]).filter(|word| !word.is_empty())
}

/// The statements of a file: each begins on a line without indentation that is no closing bracket, outside of a text that
/// goes over several lines.
fn statements(source: &str) -> Vec<Range<usize>> {
    let mut starts = vec![0];
    let mut within: Option<&str> = None;
    let mut byte = 0;
    for line in source.split_inclusive('\n') {
        let begins = line.starts_with(|one: char| one.is_ascii_alphanumeric() || "[\"'_-=".contains(one));
        if within.is_none() && begins && byte > 0 {
            starts.push(byte);
        }
        let mut rest = line;
        while let Some((at, quotes)) = next_quotes(rest, within) {
            within = if within.is_some() { None } else { Some(quotes) };
            rest = &rest[at + 3..];
        }
        byte += line.len();
    }
    let ends = starts[1..].iter().copied().chain([source.len()]);
    starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect()
}

/// The next quotes that begin or end a text of several lines.
fn next_quotes(line: &str, within: Option<&str>) -> Option<(usize, &'static str)> {
    ["\"\"\"", "'''"]
        .into_iter()
        .filter(|quotes| within.is_none_or(|open| open == *quotes))
        .filter_map(|quotes| Some((line.find(quotes)?, quotes)))
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_keeps_its_place() {
        let source = "a = 1\nb = = 2\n[c]\nd = '''\ne = =\n'''\n[f\ng = 'ß'\n[h]\ni = [\n  1\n]\n";
        let mended = mend(source);
        assert_eq!(mended.text.len(), source.len());
        let words: Vec<&str> = mended.text.lines().map(str::trim).collect();
        assert_eq!(words, ["a = 1", "", "[c]", "d = '''", "e = =", "'''", "", "", "[h]", "i = [", "1", "]"]);
        let bytes: Vec<usize> = mended.errors.iter().map(|(byte, _)| *byte).collect();
        assert_eq!(bytes.len(), 2);
        assert!(source[..bytes[0]].ends_with("b = "), "{bytes:?}");
        assert!(mended.damage.touches("b") && mended.damage.touches("f") && !mended.damage.touches("a"));
    }

    #[test]
    fn a_list_that_breaks_off_is_one_error() {
        let mended = mend("a = [\n  { b = 1 },\n  { c = 2 \n  { d = 3 },\n]\ne = 4\n");
        assert_eq!(mended.errors.len(), 1);
        assert!(mended.text.contains("e = 4"));
    }

    #[test]
    fn a_key_that_stands_twice_is_one_error() {
        let mended = mend("a = 1\nb = 2\na = 3\n");
        assert_eq!(mended.errors.len(), 1);
        assert!(mended.text.starts_with("a = 1\nb = 2\n  "));
    }
}
