//! The types of conditions: a small part of CEL in which every name is known and every comparison makes sense.

use std::collections::{BTreeMap, BTreeSet};

use cel::IdedExpr;
use cel::common::ast::{CallExpr, Expr, LiteralValue};

use crate::standard::condition::Uses;

/// The names that a condition may use, and what is known of their values.
#[derive(Debug, Clone, Default)]
pub(super) struct Vocabulary {
    pub(super) order: BTreeSet<String>,
    pub(super) events: BTreeSet<String>,
    pub(super) answers: BTreeSet<String>,
    pub(super) notes: BTreeSet<String>,
    /// The texts that a value can be, by its name: `state` or `order.urgency`.
    pub(super) values: BTreeMap<String, BTreeSet<String>>,
    /// Roots of which not all names are known.
    pub(super) open: BTreeSet<&'static str>,
}

/// What is wrong in a condition.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Problem {
    UnknownName(String),
    NeedsMember(String),
    UnknownMember {
        root: String,
        key: String,
    },
    /// A value is compared with a text that it never is.
    NoValue {
        name: String,
        text: String,
    },
    Compared(Type, Type),
    Ordered(Type, Type),
    Result(Type),
    Wanted {
        by: String,
        wanted: Type,
        found: Type,
    },
    Listed(Type, Type),
    /// What has no place in conditions, in both languages.
    Form(String, String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
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
    pub(super) fn word(self) -> &'static str {
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

/// What has been found out about a condition.
#[derive(Debug, Default)]
pub(super) struct Typed {
    pub(super) problems: Vec<Problem>,
    pub(super) uses: Uses,
    /// It looks at something in the record.
    pub(super) reads: bool,
}

/// Looks through the types of a condition, which must give true or false.
pub(super) fn check(expression: &IdedExpr, vocabulary: &Vocabulary) -> Typed {
    let mut checker = Checker { vocabulary, found: Typed::default() };
    if let Some(result) = checker.infer(expression)
        && result != Type::Bool
    {
        checker.wrong(Problem::Result(result));
    }
    checker.found
}

struct Checker<'a> {
    vocabulary: &'a Vocabulary,
    found: Typed,
}

