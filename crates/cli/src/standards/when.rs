//! A rule's condition in words.

use cel::common::ast::{Expr, LiteralValue};
use cel::{IdedExpr, Program};
use jobsheet_core::Lang;
use jobsheet_core::standard::Choice;

use super::speech::{Speech, either};

/// What a condition says. A part for which there are no words stands as it is written.
pub(super) fn in_words(speech: Speech<'_>, condition: &str) -> String {
    Program::compile(condition)
        .map_or_else(|_| condition.to_owned(), |program| words(speech, program.expression(), condition))
}

/// A value that is compared, and how it is named.
enum Subject {
    Event(String),
    Order(String),
    Answer(String),
    Note(String),
    Job,
    Kind,
    State,
    Rating,
    PartsUsed,
    PartsOut,
    Photos,
}

fn subject(node: &IdedExpr) -> Option<Subject> {
    let member = |root: &IdedExpr, key: &str| {
        let Expr::Ident(root) = &root.expr else { return None };
        Some(match (root.as_str(), key) {
            ("events", id) => Subject::Event(id.to_owned()),
            ("order", id) => Subject::Order(id.to_owned()),
            ("answers", id) => Subject::Answer(id.to_owned()),
            ("notes", id) => Subject::Note(id.to_owned()),
            ("survey", _) => Subject::Rating,
            ("parts", "consumed") => Subject::PartsUsed,
            ("parts", _) => Subject::PartsOut,
            _ => return None,
        })
    };
    match &node.expr {
        Expr::Ident(name) => match name.as_str() {
            "job" => Some(Subject::Job),
            "kind" => Some(Subject::Kind),
            "state" => Some(Subject::State),
            "photos" => Some(Subject::Photos),
            _ => None,
        },
        Expr::Select(select) => member(&select.operand, &select.field),
        Expr::Call(call) if call.func_name == "_[_]" => match (call.args.first(), call.args.get(1)) {
            (Some(root), Some(IdedExpr { expr: Expr::Literal(LiteralValue::String(key)), .. })) => {
                member(root, key.inner())
            }
            _ => None,
        },
        _ => None,
    }
}

fn words(speech: Speech<'_>, node: &IdedExpr, whole: &str) -> String {
    let Expr::Call(call) = &node.expr else { return format!("`{whole}`") };
    let inner = |node: &IdedExpr| {
        let text = words(speech, node, whole);
        match &node.expr {
            Expr::Call(call) if matches!(call.func_name.as_str(), "_&&_" | "_||_") => format!("({text})"),
            _ => text,
        }
    };
    match (call.func_name.as_str(), call.args.as_slice()) {
        ("_&&_", sides) => sides.iter().map(inner).collect::<Vec<_>>().join(speech.say(" and ", "，且")),
        ("_||_", sides) => sides.iter().map(inner).collect::<Vec<_>>().join(speech.say(", or ", "，或")),
        ("!_", [one]) => negated(speech, one, whole),
        (operator, [left, right]) => {
            compared(speech, operator, left, right, false).unwrap_or_else(|| format!("`{whole}`"))
        }
        _ => format!("`{whole}`"),
    }
}

fn negated(speech: Speech<'_>, node: &IdedExpr, whole: &str) -> String {
    if let Expr::Call(call) = &node.expr
        && let [left, right] = call.args.as_slice()
        && let Some(text) = compared(speech, &call.func_name, left, right, true)
    {
        return text;
    }
    let text = words(speech, node, whole);
    match speech.lang {
        Lang::En => format!("it is not so that {text}"),
        Lang::Zh => format!("并非{text}"),
    }
}

/// A comparison in words; none if there are no words for it.
fn compared(
    speech: Speech<'_>,
    operator: &str,
    left: &IdedExpr,
    right: &IdedExpr,
    not: bool,
) -> Option<String> {
    let lang = speech.lang;
    let one = subject(left)?;
    if let (Subject::Event(a), Some(Subject::Event(b))) = (&one, subject(right)) {
        let (a, b) = (speech.event(a), speech.event(&b));
        return Some(match (operator, lang) {
            ("_>_", Lang::En) => format!("{a} more often than {b}"),
            ("_>_", Lang::Zh) => format!("{a}的次数多于{b}"),
            ("_<=_", Lang::En) => format!("{a} not more often than {b}"),
            ("_<=_", Lang::Zh) => format!("{a}的次数不多于{b}"),
            _ => return None,
        })
        .filter(|_| !not);
    }
    let is_zero = matches!(&right.expr, Expr::Literal(LiteralValue::Int(zero)) if *zero.inner() == 0);
    let happened = match operator {
        "_>_" if is_zero => Some(true),
        "_==_" if is_zero => Some(false),
        _ => None,
    };
    if let Some(happened) = happened {
        return count(speech, &one, happened != not);
    }
    let is = match operator {
        "_==_" | "@in" => true,
        "_!=_" => false,
        _ => return None,
    };
    let values: Vec<_> = match &right.expr {
        Expr::List(list) => list.elements.iter().map(|element| value(speech, &one, element)).collect(),
        _ => vec![value(speech, &one, right)],
    };
    let values = either(lang, values.into_iter().collect::<Option<Vec<_>>>()?);
    let name = name(speech, &one);
    Some(match (is != not, lang) {
        (true, Lang::En) => format!("{name} is {values}"),
        (false, Lang::En) => format!("{name} is not {values}"),
        (true, Lang::Zh) => format!("{name}为{values}"),
        (false, Lang::Zh) => format!("{name}不为{values}"),
    })
}

