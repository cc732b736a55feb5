//! Changes of one document as they travel and as they are kept: without what can be worked out again.
//!
//! A hundred changes of a visit are some 20 kB, of which most is hashes of changes that stand beside them, ids of actors, and
//! the same few column headers a hundred times. Here each change is taken apart; what is alike is told once (a *shape*), what
//! follows from the change before is left out, and like fields of all changes lie side by side, where zstd finds them. What
//! comes out again is the same byte for byte, or it is not taken.
//!
//! The layout is described in `docs/protocol.md`; [`compact`] and [`expand`] are the two ways.

use std::collections::HashMap;

use crate::chunk::{self, Chunk, write_text};
use crate::leb::{Reader, write_folded, write_u64};
use crate::message::Hash;
use crate::{MAX_CHANGE_BYTES, MAX_CHANGES_PER_DOCUMENT, MAX_EXPANDED_BYTES};

/// Shape of a change that is carried as it is.
const AS_IS: u64 = 0;
/// Dependencies of a change: the one before it and no other.
const THE_ONE_BEFORE: u64 = 0;
/// A dependency that is not among the changes.
const ELSEWHERE: u64 = 0;

/// A change that came out again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expanded {
    /// SHA-256 by which Automerge names it, worked out from its bytes.
    pub hash: Hash,
    /// The change chunk.
    pub bytes: Vec<u8>,
}

/// Why changes do not come out again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExpandError {
    /// The bytes are not what [`compact`] writes.
    #[error("the changes can not be rebuilt; send them again, each as it is")]
    Damaged,
    /// A limit is exceeded.
    #[error("{what} exceeds the limit of {limit}; send less in one exchange")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The limit, in bytes or pieces.
        limit: usize,
    },
}

/// What several changes have in common.
#[derive(Debug, PartialEq, Eq, Hash, Clone)]
struct Shape<'a> {
    actor: usize,
    other_actors: Vec<usize>,
    message: &'a [u8],
    /// Index of each column among all columns.
    columns: Vec<usize>,
}

/// Things that are told once and then named by their number.
struct Table<T> {
    known: HashMap<T, usize>,
    all: Vec<T>,
}

impl<T: Clone + Eq + std::hash::Hash> Table<T> {
    fn new() -> Self {
        Self { known: HashMap::new(), all: Vec::new() }
    }

    fn number(&mut self, thing: T) -> usize {
        *self.known.entry(thing).or_insert_with_key(|thing| {
            self.all.push(thing.clone());
            self.all.len() - 1
        })
    }
}

/// Lengths and data of one column, of all changes that have it.
#[derive(Default)]
struct Column {
    lengths: Vec<u8>,
    data: Vec<u8>,
}

/// Writes changes, parents first, in as few bytes as they come out of again. Any bytes are carried; what is no change chunk,
/// or one that would not come out the same, goes as it is.
///
/// ```
/// let odd = b"not a change".to_vec();
/// let packed = jobsheet_wire::compact([odd.as_slice()]);
/// let mut room = jobsheet_wire::MAX_EXPANDED_BYTES;
/// assert_eq!(jobsheet_wire::expand(&packed, &mut room).unwrap()[0].bytes, odd);
/// ```
pub fn compact<'a>(changes: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut at: HashMap<Hash, usize> = HashMap::new();
    let (mut actors, mut specs, mut shapes, mut elsewhere) =
        (Table::new(), Table::new(), Table::new(), Table::<Hash>::new());
    let mut columns: Vec<Column> = Vec::new();
    let [mut shape_of, mut deps, mut seqs, mut starts, mut times, mut extras, mut as_is] =
        [const { Vec::new() }; 7];
    let mut last_seq: HashMap<usize, u64> = HashMap::new();
    let (mut last_start, mut last_time) = (0_u64, 0_i64);
    let mut count = 0;
    for (index, bytes) in changes.into_iter().enumerate() {
        count += 1;
        let Some((chunk, hash)) = Chunk::read(bytes) else {
            write_u64(&mut shape_of, AS_IS);
            write_text(&mut as_is, bytes);
            at.insert(chunk::hash(bytes), index);
            continue;
        };
        let actor = actors.number(chunk.actor);
        let shape = Shape {
            actor,
            other_actors: chunk.other_actors.iter().map(|actor| actors.number(*actor)).collect(),
            message: chunk.message,
            columns: chunk.columns.iter().map(|(spec, _)| specs.number(*spec)).collect(),
        };
        columns.resize_with(specs.all.len(), Column::default);
        for (column, (_, data)) in shape.columns.iter().zip(&chunk.columns) {
            write_u64(&mut columns[*column].lengths, data.len() as u64);
            columns[*column].data.extend(*data);
        }
        write_u64(&mut shape_of, AS_IS + 1 + shapes.number(shape) as u64);
        let before = |dep: &Hash| at.get(dep).map(|found| index - found);
        if let [dep] = chunk.deps.as_slice()
            && before(dep) == Some(1)
        {
            write_u64(&mut deps, THE_ONE_BEFORE);
        } else {
            write_u64(&mut deps, 1 + chunk.deps.len() as u64);
            for dep in &chunk.deps {
                if let Some(back) = before(dep) {
                    write_u64(&mut deps, back as u64);
                } else {
                    write_u64(&mut deps, ELSEWHERE);
                    write_u64(&mut deps, elsewhere.number(*dep) as u64);
                }
            }
        }
        let expected = last_seq.get(&actor).map_or(0, |last| last.wrapping_add(1));
        write_folded(&mut seqs, chunk.seq.wrapping_sub(expected).cast_signed());
        last_seq.insert(actor, chunk.seq);
        write_folded(&mut starts, chunk.start_op.wrapping_sub(last_start).cast_signed());
        last_start = chunk.start_op;
        write_folded(&mut times, chunk.time.wrapping_sub(last_time));
        last_time = chunk.time;
        write_text(&mut extras, chunk.extra);
        at.insert(hash, index);
    }

    let mut out = Vec::new();
    write_u64(&mut out, count);
    write_u64(&mut out, elsewhere.all.len() as u64);
    for hash in &elsewhere.all {
        out.extend(hash);
    }
    write_u64(&mut out, actors.all.len() as u64);
    for actor in &actors.all {
        write_text(&mut out, actor);
    }
    write_u64(&mut out, specs.all.len() as u64);
    for spec in &specs.all {
        write_u64(&mut out, *spec);
    }
    write_u64(&mut out, shapes.all.len() as u64);
    for shape in &shapes.all {
        write_u64(&mut out, shape.actor as u64);
        write_list(&mut out, &shape.other_actors);
        write_text(&mut out, shape.message);
        write_list(&mut out, &shape.columns);
    }
    for stream in [&shape_of, &deps, &seqs, &starts, &times, &extras, &as_is] {
        write_text(&mut out, stream);
    }
    for column in &columns {
        write_text(&mut out, &column.lengths);
        write_text(&mut out, &column.data);
    }
    out
}

