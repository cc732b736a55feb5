//! The operations of all changes, folded into what each change did to each field.

use std::collections::{HashMap, HashSet};

use automerge::legacy::{ElementId, Key, ObjectId, Op, OpId, OpType};
use automerge::{Change, ObjType, ScalarValue};
use serde_json::Value;

use super::seen::{ByActor, Seen};
use super::text::Note;
use super::{FieldChange, FieldEdit, PastChange, PastValue};
use crate::record::ownership::ChangeHeader;
use crate::standard::Side;

/// Number of an operation: Automerge's counter, and the actor's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct OpKey {
    pub(super) counter: u64,
    pub(super) actor: u32,
}

/// An object of the document.
enum Object {
    Map(String),
    Note(usize),
}

/// A value that was put into a register.
struct Put {
    id: OpKey,
    register: usize,
    change: usize,
    value: Value,
    /// The values that it replaced, as places in the list of puts.
    before: Vec<usize>,
    /// Changes that replaced it or took it away.
    ended: Vec<usize>,
}

/// Values that a change took away, as places in the list of puts.
struct Dropped {
    register: usize,
    change: usize,
    gone: Vec<usize>,
    kept: Vec<usize>,
}

#[derive(Default)]
struct Register {
    path: String,
    puts: Vec<usize>,
    touched: ByActor,
}

struct Fold<'a> {
    seen: &'a Seen,
    objects: HashMap<OpKey, Object>,
    registers: Vec<Register>,
    register_of: HashMap<String, usize>,
    puts: Vec<Put>,
    put_of: HashMap<OpKey, usize>,
    drops: Vec<Dropped>,
    notes: Vec<Note>,
    /// Fields that each change touched, in the order of its operations.
    touched: Vec<Vec<Touched>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Touched {
    Put(usize),
    Drop(usize),
    Note(usize),
}

/// The history of a document, from all its changes, parents first.
pub(crate) fn fold(changes: &[Change]) -> Vec<PastChange> {
    let seen = Seen::of(changes);
    let mut fold = Fold {
        seen: &seen,
        objects: HashMap::new(),
        registers: Vec::new(),
        register_of: HashMap::new(),
        puts: Vec::new(),
        put_of: HashMap::new(),
        drops: Vec::new(),
        notes: Vec::new(),
        touched: Vec::with_capacity(changes.len()),
    };
    for (at, change) in changes.iter().enumerate() {
        fold.change(at, change);
    }
    fold.told(changes)
}

fn key(seen: &Seen, op: &OpId) -> Option<OpKey> {
    Some(OpKey { counter: op.counter(), actor: seen.actor(op.actor())? })
}

