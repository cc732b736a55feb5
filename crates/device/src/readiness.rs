//! Ready to go offline: what this device lacks for the days to come, and a sync that fetches it.

use std::ops::ControlFlow;

use jiff::{SignedDuration, Timestamp};
use jobsheet_core::record::DocumentId;
use jobsheet_core::standard::Kind;
use jobsheet_core::{CLOCK_TOLERANCE, Text};
use rusqlite::{Connection, params};
use serde::Serialize;

use crate::attach::free_bytes;
use crate::past;
use crate::store::{self, Store, load_visit};
use crate::{FetchError, Progress, StoreError, SyncError};

/// Most days that are looked ahead.
pub const MAX_DAYS_AHEAD: u32 = 366;
/// After this long without a sync there may be work that the device has not heard of.
pub const SYNC_GROWS_OLD: SignedDuration = SignedDuration::from_hours(24);
/// Space that one visit may take, in bytes: some twenty photos.
pub const SPACE_OF_A_VISIT_BYTES: u64 = 64 << 20;
/// Space that is needed whatever the visits, in bytes: below it not even a command is safe.
pub const SPACE_ALWAYS_BYTES: u64 = 32 << 20;

/// What a lack means for work without a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Something that is planned can not be worked.
    Blocks,
    /// Work is possible; something may be missing or late.
    Warns,
}

/// Something that is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "lack", rename_all = "kebab-case")]
pub enum Lack {
    /// The device is not enrolled.
    NotEnrolled,
    /// The server did not accept the device when it last asked.
    ShutOut,
    /// The device has never heard all of what the server has for it.
    NeverSynced,
    /// The last sync is old.
    SyncIsOld {
        /// When it was done, by the server's clock.
        at: Timestamp,
    },
    /// The server has documents for this person that are not here.
    NotDelivered {
        /// How many it has.
        assigned: u32,
        /// How many are here.
        held: u32,
    },
    /// The standard that a visit or shift pins is not here.
    StandardMissing {
        /// The visit or shift.
        visit: DocumentId,
        /// The order's number.
        number: String,
        /// The standard: id, version and the beginning of its hash.
        standard: String,
    },
    /// A visit or shift can not be read.
    Unreadable {
        /// The visit or shift.
        visit: DocumentId,
        /// The order's number.
        number: String,
    },
    /// The record names files of others of the crew that are not here.
    FilesMissing {
        /// The visit or shift.
        visit: DocumentId,
        /// The order's number.
        number: String,
        /// How many.
        files: u32,
    },
    /// The server has not told what was done before at the asset of a visit.
    PastUnknown {
        /// The visit.
        visit: DocumentId,
        /// The order's number.
        number: String,
    },
    /// The disk has less space than the visits may take.
    Space {
        /// Free, in bytes.
        free_bytes: u64,
        /// Needed, in bytes.
        needed_bytes: u64,
    },
    /// The clock was never compared with the server's.
    ClockUnknown,
    /// The clock differs from the server's by more than is tolerated.
    ClockIsOff {
        /// Server clock minus this device's clock, milliseconds.
        skew_ms: i64,
    },
    /// Changes that the server does not have.
    Unsent {
        /// How many.
        changes: u32,
    },
    /// Files that the server does not have.
    FilesUnsent {
        /// How many.
        files: u32,
    },
    /// Changes that were refused and wait for a person.
    Refused {
        /// How many.
        changes: u32,
    },
}

/// Something that is missing, how bad that is, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What.
    #[serde(flatten)]
    pub lack: Lack,
    /// How bad.
    pub severity: Severity,
    /// A sync may mend it.
    pub sync_mends: bool,
    /// What is missing and what to do.
    pub text: Text,
}

/// How ready a device is for days without a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Readiness {
    /// Nothing blocks.
    pub ready: bool,
    /// When it was looked at, by the server's clock as far as it is known.
    pub at: Timestamp,
    /// Days that were looked ahead.
    pub days: u32,
    /// Open visits and shifts that are planned in these days.
    pub planned: u32,
    /// What is missing, the worst first.
    pub findings: Vec<Finding>,
}

