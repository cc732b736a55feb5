//! Lays a company's changes over the pack that they extend.

use std::collections::BTreeSet;
use std::sync::Arc;

use toml::Table;
use toml::de::{DeTable, DeValue};

use super::{FlowAdditions, NewState, Overlay, overlay_schema};
use crate::standard::lint::{
    Damage, Diagnostic, Findings, Level, Path, Tree, add_default, check, check_shape, name_words,
    overlay_words as say, read_draft,
};
use crate::standard::{BasedOn, Flow, Kind, Pack, Standard, State};

/// Lays changes over their base: the complete pack as TOML if it can be made, and all that is wrong or doubtful.
pub(in crate::standard) fn apply(
    tree: &Tree,
    damage: &Damage,
    mut out: Findings,
    find: &dyn Fn(&str) -> Option<Arc<Standard>>,
) -> (Option<String>, Vec<Diagnostic>) {
    let schema = overlay_schema();
    check_shape(&schema, tree.root.get_ref(), &mut out);
    let draft = read_draft::<Overlay>(tree, fill, &mut out);
    if !damage.is_none() {
        out.forget_gaps(tree, damage);
        return (None, out.diagnostics(tree));
    }
    let base_path = Path::top().key("extends");
    let Some(draft) = draft.filter(|draft| !draft.cuts.contains(&base_path)) else {
        return (None, out.diagnostics(tree));
    };
    let overlay = &draft.value;
    let Some(base) = find(&overlay.extends.id).filter(|_| overlay.extends.id != overlay.id) else {
        let fault = if overlay.extends.id == overlay.id { &say::SELF_BASE } else { &say::UNKNOWN_BASE };
        out.say(fault, base_path.key("id"), [&overlay.extends.id]);
        return (None, out.diagnostics(tree));
    };
    let pack = base.pack();
    if pack.version != overlay.extends.version {
        let words = [pack.id.as_str(), &pack.version, &overlay.extends.version];
        out.say(&say::BASE_VERSION, base_path.key("version"), words);
    }
    let mut making = Making {
        pack: pack.clone(),
        origins: Vec::new(),
        at: &|list, nth| draft.at(list, nth),
        out: &mut out,
    };
    making.head(overlay, &base);
    making.lists(overlay);
    making.flows(overlay);
    let (pack, mut origins) = (making.pack, making.origins);
    let changed = lay_over(&pack, overlay, &|list, nth| draft.at(list, nth), &mut origins, &mut out);
    // A pack is plain data: it can always be written.
    let text = toml::to_string(&changed).unwrap_or_default();
    let mut found = out.diagnostics(tree);
    let sound = !out.any_error();
    let result = check_result(&text, tree, &origins, &base);
    // What is doubtful in the result may come of what is wrong in the changes.
    found.extend(result.into_iter().filter(|one| sound || one.level == Level::Error));
    (Some(text), found)
}

/// Gives the changes what they need to be read at all.
fn fill(root: &mut DeTable<'_>) {
    for key in ["id", "version"] {
        add_default(root, key, DeValue::String("".into()));
    }
    add_default(
        root,
        "format",
        DeValue::parse("1").map_or(DeValue::Boolean(false), toml::Spanned::into_inner),
    );
    if let Ok(extends) = DeValue::parse("{ id = '', version = '' }") {
        add_default(root, "extends", extends.into_inner());
    }
}

/// A place in the complete pack, and the one in the changes from which it comes.
type Origin = (Path, Path);

type Locate<'a> = &'a dyn Fn(&Path, usize) -> Path;

/// What is wrong in the complete pack, at the lines of the changes. What the base pack was warned of already is not said
/// again.
fn check_result(text: &str, tree: &Tree, origins: &[Origin], base: &Standard) -> Vec<Diagnostic> {
    let made = Tree::parse(text, text);
    let mut out = Findings::default();
    check(&made, &Damage::default(), &mut out);
    let mut found = Vec::new();
    for finding in &out.list {
        let place = made.place(&finding.path);
        let origin =
            origins.iter().filter(|(to, _)| finding.path.starts_with(to)).max_by_key(|(to, _)| to.0.len());
        let path = match origin {
            Some((to, from)) => finding.path.moved(to, from),
            None => Path::top().key("extends"),
        };
        let diagnostic = finding.diagnostic(place, tree, tree.span(&path, finding.aim));
        let known = |old: &Diagnostic| {
            (old.code, &old.place, &old.message) == (diagnostic.code, &diagnostic.place, &diagnostic.message)
        };
        if diagnostic.level == Level::Error || !base.warnings().iter().any(known) {
            found.push(diagnostic);
        }
    }
    found
}

/// A complete pack in the making.
struct Making<'a> {
    pack: Pack,
    origins: Vec<Origin>,
    at: Locate<'a>,
    out: &'a mut Findings,
}

