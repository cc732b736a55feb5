//! One visit or shift, read and judged.

use std::collections::BTreeSet;
use std::sync::{Arc, MutexGuard};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jobsheet_core::assess::{self, Assessment, Charge, NextStep};
use jobsheet_core::record::{Alert, DocumentId, HoldView, Record, SealState, alerts, hold_views};
use jobsheet_core::seal::verify;
use jobsheet_core::standard::{Side, Standard};
use jobsheet_core::{Lang, hex, report};
use serde::Serialize;

use crate::StoreError;
use crate::apply::visible_head;
use crate::store::{self, Identity, Store, Warm, load_visit, lock_warm};

/// How much of a visit or shift the server has. This is not the state of the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Transport {
    /// Changes that the server does not have yet.
    pub unsent: u32,
    /// Changes that were refused and are kept.
    pub refused: u32,
    /// The server has everything that this device did, has judged it, and holds every file that it names.
    pub applied: bool,
}

/// One visit or shift with everything a screen needs.
#[derive(Debug, Clone, Serialize)]
pub struct VisitView {
    /// What stands in the record.
    pub record: Record,
    /// How it stands against its standard now.
    pub assessment: Assessment,
    /// What it costs and whom, by the tariffs of the company.
    pub charge: Charge,
    /// What to do now, in order, and why.
    pub next: Vec<NextStep>,
    /// How it stands with its signatures and its seal.
    pub seal: SealState,
    /// How much of it the server has.
    pub transport: Transport,
    /// The standard it pins.
    #[serde(skip)]
    pub standard: Arc<Standard>,
}

impl Store {
    /// A visit or shift: its record, how it stands now, what to do next.
    ///
    /// # Errors
    /// [`StoreError::UnknownVisit`], [`StoreError::Revoked`], [`StoreError::PackMissing`].
    pub fn visit(&self, visit: DocumentId) -> Result<VisitView, StoreError> {
        let tariffs = self.tariffs()?;
        self.read(visit, |warm, transport, now| {
            let record = warm.visit.record().clone();
            let (assessment, next) = assess::judge(&record, &warm.standard, Side::Field, now);
            let seal = record.seal_state(&warm.standard);
            let charge = assess::charge(&record, &warm.standard, &tariffs);
            let standard = warm.standard.clone();
            Ok(VisitView { record, assessment, charge, next, seal, transport, standard })
        })
    }

    /// The special situations that have been reported in a visit or shift: what to bear in mind, what to do in which order,
    /// who is told by when. The open ones come first.
    ///
    /// # Errors
    /// As [`Store::visit`].
    pub fn incidents(&self, visit: DocumentId) -> Result<Vec<assess::Incident>, StoreError> {
        self.read(visit, |warm, _, now| Ok(assess::incidents(warm.visit.record(), &warm.standard, now)))
    }

    /// One special situation that the standard knows for the job, reported or not: its latest stretch, or what it would ask.
    /// `None`: there is none of this id.
    ///
    /// # Errors
    /// As [`Store::visit`].
    pub fn situation(&self, visit: DocumentId, id: &str) -> Result<Option<assess::Incident>, StoreError> {
        self.read(visit, |warm, _, now| Ok(assess::situation(warm.visit.record(), &warm.standard, id, now)))
    }

    /// The last hold test of each item: how long it has run by this device's clocks, what is missing, what was read. The
    /// running ones come first.
    ///
    /// # Errors
    /// As [`Store::visit`].
    pub fn holds(&self, visit: DocumentId) -> Result<Vec<HoldView>, StoreError> {
        let skew = self.skew_ms()?;
        let now = self.inner.options.clock.read().stamp(skew);
        self.read(visit, |warm, _, _| Ok(hold_views(warm.visit.record(), &warm.standard, &now)))
    }

    /// The calls for help of a visit or shift, and how the office answered them.
    ///
    /// # Errors
    /// As [`Store::visit`].
    pub fn alerts(&self, visit: DocumentId) -> Result<Vec<Alert>, StoreError> {
        self.read(visit, |warm, _, _| Ok(alerts(warm.visit.record())))
    }

    /// The standard that a visit or shift pins.
    ///
    /// # Errors
    /// As [`Store::visit`].
    pub fn standard(&self, visit: DocumentId) -> Result<Arc<Standard>, StoreError> {
        self.read(visit, |warm, _, _| Ok(warm.standard.clone()))
    }

    /// The service report of a visit or shift, as one HTML page.
    ///
    /// # Errors
    /// As [`Store::visit`].
    pub fn report(
        &self,
        visit: DocumentId,
        lang: Lang,
        audience: report::Audience,
    ) -> Result<String, StoreError> {
        self.render(visit, lang, audience, &report::Pictures::new())
    }

    fn render(
        &self,
        visit: DocumentId,
        lang: Lang,
        audience: report::Audience,
        pictures: &report::Pictures,
    ) -> Result<String, StoreError> {
        let (trust, tariffs) = (self.trust()?, self.tariffs()?);
        self.read(visit, |warm, _, now| {
            let verification = verify(&warm.visit, &warm.standard, &trust);
            let subject = report::Subject {
                record: warm.visit.record(),
                standard: &warm.standard,
                verification: &verification,
                pictures,
                tariffs: Some(&tariffs),
            };
            report::html(&subject, now, lang, audience).map_err(|error| StoreError::Report(error.to_string()))
        })
    }

    /// The service report with small pictures of the photos, made as [`Store::thumbnail`] makes them. Third parties get none:
    /// what a photo shows is the customer's. A photo that no picture can be made of is named as in [`Store::report`].
    ///
    /// # Errors
    /// As [`Store::visit`].
    pub fn report_with_photos(
        &self,
        visit: DocumentId,
        lang: Lang,
        audience: report::Audience,
    ) -> Result<String, StoreError> {
        let photos: BTreeSet<String> = self.read(visit, |warm, _, _| {
            Ok(warm.visit.record().photos.values().map(|photo| photo.sha256.clone()).collect())
        })?;
        let mut pictures = report::Pictures::new();
        for sha256 in photos.into_iter().filter(|_| audience.sees_personal()) {
            let small = self.thumbnail(&sha256).ok().and_then(|file| std::fs::read(file).ok());
            if let Some(small) = small {
                pictures.insert(sha256, format!("data:image/jpeg;base64,{}", STANDARD.encode(small)));
            }
        }
        self.render(visit, lang, audience, &pictures)
    }

    /// The heads of a document, sorted, hexadecimal: equal heads mean equal records.
    ///
    /// # Errors
    /// As [`Store::visit`].
    pub fn heads(&self, visit: DocumentId) -> Result<Vec<String>, StoreError> {
        let mut reader = self.inner.connections.read()?;
        let tx = reader.begin()?;
        visible_head(&tx, visit)?;
        let (document, _) = load_visit(&tx, visit)?;
        Ok(document.heads().iter().map(|head| hex(head)).collect())
    }

    pub(crate) fn read<T>(
        &self,
        visit: DocumentId,
        read: impl FnOnce(MutexGuard<'_, Warm>, Transport, Timestamp) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let inner = &*self.inner;
        let mut reader = inner.connections.read()?;
        let tx = reader.begin()?;
        let head = visible_head(&tx, visit)?;
        let (refused, applied) = (store::refused_count(&tx, visit)?, store::is_applied(&tx, visit)?);
        let transport = Transport { unsent: head.unsent, refused, applied };
        let now = self.now(Identity::read(&tx)?.skew_ms);
        let slot = inner.warmth.get(&tx, &inner.standards, visit, &head)?;
        read(lock_warm(&slot), transport, now)
    }
}
