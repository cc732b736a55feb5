//! What a visit costs and whom, as lines of a report.

use super::words::Words;
use crate::Lang;
use crate::assess::{Bearer, Charge, ChargeLine};
use crate::standard::{CostOf, Standard};

/// The lines: who bears what, what is charged, what each pays, what is missing. None where no cost has arisen.
pub(super) fn lines(charge: &Charge, standard: &Standard, lang: Lang, words: &Words) -> Vec<String> {
    let role = |id: &str| {
        let known = standard.pack().role(id);
        known.map_or(id, |role| role.name.get(lang)).to_owned()
    };
    let mut lines = Vec::new();
    for borne in &charge.costs {
        let of = match borne.of {
            CostOf::Parts => words.parts,
            CostOf::Labour => words.labour,
        };
        let clause = borne.clause.as_ref().map(|clause| format!(" ({clause})")).unwrap_or_default();
        match &borne.bearer {
            Bearer::Company => lines.push(format!("{of}: {}{clause}", words.free)),
            Bearer::Role { role: id } => lines.push(format!("{of}: {} {}{clause}", words.borne_by, role(id))),
            _ => {}
        }
    }
    lines.extend(charge.lines.iter().map(|line| priced(line, &role(&line.bearer), words)));
    for total in &charge.totals {
        let sum = total.total.as_ref().map_or_else(|| words.not_known.to_owned(), ToString::to_string);
        lines.push(format!("{}, {}: {sum}", words.total, role(&total.bearer)));
    }
    for finding in &charge.findings {
        lines.push(format!("{} [{}]", finding.text.get(lang), finding.about));
    }
    lines
}

fn priced(line: &ChargeLine, bearer: &str, words: &Words) -> String {
    let what = if line.what == "labour" { words.labour } else { line.what.as_str() };
    let name = line.name.as_ref().map(|name| format!(", {name}")).unwrap_or_default();
    let per = line.per.as_ref().map(|per| format!(" / {per}")).unwrap_or_default();
    format!("{what}{name}: {} × {}{per} = {} · {bearer}", line.quantity, line.price, line.amount)
}