impl Lack {
    /// How bad it is.
    pub fn severity(&self) -> Severity {
        match self {
            Lack::NotEnrolled
            | Lack::ShutOut
            | Lack::NeverSynced
            | Lack::NotDelivered { .. }
            | Lack::StandardMissing { .. }
            | Lack::Unreadable { .. } => Severity::Blocks,
            Lack::Space { free_bytes, .. } if *free_bytes < SPACE_ALWAYS_BYTES => Severity::Blocks,
            Lack::SyncIsOld { .. }
            | Lack::PastUnknown { .. }
            | Lack::FilesMissing { .. }
            | Lack::Space { .. }
            | Lack::ClockUnknown
            | Lack::ClockIsOff { .. }
            | Lack::Unsent { .. }
            | Lack::FilesUnsent { .. }
            | Lack::Refused { .. } => Severity::Warns,
        }
    }

    /// Whether a sync may mend it.
    pub fn sync_mends(&self) -> bool {
        match self {
            Lack::NeverSynced
            | Lack::SyncIsOld { .. }
            | Lack::NotDelivered { .. }
            | Lack::StandardMissing { .. }
            | Lack::Unreadable { .. }
            | Lack::PastUnknown { .. }
            | Lack::ClockUnknown
            | Lack::FilesMissing { .. }
            | Lack::FilesUnsent { .. }
            | Lack::Unsent { .. } => true,
            Lack::NotEnrolled
            | Lack::ShutOut
            | Lack::Space { .. }
            | Lack::ClockIsOff { .. }
            | Lack::Refused { .. } => false,
        }
    }

    /// What is missing and what to do, in both languages.
    pub fn text(&self) -> Text {
        match self {
            Lack::NotEnrolled => Text::new(
                "This device is not enrolled; enrol it with a code from the office.",
                "本设备尚未注册，请用后台给的注册码注册。",
            ),
            Lack::ShutOut => Text::new(
                "The server does not accept this device; ask the office for a new code. Work on the device is kept.",
                "服务器不接受本设备，请向后台索取新的注册码。设备上的工作不会丢失。",
            ),
            Lack::NeverSynced => {
                Text::new("No sync was ever finished; run a sync.", "尚未完成过同步，请先同步。")
            }
            Lack::SyncIsOld { at } => Text::new(
                format!("The last sync was on {at}; run a sync before setting out."),
                format!("上次同步于 {at}，出发前请先同步。"),
            ),
            Lack::NotDelivered { assigned, held } => Text::new(
                format!("{held} of {assigned} assigned visits and shifts are here; run a sync."),
                format!("已派工 {assigned} 项，本机只有 {held} 项，请先同步。"),
            ),
            Lack::StandardMissing { number, standard, .. } => Text::new(
                format!("{number}: the standard {standard} is not here; run a sync."),
                format!("{number}：缺少标准 {standard}，请先同步。"),
            ),
            Lack::Unreadable { number, .. } => Text::new(
                format!("{number} can not be read; run a sync, the server's copy mends it."),
                format!("{number} 无法读取，请先同步，由服务器上的副本修复。"),
            ),
            Lack::PastUnknown { number, .. } => Text::new(
                format!("{number}: earlier visits of this asset are not known here; run a sync."),
                format!("{number}：本机没有该设备的历次服务记录，请先同步。"),
            ),
            Lack::FilesMissing { number, files, .. } => Text::new(
                format!("{number}: {files} files of others of the crew are not here; fetch them."),
                format!("{number}：同组其他设备的文件有 {files} 个不在本机，请下载。"),
            ),
            Lack::Space { free_bytes, needed_bytes } => {
                let (free, needed) = (free_bytes >> 20, needed_bytes >> 20);
                Text::new(
                    format!("{free} MB are free, the visits may take {needed} MB; make room."),
                    format!("剩余空间 {free} MB，预计需要 {needed} MB，请清理空间。"),
                )
            }
            Lack::ClockUnknown => Text::new(
                "The clock was never compared with the server's; run a sync.",
                "时钟从未与服务器核对，请先同步。",
            ),
            Lack::ClockIsOff { skew_ms } => {
                let seconds = skew_ms / 1000;
                Text::new(
                    format!("The clock differs from the server's by {seconds} s; set it."),
                    format!("时钟与服务器相差 {seconds} 秒，请校准。"),
                )
            }
            Lack::Unsent { changes } => Text::new(
                format!("{changes} changes are not with the server yet; run a sync."),
                format!("有 {changes} 处改动尚未上传，请先同步。"),
            ),
            Lack::FilesUnsent { files } => Text::new(
                format!("{files} files are not with the server yet; run a sync."),
                format!("有 {files} 个文件尚未上传，请先同步。"),
            ),
            Lack::Refused { changes } => Text::new(
                format!("{changes} changes were refused and are kept; look at the quarantine."),
                format!("有 {changes} 处改动被拒收并保留，请查看隔离区。"),
            ),
        }
    }
}