impl Making<'_> {
    fn head(&mut self, overlay: &Overlay, base: &Standard) {
        let pack = &mut self.pack;
        pack.format = overlay.format;
        pack.id.clone_from(&overlay.id);
        pack.version.clone_from(&overlay.version);
        pack.title = overlay.title.clone().unwrap_or_else(|| pack.title.clone());
        pack.source = overlay.source.clone().unwrap_or_else(|| pack.source.clone());
        pack.about = overlay.about.clone().unwrap_or_else(|| pack.about.clone());
        let reference = base.reference();
        pack.based_on = Some(BasedOn {
            id: reference.id,
            version: reference.version,
            sha256: reference.sha256,
            overridden: overlay.r#override.iter().map(|change| change.rule.clone()).collect(),
            reasons: (overlay.r#override.iter())
                .filter_map(|change| Some((change.rule.clone(), change.reason.clone()?)))
                .collect(),
            added: overlay.rules.iter().map(|rule| rule.id.clone()).collect(),
        });
        for key in ["format", "id", "version", "title", "source", "about"] {
            self.origins.push((Path::top().key(key), Path::top().key(key)));
        }
    }

    fn lists(&mut self, overlay: &Overlay) {
        let mut pack = self.pack.clone();
        self.append("roles", &mut pack.roles, &overlay.roles, |role| &role.id);
        self.append("jobs", &mut pack.jobs, &overlay.jobs, |job| &job.id);
        self.append("phases", &mut pack.phases, &overlay.phases, |phase| &phase.id);
        self.append("quantities", &mut pack.quantities, &overlay.quantities, |quantity| &quantity.id);
        self.append("events", &mut pack.events, &overlay.events, |event| &event.id);
        self.append("calendars", &mut pack.calendars, &overlay.calendars, |calendar| &calendar.id);
        self.append("forms", &mut pack.forms, &overlay.forms, |form| &form.id);
        self.append("situations", &mut pack.situations, &overlay.situations, |situation| &situation.id);
        self.append("rules", &mut pack.rules, &overlay.rules, |rule| &rule.id);
        self.pack = pack;
    }

    fn append<T: Clone>(
        &mut self,
        list: &'static str,
        to: &mut Vec<T>,
        from: &[T],
        id: impl Fn(&T) -> &String,
    ) {
        self.append_at(&Path::top().key(list), to, from, id);
    }

    /// Appends elements; one whose id is taken stays out.
    fn append_at<T: Clone>(&mut self, list: &Path, to: &mut Vec<T>, from: &[T], id: impl Fn(&T) -> &String) {
        let taken: BTreeSet<String> = to.iter().map(|element| id(element).clone()).collect();
        for (nth, element) in from.iter().enumerate() {
            let origin = (self.at)(list, nth);
            if taken.contains(id(element)) {
                self.out.say(&say::EXISTS, origin, [id(element)]);
            } else {
                self.origins.push((list.item(to.len()), origin));
                to.push(element.clone());
            }
        }
    }

    fn flows(&mut self, overlay: &Overlay) {
        for (kind, additions) in
            [(Kind::Visit, &overlay.visit), (Kind::Case, &overlay.case), (Kind::Shift, &overlay.shift)]
        {
            let Some(additions) = additions else { continue };
            let known = self.pack.flow(kind).cloned();
            let path = Path::top().key(kind.id());
            if known.is_none() {
                self.origins.push((path.clone(), path.clone()));
            }
            let mut flow = known.clone().unwrap_or_default();
            self.flow(&path, &mut flow, additions, known.is_some());
            match kind {
                Kind::Visit => self.pack.visit = Some(flow),
                Kind::Case => self.pack.case = Some(flow),
                Kind::Shift => self.pack.shift = Some(flow),
            }
        }
    }

    fn flow(&mut self, path: &Path, flow: &mut Flow, new: &FlowAdditions, known: bool) {
        if let Some(opening) = &new.opening {
            self.set(path, "opening", known, &mut flow.opening, opening);
        }
        let unset = (flow.assigned.is_none(), flow.survey.is_none(), flow.signing.is_none());
        if new.assigned.is_some() {
            self.set(path, "assigned", !unset.0, &mut flow.assigned, &new.assigned);
        }
        if new.survey.is_some() {
            self.set(path, "survey", !unset.1, &mut flow.survey, &new.survey);
        }
        if new.signing.is_some() {
            self.set(path, "signing", !unset.2, &mut flow.signing, &new.signing);
        }
        self.append_at(&path.key("order"), &mut flow.order, &new.order, |field| &field.id);
        self.append_at(&path.key("notes"), &mut flow.notes, &new.notes, |note| &note.id);
        self.append_at(&path.key("planned"), &mut flow.planned, &new.planned, |planned| &planned.event);
        let steps = path.key("steps");
        for (nth, step) in new.steps.iter().enumerate() {
            // An event may have a step for each job; the linter knows whether two are about the same.
            self.origins.push((steps.item(flow.steps.len()), (self.at)(&steps, nth)));
            flow.steps.push(step.clone());
        }
        self.states(&path.key("states"), &mut flow.states, &new.states);
    }

    /// Sets what the base leaves open.
    fn set<T: Clone>(&mut self, path: &Path, key: &'static str, taken: bool, to: &mut T, from: &T) {
        let path = path.key(key);
        if taken {
            self.out.say(&say::ALREADY_SET, path, [key]).on_key();
        } else {
            to.clone_from(from);
            self.origins.push((path.clone(), path));
        }
    }

    fn states(&mut self, list: &Path, states: &mut Vec<State>, new: &[NewState]) {
        let last = states.last().map(|state| state.id.clone());
        for (nth, state) in new.iter().enumerate() {
            let origin = (self.at)(list, nth);
            if states.iter().any(|known| known.id == state.id) {
                self.out.say(&say::EXISTS, origin, [&state.id]);
                continue;
            }
            let rank = |id: &str| states.iter().position(|known| known.id == *id);
            let place = match &state.after {
                None => last.as_deref().and_then(rank).unwrap_or(states.len()),
                Some(after) => {
                    let Some(rank) = rank(after) else {
                        let known = states.iter().map(|known| known.id.as_str());
                        self.out.unknown(&name_words::STATE, origin.key("after"), [after], after, known);
                        continue;
                    };
                    rank + 1
                }
            };
            let made = State { id: state.id.clone(), name: state.name.clone(), event: state.event.clone() };
            states.insert(place, made);
        }
        for (nth, state) in new.iter().enumerate() {
            if let Some(place) = states.iter().position(|known| known.id == state.id) {
                self.origins.push((list.item(place), (self.at)(list, nth)));
            }
        }
    }
}

