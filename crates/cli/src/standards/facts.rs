//! What is known of the source documents: every clause with its duty, every clock, form field and transition.

/// A duty that a source document states.
#[derive(Debug, Clone, Copy)]
pub(super) struct Duty {
    pub(super) id: &'static str,
    pub(super) clause: &'static str,
    pub(super) kind: &'static str,
}

/// A deadline that a source document states.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    pub(super) rule: &'static str,
    pub(super) start: &'static str,
    pub(super) limit: &'static str,
    pub(super) end: &'static str,
}

/// A field of a form that a source document prints or asks for.
#[derive(Debug, Clone, Copy)]
pub(super) struct FormField {
    pub(super) form: &'static str,
    pub(super) rule: &'static str,
    pub(super) what: &'static str,
}

/// A step of the course that a source document describes, with the rules that speak of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Transition {
    pub(super) pack: &'static str,
    pub(super) kind: &'static str,
    pub(super) event: &'static str,
    pub(super) rules: &'static str,
}

/// The columns of a table, row by row, without its head.
fn rows<const N: usize>(table: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    table.lines().skip(1).filter(|line| !line.is_empty()).map(|line| {
        let mut columns = line.split('\t');
        std::array::from_fn(|_| columns.next().unwrap_or_default())
    })
}

/// The id of the pack to which a rule belongs.
pub(super) fn pack_of(rule: &str) -> &str {
    rule.split_once('.').map_or(rule, |(pack, _)| pack)
}

pub(super) fn duties() -> impl Iterator<Item = Duty> {
    let table = include_str!("../../../core/packs/facts/catalogue.tsv");
    rows(table).map(|[id, clause, kind]| Duty { id, clause, kind })
}

pub(super) fn clocks() -> impl Iterator<Item = Clock> {
    let table = include_str!("../../../core/packs/facts/clocks.tsv");
    rows(table).map(|[rule, start, limit, end]| Clock { rule, start, limit, end })
}

pub(super) fn form_fields() -> impl Iterator<Item = FormField> {
    let table = include_str!("../../../core/packs/facts/forms.tsv");
    rows(table).map(|[form, _, rule, what]| FormField { form, rule, what })
}

pub(super) fn transitions() -> impl Iterator<Item = Transition> {
    let table = include_str!("../../../core/packs/facts/transitions.tsv");
    rows(table).map(|[pack, kind, event, rules]| Transition { pack, kind, event, rules })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_all_its_columns() {
        assert_eq!(duties().count(), 620);
        assert!(
            duties().all(|duty| duty.id.contains('.') && !duty.clause.is_empty() && !duty.kind.is_empty())
        );
        assert_eq!(clocks().count(), 37);
        assert!(clocks().all(|clock| !clock.limit.is_empty()));
        assert_eq!(form_fields().count(), 171);
        assert!(form_fields().all(|field| !field.what.is_empty() && field.rule.contains('.')));
        assert_eq!(transitions().count(), 111);
        assert!(transitions().all(|step| step.rules.contains('.')));
    }
}