impl Fold<'_> {
    fn key(&self, op: &OpId) -> Option<OpKey> {
        key(self.seen, op)
    }

    fn change(&mut self, at: usize, change: &Change) {
        self.touched.push(Vec::new());
        let actor = self.seen.made[at].0;
        for (counter, op) in (change.start_op().get()..).zip(change.decode().operations) {
            self.operation(OpKey { counter, actor }, at, &op);
        }
    }

    fn operation(&mut self, id: OpKey, change: usize, op: &Op) {
        let parent = match &op.obj {
            ObjectId::Root => None,
            ObjectId::Id(object) => match self.key(object) {
                Some(object) => Some(object),
                None => return,
            },
        };
        match (parent.and_then(|parent| self.objects.get(&parent)), &op.key) {
            (Some(Object::Note(note)), Key::Seq(element)) => self.edit(*note, id, change, element, op),
            (Some(Object::Map(path)), Key::Map(key)) => {
                let path = format!("{path}/{key}");
                self.map_operation(id, change, path, op);
            }
            // What stands at the root itself (id, kind, job, standard) is settled with the first change.
            (None, Key::Map(key)) if parent.is_none() && matches!(op.action, OpType::Make(_)) => {
                self.map_operation(id, change, key.to_string(), op);
            }
            _ => {}
        }
    }

    fn map_operation(&mut self, id: OpKey, change: usize, path: String, op: &Op) {
        match &op.action {
            OpType::Make(ObjType::Map) => {
                self.objects.insert(id, Object::Map(path));
            }
            OpType::Make(ObjType::Text) => {
                self.objects.insert(id, Object::Note(self.notes.len()));
                self.notes.push(Note::at(path));
            }
            OpType::Put(scalar) => {
                let value = value(&path, scalar);
                self.put(id, change, path, value, op);
            }
            OpType::Delete => self.drop_values(id, change, path, op),
            _ => {}
        }
    }

    fn register(&mut self, path: String) -> usize {
        if let Some(register) = self.register_of.get(&path) {
            return *register;
        }
        self.registers.push(Register { path: path.clone(), ..Register::default() });
        self.register_of.insert(path, self.registers.len() - 1);
        self.registers.len() - 1
    }

    /// The values that an operation names as those that it ends.
    fn ended_by(&mut self, op: &Op, register: usize, change: usize) -> Vec<usize> {
        let named = op.pred.iter().filter_map(|pred| self.put_of.get(&self.key(pred)?).copied());
        let ended: Vec<usize> = named.filter(|put| self.puts[*put].register == register).collect();
        for put in &ended {
            self.puts[*put].ended.push(change);
        }
        ended
    }

    fn put(&mut self, id: OpKey, change: usize, path: String, value: Value, op: &Op) {
        let register = self.register(path);
        let before = self.ended_by(op, register, change);
        let place = self.puts.len();
        self.puts.push(Put { id, register, change, value, before, ended: Vec::new() });
        self.put_of.insert(id, place);
        self.touched[change].push(Touched::Put(place));
        self.registers[register].puts.push(place);
        self.registers[register].touched.add(id.actor, change);
    }

    /// Automerge writes no value a second time: where the value that is put stands among others already, it takes the
    /// others away, one operation for each.
    fn drop_values(&mut self, id: OpKey, change: usize, path: String, op: &Op) {
        let register = self.register(path);
        let gone = self.ended_by(op, register, change);
        let knew = |other: usize| self.seen.has_seen(change, other);
        let stood = |put: &&usize| {
            let put = &self.puts[**put];
            knew(put.change) && !put.ended.iter().any(|ending| knew(*ending))
        };
        let kept = self.registers[register].puts.iter().filter(stood).copied().collect();
        self.registers[register].touched.add(id.actor, change);
        let last = self.drops.last_mut().filter(|last| (last.change, last.register) == (change, register));
        if let Some(last) = last {
            last.gone.extend(gone);
            last.kept = kept;
            return;
        }
        self.touched[change].push(Touched::Drop(self.drops.len()));
        self.drops.push(Dropped { register, change, gone, kept });
    }

    fn edit(&mut self, at: usize, id: OpKey, change: usize, element: &ElementId, op: &Op) {
        let after = match element {
            ElementId::Head => None,
            ElementId::Id(after) => match self.key(after) {
                Some(after) => Some(after),
                None => return,
            },
        };
        let seen = self.seen;
        let gone = op.pred.iter().filter_map(|pred| key(seen, pred));
        let note = &mut self.notes[at];
        match &op.action {
            OpType::Put(ScalarValue::Str(letter)) => note.insert(id, change, after, letter, !op.insert),
            OpType::Delete => {}
            _ => return,
        }
        for character in gone {
            note.remove(character, change);
        }
        note.touched.add(id.actor, change);
        let touched = &mut self.touched[change];
        if touched.last() != Some(&Touched::Note(at)) && !touched.contains(&Touched::Note(at)) {
            touched.push(Touched::Note(at));
        }
    }

    fn told(self, changes: &[Change]) -> Vec<PastChange> {
        let Self { seen, registers, puts, drops, notes, touched, .. } = self;
        let names: Vec<String> = changes.iter().map(|change| crate::hex(&change.hash().0)).collect();
        let named = |beside: Vec<usize>| beside.into_iter().map(|other| names[other].clone()).collect();
        let mut of_notes: HashMap<(usize, usize), FieldChange> = HashMap::new();
        for (at, mut note) in notes.into_iter().enumerate() {
            let (path, by) = (std::mem::take(&mut note.path), std::mem::take(&mut note.touched));
            for (change, edits) in note.edits(seen, &names) {
                let beside = named(seen.beside(change, &by));
                let told = FieldChange { path: path.clone(), edit: FieldEdit::Text { edits }, beside };
                of_notes.insert((at, change), told);
            }
        }
        let past = |values: &[usize]| -> Vec<PastValue> {
            let mut values: Vec<&Put> = values.iter().map(|put| &puts[*put]).collect();
            values.sort_unstable_by_key(|put| (put.change, put.id.counter));
            let past = |put: &Put| PastValue { change: names[put.change].clone(), value: put.value.clone() };
            values.into_iter().map(past).collect()
        };
        let of_register = |register: usize, change: usize, edit: FieldEdit| {
            let Register { path, touched, .. } = &registers[register];
            FieldChange { path: path.clone(), edit, beside: named(seen.beside(change, touched)) }
        };
        let mut history = Vec::with_capacity(changes.len());
        for (change, (at, touched)) in changes.iter().zip(touched.into_iter().enumerate()) {
            let fields = touched.into_iter().filter_map(|touched| match touched {
                Touched::Put(put) => {
                    let Put { register, value, before, ended, .. } = &puts[put];
                    let (before, stands) = (past(before), ended.is_empty());
                    Some(of_register(*register, at, FieldEdit::Put { before, after: value.clone(), stands }))
                }
                Touched::Drop(dropped) => {
                    let Dropped { register, gone, kept, .. } = &drops[dropped];
                    let edit = FieldEdit::Drop { gone: past(gone), kept: past(kept) };
                    Some(of_register(*register, at, edit))
                }
                Touched::Note(note) => of_notes.remove(&(note, at)),
            });
            history.push(PastChange {
                header: ChangeHeader::of(change),
                side: Side::Field,
                person: None,
                fields: fields.collect(),
            });
        }
        name_authors(&mut history, seen);
        history
    }
}