/// Lays overrides over the rules and switches some off.
fn lay_over(
    pack: &Pack,
    overlay: &Overlay,
    at: Locate,
    origins: &mut Vec<Origin>,
    out: &mut Findings,
) -> Table {
    // A pack is plain data: it can always be written.
    let mut table = Table::try_from(pack).unwrap_or_default();
    let Some(rules) = table.get_mut("rules").and_then(toml::Value::as_array_mut) else { return table };
    let place = |rule: &str| pack.rules.iter().position(|known| known.id == rule);
    let known = || pack.rules.iter().map(|rule| rule.id.as_str());
    let top = Path::top();
    let mut seen = BTreeSet::new();
    for (nth, change) in overlay.r#override.iter().enumerate() {
        let path = at(&top.key("override"), nth);
        let Some(rule) = place(&change.rule) else {
            out.unknown(&name_words::RULE, path.key("rule"), [&change.rule], &change.rule, known());
            continue;
        };
        if !seen.insert(rule) {
            out.say(&say::OVERRIDDEN_TWICE, path.key("rule"), [&change.rule]);
            continue;
        }
        let mut set = change.set.clone();
        for key in ["id", "clause"] {
            if set.remove(key).is_some() {
                out.say(&say::FIXED_FIELD, path.key("set").key(key), [key]).on_key();
            }
        }
        let before = rules[rule].clone();
        if let Some(rule) = rules[rule].as_table_mut() {
            merge(rule, set);
        }
        if rules[rule] == before && change.set.keys().all(|key| key != "id" && key != "clause") {
            out.say(&say::NOTHING_CHANGED, path.key("set"), [&change.rule]).on_key();
        }
        origins.push((top.key("rules").item(rule), path.key("set")));
    }
    for (nth, switch) in overlay.disable.iter().enumerate() {
        let path = at(&top.key("disable"), nth);
        let Some(rule) = place(&switch.rule) else {
            out.unknown(&name_words::RULE, path.key("rule"), [&switch.rule], &switch.rule, known());
            continue;
        };
        let Some(table) = rules[rule].as_table_mut() else { continue };
        if table.contains_key("disabled") {
            out.say(&say::DISABLED_TWICE, path.key("rule"), [&switch.rule]);
        } else if let Ok(reason) = toml::Value::try_from(&switch.reason) {
            table.insert("disabled".to_owned(), reason);
            origins.push((top.key("rules").item(rule).key("disabled"), path.key("reason")));
        }
    }
    table
}

/// Tables in which one key says what the value is: another key replaces it.
const ONE_OF: [&str; 2] = ["check", "ask"];

fn merge(into: &mut Table, from: Table) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(toml::Value::Table(old)), toml::Value::Table(new))
                if !ONE_OF.contains(&key.as_str()) || new.keys().all(|key| old.contains_key(key)) =>
            {
                merge(old, new);
            }
            (_, value) => drop(into.insert(key, value)),
        }
    }
}
