//! Photos, documents and other files that a record names by their hash.

use super::values::{invalid, is_sha256, limit_option, limit_words, need};
use super::{Plan, Planned};
use crate::record::containers::Place;
use crate::record::entry::{DocumentFile, EntryId, Photo, Shot};
use crate::record::error::Refusal;
use crate::record::limits::{MAX_FILE_BYTES, MAX_NAME_CHARS, MAX_WORDS_CHARS};
use crate::record::write::Entry;
use crate::standard::{Ask, Rule, Side};

/// A file as a command names it.
pub(super) struct NamedFile<'a> {
    pub(super) sha256: &'a str,
    pub(super) size: u64,
    pub(super) media_type: &'a str,
    pub(super) item: Option<&'a str>,
}

/// What a photo shows.
pub(super) struct Shows<'a> {
    pub(super) moment: Option<&'a str>,
    pub(super) caption: Option<&'a str>,
    pub(super) pair: Option<EntryId>,
}

fn wrong(field: &str, reason: String, rule: &Rule) -> Refusal {
    Refusal::Invalid { field: field.to_owned(), reason, rule: Some(Box::new(need(rule))) }
}

impl Plan<'_> {
    /// Checks what all files have in common; gives the item's rule.
    fn file(&self, file: &NamedFile<'_>) -> Result<Option<&Rule>, Refusal> {
        self.side(Side::Field)?;
        let rule = file.item.map(|item| self.rule("item", item)).transpose()?;
        self.unsealed(rule)?;
        is_sha256("sha256", file.sha256)?;
        if file.size == 0 {
            return Err(invalid("size", "an empty file proves nothing"));
        }
        if file.size > MAX_FILE_BYTES {
            return Err(invalid("size", &format!("must be at most {MAX_FILE_BYTES} bytes")));
        }
        let halves = file.media_type.split_once('/');
        if !halves.is_some_and(|(kind, sub)| !kind.is_empty() && !sub.is_empty()) {
            return Err(invalid("media_type", "must be a media type such as image/jpeg"));
        }
        limit_words("media_type", file.media_type, MAX_NAME_CHARS)?;
        Ok(rule)
    }

    pub(super) fn photo(&self, file: &NamedFile<'_>, shows: &Shows<'_>, shot: Option<&Shot>) -> Planned {
        let rule = self.file(file)?;
        limit_option("moment", shows.moment, MAX_NAME_CHARS)?;
        limit_option("caption", shows.caption, MAX_WORDS_CHARS)?;
        if let Some(rule) = rule {
            let Some(Ask::Photo { moments }) = rule.ask() else {
                return Err(wrong("item", "the item does not ask for a photo".to_owned(), rule));
            };
            let known = |moment: &str| moments.iter().any(|known| known == moment);
            if !moments.is_empty() && !shows.moment.is_some_and(known) {
                return Err(wrong("moment", format!("must be one of {}", moments.join(", ")), rule));
            }
        }
        if let Some(pair) = shows.pair {
            self.pair(&pair, file.item, shows.moment)?;
        }
        if let Some(shot) = shot {
            if let Some((_, reason)) = shot.position.and_then(|spot| spot.fault()) {
                return Err(invalid("shot.position", reason));
            }
            if shot.orientation.is_some_and(|orientation| !(1..=8).contains(&orientation)) {
                return Err(invalid("shot.orientation", "must be 1 to 8"));
            }
        }
        let entry = Entry::Photo(Photo {
            sha256: file.sha256.to_owned(),
            size: file.size,
            media_type: file.media_type.to_owned(),
            item: file.item.map(ToOwned::to_owned),
            moment: shows.moment.map(ToOwned::to_owned),
            caption: shows.caption.map(ToOwned::to_owned),
            pair_with: shows.pair,
            shot: shot.filter(|shot| shot.says_anything()).cloned(),
            by: self.by(),
        });
        Ok(vec![self.append(Place::Photos, entry)])
    }

    /// A pair shows one item at two moments.
    fn pair(&self, with: &EntryId, item: Option<&str>, moment: Option<&str>) -> Result<(), Refusal> {
        let Some(other) = self.record.photos.get(with) else {
            return Err(invalid("pair_with", "the record has no such photo"));
        };
        if item.is_none() || other.item.as_deref() != item {
            return Err(invalid("pair_with", "must be a photo of the same item"));
        }
        if moment.is_none() || other.moment.is_none() || other.moment.as_deref() == moment {
            return Err(invalid("pair_with", "must be a photo of another moment"));
        }
        Ok(())
    }

    pub(super) fn document(&self, file: &NamedFile<'_>, name: &str) -> Planned {
        let rule = self.file(file)?;
        limit_words("name", name, MAX_NAME_CHARS)?;
        if let Some(rule) = rule {
            if !matches!(rule.ask(), Some(Ask::Document)) {
                return Err(wrong("item", "the item does not ask for a document".to_owned(), rule));
            }
            if self.in_scope("item", rule)? != Side::Field {
                let reason = format!("the item is answered by the role `{}`", rule.roles.join("` or `"));
                return Err(Refusal::Forbidden { reason, rule: Some(Box::new(need(rule))) });
            }
        }
        let entry = Entry::Document(DocumentFile {
            sha256: file.sha256.to_owned(),
            size: file.size,
            media_type: file.media_type.to_owned(),
            name: name.to_owned(),
            item: file.item.map(ToOwned::to_owned),
            by: self.by(),
        });
        Ok(vec![self.append(Place::Documents, entry)])
    }
}
