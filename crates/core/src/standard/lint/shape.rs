//! The shape of a file: which fields there are, which must be there, and of which type they are.
//!
//! The JSON Schema that is made from the pack types is walked alongside the file. So every unknown field, every missing
//! one and every wrong type is found in one pass, each at its own place, where deserialising would stop at the first.

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::findings::Findings;
use super::place::Path;
use super::words::shape as say;
use crate::Text;

/// Compares a file with a schema.
pub(in crate::standard) fn check(schema: &Value, root: &DeTable, out: &mut Findings) {
    let definitions = &schema["$defs"];
    Shape { definitions, out }.table(schema, root, &Path::top());
}

struct Shape<'a> {
    definitions: &'a Value,
    out: &'a mut Findings,
}

impl<'a> Shape<'a> {
    fn value(&mut self, schema: &'a Value, value: &Spanned<DeValue>, path: &Path) {
        if let Some(name) = schema["$ref"].as_str() {
            let name = name.rsplit('/').next().unwrap_or_default();
            let definitions = self.definitions;
            self.value(&definitions[name], value, path);
            if name == "Text" {
                self.translated(value.get_ref(), path);
            }
            return;
        }
        if let Some(choices) = schema["anyOf"].as_array() {
            if let Some(real) = choices.iter().find(|choice| choice["type"] != "null") {
                self.value(real, value, path);
            }
            return;
        }
        if let Some(variants) = schema["oneOf"].as_array() {
            self.variant(variants, value, path);
            return;
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds.first().and_then(Value::as_str),
            kind => kind.as_str(),
        };
        match (kind, value.get_ref()) {
            (Some("string"), DeValue::String(_))
            | (Some("number"), DeValue::Integer(_) | DeValue::Float(_))
            | (Some("boolean"), DeValue::Boolean(_))
            | (None, _) => {}
            (Some("integer"), DeValue::Integer(number)) => {
                let read = u32::from_str_radix(number.as_str(), number.radix());
                if schema["format"].as_str().is_some_and(|format| format.starts_with("uint")) && read.is_err()
                {
                    self.out.say(&say::WRONG_NUMBER, path.clone(), [number.as_str()]);
                }
            }
            (Some("array"), DeValue::Array(list)) => {
                for (at, item) in list.iter().enumerate() {
                    self.value(&schema["items"], item, &path.item(at));
                }
            }
            (Some("object"), DeValue::Table(table)) => self.table(schema, table, path),
            (Some(kind), found) => self.wrong_type(kind, found, path),
        }
    }

    fn wrong_type(&mut self, wanted: &str, found: &DeValue, path: &Path) {
        let words = vec![type_word(wanted), type_word(found.type_str())];
        self.out.words(&say::WRONG_TYPE, path.clone(), words);
    }

    fn table(&mut self, schema: &'a Value, table: &DeTable, path: &Path) {
        let known = schema["properties"].as_object();
        for (key, value) in table {
            let key: &str = key.get_ref();
            let at = path.key(key.to_owned());
            if let Some(of) = known.and_then(|known| known.get(key)) {
                self.value(of, value, &at);
            } else if schema["additionalProperties"] == Value::Bool(false) {
                let names = known.into_iter().flat_map(|known| known.keys()).map(String::as_str);
                self.out.unknown(&say::UNKNOWN_FIELD, at, [key], key, names).on_key();
            } else {
                if let Some(names) = schema["propertyNames"]["enum"].as_array() {
                    let mut names = names.iter().filter_map(Value::as_str);
                    if !names.clone().any(|name| name == key) {
                        let all = list(names.clone());
                        self.out
                            .unknown(&say::UNKNOWN_VALUE, at.clone(), [key, &all], key, names.by_ref())
                            .on_key();
                    }
                }
                self.value(&schema["additionalProperties"], value, &at);
            }
        }
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !table.contains_key(name) {
                self.out.say(&say::MISSING_FIELD, path.key(name.to_owned()), [name]);
            }
        }
    }

    /// One of several: a word, or a table whose only key is the word.
    fn variant(&mut self, variants: &'a [Value], value: &Spanned<DeValue>, path: &Path) {
        let words = || variants.iter().filter_map(|variant| variant["const"].as_str());
        let tables = || {
            variants
                .iter()
                .filter_map(|variant| variant["properties"].as_object().and_then(|one| one.iter().next()))
        };
        let names = || words().chain(tables().map(|(name, _)| name.as_str()));
        match value.get_ref() {
            DeValue::String(word) if words().any(|known| known == word) => {}
            DeValue::String(word) if tables().any(|(known, _)| known == word) => {
                self.out.say(&say::NEEDS_TABLE, path.clone(), [word]);
            }
            DeValue::String(word) => {
                self.out.unknown(&say::UNKNOWN_VALUE, path.clone(), [word, &list(names())], word, names());
            }
            DeValue::Table(table) if tables().next().is_some() => {
                let mut known = 0;
                for (key, inner) in table {
                    let key: &str = key.get_ref();
                    let at = path.key(key.to_owned());
                    if let Some((_, schema)) = tables().find(|(name, _)| *name == key) {
                        known += 1;
                        self.value(schema, inner, &at);
                    } else if words().any(|word| word == key) {
                        self.out.say(&say::NEEDS_WORD, at, [key]).on_key();
                    } else {
                        self.out
                            .unknown(&say::UNKNOWN_VALUE, at, [key, &list(names())], key, names())
                            .on_key();
                    }
                }
                if known > 1 || table.is_empty() {
                    self.out.say(&say::NOT_ONE, path.clone(), [&list(names())]).on_key();
                }
            }
            found => {
                let wanted = if words().next().is_some() { "string" } else { "object" };
                self.wrong_type(wanted, found, path);
            }
        }
    }

    fn translated(&mut self, text: &DeValue, path: &Path) {
        for lang in ["en", "zh"] {
            let words = text.get(lang).and_then(|words| words.get_ref().as_str());
            if words.is_some_and(|words| words.trim().is_empty()) {
                self.out.say(&say::MISSING_TRANSLATION, path.key(lang), [lang]);
            }
        }
    }
}

fn list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

fn type_word(kind: &str) -> Text {
    let (en, zh) = match kind {
        "string" => ("a string", "字符串"),
        "integer" => ("a whole number", "整数"),
        "number" | "float" => ("a number", "数字"),
        "boolean" => ("true or false", "true 或 false"),
        "datetime" => ("a date", "日期"),
        "array" => ("a list", "列表"),
        _ => ("a table", "表"),
    };
    Text::new(en, zh)
}
