//! Conditions of rules: CEL expressions over a typed view of the record.
//!
//! The interpreter is dynamic: an unknown name or a wrong type would show only when the rule runs, and a rule that
//! fails to run is a rule that silently never fires. So the linter type-checks every expression when the pack is loaded.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use cel::objects::Key;
use cel::{Context, Env, IdedExpr, Program, Value};

/// The values that conditions see.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Facts {
    pub(crate) state: String,
    pub(crate) kind: String,
    pub(crate) job: String,
    pub(crate) order: BTreeMap<String, String>,
    pub(crate) events: BTreeMap<String, i64>,
    pub(crate) answers: BTreeMap<String, Fact>,
    pub(crate) notes: BTreeMap<String, String>,
    pub(crate) rating: Option<String>,
    pub(crate) parts_consumed: i64,
    pub(crate) parts_unreturned: i64,
    pub(crate) photos: i64,
}

/// One answer as a condition sees it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fact {
    Bool(bool),
    Text(String),
    Number(f64),
}

/// The names that a set of conditions really uses: only these are put before the interpreter.
#[derive(Debug, Clone, Default)]
pub(crate) struct Uses {
    pub(crate) order: BTreeSet<String>,
    pub(crate) events: BTreeSet<String>,
    pub(crate) answers: BTreeSet<String>,
    pub(crate) notes: BTreeSet<String>,
}

/// A compiled condition.
#[derive(Debug)]
pub(crate) struct Condition {
    program: Program,
}

fn environment() -> Arc<Env> {
    static ENV: OnceLock<Arc<Env>> = OnceLock::new();
    ENV.get_or_init(|| Arc::new(Env::stdlib())).clone()
}

impl Condition {
    /// Parses an expression. It is worth something only if the linter has found no fault with its types.
    pub(crate) fn parse(source: &str) -> Result<Self, String> {
        let parsed = Program::compile(source);
        parsed.map(|program| Self { program }).map_err(|errors| errors.to_string())
    }

    /// What was parsed.
    pub(crate) fn expression(&self) -> &IdedExpr {
        self.program.expression()
    }

    /// Whether the condition holds. The type check leaves nothing that can fail on well-typed facts; should the
    /// interpreter fail all the same, the rule applies: a duty too many is seen, a duty too few is not.
    pub(crate) fn holds(&self, context: &Context) -> bool {
        !matches!(self.program.execute(context), Ok(Value::Bool(false)))
    }

    /// Runs the condition and tells of any failure: for the check at load.
    pub(crate) fn try_run(&self, context: &Context) -> Result<bool, String> {
        match self.program.execute(context) {
            Ok(Value::Bool(value)) => Ok(value),
            Ok(other) => Err(format!("gave {other:?}, not a bool")),
            Err(error) => Err(error.to_string()),
        }
    }
}

fn map<V>(names: &BTreeSet<String>, value: impl Fn(&str) -> V) -> Value
where
    V: Into<Value>,
{
    let entries: HashMap<Key, Value> =
        names.iter().map(|name| (Key::from(name.as_str()), value(name).into())).collect();
    Value::Map(cel::objects::Map { map: Arc::new(entries) })
}

/// Puts facts before the interpreter.
pub(crate) fn context(facts: &Facts, uses: &Uses) -> Context<'static, 'static> {
    let mut context = Context::with_env(environment());
    let text = |value: Option<&String>| Value::String(Arc::new(value.cloned().unwrap_or_default()));
    context.add_variable_from_value("state", Value::String(Arc::new(facts.state.clone())));
    context.add_variable_from_value("kind", Value::String(Arc::new(facts.kind.clone())));
    context.add_variable_from_value("job", Value::String(Arc::new(facts.job.clone())));
    context.add_variable_from_value("photos", facts.photos);
    context.add_variable_from_value("order", map(&uses.order, |name| text(facts.order.get(name))));
    context.add_variable_from_value("notes", map(&uses.notes, |name| text(facts.notes.get(name))));
    context.add_variable_from_value(
        "events",
        map(&uses.events, |name| facts.events.get(name).copied().unwrap_or(0)),
    );
    context.add_variable_from_value(
        "answers",
        map(&uses.answers, |name| match facts.answers.get(name) {
            None => Value::Null,
            Some(Fact::Bool(value)) => Value::Bool(*value),
            Some(Fact::Text(value)) => Value::String(Arc::new(value.clone())),
            Some(Fact::Number(value)) => Value::Float(*value),
        }),
    );
    let rating = facts.rating.clone().map_or(Value::Null, |level| Value::String(Arc::new(level)));
    context.add_variable_from_value("survey", Value::from(HashMap::from([("rating", rating)])));
    let parts = HashMap::from([("consumed", facts.parts_consumed), ("unreturned", facts.parts_unreturned)]);
    context.add_variable_from_value("parts", Value::from(parts));
    context
}