fn write_list(out: &mut Vec<u8>, numbers: &[usize]) {
    write_u64(out, numbers.len() as u64);
    for number in numbers {
        write_u64(out, *number as u64);
    }
}

/// Rebuilds changes, in the order in which they were given to [`compact`]. `room` is how many bytes of changes may still be
/// made, [`MAX_EXPANDED_BYTES`] for all documents of one exchange together; what is made is taken off it.
///
/// # Errors
/// [`ExpandError`].
pub fn expand(bytes: &[u8], room: &mut usize) -> Result<Vec<Expanded>, ExpandError> {
    let damaged = ExpandError::Damaged;
    let mut reader = Reader::new(bytes);
    let told = Told::read(&mut reader).ok_or(damaged)?;
    if told.count > MAX_CHANGES_PER_DOCUMENT {
        return Err(ExpandError::TooLarge { what: "number of changes", limit: MAX_CHANGES_PER_DOCUMENT });
    }
    let mut streams = Streams::read(&mut reader, told.specs.len()).ok_or(damaged)?;
    let mut changes: Vec<Expanded> = Vec::with_capacity(told.count);
    for _ in 0..told.count {
        let change = match streams.shape_of.u64().ok_or(damaged)? {
            AS_IS => {
                let bytes = streams.as_is.text().ok_or(damaged)?;
                *room = room.checked_sub(bytes.len()).ok_or(TOO_MUCH)?;
                Expanded { hash: chunk::hash(bytes), bytes: bytes.to_vec() }
            }
            shape => {
                let shape = told.shapes.get(to_index(shape - 1).ok_or(damaged)?).ok_or(damaged)?;
                let chunk = streams.chunk(&told, shape, &changes).ok_or(damaged)?;
                let size = chunk.size();
                if size > MAX_CHANGE_BYTES {
                    return Err(ExpandError::TooLarge { what: "a change", limit: MAX_CHANGE_BYTES });
                }
                *room = room.checked_sub(size).ok_or(TOO_MUCH)?;
                let (bytes, hash) = chunk.write();
                Expanded { hash, bytes }
            }
        };
        if change.bytes.len() > MAX_CHANGE_BYTES {
            return Err(ExpandError::TooLarge { what: "a change", limit: MAX_CHANGE_BYTES });
        }
        changes.push(change);
    }
    if reader.left() > 0 || !streams.are_spent() {
        return Err(damaged);
    }
    Ok(changes)
}

const TOO_MUCH: ExpandError =
    ExpandError::TooLarge { what: "the changes of one exchange", limit: MAX_EXPANDED_BYTES };

fn to_index(number: u64) -> Option<usize> {
    usize::try_from(number).ok()
}

/// What is told once.
struct Told<'a> {
    count: usize,
    elsewhere: Vec<Hash>,
    actors: Vec<&'a [u8]>,
    specs: Vec<u64>,
    shapes: Vec<Shape<'a>>,
}

