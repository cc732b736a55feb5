//! The kinds of fault: a code, a level, and what is said of it in both languages.

use serde::Serialize;

use crate::Text;

/// How bad a fault is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The pack does not load.
    Error,
    /// The pack loads, but probably does not say what its author means.
    Warning,
}

/// A kind of fault. `{0}`, `{1}` … in the words stand for what the fault is about.
pub(in crate::standard) struct Fault {
    pub(in crate::standard) code: &'static str,
    pub(in crate::standard) level: Level,
    message: (&'static str, &'static str),
    help: (&'static str, &'static str),
}

impl Fault {
    pub(super) const fn new(
        code: &'static str,
        level: Level,
        message: (&'static str, &'static str),
        help: (&'static str, &'static str),
    ) -> Self {
        Self { code, level, message, help }
    }

    /// What is wrong.
    pub(super) fn message(&self, words: &[Text]) -> Text {
        filled(self.message, words)
    }

    /// How to mend it: the name that was probably meant, or the general advice.
    pub(super) fn help(&self, words: &[Text], near: Option<&str>) -> Text {
        match near {
            Some(name) => Text::new(format!("did you mean `{name}`?"), format!("是否应为“{name}”？")),
            None => filled(self.help, words),
        }
    }
}

fn filled((en, zh): (&str, &str), words: &[Text]) -> Text {
    Text::new(
        fill(en, |at| words.get(at).map(|word| &*word.en)),
        fill(zh, |at| words.get(at).map(|word| &*word.zh)),
    )
}

/// Puts words in the place of `{0}`, `{1}` …; a brace that holds no number stays.
fn fill<'a>(template: &str, word: impl Fn(usize) -> Option<&'a str>) -> String {
    let mut text = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let slot = after.split_once('}').and_then(|(slot, tail)| Some((word(slot.parse().ok()?)?, tail)));
        if let Some((word, tail)) = slot {
            text.push_str(word);
            rest = tail;
        } else {
            text.push('{');
            rest = after;
        }
    }
    text + rest
}

/// Declares faults, each as `NAME: Level "code", message en / zh, help en / zh;`, and the list `ALL` of them.
macro_rules! faults {
    ($($name:ident: $level:ident $code:literal,
        $en:literal / $zh:literal,
        $help_en:literal / $help_zh:literal;)*) => {
        $(pub(in crate::standard) static $name: Fault =
            Fault::new($code, Level::$level, ($en, $zh), ($help_en, $help_zh));)*
        pub(in crate::standard) static ALL: &[&Fault] = &[$(&$name),*];
    };
}
pub(super) use faults;
