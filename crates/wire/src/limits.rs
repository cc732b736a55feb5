//! Limits of one exchange. Each is enforced by the receiver before anything is parsed further.

/// Largest body, compressed, in bytes.
pub const MAX_BODY_BYTES: usize = 4 << 20;
/// Largest message, inflated, in bytes.
pub const MAX_INFLATED_BYTES: usize = 16 << 20;
/// All changes of one exchange together, rebuilt, in bytes.
pub const MAX_EXPANDED_BYTES: usize = 16 << 20;
/// Largest single change, in bytes.
pub const MAX_CHANGE_BYTES: usize = 256 << 10;
/// Most changes of one document in one exchange.
pub const MAX_CHANGES_PER_DOCUMENT: usize = 4096;
/// Most documents in one exchange.
pub const MAX_DOCUMENTS_PER_EXCHANGE: usize = 1024;
/// Most hand-overs in one exchange.
pub const MAX_HAND_OVERS_PER_EXCHANGE: usize = 64;
/// Largest signed hand-over, in bytes: 4,096 changes.
pub const MAX_HAND_OVER_BYTES: usize = 320 << 10;
/// How many bytes of changes and snapshots one reply brings before it says that there is more.
pub const PULL_PAGE_BYTES: usize = 4 << 20;
/// Most documents that are compared in one exchange.
pub const MAX_HELD_DOCUMENTS: usize = 64;
/// Most documents of which a device asks in one exchange whether they are applied.
pub const MAX_UNAPPLIED: usize = 1024;
/// Most lines of a stock.
pub const MAX_STOCK_LINES: usize = 2000;
/// Most serial numbers of a stock, on all lines.
pub const MAX_STOCK_SERIALS: usize = 5000;
/// Most faults that are told of a stock.
pub const MAX_STOCK_FAULTS: usize = 500;
/// Most uses that are told as included in a stock.
pub const MAX_STOCK_INCLUDED: usize = 32 << 10;
/// Most versions of tariffs.
pub const MAX_TARIFFS: usize = 64;
/// Largest tariff, in bytes of JSON.
pub const MAX_TARIFF_BYTES: usize = 256 << 10;
/// All tariffs together, in bytes of JSON.
pub const MAX_TARIFFS_BYTES: usize = 2 << 20;
/// Most earlier visits of one asset that are told.
pub const MAX_PAST_VISITS: usize = 5;
/// Most parts of an earlier visit.
pub const MAX_PAST_PARTS: usize = 20;
/// Longest text of an earlier visit, in Unicode code points.
pub const MAX_PAST_CHARS: usize = 500;