impl<'a> Told<'a> {
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let count = to_index(reader.u64()?)?;
        let many = reader.count()?;
        let elsewhere = (0..many).map(|_| reader.take(32)?.try_into().ok()).collect::<Option<_>>()?;
        let many = reader.count()?;
        let actors: Vec<&[u8]> = (0..many).map(|_| reader.text()).collect::<Option<_>>()?;
        let many = reader.count()?;
        let specs: Vec<u64> = (0..many).map(|_| reader.u64()).collect::<Option<_>>()?;
        let many = reader.count()?;
        let mut shapes = Vec::new();
        for _ in 0..many {
            let actor = index(reader, actors.len())?;
            let others = reader.count()?;
            let other_actors = (0..others).map(|_| index(reader, actors.len())).collect::<Option<_>>()?;
            let message = reader.text()?;
            let many = reader.count()?;
            let columns = (0..many).map(|_| index(reader, specs.len())).collect::<Option<_>>()?;
            shapes.push(Shape { actor, other_actors, message, columns });
        }
        Some(Self { count, elsewhere, actors, specs, shapes })
    }
}

fn index(reader: &mut Reader<'_>, below: usize) -> Option<usize> {
    to_index(reader.u64()?).filter(|index| *index < below)
}

/// What differs from change to change, each kind in a stream of its own, and where the reading stands.
struct Streams<'a> {
    shape_of: Reader<'a>,
    deps: Reader<'a>,
    seqs: Reader<'a>,
    starts: Reader<'a>,
    times: Reader<'a>,
    extras: Reader<'a>,
    as_is: Reader<'a>,
    columns: Vec<(Reader<'a>, Reader<'a>)>,
    last_seq: HashMap<usize, u64>,
    last_start: u64,
    last_time: i64,
}

impl<'a> Streams<'a> {
    fn read(reader: &mut Reader<'a>, columns: usize) -> Option<Self> {
        let mut stream = || reader.text().map(Reader::new);
        Some(Self {
            shape_of: stream()?,
            deps: stream()?,
            seqs: stream()?,
            starts: stream()?,
            times: stream()?,
            extras: stream()?,
            as_is: stream()?,
            columns: (0..columns).map(|_| Some((stream()?, stream()?))).collect::<Option<_>>()?,
            last_seq: HashMap::new(),
            last_start: 0,
            last_time: 0,
        })
    }

    /// The next change, which has this shape.
    fn chunk(&mut self, told: &Told<'a>, shape: &Shape<'a>, before: &[Expanded]) -> Option<Chunk<'a>> {
        let deps = self.dependencies(told, before)?;
        let expected = self.last_seq.get(&shape.actor).map_or(0, |last| last.wrapping_add(1));
        let seq = expected.wrapping_add(self.seqs.folded()?.cast_unsigned());
        self.last_seq.insert(shape.actor, seq);
        self.last_start = self.last_start.wrapping_add(self.starts.folded()?.cast_unsigned());
        self.last_time = self.last_time.wrapping_add(self.times.folded()?);
        let mut columns = Vec::with_capacity(shape.columns.len());
        for column in &shape.columns {
            let (lengths, data) = self.columns.get_mut(*column)?;
            columns.push((*told.specs.get(*column)?, data.take(to_index(lengths.u64()?)?)?));
        }
        let actor = |number: &usize| told.actors.get(*number).copied();
        Some(Chunk {
            deps,
            actor: actor(&shape.actor)?,
            seq,
            start_op: self.last_start,
            time: self.last_time,
            message: shape.message,
            other_actors: shape.other_actors.iter().map(actor).collect::<Option<_>>()?,
            columns,
            extra: self.extras.text()?,
        })
    }

    fn dependencies(&mut self, told: &Told<'a>, before: &[Expanded]) -> Option<Vec<Hash>> {
        let back = |many: usize| Some(before.get(before.len().checked_sub(many)?)?.hash);
        let many = match self.deps.u64()? {
            THE_ONE_BEFORE => return Some(vec![back(1)?]),
            more => to_index(more - 1)?,
        };
        // Each takes at least one byte of the stream.
        (many <= self.deps.left()).then_some(())?;
        let mut deps = Vec::with_capacity(many);
        for _ in 0..many {
            deps.push(match self.deps.u64()? {
                ELSEWHERE => *told.elsewhere.get(to_index(self.deps.u64()?)?)?,
                many => back(to_index(many)?)?,
            });
        }
        Some(deps)
    }

    fn are_spent(&self) -> bool {
        let single =
            [&self.shape_of, &self.deps, &self.seqs, &self.starts, &self.times, &self.extras, &self.as_is];
        let columns = self.columns.iter().flat_map(|(lengths, data)| [lengths, data]);
        single.into_iter().chain(columns).all(|stream| stream.left() == 0)
    }
}
