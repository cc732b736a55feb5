//! A visit, a case or a shift: one Automerge document and the record that is read from it.

use automerge::transaction::{CommitOptions, Transactable};
use sha2::{Digest, Sha256};

use automerge::{ActorId, Automerge, Change, ChangeHash, ROOT, ReadDoc};

use super::changed::{self, ChangedSince};
use super::command::{Command, Context, Registration};
use super::containers::{Containers, Place};
use super::entry::{EntryId, SealStatement};
use super::error::{RecordError, Refusal};
use super::history::{self, PastChange};
use super::ownership::{self, ChangeHeader, ReadChange};
use super::perform;
use super::rendering::DocumentVersion;
use super::view::Record;
use super::write::Write;
use super::{DocumentId, SCHEMA};
use crate::standard::Standard;

/// One visit, case or shift: its Automerge document and its record.
#[derive(Debug, Clone)]
pub struct Document {
    doc: Automerge,
    at: Containers,
    record: Record,
}

/// A command that was carried out: the change it made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// SHA-256 by which Automerge names the change.
    pub hash: [u8; 32],
    /// Actor that wrote it.
    pub actor: Vec<u8>,
    /// The actor's sequence number, from 1.
    pub seq: u64,
    /// The change chunk.
    pub bytes: Vec<u8>,
}

/// What a merge brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Merged {
    /// Changes that are new in the document, in causal order.
    pub applied: Vec<[u8; 32]>,
    /// Changes that others wait for.
    pub waiting: Vec<[u8; 32]>,
}

/// Why a command was not carried out. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// A rule or a limit refuses it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The document can not be changed.
    #[error(transparent)]
    Record(#[from] RecordError),
}

fn automerge_error(error: &dyn std::fmt::Display) -> RecordError {
    RecordError::Automerge(error.to_string())
}

fn hashes(changes: &[ChangeHash]) -> Vec<[u8; 32]> {
    let mut hashes: Vec<[u8; 32]> = changes.iter().map(|hash| hash.0).collect();
    hashes.sort_unstable();
    hashes
}

fn decode(changes: &[Vec<u8>]) -> Result<Vec<Change>, RecordError> {
    changes.iter().map(|bytes| ownership::read(bytes)).collect()
}

fn loaded(snapshot: &[u8], tail: &[Vec<u8>]) -> Result<Automerge, RecordError> {
    let mut doc = Automerge::load(snapshot)
        .map_err(|error| RecordError::Unreadable { what: "document", reason: error.to_string() })?;
    doc.apply_changes(decode(tail)?).map_err(|error| automerge_error(&error))?;
    Ok(doc)
}

