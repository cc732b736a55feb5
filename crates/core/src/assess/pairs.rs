//! Photos of one item at several moments, side by side: before and after.

use serde::Serialize;

use super::proof::Evidences;
use crate::Text;
use crate::record::{EntryId, Photo, Record};
use crate::standard::{Ask, Rule, Standard};
use crate::time::CLOCK_TOLERANCE;

/// The photos of one item that asks for moments.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemPhotos {
    /// Rule id of the item.
    pub rule: String,
    /// Clause of the standard.
    pub clause: String,
    /// The duty.
    pub text: Text,
    /// The moments that the pack asks for, in its order.
    pub moments: Vec<String>,
    /// One row for each thing that is shown; each cell is a photo of the moment of that column, if there is one.
    pub rows: Vec<PhotoRow>,
    /// Moments of which there is no photo at all, where the item applies.
    pub missing: Vec<String>,
}

/// Photos that belong together, one for each moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PhotoRow {
    /// Keys of the photos, in the order of [`ItemPhotos::moments`].
    pub photos: Vec<Option<EntryId>>,
    /// What a person should look at. It breaks no rule by itself.
    pub doubts: Vec<PhotoDoubt>,
}

/// Why photos that belong together may not show what they should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PhotoDoubt {
    /// One file stands for two moments.
    SameFile,
    /// By the clock of the camera the later moment was taken first.
    TakenInReverse,
}

/// The photos of every item of the job that asks for moments, where it applies or has photos, in the order of the pack. A photo that names
/// the one it belongs to stands beside it; the others fill the rows in the order in which they were attached.
pub fn pairs(record: &Record, standard: &Standard) -> Vec<ItemPhotos> {
    Evidences::of(record, standard).pairs()
}

impl Evidences<'_> {
    pub(crate) fn pairs(&self) -> Vec<ItemPhotos> {
        let rules = self.course.rules().iter().map(|at| (*at, &self.standard.pack().rules[*at]));
        let asked = rules.filter_map(|(at, rule)| match rule.ask() {
            Some(Ask::Photo { moments }) if !moments.is_empty() => {
                let mut found = item(self.record, rule, moments);
                let applies = self.applies(at);
                if !applies {
                    found.missing.clear();
                }
                (applies || !found.rows.is_empty()).then_some(found)
            }
            _ => None,
        });
        asked.collect()
    }
}

fn item(record: &Record, rule: &Rule, moments: &[String]) -> ItemPhotos {
    let mut rows: Vec<Vec<Option<EntryId>>> = Vec::new();
    let mut missing = Vec::new();
    for (column, moment) in moments.iter().enumerate() {
        let mut photos: Vec<(&EntryId, &Photo)> = record
            .photos
            .iter()
            .filter(|(_, photo)| {
                photo.item.as_ref() == Some(&rule.id) && photo.moment.as_ref() == Some(moment)
            })
            .collect();
        if photos.is_empty() {
            missing.push(moment.clone());
        }
        // Those that say where they belong come first.
        photos.sort_by_key(|(id, photo)| (photo.pair_with.is_none(), photo.by.stamp.corrected(), **id));
        for (id, photo) in photos {
            let free = |row: &&mut Vec<Option<EntryId>>| row[column].is_none();
            let beside = |row: &&mut Vec<Option<EntryId>>| {
                row.iter().any(|cell| cell.is_some() && *cell == photo.pair_with)
            };
            let row = match photo.pair_with {
                Some(_) => rows.iter_mut().find(|row| free(row) && beside(row)),
                None => rows.iter_mut().find(free),
            };
            if let Some(row) = row {
                row[column] = Some(*id);
            } else {
                let mut row = vec![None; moments.len()];
                row[column] = Some(*id);
                rows.push(row);
            }
        }
    }
    let rows = rows.into_iter().map(|photos| PhotoRow { doubts: doubts(record, &photos), photos }).collect();
    ItemPhotos {
        rule: rule.id.clone(),
        clause: rule.clause.clone(),
        text: rule.text.clone(),
        moments: moments.to_vec(),
        rows,
        missing,
    }
}

fn doubts(record: &Record, row: &[Option<EntryId>]) -> Vec<PhotoDoubt> {
    let photos: Vec<&Photo> = row.iter().flatten().filter_map(|id| record.photos.get(id)).collect();
    let pairs = photos
        .iter()
        .enumerate()
        .flat_map(|(at, first)| photos[at + 1..].iter().map(move |later| (first, later)));
    let mut doubts = Vec::new();
    for (first, later) in pairs {
        if first.sha256 == later.sha256 {
            doubts.push(PhotoDoubt::SameFile);
        }
        let taken = |photo: &Photo| photo.shot.as_ref().and_then(|shot| shot.taken_at);
        if let (Some(first), Some(later)) = (taken(first), taken(later))
            && first.instant().duration_since(later.instant()) > CLOCK_TOLERANCE
        {
            doubts.push(PhotoDoubt::TakenInReverse);
        }
    }
    doubts.sort_unstable();
    doubts.dedup();
    doubts
}
