//! Sealing, exporting and verifying.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use jobsheet_core::Lang;
use jobsheet_core::key::PublicKey;
use jobsheet_core::seal::file::FileVerification;
use jobsheet_core::seal::{Trust, Verdict, Verification};
use serde_json::json;

use crate::Here;
use crate::failure::Failure;
use crate::output::Output;
use crate::visit::find;

/// Exit code of a record that can not be relied on as it is.
const NOT_RELIABLE: u8 = 3;

/// Seals a record.
pub(crate) fn seal(here: &Here<'_>, visit: &str) -> Result<(), Failure> {
    let receipt = here.store.seal(find(&here.store, visit)?)?;
    here.output.receipt(&receipt)
}

/// Exports a record.
pub(crate) fn export(here: &Here<'_>, visit: &str, out: &Path) -> Result<(), Failure> {
    let visit = find(&here.store, visit)?;
    let manifest = here.store.export(visit, out)?;
    let written = json!({ "visit": visit, "file": out, "manifest": manifest });
    here.output.result(&written, || {
        let mut text = out.display().to_string();
        for missing in &manifest.missing {
            let _ = write!(text, "\n{}: {missing}", SealWords::of(here.output.lang).missing);
        }
        text
    })
}

/// Verifies a record on this device, or a file.
pub(crate) fn verify(here: &Here<'_>, what: &str, trust: Vec<PublicKey>) -> Result<(), Failure> {
    if let Some(file) = file(what) {
        let trust = Trust { organisations: trust };
        return told(here.output, &here.store.verify_file(&file, &trust)?);
    }
    let found = here.store.verify(find(&here.store, what)?)?;
    let words = SealWords::of(here.output.lang);
    here.output.result(&found, || of_record(words, &found))?;
    reliable(found.verdict)
}

/// Verifies a file where there is no store: nothing is made for it.
pub(crate) fn verify_alone(output: &Output, file: &Path, trust: Vec<PublicKey>) -> Result<(), Failure> {
    told(output, &jobsheet::verify_file(file, &Trust { organisations: trust })?)
}

/// What is to be verified, if it is a file.
pub(crate) fn file(what: &str) -> Option<PathBuf> {
    Some(PathBuf::from(what)).filter(|file| file.is_file())
}

fn told(output: &Output, found: &FileVerification) -> Result<(), Failure> {
    let words = SealWords::of(output.lang);
    output.result(found, || of_file(words, found))?;
    reliable(found.verdict)
}

fn reliable(verdict: Verdict) -> Result<(), Failure> {
    if verdict.holds() { Ok(()) } else { Err(Failure::Told(NOT_RELIABLE)) }
}

fn of_file(words: &SealWords, found: &FileVerification) -> String {
    let mut text = words.verdict(found.verdict).to_owned();
    text.push('\n');
    for problem in &found.problems {
        let _ = writeln!(text, "  {}", line(problem));
    }
    if let Some(certificate) = &found.certificate {
        let says = &certificate.says;
        let issuer = certificate.issuer;
        let _ =
            writeln!(text, "  {}: {} · {} · {}", words.exported_by, says.person, says.device, says.tenant);
        let _ = writeln!(text, "  {}: {} ({issuer})", words.organisation, issuer.fingerprint());
    }
    if let Some(manifest) = &found.manifest {
        for missing in &manifest.missing {
            let _ = writeln!(text, "  {}: {missing}", words.missing);
        }
    }
    if let Some(record) = &found.record {
        text.push_str(&details(words, record));
    }
    text
}

fn of_record(words: &SealWords, found: &Verification) -> String {
    format!("{}\n{}", words.verdict(found.verdict), details(words, found))
}

fn details(words: &SealWords, found: &Verification) -> String {
    let mut text = String::new();
    for check in &found.signatures {
        let outdated = if check.outdated.is_empty() { "" } else { words.outdated };
        let head = format!("{}: {} · {} · {}", words.signature, check.role, check.name, check.at);
        let _ = writeln!(text, "  {}", format!("{head}  {outdated}").trim_end());
        for problem in &check.problems {
            let _ = writeln!(text, "    {}", line(problem));
        }
    }
    for check in &found.seals {
        let device = check.device.as_deref().unwrap_or("–");
        let _ = writeln!(text, "  {}: {} · {} · {device}", words.seal, check.at, check.person);
        let _ = writeln!(text, "    sha256:{}", check.record_sha256);
        for problem in &check.problems {
            let _ = writeln!(text, "    {}", line(problem));
        }
    }
    for (label, changes) in [(words.amended, &found.amended), (words.late, &found.late)] {
        for change in changes {
            let _ = writeln!(text, "  {label}: {}", change.path);
        }
    }
    text
}

/// A finding as its JSON has it, in one line: its kind and what it names.
fn line(problem: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(problem).unwrap_or_default();
    let fields = value.as_object().into_iter().flatten();
    fields.filter_map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(" ")
}

/// The words of a verification.
struct SealWords {
    intact: &'static str,
    amended_record: &'static str,
    outdated_record: &'static str,
    untrusted: &'static str,
    broken: &'static str,
    newer: &'static str,
    unsealed: &'static str,
    signature: &'static str,
    seal: &'static str,
    outdated: &'static str,
    amended: &'static str,
    late: &'static str,
    missing: &'static str,
    exported_by: &'static str,
    organisation: &'static str,
}

const ENGLISH: SealWords = SealWords {
    intact: "intact: sealed, and as it was signed",
    amended_record: "amended: sealed, changed by amendments, signed again where a signed fact changed",
    outdated_record: "outdated: a signed fact has changed since; a new signature is missing",
    untrusted: "untrusted: no organisation known here vouches for the device; compare the key with the office, then give it with --trust",
    broken: "broken: it is not what was signed or sealed",
    newer: "newer: made by a newer version of Jobsheet; update this one to verify it",
    unsealed: "unsealed",
    signature: "signature",
    seal: "seal",
    outdated: "stands for facts that have changed",
    amended: "amended",
    late: "written without an amendment",
    missing: "attachment not included",
    exported_by: "exported by",
    organisation: "organisation",
};

const CHINESE: SealWords = SealWords {
    intact: "完好：已签封，与签字时一致",
    amended_record: "有更正：已签封，其后有更正，已签字内容的变更均已重新签字",
    outdated_record: "需重签：已签字的内容其后有变更，尚缺新的签字",
    untrusted: "未受信任：本机所知机构均未证明该设备；请与办公室核对机构公钥后用 --trust 给出",
    broken: "无效：与签字或签封时不符",
    newer: "版本较新：由更新版本的 Jobsheet 生成，请升级后再验证",
    unsealed: "尚未签封",
    signature: "签字",
    seal: "签封",
    outdated: "所签内容已变更",
    amended: "更正",
    late: "未经更正填写",
    missing: "未包含的附件",
    exported_by: "导出人",
    organisation: "机构",
};

impl SealWords {
    fn of(lang: Lang) -> &'static Self {
        match lang {
            Lang::En => &ENGLISH,
            Lang::Zh => &CHINESE,
        }
    }

    fn verdict(&self, verdict: Verdict) -> &'static str {
        match verdict {
            Verdict::Intact => self.intact,
            Verdict::Amended => self.amended_record,
            Verdict::Outdated => self.outdated_record,
            Verdict::Untrusted => self.untrusted,
            Verdict::Broken => self.broken,
            Verdict::Newer => self.newer,
            Verdict::Unsealed => self.unsealed,
        }
    }
}
