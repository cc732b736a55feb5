//! The containers of a document. All of them are made in the genesis change, so that no two devices ever create
//! the same one: two concurrent creations of one key would hide a whole subtree.

use std::collections::BTreeMap;

use automerge::transaction::{Transactable, Transaction};
use automerge::{Automerge, AutomergeError, ObjId, ObjType, ROOT, ReadDoc, ScalarValue, Value};

use super::error::RecordError;
use crate::standard::{Flow, Kind, Side};

/// A place in the document where entries stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Place {
    Office,
    Order,
    OfficeEvents,
    OfficeAnswers,
    OfficeAttested,
    OfficeMeasures,
    FieldEvents,
    FieldAnswers,
    Measures,
    Parts,
    Photos,
    Documents,
    Signatures,
    Seals,
    Survey,
    Attested,
    Amendments,
    Talk,
}

impl Place {
    const ALL: [Place; 18] = [
        Place::Office,
        Place::Order,
        Place::OfficeEvents,
        Place::OfficeAnswers,
        Place::OfficeAttested,
        Place::OfficeMeasures,
        Place::FieldEvents,
        Place::FieldAnswers,
        Place::Measures,
        Place::Parts,
        Place::Photos,
        Place::Documents,
        Place::Signatures,
        Place::Seals,
        Place::Survey,
        Place::Attested,
        Place::Amendments,
        Place::Talk,
    ];

    /// Its two keys from the root; the second is empty for a root of its own.
    pub(crate) fn path(self) -> (&'static str, &'static str) {
        match self {
            Place::Office => ("office", ""),
            Place::Order => ("office", "order"),
            Place::OfficeEvents => ("office", "events"),
            Place::OfficeAnswers => ("office", "answers"),
            Place::OfficeAttested => ("office", "attested"),
            Place::OfficeMeasures => ("office", "measures"),
            Place::FieldEvents => ("field", "events"),
            Place::FieldAnswers => ("field", "answers"),
            Place::Measures => ("field", "measures"),
            Place::Parts => ("field", "parts"),
            Place::Photos => ("field", "photos"),
            Place::Documents => ("field", "documents"),
            Place::Signatures => ("field", "signatures"),
            Place::Seals => ("field", "seals"),
            Place::Survey => ("field", "survey"),
            Place::Attested => ("field", "attested"),
            Place::Amendments => ("field", "amendments"),
            Place::Talk => ("talk", ""),
        }
    }

    /// The path, for messages.
    pub(crate) fn name(self) -> String {
        let (root, leaf) = self.path();
        if leaf.is_empty() { root.to_owned() } else { format!("{root}/{leaf}") }
    }

    /// The first schema that has the place.
    pub(crate) fn since(self) -> u64 {
        match self {
            Place::Documents | Place::Seals => 2,
            _ => 1,
        }
    }

    /// A device may write here.
    pub(crate) fn is_field(self) -> bool {
        matches!(self.path().0, "field" | "talk")
    }

    /// Entries are appended under fresh keys and never changed.
    pub(crate) fn is_append_only(self) -> bool {
        matches!(
            self,
            Place::OfficeEvents
                | Place::OfficeMeasures
                | Place::FieldEvents
                | Place::Measures
                | Place::Parts
                | Place::Photos
                | Place::Documents
                | Place::Signatures
                | Place::Seals
                | Place::Amendments
                | Place::Talk
        )
    }

    /// Where a side writes its events.
    pub(crate) fn events(side: Side) -> Place {
        match side {
            Side::Office => Place::OfficeEvents,
            Side::Field => Place::FieldEvents,
        }
    }

    /// Where a side writes measured values.
    pub(crate) fn measures(side: Side) -> Place {
        match side {
            Side::Office => Place::OfficeMeasures,
            Side::Field => Place::Measures,
        }
    }

    /// Where a side attests.
    pub(crate) fn attested(side: Side) -> Place {
        match side {
            Side::Office => Place::OfficeAttested,
            Side::Field => Place::Attested,
        }
    }

    /// Where a side writes its answers.
    pub(crate) fn answers(side: Side) -> Place {
        match side {
            Side::Office => Place::OfficeAnswers,
            Side::Field => Place::FieldAnswers,
        }
    }
}

/// The root of a side.
fn root_of(side: Side) -> &'static str {
    match side {
        Side::Office => "office",
        Side::Field => "field",
    }
}

/// The object ids of all containers of one document.
#[derive(Debug, Clone)]
pub(crate) struct Containers {
    places: BTreeMap<Place, ObjId>,
    pub(crate) notes: BTreeMap<String, ObjId>,
    /// The side that writes the notes.
    notes_of: Side,
}

