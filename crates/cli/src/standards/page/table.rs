//! Markdown tables.

use std::fmt::Write as _;

/// A text in a cell: one line, without what Markdown or HTML would read as markup.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '|' => out.push_str("\\|"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '*' | '[' | ']' | '\\' => {
                out.push('\\');
                out.push(letter);
            }
            '\n' | '\r' => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

/// Writes a table, or a dash if it has no row. Cells are escaped already.
pub(super) fn write(out: &mut String, head: &[&str], rows: &[Vec<String>]) {
    if rows.is_empty() {
        out.push_str("—\n");
        return;
    }
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        cells.fold(String::from("|"), |mut line, cell| {
            let _ = if cell.is_empty() { write!(line, " |") } else { write!(line, " {cell} |") };
            line
        })
    };
    let _ = writeln!(out, "{}", line(&mut head.iter().copied()));
    let _ = writeln!(out, "{}", line(&mut head.iter().map(|_| "---")));
    for row in rows {
        let _ = writeln!(out, "{}", line(&mut row.iter().map(String::as_str)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_stays_a_cell() {
        assert_eq!(escape("a|b\nc <d> [e]*"), "a\\|b c &lt;d&gt; \\[e\\]\\*");
        let mut out = String::new();
        write(&mut out, &["x", ""], &[vec!["1".to_owned(), String::new()]]);
        assert_eq!(out, "| x | |\n| --- | --- |\n| 1 | |\n");
    }
}