impl Document {
    /// Registers a visit, a case or a shift: makes the document with its genesis change. The office does this, once.
    ///
    /// `actor` is the Automerge actor id of the writer: 16 random bytes, new for each document and installation.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a missing, unknown or wrong order field; [`Refusal::Forbidden`] for a field actor.
    pub fn register(
        id: DocumentId,
        standard: &Standard,
        registration: &Registration,
        actor: &[u8],
        context: &Context,
    ) -> Result<(Self, Applied), ApplyError> {
        let course = perform::course(standard, registration)?;
        let writes = perform::register(course, registration, context)?;
        let mut doc = Automerge::new().with_actor(ActorId::from(actor));
        let mut tx = doc.transaction();
        let create = |tx: &mut automerge::transaction::Transaction<'_>| -> Result<Containers, automerge::AutomergeError> {
            tx.put(ROOT, "schema", SCHEMA)?;
            tx.put(ROOT, "id", id.to_string())?;
            tx.put(ROOT, "kind", course.job().kind.id())?;
            tx.put(ROOT, "job", course.job().id.as_str())?;
            let reference = serde_json::to_string(&standard.reference()).unwrap_or_default();
            tx.put(ROOT, "standard", reference)?;
            let at = Containers::create(tx, course.job().kind, course.flow())?;
            for write in &writes {
                perform_write(tx, &at, write)?;
            }
            Ok(at)
        };
        let at = create(&mut tx).map_err(|error| automerge_error(&error))?;
        tx.commit_with(options("register", context));
        let applied = last_change(&doc)?;
        let record = Record::read(&doc, &at)?;
        Ok((Self { doc, at, record }, applied))
    }

    /// Loads a visit from a saved document.
    ///
    /// # Errors
    /// [`RecordError::Unreadable`] or [`RecordError::NotARecord`].
    pub fn load(snapshot: &[u8]) -> Result<Self, RecordError> {
        let doc = Automerge::load(snapshot)
            .map_err(|error| RecordError::Unreadable { what: "document", reason: error.to_string() })?;
        Self::of(doc)
    }

    /// Loads a visit from a saved document and changes that came after it, in one batch.
    ///
    /// # Errors
    /// As [`Document::load`] and [`Document::merge`].
    pub fn load_with(snapshot: &[u8], tail: &[Vec<u8>]) -> Result<Self, RecordError> {
        Self::of(loaded(snapshot, tail)?)
    }

    /// Builds a visit from its whole history.
    ///
    /// # Errors
    /// As [`Document::load`] and [`Document::merge`].
    pub fn from_changes(changes: &[Vec<u8>]) -> Result<Self, RecordError> {
        let mut doc = Automerge::new();
        doc.apply_changes(decode(changes)?).map_err(|error| automerge_error(&error))?;
        Self::of(doc)
    }

    fn of(doc: Automerge) -> Result<Self, RecordError> {
        let at = Containers::find(&doc)?;
        let record = Record::read(&doc, &at)?;
        Ok(Self { doc, at, record })
    }

    /// Sets the Automerge actor id that writes later commands.
    pub fn set_actor(&mut self, actor: &[u8]) {
        self.doc.set_actor(ActorId::from(actor));
    }

    /// The record.
    pub fn record(&self) -> &Record {
        &self.record
    }

    pub(crate) fn containers(&self) -> &Containers {
        &self.at
    }

    /// The document as Automerge saves it.
    pub fn save(&self) -> Vec<u8> {
        self.doc.save()
    }

    /// The document as Automerge saves it, without its own compression: for those who compress several, or something around it.
    pub fn save_uncompressed(&self) -> Vec<u8> {
        self.doc.save_nocompress()
    }

    /// The heads of the document, sorted.
    pub fn heads(&self) -> Vec<[u8; 32]> {
        hashes(&self.doc.get_heads())
    }

    /// Whether a change is in the document.
    pub fn contains(&self, hash: &[u8; 32]) -> bool {
        self.doc.get_change_meta_by_hash(&ChangeHash(*hash)).is_some()
    }

    /// The whole history in causal order.
    pub fn changes(&self) -> Vec<Applied> {
        self.doc.get_changes(&[]).iter().map(applied).collect()
    }

    /// The changes of the history, in causal order.
    pub(super) fn history_changes(&self) -> Vec<Change> {
        self.doc.get_changes(&[])
    }

    /// What each change of the history says of itself, in causal order.
    pub fn headers(&self) -> Vec<ChangeHeader> {
        self.doc.get_changes(&[]).iter().map(ChangeHeader::of).collect()
    }

    /// The whole history in causal order: what each change did to each field, who made it, and what stood there before.
    ///
    /// A visit of 1,000 changes takes a few milliseconds; nothing is kept of it.
    pub fn history(&self) -> Vec<PastChange> {
        history::fold(&self.doc.get_changes(&[]))
    }

    /// The history of a document that is not loaded otherwise: as [`Document::history`], without reading the record.
    ///
    /// # Errors
    /// As [`Document::load_with`].
    pub fn history_of(snapshot: &[u8], tail: &[Vec<u8>]) -> Result<Vec<PastChange>, RecordError> {
        Ok(history::fold(&loaded(snapshot, tail)?.get_changes(&[])))
    }

    /// The next sequence number of an actor.
    pub fn next_seq(&self, actor: &[u8]) -> u64 {
        let actor = ActorId::from(actor);
        let last = self
            .doc
            .get_changes_meta(&[])
            .iter()
            .filter(|meta| *meta.actor == actor)
            .map(|meta| meta.seq)
            .max();
        last.unwrap_or(0) + 1
    }

    /// Whether a command would be carried out. Writes nothing.
    ///
    /// # Errors
    /// The [`Refusal`] that [`Document::apply`] would give.
    pub fn check(&self, standard: &Standard, command: &Command, context: &Context) -> Result<(), Refusal> {
        self.plan(standard, command, context).map(drop)
    }

    fn plan(&self, standard: &Standard, command: &Command, context: &Context) -> Result<Vec<Write>, Refusal> {
        perform::perform(self, standard, command, context)
    }

    /// The heads of the document, sorted, hexadecimal.
    pub(crate) fn head_names(&self) -> Vec<String> {
        self.heads().iter().map(|hash| crate::hex(hash)).collect()
    }

    /// A version of the document. `None` if none or one that it does not hold is named.
    fn version(&self, heads: &[String]) -> Option<DocumentVersion<'_>> {
        let heads = changed::held_heads(&self.doc, heads)?;
        Some(DocumentVersion { doc: &self.doc, at: &self.at, heads })
    }

    /// Whether the document holds a version: at least one head, and each of them.
    pub(crate) fn holds_version(&self, heads: &[String]) -> bool {
        self.version(heads).is_some()
    }

    /// The document as it was before a change: with all that the writer of the change knew. `None` if the document does not
    /// hold the change.
    pub(crate) fn before(&self, change: &str) -> Option<Self> {
        let hash = changed::held_heads(&self.doc, &[change.to_owned()])?;
        let deps = self.doc.get_change_meta_by_hash(hash.first()?)?.deps;
        Self::of(self.doc.fork_at(&deps).ok()?).ok()
    }

    /// The document as it is.
    fn present(&self) -> DocumentVersion<'_> {
        DocumentVersion { doc: &self.doc, at: &self.at, heads: self.doc.get_heads() }
    }

    /// The whole record at some heads as canonical JSON (RFC 8785), as a seal hashes it. `None` if the document does not
    /// hold one of these changes.
    pub fn record_at(&self, heads: &[String]) -> Option<Vec<u8>> {
        Some(self.version(heads)?.record())
    }

    /// SHA-256 of the facts at some heads, as signers sign them, hexadecimal.
    pub fn facts_sha256_at(&self, heads: &[String]) -> Option<String> {
        Some(self.version(heads)?.facts_sha256())
    }

    /// SHA-256 of the facts as they are, hexadecimal.
    pub(crate) fn facts_sha256(&self) -> String {
        self.present().facts_sha256()
    }

    /// SHA-256 of a signature as it stands at some heads, hexadecimal.
    pub fn signature_sha256_at(&self, heads: &[String], signature: &EntryId) -> Option<String> {
        signature_sha256(&self.version(heads)?, signature)
    }

    /// Entries that may only be appended and are not what they were at some heads: their paths.
    pub(crate) fn rewritten_since(&self, heads: &[String]) -> Option<Vec<String>> {
        let (then, now) = (self.version(heads)?.appended(), self.present().appended());
        let differs = |(path, text): &(String, String)| now.get(path) != Some(text);
        Some(then.into_iter().filter(differs).map(|(path, _)| path).collect())
    }

    /// What a device signs to seal the record as it stands.
    pub fn seal_statement(&self) -> SealStatement {
        let present = self.present();
        let ids = self.record.signatures.keys();
        let signatures = ids.filter_map(|id| Some((*id, signature_sha256(&present, id)?)));
        SealStatement {
            document: self.record.id,
            heads: self.head_names(),
            record_sha256: present.record_sha256(),
            signatures: signatures.collect(),
        }
    }

    /// Carries a command out: one command makes one change, whose message is the command's name and whose time is the
    /// stamp's.
    ///
    /// # Errors
    /// A [`Refusal`]; nothing has changed then.
    pub fn apply(
        &mut self,
        standard: &Standard,
        command: &Command,
        context: &Context,
    ) -> Result<Applied, ApplyError> {
        let writes = self.plan(standard, command, context)?;
        let mut tx = self.doc.transaction();
        for write in &writes {
            if let Err(error) = perform_write(&mut tx, &self.at, write) {
                tx.rollback();
                return Err(automerge_error(&error).into());
            }
        }
        let (change, _) = tx.commit_with(options(command.name(), context));
        if change.is_none() {
            // What the command says stands there already. One command is one change all the same.
            self.doc.empty_commit(options(command.name(), context));
        }
        for write in &writes {
            self.record.absorb(write);
        }
        let facts = writes.iter().any(Write::states_a_fact);
        if facts && !(self.record.signatures.is_empty() && self.record.seals.is_empty()) {
            self.record.changed_since = ChangedSince::of(&self.doc, &self.at, &self.record);
        }
        Ok(last_change(&self.doc)?)
    }

    /// Takes in changes that have been read. Their parents must be among them or in the document.
    ///
    /// # Errors
    /// [`RecordError`] if a change can not be applied or a parent is missing; the visit must then be loaded anew.
    pub fn take_in(&mut self, changes: impl IntoIterator<Item = ReadChange>) -> Result<(), RecordError> {
        let changes: Vec<Change> = changes.into_iter().map(|change| change.0).collect();
        self.doc.apply_changes(changes).map_err(|error| automerge_error(&error))?;
        if !self.doc.get_missing_deps(&[]).is_empty() {
            return Err(RecordError::Automerge("a parent is missing".to_owned()));
        }
        self.record = Record::read(&self.doc, &self.at)?;
        Ok(())
    }

    /// Takes in changes of other replicas, in any order; those whose parents are missing wait inside the document.
    ///
    /// # Errors
    /// [`RecordError`] if a change can not be read or applied; the visit must then be loaded anew.
    pub fn merge(&mut self, changes: &[Vec<u8>]) -> Result<Merged, RecordError> {
        let before = self.doc.get_heads();
        let decoded = decode(changes)?;
        self.doc.apply_changes(decoded).map_err(|error| automerge_error(&error))?;
        let applied = self.doc.get_changes(&before).iter().map(|change| change.hash().0).collect();
        self.record = Record::read(&self.doc, &self.at)?;
        Ok(Merged { applied, waiting: hashes(&self.doc.get_missing_deps(&[])) })
    }
}

