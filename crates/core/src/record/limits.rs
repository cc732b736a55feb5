//! Limits of a record. Each is enforced before anything is written, and again when a change arrives.

/// Longest note, in Unicode code points.
pub const MAX_NOTE_CHARS: usize = 20_000;
/// Longest text of an answer, an event, a message or a survey, in Unicode code points.
pub const MAX_WORDS_CHARS: usize = 4_000;
/// Longest id, number, serial or name, in Unicode code points.
pub const MAX_NAME_CHARS: usize = 200;
/// Most technicians in a crew.
pub const MAX_CREW: usize = 20;
/// Most pieces of one part.
pub const MAX_QUANTITY: u32 = 10_000;
/// Largest file that a record may name, in bytes: far below what JSON numbers hold exactly. What a device keeps is limited
/// by its own settings.
pub const MAX_FILE_BYTES: u64 = 1 << 40;
/// Most signatures of one record. Each amendment of a signed fact asks for new ones.
pub const MAX_SIGNATURES: usize = 100;
/// Most seals of one record.
pub const MAX_SEALS: usize = 50;
/// Largest entry, in bytes of JSON.
pub const MAX_ENTRY_BYTES: usize = 64 << 10;
/// Most operations of one change: a note is written and taken out again character by character, everything else takes a few.
pub const MAX_CHANGE_OPS: usize = 4 * MAX_NOTE_CHARS;
/// Highest operation counter of a change. Automerge counts to 2³²; a change that leaps near the end would make every later
/// edit fail.
pub const MAX_OP_COUNTER: u64 = 1 << 28;
