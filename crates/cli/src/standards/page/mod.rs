//! A standard as a Markdown page, in both languages.

mod course;
mod differences;
mod duties;
mod matter;
mod situations;
mod table;
mod time;

use std::fmt::Write as _;

use jobsheet_core::standard::Standard;
use jobsheet_core::{Lang, Text};

pub(super) use differences::side_by_side;
use table::escape;

use super::rehearse;
use super::speech::Speech;
use crate::failure::Failure;

/// A page while it is written. Its first language is that of its headings.
struct Page<'a> {
    speech: Speech<'a>,
    other: Speech<'a>,
    out: String,
}

impl<'a> Page<'a> {
    fn of(standard: &'a Standard, lang: Lang) -> Self {
        let other = match lang {
            Lang::En => Lang::Zh,
            Lang::Zh => Lang::En,
        };
        Self { speech: Speech::of(standard, lang), other: Speech::of(standard, other), out: String::new() }
    }

    fn standard(&self) -> &'a Standard {
        self.speech.standard
    }

    fn heading(&mut self, en: &'static str, zh: &'static str) {
        let _ = writeln!(self.out, "\n## {}\n", self.speech.say(en, zh));
    }

    fn note(&mut self, en: &'static str, zh: &'static str) {
        let _ = writeln!(self.out, "{}\n", self.speech.say(en, zh));
    }

    /// A text in both languages, the second below the first.
    fn both(&self, text: &Text) -> String {
        below(text.get(self.speech.lang), text.get(self.other.lang))
    }

    /// A text in both languages, the second beside the first.
    fn beside(&self, text: &Text) -> String {
        beside(text.get(self.speech.lang), text.get(self.other.lang))
    }

    /// The same said in both languages, the second below the first.
    fn said(&self, words: impl Fn(Speech<'a>) -> String) -> String {
        below(&words(self.speech), &words(self.other))
    }

    /// A rule's id as a link target, without the pack's prefix.
    fn rule(&self, id: &str) -> String {
        format!("`{}`", self.speech.short(id))
    }

    fn table(&mut self, head: &[&str], rows: &[Vec<String>]) {
        table::write(&mut self.out, head, rows);
    }
}

fn below(first: &str, second: &str) -> String {
    if first == second { escape(first) } else { format!("{}<br>{}", escape(first), escape(second)) }
}

fn beside(first: &str, second: &str) -> String {
    if first == second { escape(first) } else { format!("{} · {}", escape(first), escape(second)) }
}

/// The page of a standard.
///
/// # Errors
/// A job that can not be registered in a rehearsal.
pub(super) fn page(standard: &Standard, lang: Lang) -> Result<String, Failure> {
    let jobs: Vec<_> =
        standard.pack().jobs.iter().map(|job| rehearse::of_job(standard, job)).collect::<Result<_, _>>()?;
    let mut page = Page::of(standard, lang);
    page.head();
    page.jobs(&jobs);
    page.roles();
    page.courses();
    page.clocks();
    page.calendars();
    page.gates();
    page.situations();
    page.duties();
    page.conduct();
    page.words_to_say();
    page.scoring();
    page.warranty();
    page.cost();
    page.forms();
    page.beyond_software();
    page.readings();
    page.disabled();
    Ok(page.out.trim_end().to_owned() + "\n")
}

impl Page<'_> {
    fn head(&mut self) {
        let standard = self.standard();
        let pack = standard.pack();
        let (first, second) = (self.speech.lang, self.other.lang);
        let _ = writeln!(self.out, "# {} · {}\n", pack.title.get(first), pack.title.get(second));
        let made = self.speech.say(
            "Made of the pack by `cargo xtask docs`; change the pack, not this page.",
            "本页由 `cargo xtask docs` 根据规则包生成；请修改规则包，不要修改本页。",
        );
        let _ = writeln!(self.out, "<!-- {made} -->\n");
        let _ = writeln!(self.out, "{}\n\n{}\n", pack.about.get(first), pack.about.get(second));
        let mut rows = vec![
            vec![self.speech.say("Id", "编号").to_owned(), format!("`{}`", pack.id)],
            vec![self.speech.say("Version", "版本").to_owned(), escape(&pack.version)],
            vec![
                self.speech.say("Source document", "来源文件").to_owned(),
                format!("`{}`", escape(&pack.source)),
            ],
            vec![self.speech.say("Rules", "规则数").to_owned(), pack.rules.len().to_string()],
            vec!["SHA-256".to_owned(), format!("`{}`", standard.sha256())],
        ];
        if let Some(base) = &pack.based_on {
            rows.push(vec![
                self.speech.say("Based on", "基于").to_owned(),
                format!("`{}` {}", escape(&base.id), escape(&base.version)),
            ]);
        }
        self.table(&["", ""], &rows);
    }
}
