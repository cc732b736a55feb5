//! Faults of pack files, shown the way rustc shows its own.

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::ops::Range;
use std::path::PathBuf;

use annotate_snippets::{AnnotationKind, Level as Title, Renderer, Snippet};
use jobsheet_core::standard::{self, Diagnostic, Level};
use serde_json::{Value, json};

use super::library::{Library, read, shown};
use super::speech::say;
use crate::failure::Failure;
use crate::output::{Output, line};

/// Most faults of a file that are drawn; a file with more is broken from the first on.
const MAX_DRAWN: usize = 100;

/// Exit code of a file with errors.
const FOUND: u8 = 2;

pub(super) fn lint(
    output: &Output,
    library: &Library,
    files: &[PathBuf],
    strict: bool,
) -> Result<(), Failure> {
    let mut sources = Vec::new();
    for file in files {
        let source = read(file)?;
        let found = standard::lint(&source, &|id| library.find(id));
        sources.push((shown(file), source, found));
    }
    let count = |level: Level| {
        sources.iter().flat_map(|(_, _, found)| found).filter(|one| one.level == level).count()
    };
    let (errors, warnings) = (count(Level::Error), count(Level::Warning));
    if output.is_json() {
        let mut all = Vec::new();
        for (file, source, found) in &sources {
            let lines = Lines::of(source);
            all.extend(found.iter().map(|one| element(file, &lines, one)));
        }
        line(&serde_json::to_string_pretty(&all).map_err(super::internal)?)?;
    } else {
        line(draw_all(output, &sources, errors, warnings).trim_end())?;
    }
    if errors > 0 || (strict && warnings > 0) { Err(Failure::Told(FOUND)) } else { Ok(()) }
}

/// One fault for an editor.
fn element(file: &str, lines: &Lines<'_>, one: &Diagnostic) -> Value {
    let span = within(lines.text, &one.span);
    let (end_line, end_column) = lines.position(span.end);
    json!({
        "file": file,
        "code": one.code,
        "level": one.level,
        "place": one.place,
        "line": one.line,
        "column": one.column,
        "end_line": end_line,
        "end_column": end_column,
        "span": { "start": span.start, "end": span.end },
        "message": one.message,
        "help": one.help,
    })
}

/// Where the lines of a text begin.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let starts = [0].into_iter().chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    /// Line and column, both from 1, the column in characters.
    fn position(&self, byte: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= byte);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        (line, self.text.get(start..byte).map_or(1, |before| before.chars().count() + 1))
    }
}

/// A span that lies in the text, between characters.
fn within(source: &str, span: &Range<usize>) -> Range<usize> {
    let floor = |mut at: usize| {
        at = at.min(source.len());
        while !source.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(span.start);
    start..floor(span.end).max(start)
}

fn draw_all(
    output: &Output,
    sources: &[(String, String, Vec<Diagnostic>)],
    errors: usize,
    warnings: usize,
) -> String {
    let lang = output.lang;
    let styled =
        std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
    let mut out = String::new();
    for (file, source, found) in sources {
        for one in found.iter().take(MAX_DRAWN) {
            out += &draw(output, &renderer, file, source, one);
            out += "\n\n";
        }
        if found.len() > MAX_DRAWN {
            let more = found.len() - MAX_DRAWN;
            let _ = match lang {
                jobsheet_core::Lang::En => writeln!(out, "{file}: {more} more\n"),
                jobsheet_core::Lang::Zh => writeln!(out, "{file}：另有 {more} 处\n"),
            };
        }
    }
    let files = sources.len();
    out + &match lang {
        jobsheet_core::Lang::En => {
            let counted =
                |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
            format!(
                "{}: {}, {}",
                counted(files, "file"),
                counted(errors, "error"),
                counted(warnings, "warning")
            )
        }
        jobsheet_core::Lang::Zh => format!("{files} 个文件：{errors} 个错误，{warnings} 个警告"),
    }
}

fn draw(output: &Output, renderer: &Renderer, file: &str, source: &str, one: &Diagnostic) -> String {
    let lang = output.lang;
    let title = match one.level {
        Level::Error => Title::ERROR.with_name(say(lang, "error", "错误")),
        Level::Warning => Title::WARNING.with_name(say(lang, "warning", "警告")),
    };
    let label = if one.place.is_empty() { file } else { one.place.as_str() };
    let annotation = AnnotationKind::Primary.span(within(source, &one.span)).label(label);
    let snippet = Snippet::source(source).path(file).annotation(annotation);
    let mut group = title.primary_title(one.message.get(lang)).id(one.code).element(snippet);
    let help = one.help.get(lang);
    if !help.is_empty() {
        group = group.element(Title::HELP.with_name(say(lang, "help", "修改")).message(help));
    }
    renderer.render(&[group])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_never_cuts_a_character_nor_leaves_the_text() {
        assert_eq!(within("abc", &(1..9)), 1..3);
        assert_eq!(within("街道", &(1..4)), 0..3);
        assert_eq!(within("", &(5..7)), 0..0);
    }

    #[test]
    fn positions_count_characters() {
        assert_eq!(Lines::of("街\n道路").position(7), (2, 2));
        assert_eq!(Lines::of("abc").position(3), (1, 4));
        assert_eq!(Lines::of("a\n").position(2), (2, 1));
    }
}
