//! Texts in the two languages that every pack carries.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The language in which a person reads rules and reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Simplified Chinese.
    Zh,
}

impl std::str::FromStr for Lang {
    type Err = String;

    /// Reads a BCP 47 tag: anything that begins with `zh` is Chinese, with `en` English.
    fn from_str(tag: &str) -> Result<Self, Self::Err> {
        match tag.get(..2).map(str::to_ascii_lowercase).as_deref() {
            Some("en") => Ok(Lang::En),
            Some("zh") => Ok(Lang::Zh),
            _ => Err(format!("language `{tag}` is not known; use `en` or `zh`")),
        }
    }
}

/// One sentence in English and Simplified Chinese. Neither may be empty in a pack.
///
/// ```
/// use jobsheet_core::{Lang, Text};
/// let text = Text::new("Show the work badge.", "出示工牌。");
/// assert_eq!(text.get(Lang::Zh), "出示工牌。");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// English.
    pub en: String,
    /// Simplified Chinese.
    pub zh: String,
}

impl Text {
    /// Both languages at once.
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { en: en.into(), zh: zh.into() }
    }

    /// The sentence in one language.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Zh => &self.zh,
        }
    }
}
