//! A visit, case or shift as the office reads it.

use jiff::Timestamp;
use jobsheet_core::Lang;
use jobsheet_core::assess;
use jobsheet_core::key::DeviceKey;
use jobsheet_core::report::{self, Audience, Pictures};
use jobsheet_core::seal::{self, Trust};
use jobsheet_core::standard::{Side, Standard};
use serde_json::{Value, json};
use uuid::Uuid;

use super::OfficeError;
use crate::documents::{Loaded, load};
use crate::standards::Standards;
use crate::store::Reading;

fn loaded(tx: &Reading<'_>, standards: &Standards, id: &Uuid) -> Result<Loaded, OfficeError> {
    load(tx, standards, id)?.ok_or_else(|| OfficeError::Unknown { what: "visit", id: id.to_string() })
}

/// Whose view it is.
#[derive(Debug, Clone)]
pub(crate) struct Viewer {
    /// The side whose next steps are given.
    pub(crate) side: Side,
    /// Only the next steps of this role and those that are anybody's.
    pub(crate) role: Option<String>,
    /// Texts in this language alone.
    pub(crate) lang: Option<Lang>,
}

impl Default for Viewer {
    fn default() -> Self {
        Self { side: Side::Office, role: None, lang: None }
    }
}

/// The record, its assessment, and what a side or a role has to do next.
pub(crate) fn visit_view(
    tx: &Reading<'_>,
    standards: &Standards,
    id: &Uuid,
    viewer: &Viewer,
    now: Timestamp,
) -> Result<Value, OfficeError> {
    let Loaded { visit, standard, .. } = loaded(tx, standards, id)?;
    let record = visit.record();
    let (assessment, mut next) = assess::judge(record, &standard, viewer.side, now);
    if let Some(role) = &viewer.role {
        check_role(&standard, role)?;
        next.retain(|step| {
            step.roles.is_empty() || step.roles.iter().any(|known| known == "any" || known == role)
        });
    }
    let heads: Vec<String> = visit.heads().iter().map(|hash| jobsheet_core::hex(hash)).collect();
    let mut view = json!({
        "heads": heads,
        "about": tx.about(id)?,
        "assessment": assessment,
        "charge": assess::charge(record, &standard, &tx.tariffs()?),
        "files": tx.document_files(id)?,
        "hand_overs": tx.hand_overs(Some(id))?,
        "next": next,
        "verification": seal::verify(&visit, &standard, &trust(tx)?),
    });
    if let Some(lang) = viewer.lang {
        in_language(&mut view, lang);
    }
    // The record is what people wrote: it is never translated.
    view["record"] = json!(record);
    Ok(view)
}

/// The office believes its own organisation.
fn trust(tx: &Reading<'_>) -> Result<Trust, OfficeError> {
    Ok(Trust::of(tx.organisation_key()?.public_key()?))
}

/// A slip of the pen must not look like a role that has nothing to do.
fn check_role(standard: &Standard, role: &str) -> Result<(), OfficeError> {
    if standard.pack().role(role).is_some() {
        return Ok(());
    }
    let known: Vec<&str> = standard.pack().roles.iter().map(|role| role.id.as_str()).collect();
    let reason = format!("the standard `{}` has the roles {}", standard.pack().id, known.join(", "));
    Err(OfficeError::Invalid { field: "role", reason })
}

/// The service report as HTML.
pub(crate) fn report(
    tx: &Reading<'_>,
    standards: &Standards,
    id: &Uuid,
    lang: Lang,
    audience: Audience,
    now: Timestamp,
) -> Result<String, OfficeError> {
    let Loaded { visit, standard, .. } = loaded(tx, standards, id)?;
    let verification = seal::verify(&visit, &standard, &trust(tx)?);
    let (pictures, tariffs) = (Pictures::new(), tx.tariffs()?);
    let subject = report::Subject {
        record: visit.record(),
        standard: &standard,
        verification: &verification,
        pictures: &pictures,
        tariffs: Some(&tariffs),
    };
    report::html(&subject, now, lang, audience).map_err(|error| OfficeError::Report(error.to_string()))
}

/// What a visit costs and whom, by the tariffs of the company.
pub(crate) fn charge(
    tx: &Reading<'_>,
    standards: &Standards,
    id: &Uuid,
    lang: Option<Lang>,
) -> Result<Value, OfficeError> {
    let Loaded { visit, standard, .. } = loaded(tx, standards, id)?;
    let mut charge = json!(assess::charge(visit.record(), &standard, &tx.tariffs()?));
    if let Some(lang) = lang {
        in_language(&mut charge, lang);
    }
    Ok(charge)
}

/// Replaces every text in two languages by the one asked for.
fn in_language(value: &mut Value, lang: Lang) {
    match value {
        Value::Object(fields) => {
            let text = match lang {
                Lang::En => fields.get("en"),
                Lang::Zh => fields.get("zh"),
            };
            match text {
                Some(Value::String(text))
                    if fields.len() == 2 && fields.contains_key("en") && fields.contains_key("zh") =>
                {
                    *value = Value::String(text.clone());
                }
                _ => fields.values_mut().for_each(|field| in_language(field, lang)),
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| in_language(item, lang)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_given_in_one_language_and_all_else_is_kept() {
        let mut value = json!({"a": [{"en": "Badge", "zh": "工牌"}], "b": {"en": "x", "other": 1}, "c": 2});
        in_language(&mut value, Lang::Zh);
        assert_eq!(value, json!({"a": ["工牌"], "b": {"en": "x", "other": 1}, "c": 2}));
    }
}
