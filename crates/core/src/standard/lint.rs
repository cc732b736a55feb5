//! Placeholder until the linter is here.
use super::Pack;
use super::condition::{Condition, Uses, Vocabulary};
use crate::Text;
use std::collections::BTreeMap;
use std::ops::Range;
/// One thing that is wrong in a pack file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Diagnostic {
    #[allow(missing_docs)]
    pub code: &'static str,
    #[allow(missing_docs)]
    pub level: Level,
    #[allow(missing_docs)]
    pub place: String,
    #[allow(missing_docs)]
    pub line: usize,
    #[allow(missing_docs)]
    pub column: usize,
    #[allow(missing_docs)]
    pub span: Range<usize>,
    #[allow(missing_docs)]
    pub message: Text,
    #[allow(missing_docs)]
    pub help: Text,
}
/// How bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum Level {
    #[allow(missing_docs)]
    Error,
    #[allow(missing_docs)]
    Warning,
}
/// Errors.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.0.iter().map(|d| format!("{}: {}", d.place, d.message.en)).collect::<Vec<_>>().join("\n"))]
pub struct PackErrors(pub Vec<Diagnostic>);
pub(super) struct Checked {
    pub(super) pack: Pack,
    pub(super) conditions: BTreeMap<usize, Condition>,
    pub(super) uses: Uses,
    pub(super) warnings: Vec<Diagnostic>,
}
pub(super) fn read(source: &str) -> Result<Checked, PackErrors> {
    let bad = |place: &str, m: String| Diagnostic {
        code: "x",
        level: Level::Error,
        place: place.to_owned(),
        line: 1,
        column: 1,
        span: 0..0,
        message: Text::new(m.clone(), m),
        help: Text::default(),
    };
    let pack: Pack = toml::from_str(source).map_err(|e| PackErrors(vec![bad("", e.to_string())]))?;
    let mut errors = Vec::new();
    let mut uses = Uses::default();
    let mut v = Vocabulary::default();
    for (_, f) in pack.flows() {
        v.order.extend(f.order.iter().map(|o| o.id.clone()));
        v.notes.extend(f.notes.iter().map(|o| o.id.clone()));
    }
    for e in &pack.events {
        v.events.insert(e.id.clone());
        for s in &e.subjects {
            v.events.insert(format!("{}/{}", e.id, s.id));
        }
    }
    for e in super::engine_events() {
        v.events.insert(e.id.clone());
    }
    v.answers.extend(pack.rules.iter().map(|r| r.id.clone()));
    let mut conditions = BTreeMap::new();
    for (at, rule) in pack.rules.iter().enumerate() {
        if let Some(w) = &rule.when {
            match Condition::compile(w, &v, &mut uses) {
                Ok(c) => {
                    conditions.insert(at, c);
                }
                Err(e) => errors.push(bad(&rule.id, format!("{w} {e}"))),
            }
        }
    }
    if errors.is_empty() {
        Ok(Checked { pack, conditions, uses, warnings: Vec::new() })
    } else {
        Err(PackErrors(errors))
    }
}
