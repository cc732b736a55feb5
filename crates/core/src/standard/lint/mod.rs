//! The linter: reads a pack file and tells everything that is wrong with it, each with its place, at once.

mod checks;
mod conditions;
mod deadlines;
mod draft;
mod events;
mod fault;
mod findings;
mod flow;
mod gates;
mod head;
mod linter;
mod names;
mod place;
mod reach;
mod rules;
mod scope;
mod scores;
mod shape;
mod situations;
mod sources;
mod syntax;
mod typing;
mod unused;
mod words;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use serde::Serialize;
use serde_json::{Value, json};

pub use self::fault::Level;
pub(super) use self::{
    draft::{add as add_default, read as read_draft},
    findings::Findings,
    place::{Path, Tree},
    shape::check as check_shape,
    syntax::{Damage, Mended},
    words::names as name_words,
    words::overlay as overlay_words,
};
use super::condition::{Condition, Uses};
use super::{Pack, Standard, Weekday, overlay};
use crate::Text;

/// One thing that is wrong in a pack file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// What kind of fault it is, in kebab case, such as `unknown-event`.
    pub code: &'static str,
    /// How bad it is.
    pub level: Level,
    /// Id of the rule or other element, or of the pack.
    pub place: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The bytes of the file that are meant.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: Text,
    /// How to mend it.
    pub help: Text,
}

/// All errors of a pack file, in the order of their lines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct PackErrors(pub Vec<Diagnostic>);

impl fmt::Display for PackErrors {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, error) in self.0.iter().enumerate() {
            if at > 0 {
                writeln!(out)?;
            }
            write!(out, "line {}, column {}: ", error.line, error.column)?;
            if !error.place.is_empty() {
                write!(out, "{}: ", error.place)?;
            }
            write!(out, "{}; {}", error.message.en, error.help.en)?;
        }
        Ok(())
    }
}

/// A pack that loads.
pub(super) struct Checked {
    pub(super) pack: Pack,
    pub(super) conditions: BTreeMap<usize, Condition>,
    pub(super) uses: Uses,
    pub(super) warnings: Vec<Diagnostic>,
}

/// Reads a complete pack.
pub(super) fn read(source: &str) -> Result<Checked, PackErrors> {
    let mended = syntax::mend(source);
    let (tree, mut out) = parse(source, &mended).map_err(PackErrors)?;
    if tree.has("extends") {
        out.say(&words::shape::NEEDS_BASE, Path::top().key("extends"), []).on_key();
        return Err(PackErrors(sorted(out.diagnostics(&tree))));
    }
    let checked = check(&tree, &mended.damage, &mut out);
    let found = sorted(out.diagnostics(&tree));
    match checked {
        Some((pack, conditions, uses)) if !out.any_error() => {
            Ok(Checked { pack, conditions, uses, warnings: found })
        }
        _ => Err(PackErrors(found.into_iter().filter(|one| one.level == Level::Error).collect())),
    }
}

/// Everything that is wrong or doubtful in a file, in the order of its lines: in a complete pack, or in a company's changes
/// to one (see [`resolve`]), whose base `find` looks up by id.
///
/// ```
/// use jobsheet_core::standard::{builtin, lint};
/// let find = |id: &str| builtin(id).ok().flatten();
/// let found = lint("format = 1\nid = 'my-pack'", &find);
/// assert!(found.iter().any(|one| one.code == "missing-field" && one.message.en.contains("`rules`")));
/// ```
pub fn lint(source: &str, find: &dyn Fn(&str) -> Option<Arc<Standard>>) -> Vec<Diagnostic> {
    let mended = syntax::mend(source);
    let (tree, mut out) = match parse(source, &mended) {
        Ok(parsed) => parsed,
        Err(found) => return found,
    };
    if tree.has("extends") {
        return sorted(overlay::apply(&tree, &mended.damage, out, find).1);
    }
    check(&tree, &mended.damage, &mut out);
    sorted(out.diagnostics(&tree))
}

/// Makes a complete pack of a company's changes to another pack, as TOML. A file that extends no other is complete already
/// and returned as it is.
///
/// # Errors
/// [`PackErrors`] names everything that is wrong with the changes or with what comes of them, at its line in `source`.
pub fn resolve(source: &str, find: &dyn Fn(&str) -> Option<Arc<Standard>>) -> Result<String, PackErrors> {
    let mended = syntax::mend(source);
    let (tree, out) = parse(source, &mended).map_err(PackErrors)?;
    if !tree.has("extends") {
        return Ok(source.to_owned());
    }
    let (text, found) = overlay::apply(&tree, &mended.damage, out, find);
    let errors: Vec<_> = found.into_iter().filter(|one| one.level == Level::Error).collect();
    match text {
        Some(text) if errors.is_empty() => Ok(text),
        _ => Err(PackErrors(sorted(errors))),
    }
}

/// The codes of all faults that the linter knows.
pub fn lint_codes() -> Vec<&'static str> {
    let mut codes: Vec<_> = words::all().map(|fault| fault.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// Most tables and lists that a pack file may have; the largest of the library's own has a quarter of them.
pub const MAX_TABLES: usize = 10_000;

fn parse<'s>(source: &'s str, mended: &'s Mended<'_>) -> Result<(Tree<'s>, Findings), Vec<Diagnostic>> {
    let mut out = Findings::default();
    for (byte, message) in &mended.errors {
        out.say(&words::shape::SYNTAX, Path::top(), [message]).at_byte(*byte);
    }
    let tree = Tree::parse(source, &mended.text);
    let size = tree.size();
    if size > MAX_TABLES {
        out.say(&words::shape::TOO_LARGE, Path::top(), [&size.to_string(), &MAX_TABLES.to_string()]);
        return Err(sorted(out.diagnostics(&tree)));
    }
    Ok((tree, out))
}

/// A file's faults in the order of its lines, each once.
fn sorted(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    found.sort_by(|one, other| {
        (one.span.start, one.code, &one.message.en).cmp(&(other.span.start, other.code, &other.message.en))
    });
    found.dedup();
    found
}

pub(super) type Compiled = (Pack, BTreeMap<usize, Condition>, Uses);

/// Checks a complete pack.
pub(super) fn check(tree: &Tree, damage: &Damage, out: &mut Findings) -> Option<Compiled> {
    shape::check(schema(), tree.root.get_ref(), out);
    let draft = draft::read(tree, draft::fill_pack, out)?;
    out.forget_gaps(tree, damage);
    let names = names::Lexicon::of(tree, damage);
    let (conditions, uses) = linter::Linter::new(tree, &draft, &names, damage, out).run();
    Some((draft.value, conditions, uses))
}

/// The schema that packs are compared with.
pub(super) fn schema() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(super::schema)
}

/// Adds what the schema of the types leaves out: the keys of a table of working hours are days of the week.
pub(super) fn strict(mut schema: Value) -> Value {
    let days = schemars::schema_for!(Weekday).to_value();
    let days: Vec<_> =
        days["oneOf"].as_array().into_iter().flatten().map(|day| day["const"].clone()).collect();
    schema["$defs"]["Calendar"]["properties"]["hours"]["propertyNames"] = json!({ "enum": days });
    schema
}