/// Something that has happened, or is there, or not.
fn count(speech: Speech<'_>, subject: &Subject, there: bool) -> Option<String> {
    let said = |en: [&'static str; 2], zh: [&'static str; 2]| {
        speech.say(en[usize::from(!there)], zh[usize::from(!there)]).to_owned()
    };
    match subject {
        Subject::Event(id) => {
            let event = speech.event(id);
            Some(match (there, speech.lang) {
                (true, Lang::En) => format!("{event} has happened"),
                (false, Lang::En) => format!("{event} has not happened"),
                (true, Lang::Zh) => format!("已发生{event}"),
                (false, Lang::Zh) => format!("未发生{event}"),
            })
        }
        Subject::PartsUsed => {
            Some(said(["parts were replaced", "no part was replaced"], ["更换了零件", "未更换零件"]))
        }
        Subject::PartsOut => Some(said(
            ["old parts are not handed in yet", "all old parts are handed in"],
            ["旧件未交回", "旧件已全部交回"],
        )),
        Subject::Photos => Some(said(["there are photos", "there is no photo"], ["有照片", "没有照片"])),
        _ => None,
    }
}

fn name(speech: Speech<'_>, subject: &Subject) -> String {
    match subject {
        Subject::Event(id) => speech.event(id),
        Subject::Order(id) => format!("“{}”", speech.order(id)),
        Subject::Answer(id) => match speech.lang {
            Lang::En => format!("the answer to [{}]", speech.short(id)),
            Lang::Zh => format!("[{}] 的回答", speech.short(id)),
        },
        Subject::Note(id) => format!("“{}”", speech.note(id)),
        Subject::Job => speech.say("the job", "工作类型").to_owned(),
        Subject::Kind => speech.say("the kind of document", "记录种类").to_owned(),
        Subject::State => speech.say("the state", "状态").to_owned(),
        Subject::Rating => speech.say("the customer's rating", "客户评价").to_owned(),
        Subject::PartsUsed => speech.say("the number of replaced parts", "更换零件数").to_owned(),
        Subject::PartsOut => speech.say("the number of old parts not handed in", "未交回旧件数").to_owned(),
        Subject::Photos => speech.say("the number of photos", "照片数").to_owned(),
    }
}

/// A value as people know it: the option's name, not its id.
fn value(speech: Speech<'_>, subject: &Subject, node: &IdedExpr) -> Option<String> {
    let Expr::Literal(literal) = &node.expr else { return None };
    let id = match literal {
        LiteralValue::Boolean(yes) => return Some(speech.yes_or_no(*yes.inner()).to_owned()),
        LiteralValue::Int(figure) => return Some(figure.inner().to_string()),
        LiteralValue::Double(figure) => return Some(figure.inner().to_string()),
        LiteralValue::Null => return Some(speech.say("missing", "空缺").to_owned()),
        LiteralValue::String(text) if text.inner().is_empty() => {
            return Some(speech.say("empty", "空").to_owned());
        }
        LiteralValue::String(text) => text.inner(),
        _ => return None,
    };
    let pack = speech.standard.pack();
    let option = |mut choices: &mut dyn Iterator<Item = &Choice>| {
        Iterator::find(&mut choices, |choice| choice.id == id).map(|choice| choice.name.clone())
    };
    let known = match subject {
        Subject::Order(field) => {
            let fields = pack.flows().flat_map(|(_, flow)| &flow.order).filter(|known| known.id == *field);
            option(&mut fields.flat_map(|field| &field.options))
        }
        Subject::Answer(rule) => {
            option(&mut speech.standard.rule(rule).and_then(|rule| rule.options()).into_iter().flatten())
        }
        Subject::Rating => {
            let surveys = pack.flows().filter_map(|(_, flow)| flow.survey.as_ref());
            option(&mut surveys.flat_map(|survey| &survey.levels))
        }
        Subject::State => {
            let states = pack.flows().flat_map(|(_, flow)| &flow.states);
            states.into_iter().find(|state| state.id == id).map(|state| state.name.clone())
        }
        Subject::Job => return Some(format!("“{}”", speech.place(id))),
        _ => None,
    };
    Some(known.map_or_else(|| format!("“{id}”"), |name| format!("“{}”", name.get(speech.lang))))
}

impl Speech<'_> {
    fn yes_or_no(&self, yes: bool) -> &'static str {
        if yes { self.say("yes", "是") } else { self.say("no", "否") }
    }
}
