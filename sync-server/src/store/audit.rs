//! Who did what at the office, and what was refused at admission.

use jiff::Timestamp;

use super::{StoreError, Writing};

impl Writing<'_> {
    /// Adds a row. `detail` holds ids and codes, never personal values.
    pub(crate) fn audit(
        &self,
        at: Timestamp,
        who: &str,
        action: &str,
        subject: &str,
        detail: &str,
    ) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO audit (tenant, at, who, action, subject, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute((self.tenant, at.as_millisecond(), who, action, subject, detail))?;
        Ok(())
    }
}
