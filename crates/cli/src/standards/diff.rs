//! What differs between two packs: rules and everything else, by path.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jobsheet_core::standard::{Pack, Standard};
use serde::Serialize;
use serde_json::Value;

use super::speech::say;
use crate::failure::Failure;
use crate::output::Output;
use crate::words::cut;

/// Longest value that is printed for people; JSON has all of it.
const SHOWN: usize = 160;

/// What differs.
#[derive(Serialize)]
struct Difference {
    from: Value,
    to: Value,
    added: Vec<String>,
    removed: Vec<String>,
    changed: Vec<Changed>,
    elsewhere: Vec<Field>,
}

/// A rule that both have, with other values.
#[derive(Serialize)]
struct Changed {
    rule: String,
    fields: Vec<Field>,
}

/// A value that differs; `null` where there is none.
#[derive(Serialize)]
struct Field {
    path: String,
    old: Value,
    new: Value,
}

pub(super) fn diff(output: &Output, from: &Standard, to: &Standard) -> Result<(), Failure> {
    let (old, new) = (tree(from.pack())?, tree(to.pack())?);
    let mut fields = Vec::new();
    compare("", &old, &new, &mut fields);
    let mut difference = Difference {
        from: serde_json::to_value(from.reference()).map_err(super::internal)?,
        to: serde_json::to_value(to.reference()).map_err(super::internal)?,
        added: Vec::new(),
        removed: Vec::new(),
        changed: Vec::new(),
        elsewhere: Vec::new(),
    };
    for field in fields {
        let Some(rest) = field.path.strip_prefix("rules[") else {
            difference.elsewhere.push(field);
            continue;
        };
        let Some((rule, path)) = rest.split_once(']') else { continue };
        if path.is_empty() {
            let list = if field.old.is_null() { &mut difference.added } else { &mut difference.removed };
            list.push(rule.to_owned());
            continue;
        }
        let rule = rule.to_owned();
        let field = Field { path: path.trim_start_matches('.').to_owned(), ..field };
        match difference.changed.last_mut() {
            Some(last) if last.rule == rule => last.fields.push(field),
            _ => difference.changed.push(Changed { rule, fields: vec![field] }),
        }
    }
    output.result(&difference, || people(output, &difference, from, to))
}

fn tree(pack: &Pack) -> Result<Value, Failure> {
    serde_json::to_value(pack).map_err(super::internal)
}

/// The key by which the elements of a list are known.
fn key(list: &[Value]) -> Option<&'static str> {
    ["id", "event", "rule"].into_iter().find(|key| {
        !list.is_empty() && list.iter().all(|element| element.get(key).is_some_and(Value::is_string))
    })
}

/// Elements of a list by name. A name that occurs twice gets a number.
fn elements<'a>(list: &'a [Value], key: &str) -> (Vec<String>, BTreeMap<String, &'a Value>) {
    let (mut order, mut found) = (Vec::new(), BTreeMap::new());
    for element in list {
        let name = element[key].as_str().unwrap_or_default();
        let mut unique = name.to_owned();
        let mut number = 1;
        while found.contains_key(&unique) {
            number += 1;
            unique = format!("{name} #{number}");
        }
        order.push(unique.clone());
        found.insert(unique, element);
    }
    (order, found)
}

/// Adds the values that differ, old ones in their order, then those that are new.
fn compare(path: &str, old: &Value, new: &Value, out: &mut Vec<Field>) {
    if old == new {
        return;
    }
    match (old, new) {
        (Value::Object(before), Value::Object(after)) => {
            let more = after.keys().filter(|key| !before.contains_key(*key));
            for key in before.keys().chain(more) {
                let deeper = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                let side =
                    |map: &serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or(Value::Null);
                compare(&deeper, &side(before), &side(after), out);
            }
        }
        (Value::Array(before), Value::Array(after)) => {
            let known = [before, after].into_iter().find_map(|list| key(list));
            let fits =
                |list: &[Value], key: &str| list.iter().all(|one| one.get(key).is_some_and(Value::is_string));
            let Some(key) = known.filter(|key| fits(before, key) && fits(after, key)) else {
                out.push(Field { path: path.to_owned(), old: old.clone(), new: new.clone() });
                return;
            };
            let (order, before) = elements(before, key);
            let (later, after) = elements(after, key);
            let more: Vec<_> = later.iter().filter(|name| !before.contains_key(*name)).collect();
            let common: Vec<_> = order.iter().filter(|name| after.contains_key(*name)).collect();
            if later.iter().filter(|name| before.contains_key(*name)).ne(common) {
                out.push(Field {
                    path: format!("{path} (order)"),
                    old: order.clone().into(),
                    new: later.clone().into(),
                });
            }
            for name in order.iter().chain(more) {
                let side =
                    |map: &BTreeMap<String, &Value>| map.get(name).map_or(Value::Null, |one| (*one).clone());
                compare(&format!("{path}[{name}]"), &side(&before), &side(&after), out);
            }
        }
        _ => out.push(Field { path: path.to_owned(), old: old.clone(), new: new.clone() }),
    }
}

