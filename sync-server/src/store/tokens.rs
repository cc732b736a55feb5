//! Tokens of the back office.

use jiff::Timestamp;
use rusqlite::OptionalExtension;
use serde::Serialize;

use super::{Reading, StoreError, Writing};
use crate::secret::SecretHash;

/// A token as lists show it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct TokenRow {
    /// Public id.
    pub(crate) id: String,
    /// Whose it is.
    pub(crate) name: String,
    /// Roles, by id.
    pub(crate) roles: Vec<String>,
    /// When it was made.
    pub(crate) created_at: Timestamp,
    /// When it was revoked.
    pub(crate) revoked_at: Option<Timestamp>,
}

/// A token as it is checked.
#[derive(Debug, Clone)]
pub(crate) struct OfficeToken {
    /// Whose it is.
    pub(crate) name: String,
    /// Roles, by id.
    pub(crate) roles: Vec<String>,
    /// Hash of its secret.
    pub(crate) hash: SecretHash,
    /// It has been revoked.
    pub(crate) revoked: bool,
}

/// Roles as they are stored. What can not be read is no role at all, and opens nothing.
#[allow(clippy::needless_pass_by_value)] // as a row gives it
fn roles(stored: String) -> Vec<String> {
    serde_json::from_str(&stored).unwrap_or_default()
}

impl Reading<'_> {
    /// All tokens, oldest first.
    pub(crate) fn tokens(&self) -> Result<Vec<TokenRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, name, roles, created_at, revoked_at FROM token WHERE tenant = ?1 ORDER BY created_at, id",
        )?;
        let rows = statement.query_map([self.tenant], |row| {
            Ok(TokenRow {
                id: row.get(0)?,
                name: row.get(1)?,
                roles: roles(row.get(2)?),
                created_at: super::time(row.get(3)?),
                revoked_at: row.get::<_, Option<i64>>(4)?.map(super::time),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A token by its public id.
    pub(crate) fn token(&self, id: &str) -> Result<Option<OfficeToken>, StoreError> {
        let found = self
            .connection
            .prepare_cached(
                "SELECT name, roles, hash, revoked_at IS NOT NULL FROM token WHERE tenant = ?1 AND id = ?2",
            )?
            .query_row((self.tenant, id), |row| {
                Ok(OfficeToken {
                    name: row.get(0)?,
                    roles: roles(row.get(1)?),
                    hash: row.get(2)?,
                    revoked: row.get(3)?,
                })
            })
            .optional()?;
        Ok(found)
    }
}

impl Writing<'_> {
    /// Adds a token.
    pub(crate) fn add_token(
        &self,
        id: &str,
        name: &str,
        roles: &[&str],
        hash: &SecretHash,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let roles =
            serde_json::to_string(roles).map_err(|error| StoreError::damaged("token", &id, &error))?;
        self.connection.execute(
            "INSERT INTO token (tenant, id, name, roles, hash, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (self.tenant, id, name, roles, hash, at.as_millisecond()),
        )?;
        Ok(())
    }

    /// Revokes a token. `false`: there is none that still holds.
    pub(crate) fn revoke_token(&self, id: &str, at: Timestamp) -> Result<bool, StoreError> {
        let changed = self.connection.execute(
            "UPDATE token SET revoked_at = ?3 WHERE tenant = ?1 AND id = ?2 AND revoked_at IS NULL",
            (self.tenant, id, at.as_millisecond()),
        )?;
        Ok(changed > 0)
    }
}
