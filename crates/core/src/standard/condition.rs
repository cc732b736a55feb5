//! Conditions of rules: CEL expressions over a typed view of the record.
//!
//! The interpreter is dynamic: an unknown name or a wrong type would show only when the rule runs, and a rule that
//! fails to run is a rule that silently never fires. So every expression is type-checked here when the pack is loaded.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use cel::common::ast::{Expr, LiteralValue};
use cel::objects::Key;
use cel::{Context, Env, IdedExpr, Program, Value};

/// The names that conditions of one pack may use.
#[derive(Debug, Clone, Default)]
pub(crate) struct Vocabulary {
    pub(crate) order: BTreeSet<String>,
    pub(crate) events: BTreeSet<String>,
    pub(crate) answers: BTreeSet<String>,
    pub(crate) notes: BTreeSet<String>,
}

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

/// A compiled, type-checked condition.
#[derive(Debug)]
pub(crate) struct Condition {
    program: Program,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Bool,
    Int,
    Double,
    Text,
    Null,
    /// An answer: bool, text, number or null.
    Answer,
    /// Text or null.
    MaybeText,
}

impl Type {
    fn word(self) -> &'static str {
        match self {
            Type::Bool => "bool",
            Type::Int => "int",
            Type::Double => "double",
            Type::Text => "string",
            Type::Null => "null",
            Type::Answer => "answer",
            Type::MaybeText => "string or null",
        }
    }

    fn comparable(self, other: Type) -> bool {
        use Type::{Answer, Double, Int, MaybeText, Null, Text};
        self == other
            || matches!((self, other), (Answer, _) | (_, Answer))
            || matches!((self, other), (MaybeText, Text | Null) | (Text | Null, MaybeText))
            || matches!((self, other), (Int, Double) | (Double, Int))
    }
}

fn environment() -> Arc<Env> {
    static ENV: OnceLock<Arc<Env>> = OnceLock::new();
    ENV.get_or_init(|| Arc::new(Env::stdlib())).clone()
}

impl Condition {
    /// Compiles and type-checks an expression; adds the names it uses to `uses`.
    pub(crate) fn compile(source: &str, vocabulary: &Vocabulary, uses: &mut Uses) -> Result<Self, String> {
        let program = Program::compile(source).map_err(|errors| {
            let text = errors.to_string();
            format!("does not parse as CEL: {}", text.lines().next().unwrap_or_default())
        })?;
        let found = Checker { vocabulary, uses }.infer(program.expression())?;
        if found != Type::Bool {
            return Err(format!("gives {}, but a condition must give bool", found.word()));
        }
        Ok(Self { program })
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

struct Checker<'a> {
    vocabulary: &'a Vocabulary,
    uses: &'a mut Uses,
}

impl Checker<'_> {
    fn infer(&mut self, node: &IdedExpr) -> Result<Type, String> {
        match &node.expr {
            Expr::Literal(literal) => match literal {
                LiteralValue::Boolean(_) => Ok(Type::Bool),
                LiteralValue::Int(_) | LiteralValue::UInt(_) => Ok(Type::Int),
                LiteralValue::Double(_) => Ok(Type::Double),
                LiteralValue::String(_) => Ok(Type::Text),
                LiteralValue::Null => Ok(Type::Null),
                LiteralValue::Bytes(_) => Err("bytes have no use in a condition".to_owned()),
            },
            Expr::Ident(name) => match name.as_str() {
                "state" | "kind" | "job" => Ok(Type::Text),
                "photos" => Ok(Type::Int),
                "order" | "events" | "answers" | "notes" | "survey" | "parts" => {
                    Err(format!("`{name}` needs a member, such as {name}['…']"))
                }
                _ => Err(format!(
                    "`{name}` is not known; a condition sees state, kind, job, order, events, answers, notes, survey, parts and photos"
                )),
            },
            Expr::Select(select) => {
                if select.test {
                    return Err("`has(…)` is not needed: every name is always there".to_owned());
                }
                let Expr::Ident(root) = &select.operand.expr else {
                    return Err(format!("`.{}` selects from something that has no members", select.field));
                };
                self.member(root, &select.field)
            }
            Expr::Call(call) => {
                let mut arguments: Vec<&IdedExpr> = call.target.iter().map(AsRef::as_ref).collect();
                arguments.extend(&call.args);
                self.call(&call.func_name, &arguments)
            }
            _ => Err("only comparisons, logic, member access and `in` lists are allowed".to_owned()),
        }
    }