/// What the last sync left behind.
struct Known {
    enrolled: bool,
    shut_out: bool,
    synced_at: Option<Timestamp>,
    assigned: Option<u32>,
    skew_ms: Option<i64>,
}

impl Store {
    /// What is missing for the next `days` days without a network: 0 is what is planned up to now, more than
    /// [`MAX_DAYS_AHEAD`] is taken as that.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn readiness(&self, days: u32) -> Result<Readiness, StoreError> {
        let days = days.min(MAX_DAYS_AHEAD);
        let mut reader = self.inner.connections.read()?;
        let tx = reader.begin()?;
        let known = known(&tx)?;
        let at = self.now(known.skew_ms);
        let visits = planned(&tx, at, days)?;
        let mut lacks = standing(&tx, &known, at)?;
        for (visit, number) in &visits {
            lacks.extend(self.lacks_of(&tx, *visit, number)?);
        }
        let planned = u32::try_from(visits.len()).unwrap_or(u32::MAX);
        lacks.extend(self.space(planned));
        let mut findings: Vec<Finding> = lacks
            .into_iter()
            .map(|lack| Finding {
                severity: lack.severity(),
                sync_mends: lack.sync_mends(),
                text: lack.text(),
                lack,
            })
            .collect();
        findings.sort_by_key(|finding| finding.severity);
        let ready = findings.iter().all(|finding| finding.severity != Severity::Blocks);
        Ok(Readiness { ready, at, days, planned, findings })
    }

    /// Makes the device ready for the next `days` days, as far as a sync can: what the server has for it is fetched, a second
    /// time from the beginning if something did not arrive. Gives what is still missing.
    ///
    /// # Errors
    /// [`SyncError`], as [`Store::sync`]; what had arrived before stays.
    pub fn prime(
        &self,
        days: u32,
        mut progress: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Readiness, SyncError> {
        self.sync(&mut progress)?;
        self.fetch_ahead()?;
        let readiness = self.readiness(days)?;
        let incomplete = |finding: &Finding| {
            matches!(
                finding.lack,
                Lack::NotDelivered { .. }
                    | Lack::StandardMissing { .. }
                    | Lack::Unreadable { .. }
                    | Lack::PastUnknown { .. }
            )
        };
        if !readiness.findings.iter().any(incomplete) {
            return Ok(readiness);
        }
        self.forget_cursor()?;
        self.sync(&mut progress)?;
        self.fetch_ahead()?;
        Ok(self.readiness(days)?)
    }

    /// Files are worth having and never hold up anything: what does not come is told by the readiness.
    fn fetch_ahead(&self) -> Result<(), SyncError> {
        match self.prefetch(None) {
            Err(FetchError::Sync(error)) if !error.may_pass() => Err(error),
            Err(error) => {
                tracing::warn!(%error, "files were not fetched ahead");
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }

    /// Everything is fetched again with the next sync. Unsent work stays.
    fn forget_cursor(&self) -> Result<(), StoreError> {
        let mut writing = self.inner.connections.write()?;
        let tx = writing.begin()?;
        tx.execute("UPDATE meta SET cursor = x''", [])?;
        tx.commit()?;
        Ok(())
    }

    /// Notes how a sync ended.
    pub(crate) fn note_sync(&self, failed: Option<&SyncError>) -> Result<(), StoreError> {
        let shut_out = match failed {
            None => false,
            Some(SyncError::Unauthorized(_) | SyncError::Revoked(_)) => true,
            // Nothing was learnt, or it passes without a new code: a device that is shut out until further notice.
            Some(_) => return Ok(()),
        };
        let mut writing = self.inner.connections.write()?;
        let tx = writing.begin()?;
        let at = (!shut_out).then(|| self.skew_and_now(&tx)).transpose()?;
        tx.execute(
            "UPDATE meta SET shut_out = ?1, synced_at = coalesce(?2, synced_at)",
            params![shut_out, at.map(Timestamp::as_millisecond)],
        )?;
        tx.commit()?;
        Ok(())
    }

    fn skew_and_now(&self, connection: &Connection) -> Result<Timestamp, StoreError> {
        Ok(self.now(known(connection)?.skew_ms))
    }

    /// What one visit or shift lacks.
    fn lacks_of(
        &self,
        connection: &Connection,
        visit: DocumentId,
        number: &str,
    ) -> Result<Vec<Lack>, StoreError> {
        let number = number.to_owned();
        let document = match load_visit(connection, visit) {
            Ok((document, _)) => document,
            Err(StoreError::Record(_)) => return Ok(vec![Lack::Unreadable { visit, number }]),
            Err(error) => return Err(error),
        };
        let record = document.record();
        let mut lacks = Vec::new();
        match self.inner.standards.get(connection, &record.standard) {
            Ok(_) => {}
            Err(StoreError::PackMissing(_) | StoreError::PackDamaged(_)) => {
                let (number, standard) = (number.clone(), record.standard.to_string());
                lacks.push(Lack::StandardMissing { visit, number, standard });
            }
            Err(error) => return Err(error),
        }
        if record.kind == Kind::Visit && past::history(connection, visit)?.is_none() {
            lacks.push(Lack::PastUnknown { visit, number: number.clone() });
        }
        let missing = record.file_hashes().into_iter().filter(|sha256| self.attachment(sha256).is_none());
        let files = u32::try_from(missing.count()).unwrap_or(u32::MAX);
        if files > 0 {
            lacks.push(Lack::FilesMissing { visit, number, files });
        }
        Ok(lacks)
    }

    /// Whether the disk has room for so many visits. Where the system does not tell, nothing is said.
    fn space(&self, visits: u32) -> Option<Lack> {
        let needed_bytes = SPACE_ALWAYS_BYTES + SPACE_OF_A_VISIT_BYTES.saturating_mul(u64::from(visits));
        let free_bytes = free_bytes(self.folder())?;
        (free_bytes < needed_bytes).then_some(Lack::Space { free_bytes, needed_bytes })
    }
}

/// What is missing whatever is planned.
fn standing(connection: &Connection, known: &Known, at: Timestamp) -> Result<Vec<Lack>, StoreError> {
    if !known.enrolled {
        return Ok(vec![Lack::NotEnrolled]);
    }
    let mut lacks = Vec::new();
    if known.shut_out {
        lacks.push(Lack::ShutOut);
    }
    match known.synced_at {
        None => lacks.push(Lack::NeverSynced),
        Some(synced) if at.duration_since(synced) > SYNC_GROWS_OLD => {
            lacks.push(Lack::SyncIsOld { at: synced });
        }
        Some(_) => {}
    }
    let held: u32 =
        connection.query_row("SELECT count(*) FROM visit WHERE revoked = 0", [], |row| row.get(0))?;
    if let Some(assigned) = known.assigned.filter(|assigned| *assigned > held) {
        lacks.push(Lack::NotDelivered { assigned, held });
    }
    match known.skew_ms {
        None => lacks.push(Lack::ClockUnknown),
        Some(skew_ms) if SignedDuration::from_millis(skew_ms).abs() > CLOCK_TOLERANCE => {
            lacks.push(Lack::ClockIsOff { skew_ms });
        }
        Some(_) => {}
    }
    let changes = store::all_unsent(connection)?;
    if changes > 0 {
        lacks.push(Lack::Unsent { changes });
    }
    let files = store::count_files_to_send(connection)?;
    if files > 0 {
        lacks.push(Lack::FilesUnsent { files });
    }
    let changes = connection.query_row("SELECT count(*) FROM quarantine", [], |row| row.get(0))?;
    if changes > 0 {
        lacks.push(Lack::Refused { changes });
    }
    Ok(lacks)
}

fn known(connection: &Connection) -> Result<Known, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT organisation IS NOT NULL, shut_out, synced_at, assigned, skew_ms FROM meta",
    )?;
    let known = statement.query_row([], |row| {
        let synced_at: Option<i64> = row.get(2)?;
        Ok(Known {
            enrolled: row.get(0)?,
            shut_out: row.get(1)?,
            synced_at: synced_at.and_then(|at| Timestamp::from_millisecond(at).ok()),
            assigned: row.get(3)?,
            skew_ms: row.get(4)?,
        })
    })?;
    Ok(known)
}

/// Open visits and shifts that are planned to begin before the days are over; those that should have begun long ago too.
fn planned(
    connection: &Connection,
    at: Timestamp,
    days: u32,
) -> Result<Vec<(DocumentId, String)>, StoreError> {
    let until = at.saturating_add(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::MAX);
    let mut statement = connection.prepare_cached(
        "SELECT document, number FROM visit WHERE revoked = 0 AND open = 1 AND planned_start <= ?1
         ORDER BY planned_start, document",
    )?;
    let rows = statement.query_map([until.as_second()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