impl Checker<'_> {
    fn wrong(&mut self, problem: Problem) {
        self.found.problems.push(problem);
    }

    fn form(&mut self, en: impl Into<String>, zh: impl Into<String>) {
        self.wrong(Problem::Form(en.into(), zh.into()));
    }

    /// The type of an expression; none if something in it is wrong, which has been told then.
    fn infer(&mut self, node: &IdedExpr) -> Option<Type> {
        match &node.expr {
            Expr::Literal(literal) => self.literal(literal),
            Expr::Ident(name) => self.name(name),
            Expr::Select(select) if select.test => {
                self.form("`has(…)` is not needed: every name is always there", "无需 has(…)：名称总是存在");
                None
            }
            Expr::Select(select) => {
                if let Expr::Ident(root) = &select.operand.expr {
                    return self.member(root, &select.field);
                }
                let field = &select.field;
                self.form(
                    format!("`.{field}` selects from something that has no members"),
                    format!("“.{field}”之前没有可选的成员"),
                );
                None
            }
            Expr::Call(call) => self.call(call),
            _ => {
                self.form("this has no place in a condition", "条件中不允许这种写法");
                None
            }
        }
    }

    fn literal(&mut self, literal: &LiteralValue) -> Option<Type> {
        Some(match literal {
            LiteralValue::Boolean(_) => Type::Bool,
            LiteralValue::Int(_) | LiteralValue::UInt(_) => Type::Int,
            LiteralValue::Double(_) => Type::Double,
            LiteralValue::String(_) => Type::Text,
            LiteralValue::Null => Type::Null,
            LiteralValue::Bytes(_) => {
                self.form("bytes have no use in a condition", "条件中不能使用字节串");
                return None;
            }
        })
    }

    fn name(&mut self, name: &str) -> Option<Type> {
        self.found.reads = true;
        match name {
            "state" | "kind" | "job" => return Some(Type::Text),
            "photos" => return Some(Type::Int),
            "order" | "events" | "answers" | "notes" | "survey" | "parts" => {
                self.wrong(Problem::NeedsMember(name.to_owned()));
            }
            _ => self.wrong(Problem::UnknownName(name.to_owned())),
        }
        None
    }

    fn call(&mut self, call: &CallExpr) -> Option<Type> {
        let mut arguments: Vec<&IdedExpr> = call.target.iter().map(AsRef::as_ref).collect();
        arguments.extend(&call.args);
        match (call.func_name.as_str(), arguments.as_slice()) {
            ("_[_]", [target, index]) => {
                let (Expr::Ident(root), Expr::Literal(LiteralValue::String(key))) =
                    (&target.expr, &index.expr)
                else {
                    self.form(
                        "an index must be a literal string, as in events['arrived']",
                        "下标必须是字符串，如 events['arrived']",
                    );
                    return None;
                };
                let key = key.inner().to_owned();
                self.member(root, &key)
            }
            (name @ ("_&&_" | "_||_" | "!_"), _) => {
                for argument in arguments {
                    self.want(argument, Type::Bool, name);
                }
                Some(Type::Bool)
            }
            ("_==_" | "_!=_", [left, right]) => {
                let types = (self.infer(left), self.infer(right));
                if let (Some(left), Some(right)) = types
                    && !left.comparable(right)
                {
                    self.wrong(Problem::Compared(left, right));
                }
                self.value(left, right);
                self.value(right, left);
                Some(Type::Bool)
            }
            ("_<_" | "_<=_" | "_>_" | "_>=_", [left, right]) => {
                if let (Some(left), Some(right)) = (self.infer(left), self.infer(right))
                    && (left != right || !matches!(left, Type::Int | Type::Double))
                {
                    self.wrong(Problem::Ordered(left, right));
                }
                Some(Type::Bool)
            }
            ("@in", [needle, haystack]) => {
                self.among(needle, haystack);
                Some(Type::Bool)
            }
            (name @ "size", [text]) => {
                self.want(text, Type::Text, name);
                Some(Type::Int)
            }
            (name @ ("contains" | "startsWith" | "endsWith"), [text, part]) => {
                self.want(text, Type::Text, name);
                self.want(part, Type::Text, name);
                Some(Type::Bool)
            }
            (name, _) => {
                let count = arguments.len();
                self.form(
                    format!("`{name}` with {count} arguments is not available in conditions"),
                    format!("条件中不能使用带 {count} 个参数的“{name}”"),
                );
                None
            }
        }
    }

    fn among(&mut self, needle: &IdedExpr, haystack: &IdedExpr) {
        let wanted = self.infer(needle);
        let Expr::List(list) = &haystack.expr else {
            self.form("`in` needs a list of literals on its right", "in 的右侧必须是列表");
            return;
        };
        for element in &list.elements {
            if let (Some(wanted), Some(found)) = (wanted, self.infer(element))
                && !wanted.comparable(found)
            {
                self.wrong(Problem::Listed(wanted, found));
            }
            self.value(needle, element);
        }
    }

    fn want(&mut self, node: &IdedExpr, wanted: Type, by: &str) {
        if let Some(found) = self.infer(node)
            && found != wanted
        {
            self.wrong(Problem::Wanted { by: by.replace('_', ""), wanted, found });
        }
    }

    /// A value that is compared with a text can be that text.
    fn value(&mut self, node: &IdedExpr, text: &IdedExpr) {
        let (Some(name), Expr::Literal(LiteralValue::String(text))) = (name_of(node), &text.expr) else {
            return;
        };
        let text = text.inner();
        if self.vocabulary.values.get(&name).is_some_and(|values| !values.contains(text)) {
            self.wrong(Problem::NoValue { name, text: text.to_owned() });
        }
    }

    fn member(&mut self, root: &str, key: &str) -> Option<Type> {
        self.found.reads = true;
        let uses = &mut self.found.uses;
        let (known, used, found) = match root {
            "order" => (&self.vocabulary.order, &mut uses.order, Type::Text),
            "events" => (&self.vocabulary.events, &mut uses.events, Type::Int),
            "answers" => (&self.vocabulary.answers, &mut uses.answers, Type::Answer),
            "notes" => (&self.vocabulary.notes, &mut uses.notes, Type::Text),
            "survey" if key == "rating" => return Some(Type::MaybeText),
            "parts" if key == "consumed" || key == "unreturned" => return Some(Type::Int),
            "survey" | "parts" => {
                self.wrong(Problem::UnknownMember { root: root.to_owned(), key: key.to_owned() });
                return None;
            }
            _ => {
                self.wrong(Problem::UnknownName(root.to_owned()));
                return None;
            }
        };
        if known.contains(key) || self.vocabulary.open.contains(root) {
            used.insert(key.to_owned());
        } else {
            self.wrong(Problem::UnknownMember { root: root.to_owned(), key: key.to_owned() });
        }
        Some(found)
    }
}

/// The name of a value, such as `state` or `order.urgency`, whichever way it is written.
fn name_of(node: &IdedExpr) -> Option<String> {
    match &node.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) => match &select.operand.expr {
            Expr::Ident(root) => Some(format!("{root}.{}", select.field)),
            _ => None,
        },
        Expr::Call(call) if call.func_name == "_[_]" => match call.args.as_slice() {
            [target, index] => match (&target.expr, &index.expr) {
                (Expr::Ident(root), Expr::Literal(LiteralValue::String(key))) => {
                    Some(format!("{root}.{}", key.inner()))
                }
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}