fn people(output: &Output, difference: &Difference, from: &Standard, to: &Standard) -> String {
    let lang = output.lang;
    let mut out = format!("{} → {}\n", from.reference(), to.reference());
    let text = |standard: &Standard, rule: &str| {
        standard.rule(rule).map(|rule| rule.text.get(lang).to_owned()).unwrap_or_default()
    };
    let value = |value: &Value| {
        if value.is_null() { say(lang, "none", "无").to_owned() } else { cut(&value.to_string(), SHOWN) }
    };
    for rule in &difference.removed {
        let _ = writeln!(out, "- {rule}  {}", text(from, rule));
    }
    for rule in &difference.added {
        let _ = writeln!(out, "+ {rule}  {}", text(to, rule));
    }
    for changed in &difference.changed {
        let _ = writeln!(out, "~ {}  {}", changed.rule, text(to, &changed.rule));
        for field in &changed.fields {
            let _ = writeln!(out, "    {}: {} → {}", field.path, value(&field.old), value(&field.new));
        }
    }
    for field in &difference.elsewhere {
        let _ = match (&field.old, &field.new) {
            (Value::Null, _) if field.path.ends_with(']') => writeln!(out, "+ {}", field.path),
            (_, Value::Null) if field.path.ends_with(']') => writeln!(out, "- {}", field.path),
            (old, new) => writeln!(out, "~ {}: {} → {}", field.path, value(old), value(new)),
        };
    }
    let (added, removed, changed) =
        (difference.added.len(), difference.removed.len(), difference.changed.len());
    let elsewhere = difference.elsewhere.len();
    out + &match lang {
        jobsheet_core::Lang::En => {
            format!(
                "rules: {added} added, {removed} removed, {changed} changed; {elsewhere} other values differ"
            )
        }
        jobsheet_core::Lang::Zh => {
            format!("规则：新增 {added}，删除 {removed}，修改 {changed}；其他不同之处 {elsewhere}")
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn paths(old: &Value, new: &Value) -> Vec<String> {
        let mut out = Vec::new();
        compare("", old, new, &mut out);
        out.into_iter().map(|field| field.path).collect()
    }

    #[test]
    fn elements_are_compared_by_name_and_order_counts_apart() {
        let old = json!({ "l": [{ "id": "a", "x": 1 }, { "id": "b" }], "same": [1] });
        let new = json!({ "l": [{ "id": "b" }, { "id": "a", "x": 2 }, { "id": "c" }], "same": [1] });
        assert_eq!(paths(&old, &new), ["l (order)", "l[a].x", "l[c]"]);
        assert_eq!(paths(&new, &old), ["l (order)", "l[a].x", "l[c]"]);
        assert_eq!(paths(&json!([1, 2]), &json!([2])), [""]);
        assert_eq!(paths(&json!({ "l": [] }), &json!({ "l": [{ "id": "a" }] })), ["l[a]"]);
    }

    #[test]
    fn a_name_that_occurs_twice_is_told_apart() {
        let old = json!({ "s": [{ "event": "a", "x": 1 }, { "event": "a", "x": 2 }] });
        let new = json!({ "s": [{ "event": "a", "x": 1 }, { "event": "a", "x": 3 }] });
        assert_eq!(paths(&old, &new), ["s[a #2].x"]);
    }
}
