//! Jobsheet.
