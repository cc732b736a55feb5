//! What a report says of signatures and seals: the verdict, each seal, and what changed after the first.

use serde_json::Value;

use super::Audience;
use super::words::Words;
use crate::Lang;
use crate::record::{FactChange, Record};
use crate::seal::{SealCheck, Verdict, Verification};
use crate::standard::Standard;

/// A fact that is another one than was sealed.
pub(super) struct ChangeLine {
    pub(super) place: String,
    pub(super) kind: &'static str,
    pub(super) reason: String,
    pub(super) before: String,
    pub(super) now: String,
}

/// One seal.
pub(super) struct SealLine {
    pub(super) at: String,
    pub(super) text: String,
    pub(super) class: &'static str,
}

/// The verdict in words.
pub(super) fn verdict(verdict: Verdict, lang: Lang) -> &'static str {
    let (en, zh) = match verdict {
        Verdict::Intact => ("Sealed; verified: it is as it was signed.", "已签封；验证通过：与签字时一致。"),
        Verdict::Amended => (
            "Sealed; verified. It was amended since, as shown below.",
            "已签封；验证通过。其后有更正，见下。",
        ),
        Verdict::Outdated => (
            "A signed fact has changed since; a new signature is missing.",
            "已签字的内容其后有变更，尚缺新的签字。",
        ),
        Verdict::Untrusted => (
            "It holds together, but no organisation that is known here vouches for the device that sealed it.",
            "内容自洽，但签封设备没有本机所知机构的证明。",
        ),
        Verdict::Broken => {
            ("NOT VALID: it is not what was signed or sealed.", "无效：内容与签字或签封时不符。")
        }
        Verdict::Newer => (
            "Made by a newer version of this program; update it to verify the record.",
            "由更新版本的程序生成；请升级本程序后再验证。",
        ),
        Verdict::Unsealed => ("Not sealed yet.", "尚未签封。"),
    };
    if lang == Lang::Zh { zh } else { en }
}

/// How the verdict is set off.
pub(super) fn verdict_class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Intact | Verdict::Amended => "good",
        Verdict::Broken => "bad",
        Verdict::Outdated | Verdict::Untrusted | Verdict::Newer | Verdict::Unsealed => "open",
    }
}

pub(super) fn seals(verification: &Verification, words: &Words, audience: Audience) -> Vec<SealLine> {
    let line = |check: &SealCheck| {
        let device = check.device.as_deref().unwrap_or(words.not_certified);
        let person = if audience.sees_findings() { check.person.as_str() } else { "" };
        let issuer = check.organisation.map(|key| key.fingerprint()).unwrap_or_default();
        let text = [person, device, &issuer, &format!("sha256:{}", check.record_sha256)];
        let shown: Vec<&str> = text.into_iter().filter(|text| !text.is_empty()).collect();
        SealLine {
            at: check.at.to_string(),
            text: shown.join(" · "),
            class: if check.is_broken() { "bad" } else { "" },
        }
    };
    verification.seals.iter().map(line).collect()
}

/// What changed after the first seal. Values are shown to those who see personal data.
pub(super) fn changes(
    verification: &Verification,
    record: &Record,
    standard: &Standard,
    words: &Words,
    lang: Lang,
    audience: Audience,
) -> Vec<ChangeLine> {
    let value = |text: &Option<String>| match text {
        None => words.none.to_owned(),
        Some(_) if !audience.sees_personal() => words.withheld.to_owned(),
        Some(text) => shown(text),
    };
    let line = |kind: &'static str, change: &FactChange| {
        let reasons = change.by.iter().filter_map(|writer| writer.amendment);
        let reasons = reasons.filter_map(|id| record.amendments.get(&id)).map(|it| it.reason.as_str());
        let reasons: Vec<&str> = if audience.sees_personal() { reasons.collect() } else { Vec::new() };
        let rule = standard.rule(change.key());
        let place = rule
            .map_or_else(|| change.path.clone(), |rule| format!("{} {}", rule.clause, rule.text.get(lang)));
        ChangeLine {
            place,
            kind,
            reason: reasons.join("; "),
            before: value(&change.before),
            now: value(&change.now),
        }
    };
    let amended = verification.amended.iter().map(|change| line(words.amended, change));
    amended.chain(verification.late.iter().map(|change| line(words.late, change))).collect()
}

/// An entry in short: what it says, without who and when.
fn shown(text: &str) -> String {
    let Ok(Value::Object(mut entry)) = serde_json::from_str(text) else { return text.to_owned() };
    if let Some(value) = entry.get("is") {
        let inner = value.as_object().and_then(|fields| fields.values().next());
        return match inner.unwrap_or(value) {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
    }
    for key in ["by", "at", "mono", "boot", "skew", "first", "sha256"] {
        entry.remove(key);
    }
    let fields = entry.iter().map(|(key, value)| match value {
        Value::String(text) => format!("{key}: {text}"),
        other => format!("{key}: {other}"),
    });
    fields.collect::<Vec<_>>().join(", ")
}
