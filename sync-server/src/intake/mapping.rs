//! Mapping files: what the columns of a CSV file mean.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::Deserialize;

/// A mapping file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mapping {
    /// Name of the mapping.
    pub(crate) name: String,
    /// Format of dates, as in `strptime`.
    pub(crate) date_format: String,
    /// IANA name of the time zone in which dates are given.
    pub(crate) time_zone: String,
    /// Column of the request's number.
    pub(crate) number: String,
    /// Column of the time at which the request was received.
    pub(crate) received_at: String,
    /// Column of the time by which it should be done.
    #[serde(default)]
    pub(crate) target_at: Option<String>,
    /// Column of the time at which it was closed.
    #[serde(default)]
    pub(crate) closed_at: Option<String>,
    /// Column of the other system's verdict.
    #[serde(default)]
    pub(crate) verdict: Option<String>,
    /// Columns in which every row must have a value.
    #[serde(default)]
    pub(crate) required: Vec<String>,
    /// Order fields by id.
    pub(crate) order: BTreeMap<String, Source>,
}

/// Where the value of an order field comes from.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(crate) enum Source {
    /// One column.
    Column {
        /// Its name.
        column: String,
    },
    /// Several columns, joined; empty values and repetitions are left out.
    Columns {
        /// Their names.
        columns: Vec<String>,
        /// What stands between the values.
        #[serde(default = "default_join")]
        join: String,
    },
    /// A column that holds a time, read as the other times are; the field gets it as an instant with its offset.
    Time {
        /// Its name.
        time: String,
    },
    /// The same value for every row.
    Constant {
        /// The value.
        constant: String,
    },
}

fn default_join() -> String {
    " ".to_owned()
}

/// Why a mapping can not be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MappingError {
    /// No mapping of this name comes with the server.
    #[error(
        "there is no mapping `{0}`; there is: boston-311. Other mappings are read by `jobsheet-server import --mapping FILE`"
    )]
    Unknown(String),
    /// The file is no mapping.
    #[error("the mapping can not be read: {0}")]
    Unreadable(String),
    /// The time zone does not exist.
    #[error(
        "the mapping names the time zone `{0}`, which is not in the IANA database; write it as America/New_York"
    )]
    TimeZone(String),
}

const BUILTIN: &[(&str, &str)] = &[("boston-311", include_str!("../../data/boston-311/mapping.toml"))];

impl Mapping {
    /// A mapping that comes with the server.
    pub(crate) fn builtin(name: &str) -> Result<Self, MappingError> {
        let found = BUILTIN.iter().find(|(known, _)| *known == name);
        let (_, text) = found.ok_or_else(|| MappingError::Unknown(name.chars().take(80).collect()))?;
        Self::parse(text)
    }

    /// Reads a mapping file.
    pub(crate) fn parse(text: &str) -> Result<Self, MappingError> {
        let mapping: Self =
            toml::from_str(text).map_err(|error| MappingError::Unreadable(error.to_string()))?;
        mapping.zone()?;
        Ok(mapping)
    }

    /// The time zone.
    pub(super) fn zone(&self) -> Result<TimeZone, MappingError> {
        TimeZone::get(&self.time_zone).map_err(|_| MappingError::TimeZone(self.time_zone.clone()))
    }

    /// All columns that the mapping names.
    pub(super) fn columns(&self) -> impl Iterator<Item = &str> {
        let optional = [&self.target_at, &self.closed_at, &self.verdict].into_iter().flatten();
        let ordered = self.order.values().flat_map(|source| match source {
            Source::Column { column } | Source::Time { time: column } => std::slice::from_ref(column),
            Source::Columns { columns, .. } => columns,
            Source::Constant { .. } => &[],
        });
        [&self.number, &self.received_at]
            .into_iter()
            .chain(optional)
            .chain(&self.required)
            .chain(ordered)
            .map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builtin_mappings_can_be_read() {
        for (name, _) in BUILTIN {
            assert_eq!(Mapping::builtin(name).unwrap().name, *name);
        }
        assert!(matches!(Mapping::builtin("nowhere"), Err(MappingError::Unknown(_))));
    }

    #[test]
    fn errors_say_what_is_wrong() {
        let text = BUILTIN[0].1;
        let error = Mapping::parse(&text.replace("America/New_York", "Boston")).unwrap_err();
        assert!(error.to_string().contains("`Boston`"), "{error}");
        let error = Mapping::parse(&text.replace("number =", "nummer =")).unwrap_err();
        assert!(error.to_string().contains("nummer"), "{error}");
    }
}