impl Containers {
    /// Makes all containers; part of the genesis change.
    pub(crate) fn create(tx: &mut Transaction<'_>, kind: Kind, flow: &Flow) -> Result<Self, AutomergeError> {
        let mut roots: BTreeMap<&str, ObjId> = BTreeMap::new();
        for root in ["office", "field", "talk"] {
            roots.insert(root, tx.put_object(ROOT, root, ObjType::Map)?);
        }
        let mut places = BTreeMap::new();
        for place in Place::ALL {
            let (root, leaf) = place.path();
            let Some(parent) = roots.get(root) else { continue };
            let object =
                if leaf.is_empty() { parent.clone() } else { tx.put_object(parent, leaf, ObjType::Map)? };
            places.insert(place, object);
        }
        let mut notes = BTreeMap::new();
        // A case is written by the office alone, its notes too.
        let notes_of = if kind == Kind::Case { Side::Office } else { Side::Field };
        if let Some(side) = roots.get(root_of(notes_of)) {
            let parent = tx.put_object(side, "notes", ObjType::Map)?;
            for note in &flow.notes {
                notes.insert(note.id.clone(), tx.put_object(&parent, note.id.as_str(), ObjType::Text)?);
            }
        }
        Ok(Self { places, notes, notes_of })
    }

    /// Finds all containers of a document. Places that its schema does not have yet are empty.
    pub(crate) fn find(doc: &Automerge) -> Result<Self, RecordError> {
        let object = |parent: &ObjId, key: &str, path: &str| match doc.get(parent, key) {
            Ok(Some((automerge::Value::Object(ObjType::Map), id))) => Ok(id),
            _ => Err(RecordError::NotARecord { missing: path.to_owned() }),
        };
        let schema = schema(doc)?;
        let mut places = BTreeMap::new();
        for place in Place::ALL.into_iter().filter(|place| place.since() <= schema) {
            let (root, leaf) = place.path();
            let parent = object(&ROOT, root, root)?;
            let id = if leaf.is_empty() { parent } else { object(&parent, leaf, &place.name())? };
            places.insert(place, id);
        }
        let field = object(&ROOT, "field", "field")?;
        let office = object(&ROOT, "office", "office")?;
        let of_office = object(&office, "notes", "").map(|parent| (parent, Side::Office));
        let (parent, notes_of) = match of_office {
            Ok(found) => found,
            Err(_) => (object(&field, "notes", "field/notes")?, Side::Field),
        };
        let mut notes = BTreeMap::new();
        for item in doc.map_range(&parent, ..) {
            if matches!(item.value, automerge::ValueRef::Object(ObjType::Text)) {
                notes.insert(item.key.to_string(), item.id());
            }
        }
        Ok(Self { places, notes, notes_of })
    }

    /// Where a note stands: `field/notes/ID`, in a case `office/notes/ID`.
    pub(crate) fn note_path(&self, note: &str) -> String {
        format!("{}/notes/{note}", root_of(self.notes_of))
    }

    /// The object id of a place; none: the document is of an older schema.
    pub(crate) fn id(&self, place: Place) -> Option<&ObjId> {
        self.places.get(&place)
    }

    /// The place that an object id stands for.
    pub(crate) fn place_of(&self, counter: u64, actor: &automerge::ActorId) -> Option<Place> {
        let same = |id: &ObjId| matches!(id, ObjId::Id(at, by, _) if *at == counter && by == actor);
        self.places.iter().find(|(_, id)| same(id)).map(|(place, _)| *place)
    }

    /// Every place that the document has.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Place, &ObjId)> {
        self.places.iter().map(|(place, id)| (*place, id))
    }

    /// The note that an object id stands for.
    pub(crate) fn note_of(&self, counter: u64, actor: &automerge::ActorId) -> Option<&str> {
        let same = |id: &ObjId| matches!(id, ObjId::Id(at, by, _) if *at == counter && by == actor);
        self.notes.iter().find(|(_, id)| same(id)).map(|(note, _)| note.as_str())
    }
}

/// The schema of a document.
pub(crate) fn schema(doc: &Automerge) -> Result<u64, RecordError> {
    let missing = || RecordError::NotARecord { missing: "schema".to_owned() };
    match doc.get(ROOT, "schema") {
        Ok(Some((Value::Scalar(scalar), _))) => match scalar.as_ref() {
            ScalarValue::Uint(number) => Ok(*number),
            ScalarValue::Int(number) => u64::try_from(*number).map_err(|_| missing()),
            _ => Err(missing()),
        },
        _ => Err(missing()),
    }
}
