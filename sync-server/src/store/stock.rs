//! What was counted, brought and used, by technician.

use std::collections::HashSet;

use jiff::Timestamp;
use jobsheet_core::stock::{Brought, Stock, Use};
use rusqlite::OptionalExtension;
use uuid::Uuid;

use super::{Reading, StoreError, Writing, from_sql, to_sql};

/// Whether pieces were counted or brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryKind {
    /// As somebody counted them: what was known before counts no more.
    Count,
    /// Put into the van.
    Receipt,
}

impl EntryKind {
    /// As in the database and in answers.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Receipt => "receipt",
        }
    }
}

/// A stock with its place in the order of the log.
#[derive(Debug)]
pub(crate) struct StockAt {
    /// What was committed up to here is taken into account.
    pub(crate) as_of: u64,
    /// The stock.
    pub(crate) stock: Stock,
}

/// One movement, as it is folded.
enum Movement {
    Entry(EntryKind, Brought),
    Use(Use),
}

impl Reading<'_> {
    /// The number of the last thing that changed the stock of a technician. `None`: nothing was ever counted or brought, so
    /// there is no stock.
    pub(crate) fn stock_changed(&self, technician: &str) -> Result<Option<u64>, StoreError> {
        let last: Option<i64> = self
            .connection
            .prepare_cached("SELECT max(seq) FROM stock_entry WHERE tenant = ?1 AND technician = ?2")?
            .query_row((self.tenant, technician), |row| row.get(0))?;
        let Some(last) = last else { return Ok(None) };
        let used: Option<i64> = self
            .connection
            .prepare_cached("SELECT max(seq) FROM part_use WHERE tenant = ?1 AND technician = ?2")?
            .query_row((self.tenant, technician), |row| row.get(0))?;
        Ok(Some(from_sql(last.max(used.unwrap_or(0)))))
    }

    /// The stock of a technician, as of now. `None`: there is none.
    ///
    /// A part number counts from its last count on, and one that was never counted from the first entry of the technician
    /// on: what was used before there was a stock is not missing in it.
    pub(crate) fn stock(&self, technician: &str) -> Result<Option<StockAt>, StoreError> {
        let first: Option<i64> = self
            .connection
            .prepare_cached("SELECT min(seq) FROM stock_entry WHERE tenant = ?1 AND technician = ?2")?
            .query_row((self.tenant, technician), |row| row.get(0))?;
        let Some(first) = first else { return Ok(None) };
        let (_, as_of) = self.position()?;
        let mut movements = self.entries(technician)?;
        movements.extend(self.uses(technician, first)?);
        movements.sort_by_key(|(seq, _)| *seq);
        let mut stock = Stock::default();
        for (_, movement) in movements {
            match movement {
                Movement::Entry(EntryKind::Count, counted) => stock.count(counted),
                Movement::Entry(EntryKind::Receipt, received) => stock.receive(received),
                Movement::Use(used) => stock.take(&used),
            }
        }
        Ok(Some(StockAt { as_of, stock }))
    }

    fn entries(&self, technician: &str) -> Result<Vec<(i64, Movement)>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT e.seq, e.kind, e.number, e.name, e.quantity, e.serials, e.tracked FROM stock_entry e
             WHERE e.tenant = ?1 AND e.technician = ?2 AND e.seq >= coalesce(
                 (SELECT max(c.seq) FROM stock_entry c
                  WHERE c.tenant = ?1 AND c.technician = ?2 AND c.number = e.number AND c.kind = 'count'), 0)",
        )?;
        let rows = statement.query_map((self.tenant, technician), |row| {
            let kind =
                if row.get::<_, String>(1)? == "count" { EntryKind::Count } else { EntryKind::Receipt };
            let serials: String = row.get(5)?;
            let brought = Brought {
                number: row.get(2)?,
                name: row.get(3)?,
                quantity: row.get(4)?,
                serials: Vec::new(),
                tracked: row.get(6)?,
            };
            Ok((row.get(0)?, kind, brought, serials))
        })?;
        let mut movements = Vec::new();
        for row in rows {
            let (seq, kind, mut brought, serials) = row?;
            brought.serials = serde_json::from_str(&serials)
                .map_err(|error| StoreError::damaged("stock entry", &seq, &error))?;
            movements.push((seq, Movement::Entry(kind, brought)));
        }
        Ok(movements)
    }

    fn uses(&self, technician: &str, first: i64) -> Result<Vec<(i64, Movement)>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT u.seq, u.number, u.name, u.quantity, u.serial FROM part_use u
             WHERE u.tenant = ?1 AND u.technician = ?2 AND u.seq >= coalesce(
                 (SELECT max(c.seq) FROM stock_entry c
                  WHERE c.tenant = ?1 AND c.technician = ?2 AND c.number = u.number AND c.kind = 'count'), ?3)",
        )?;
        let rows = statement.query_map((self.tenant, technician, first), |row| {
            let used =
                Use { number: row.get(1)?, name: row.get(2)?, quantity: row.get(3)?, serial: row.get(4)? };
            Ok((row.get(0)?, Movement::Use(used)))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Keys of the uses that a device of a technician has sent after a sequence number, latest first.
    pub(crate) fn uses_of_device(
        &self,
        technician: &str,
        device: &Uuid,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Uuid>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT entry FROM part_use WHERE tenant = ?1 AND technician = ?2 AND seq > ?3 AND device = ?4 ORDER BY seq DESC LIMIT ?5",
        )?;
        let limit = to_sql(limit as u64);
        let rows = statement
            .query_map((self.tenant, technician, to_sql(after), device.as_bytes(), limit), |row| {
                Ok(Uuid::from_bytes(row.get(0)?))
            })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Technicians who have a stock, by id.
    pub(crate) fn stock_holders(&self) -> Result<Vec<String>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT DISTINCT technician FROM stock_entry WHERE tenant = ?1 ORDER BY technician",
        )?;
        let rows = statement.query_map([self.tenant], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Part numbers that were counted or brought for a technician, and how many serial numbers.
    pub(crate) fn stock_size(&self, technician: &str) -> Result<(HashSet<String>, usize), StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT number, json_array_length(serials) FROM stock_entry WHERE tenant = ?1 AND technician = ?2",
        )?;
        let rows = statement.query_map((self.tenant, technician), |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, u32>(1)?))
        })?;
        let (mut numbers, mut serials) = (HashSet::new(), 0);
        for row in rows {
            let (number, many) = row?;
            numbers.insert(number);
            serials += many as usize;
        }
        Ok((numbers, serials))
    }

    /// The visits in which a technician used a part, latest first.
    pub(crate) fn visits_that_used(&self, technician: &str, number: &str) -> Result<Vec<Uuid>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT document, max(seq) FROM part_use WHERE tenant = ?1 AND technician = ?2 AND number = ?3
             GROUP BY document ORDER BY 2 DESC LIMIT 20",
        )?;
        let rows = statement
            .query_map((self.tenant, technician, number), |row| Ok(Uuid::from_bytes(row.get(0)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Writing<'_> {
    /// Adds what was counted or brought, each under a number of its own.
    pub(crate) fn add_stock(
        &self,
        technician: &str,
        kind: EntryKind,
        brought: &[Brought],
        by: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let first = self.take_seqs(brought.len())?;
        self.news.borrow_mut().technicians.insert(technician.to_owned());
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO stock_entry (tenant, technician, seq, kind, number, name, quantity, serials, tracked, added_by, added_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?;
        for (seq, one) in (first..).zip(brought) {
            let serials = serde_json::to_string(&one.serials)
                .map_err(|error| StoreError::damaged("stock entry", &seq, &error))?;
            statement.execute((
                self.tenant,
                technician,
                to_sql(seq),
                kind.id(),
                &one.number,
                &one.name,
                one.quantity,
                serials,
                one.tracked,
                by,
                at.as_millisecond(),
            ))?;
        }
        Ok(())
    }

    /// Adds a part that a change recorded as used. The same entry is never counted twice.
    pub(crate) fn add_use(
        &self,
        technician: &str,
        seq: u64,
        document: &Uuid,
        entry: &Uuid,
        used: &Use,
        device: Option<&Uuid>,
    ) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO part_use (tenant, technician, seq, document, entry, number, name, quantity, serial, device)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO NOTHING",
            )?
            .execute((
                self.tenant,
                technician,
                to_sql(seq),
                document.as_bytes(),
                entry.as_bytes(),
                &used.number,
                &used.name,
                used.quantity,
                &used.serial,
                device.map(Uuid::as_bytes),
            ))?;
        Ok(())
    }

    /// Whether something is still to be derived after an upgrade; it is not from now on.
    pub(crate) fn take_to_derive(&self, what: &str) -> Result<bool, StoreError> {
        let found = self
            .connection
            .query_row(
                "DELETE FROM to_derive WHERE tenant = ?1 AND what = ?2 RETURNING 1",
                (self.tenant, what),
                |_| Ok(()),
            )
            .optional()?;
        Ok(found.is_some())
    }
}
