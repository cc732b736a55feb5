//! Photos, side by side where an item asks for moments, and documents.

use std::collections::BTreeMap;

use super::Audience;
use super::words::Words;
use crate::Lang;
use crate::assess::{Evidences, PhotoDoubt};
use crate::record::{EntryId, Photo, Record};

/// Pictures to show in a report, as `data:` addresses by the SHA-256 of the photo. They must hold no metadata: what a customer
/// gets shows the picture and nothing that the camera wrote beside it.
pub type Pictures = BTreeMap<String, String>;

/// One photo as a report shows it.
pub(super) struct PhotoCell {
    pub(super) picture: Option<String>,
    pub(super) lines: Vec<String>,
}

/// The photos of an item that asks for moments.
pub(super) struct PhotoTable {
    pub(super) title: String,
    pub(super) moments: Vec<String>,
    pub(super) rows: Vec<PhotoTableRow>,
}

/// Photos that belong together; none: there is no photo of that moment.
pub(super) struct PhotoTableRow {
    pub(super) cells: Vec<Option<PhotoCell>>,
    pub(super) doubts: String,
}

/// Everything about files.
pub(super) struct Files {
    pub(super) tables: Vec<PhotoTable>,
    pub(super) photos: Vec<PhotoCell>,
    pub(super) documents: Vec<String>,
}

pub(super) struct FileLister<'a> {
    pub(super) record: &'a Record,
    pub(super) evidences: &'a Evidences<'a>,
    pub(super) lang: Lang,
    pub(super) audience: Audience,
    pub(super) words: &'static Words,
    pub(super) pictures: &'a Pictures,
}

impl FileLister<'_> {
    pub(super) fn files(&self) -> Files {
        let mut shown: Vec<EntryId> = Vec::new();
        let mut tables = Vec::new();
        for item in self.evidences.pairs().into_iter().filter(|item| !item.rows.is_empty()) {
            let rows = item.rows.iter().map(|row| {
                shown.extend(row.photos.iter().flatten());
                let photo = |id: &EntryId| self.record.photos.get(id).map(|photo| self.cell(photo));
                let cells = row.photos.iter().map(|id| id.as_ref().and_then(photo)).collect();
                let doubts: Vec<&str> = row
                    .doubts
                    .iter()
                    .filter(|_| self.audience.sees_findings())
                    .map(|doubt| self.doubt(*doubt))
                    .collect();
                PhotoTableRow { cells, doubts: doubts.join("; ") }
            });
            let rows = rows.collect();
            tables.push(PhotoTable {
                title: format!("{}: {}", item.clause, item.text.get(self.lang)),
                moments: item.moments.iter().map(|moment| self.moment(moment)).collect(),
                rows,
            });
        }
        let others = self.record.photos.iter().filter(|(id, _)| !shown.contains(id));
        let mut others: Vec<(&EntryId, &Photo)> = others.collect();
        others.sort_by_key(|(id, photo)| (photo.by.stamp.corrected(), **id));
        Files {
            tables,
            photos: others.into_iter().map(|(_, photo)| self.cell(photo)).collect(),
            documents: self.documents(),
        }
    }

    fn cell(&self, photo: &Photo) -> PhotoCell {
        let caption = photo.caption.clone().filter(|_| self.audience.sees_personal());
        let caption = caption.or_else(|| photo.moment.as_ref().map(|moment| self.moment(moment)));
        let mut lines: Vec<String> = caption.into_iter().collect();
        lines.push(format!(
            "{} ({})",
            described(&photo.sha256, photo.size, &photo.media_type),
            photo.by.stamp.at
        ));
        if let Some(shot) = &photo.shot {
            if let Some(taken) = shot.taken_at {
                let mut line = format!("{} {taken}", self.words.taken);
                if self.audience.sees_findings() {
                    if shot.offset_assumed {
                        line = format!("{line}, {}", self.words.offset_assumed);
                    }
                    if let Some(ahead) = shot.clock_ahead_s {
                        line = format!("{line}, {} {ahead} s", self.words.camera_ahead);
                    }
                }
                lines.push(line);
            }
            // Where somebody was is known only to those who work on it.
            if let Some(position) = shot.position.filter(|_| self.audience.sees_findings()) {
                lines.push(format!("{} {position}", self.words.position));
            }
        }
        PhotoCell { picture: self.pictures.get(&photo.sha256).cloned(), lines }
    }

    fn documents(&self) -> Vec<String> {
        let mut files: Vec<_> = self.record.documents.iter().collect();
        files.sort_by_key(|(id, file)| (file.by.stamp.corrected(), **id));
        files
            .into_iter()
            .map(|(_, file)| {
                let name =
                    if self.audience.sees_personal() { file.name.as_str() } else { self.words.withheld };
                format!(
                    "{name} {} ({})",
                    described(&file.sha256, file.size, &file.media_type),
                    file.by.stamp.at
                )
            })
            .collect()
    }

    fn moment(&self, moment: &str) -> String {
        match moment {
            "before" => self.words.before.to_owned(),
            "after" => self.words.after.to_owned(),
            other => other.to_owned(),
        }
    }

    fn doubt(&self, doubt: PhotoDoubt) -> &'static str {
        match doubt {
            PhotoDoubt::SameFile => self.words.same_file,
            PhotoDoubt::TakenInReverse => self.words.taken_in_reverse,
        }
    }
}

fn described(sha256: &str, size: u64, media_type: &str) -> String {
    format!("{} KiB {media_type} sha256:{sha256}", size.div_ceil(1024))
}