fn signature_sha256(version: &DocumentVersion<'_>, signature: &EntryId) -> Option<String> {
    let text = version.text(Place::Signatures, &signature.to_string())?;
    Some(crate::hex(&Sha256::digest(text)))
}

fn options(name: &str, context: &Context) -> CommitOptions {
    CommitOptions::default().with_message(name).with_time(context.stamp.at.instant().as_second())
}

fn applied(change: &Change) -> Applied {
    Applied {
        hash: change.hash().0,
        actor: change.actor_id().to_bytes().to_vec(),
        seq: change.seq(),
        bytes: change.raw_bytes().to_vec(),
    }
}

fn last_change(doc: &Automerge) -> Result<Applied, RecordError> {
    doc.get_last_local_change()
        .map(|change| applied(&change))
        .ok_or_else(|| RecordError::Automerge("the command made no change".to_owned()))
}

fn perform_write(
    tx: &mut automerge::transaction::Transaction<'_>,
    at: &Containers,
    write: &Write,
) -> Result<(), automerge::AutomergeError> {
    match write {
        Write::Put { place, key, entry } => match at.id(*place) {
            Some(object) => tx.put(object, key.as_str(), entry.text()),
            None => Err(automerge::AutomergeError::InvalidObjId(place.name())),
        },
        Write::Splice { note, at: index, delete, insert } => {
            let Some(id) = at.notes.get(note) else {
                return Err(automerge::AutomergeError::InvalidObjId(note.clone()));
            };
            let delete = isize::try_from(*delete).unwrap_or(isize::MAX);
            tx.splice_text(id, *index, delete, insert)
        }
    }
}