/// A value as the record shows it: entries are JSON texts, order fields are bare texts.
fn value(path: &str, scalar: &ScalarValue) -> Value {
    match scalar {
        ScalarValue::Str(text) if path.starts_with("office/order/") => Value::String(text.to_string()),
        ScalarValue::Str(text) => {
            serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_string()))
        }
        ScalarValue::Boolean(yes) => Value::Bool(*yes),
        ScalarValue::Int(number) => Value::from(*number),
        ScalarValue::Uint(number) => Value::from(*number),
        ScalarValue::F64(number) => Value::from(*number),
        _ => Value::Null,
    }
}

/// Says of every change which side made it and who. Each side has its own places; the office makes the first change. A
/// device belongs to one person, and admission sees to it that all its entries name that person.
fn name_authors(history: &mut [PastChange], seen: &Seen) {
    let mut office: HashSet<u32> = seen.made.first().map(|(actor, _)| *actor).into_iter().collect();
    let mut persons: HashMap<u32, String> = HashMap::new();
    for (change, (actor, _)) in history.iter_mut().zip(&seen.made) {
        if change.fields.iter().any(|field| field.path.starts_with("office/")) {
            office.insert(*actor);
        }
        let said = change.fields.iter().find_map(|field| match &field.edit {
            FieldEdit::Put { after, .. } => after.get("by").and_then(Value::as_str),
            FieldEdit::Drop { .. } | FieldEdit::Text { .. } => None,
        });
        if let Some(person) = said {
            change.person = Some(person.to_owned());
            persons.entry(*actor).or_insert_with(|| person.to_owned());
        }
    }
    for (change, (actor, _)) in history.iter_mut().zip(&seen.made) {
        let in_field = change.fields.iter().any(|field| field.path.starts_with("field/"));
        if office.contains(actor) && !in_field {
            change.side = Side::Office;
        } else if change.person.is_none() {
            change.person = persons.get(actor).cloned();
        }
    }
}
