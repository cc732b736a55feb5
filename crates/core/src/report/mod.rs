//! Renderings of a record.