    fn call(&mut self, name: &str, arguments: &[&IdedExpr]) -> Result<Type, String> {
        match (name, arguments) {
            ("_[_]", [target, index]) => {
                let (Expr::Ident(root), Expr::Literal(LiteralValue::String(key))) =
                    (&target.expr, &index.expr)
                else {
                    return Err("an index must be a literal string, as in events['arrived']".to_owned());
                };
                let key = key.inner().to_owned();
                self.member(root, &key)
            }
            ("_&&_" | "_||_", _) => {
                for argument in arguments {
                    self.want(argument, Type::Bool, name)?;
                }
                Ok(Type::Bool)
            }
            ("!_", [one]) => {
                self.want(one, Type::Bool, name)?;
                Ok(Type::Bool)
            }
            ("_==_" | "_!=_", [left, right]) => {
                let (left, right) = (self.infer(left)?, self.infer(right)?);
                if !left.comparable(right) {
                    return Err(format!("compares {} with {}", left.word(), right.word()));
                }
                Ok(Type::Bool)
            }
            ("_<_" | "_<=_" | "_>_" | "_>=_", [left, right]) => {
                let (left, right) = (self.infer(left)?, self.infer(right)?);
                if left != right || !matches!(left, Type::Int | Type::Double) {
                    return Err(format!(
                        "orders {} and {}; both must be int or both double",
                        left.word(),
                        right.word()
                    ));
                }
                Ok(Type::Bool)
            }
            ("@in", [needle, haystack]) => {
                let needle = self.infer(needle)?;
                let Expr::List(list) = &haystack.expr else {
                    return Err("`in` needs a list of literals on its right".to_owned());
                };
                for element in &list.elements {
                    let element = self.infer(element)?;
                    if !needle.comparable(element) {
                        return Err(format!("looks for {} among {}", needle.word(), element.word()));
                    }
                }
                Ok(Type::Bool)
            }
            ("size", [text]) => {
                self.want(text, Type::Text, name)?;
                Ok(Type::Int)
            }
            ("contains" | "startsWith" | "endsWith", [text, part]) => {
                self.want(text, Type::Text, name)?;
                self.want(part, Type::Text, name)?;
                Ok(Type::Bool)
            }
            _ => Err(format!("`{name}` with {} arguments is not available in conditions", arguments.len())),
        }
    }

    fn want(&mut self, node: &IdedExpr, wanted: Type, place: &str) -> Result<(), String> {
        let found = self.infer(node)?;
        if found == wanted {
            Ok(())
        } else {
            Err(format!("`{}` needs {}, not {}", place.replace('_', ""), wanted.word(), found.word()))
        }
    }

    fn member(&mut self, root: &str, key: &str) -> Result<Type, String> {
        let (known, used, found) = match root {
            "order" => (&self.vocabulary.order, &mut self.uses.order, Type::Text),
            "events" => (&self.vocabulary.events, &mut self.uses.events, Type::Int),
            "answers" => (&self.vocabulary.answers, &mut self.uses.answers, Type::Answer),
            "notes" => (&self.vocabulary.notes, &mut self.uses.notes, Type::Text),
            "survey" if key == "rating" => return Ok(Type::MaybeText),
            "parts" if key == "consumed" || key == "unreturned" => return Ok(Type::Int),
            "survey" | "parts" => return Err(format!("`{root}` has no `{key}`")),
            _ => return Err(format!("`{root}` is not known")),
        };
        if !known.contains(key) {
            return Err(format!("`{key}` is not among the {root} of this pack"));
        }
        used.insert(key.to_owned());
        Ok(found)
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
