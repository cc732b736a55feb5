//! What has been found so far, and how it becomes diagnostics.

use std::collections::BTreeSet;
use std::ops::Range;

use super::Diagnostic;
use super::fault::{Fault, Level};
use super::place::{Aim, Path, Tree};
use super::syntax::Damage;
use super::words::shape as say;
use crate::Text;

/// A fault at a place.
pub(in crate::standard) struct Finding {
    pub(in crate::standard) fault: &'static Fault,
    pub(in crate::standard) path: Path,
    pub(in crate::standard) aim: Aim,
    words: Vec<Text>,
    near: Option<String>,
    /// Where in the file, if no value of it is meant.
    byte: Option<usize>,
}

impl Finding {
    /// The key is wrong, not its value.
    pub(in crate::standard) fn on_key(&mut self) {
        self.aim = Aim::Key;
    }

    /// The fault stands at a byte of the file.
    pub(super) fn at_byte(&mut self, byte: usize) {
        self.byte = Some(byte);
    }

    fn span(&self, tree: &Tree) -> Range<usize> {
        self.byte.map_or_else(|| tree.span(&self.path, self.aim), |byte| byte..byte)
    }

    /// What is wrong, to tell whether two findings are the same.
    pub(in crate::standard) fn message(&self) -> Text {
        self.fault.message(&self.words)
    }

    /// The diagnostic, with the element that is named `place`, at the bytes `span` of a file.
    pub(in crate::standard) fn diagnostic(
        &self,
        place: String,
        file: &Tree,
        span: Range<usize>,
    ) -> Diagnostic {
        let (line, column) = file.position(span.start);
        Diagnostic {
            code: self.fault.code,
            level: self.fault.level,
            place,
            line,
            column,
            span,
            message: self.message(),
            help: self.fault.help(&self.words, self.near.as_deref()),
        }
    }
}

/// All that has been found in a file.
#[derive(Default)]
pub(in crate::standard) struct Findings {
    pub(in crate::standard) list: Vec<Finding>,
    /// Names that were probably meant by unknown ones: what they seem to lack is a mere consequence.
    suspects: BTreeSet<String>,
}

impl Findings {
    pub(in crate::standard) fn say<const N: usize>(
        &mut self,
        fault: &'static Fault,
        path: Path,
        words: [&str; N],
    ) -> &mut Finding {
        self.words(fault, path, words.map(|word| Text::new(word, word)).to_vec())
    }

    /// As [`Self::say`], with words that differ between the languages.
    pub(in crate::standard) fn words(
        &mut self,
        fault: &'static Fault,
        path: Path,
        words: Vec<Text>,
    ) -> &mut Finding {
        let at = self.list.len();
        self.list.push(Finding { fault, path, aim: Aim::Value, words, near: None, byte: None });
        &mut self.list[at]
    }

    /// A name that is not known, and the known ones of which one may have been meant.
    pub(in crate::standard) fn unknown<'n, const N: usize>(
        &mut self,
        fault: &'static Fault,
        path: Path,
        words: [&str; N],
        name: &str,
        known: impl Iterator<Item = &'n str>,
    ) -> &mut Finding {
        let near = nearest(name, known).map(str::to_owned);
        self.suspects.extend(near.clone());
        let finding = self.say(fault, path, words);
        finding.near = near;
        finding
    }

    /// Whether a name was probably meant by an unknown one.
    pub(in crate::standard) fn suspects(&self, name: &str) -> bool {
        self.suspects.contains(name)
    }

    pub(in crate::standard) fn any_error(&self) -> bool {
        self.list.iter().any(|finding| finding.fault.level == Level::Error)
    }

    /// What seems to be missing near something that is not TOML is a mere consequence.
    pub(in crate::standard) fn forget_gaps(&mut self, tree: &Tree, damage: &Damage) {
        const GAPS: [&Fault; 3] = [&say::MISSING_FIELD, &say::UNREADABLE, &say::NOT_ONE];
        self.list.retain(|finding| {
            let gap = GAPS.iter().any(|gap| std::ptr::eq(*gap, finding.fault));
            !gap || !damage.covers(finding.span(tree).start)
        });
    }

    /// Diagnostics with the lines of the file that was read.
    pub(in crate::standard) fn diagnostics(&self, tree: &Tree) -> Vec<Diagnostic> {
        let located =
            |finding: &Finding| finding.diagnostic(tree.place(&finding.path), tree, finding.span(tree));
        self.list.iter().map(located).collect()
    }
}

/// The known name that is nearest to one that is not, if it is near at all. Names whose lengths alone keep them apart are not
/// compared letter by letter.
fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let limit = (name.chars().count() / 3).min(4);
    known
        .filter(|other| *other != name && other.chars().count().abs_diff(name.chars().count()) <= limit)
        .map(|other| (strsim::osa_distance(name, other), other))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, other)| other)
}
