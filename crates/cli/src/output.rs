//! What is printed: compact words for people, JSON for programs. Results go to standard output; errors too if they are JSON.

use std::fmt::Write as _;
use std::io::Write as _;

use jobsheet::Receipt;
use jobsheet_core::Lang;
use serde::Serialize;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::words::Words;

/// Where and how results are printed.
pub(crate) struct Output {
    json: bool,
    pub(crate) lang: Lang,
    pub(crate) words: &'static Words,
}

impl Output {
    pub(crate) fn new(json: bool, lang: Lang) -> Self {
        Self { json, lang, words: Words::of(lang) }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Prints a result: as JSON, or as `people` puts it.
    pub(crate) fn result(
        &self,
        result: &impl Serialize,
        people: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        if self.json {
            let text =
                serde_json::to_string_pretty(result).map_err(|error| Failure::Internal(error.to_string()))?;
            line(&text)
        } else {
            line(people().trim_end())
        }
    }

    /// Prints a receipt.
    pub(crate) fn receipt(&self, receipt: &Receipt) -> Result<(), Failure> {
        self.result(receipt, || {
            let words = self.words;
            let mut text =
                format!("{} · {} · {} {}", receipt.command, receipt.state, receipt.outstanding, words.owed);
            if receipt.violated > 0 {
                let _ = write!(text, " · {} {}", receipt.violated, words.violated);
            }
            text
        })
    }

    /// Prints a failure. Nobody is left to tell if that fails too.
    pub(crate) fn failure(&self, failure: &Failure) {
        if matches!(failure, Failure::Told(_)) {
            return;
        }
        if self.json {
            let _ = line(&json!({ "error": self.failure_json(failure) }).to_string());
            return;
        }
        let mut text = match failure {
            Failure::Refused(refusal) => {
                let head = self.words.refusal(refusal);
                let mut text = format!("{}: {head}", self.words.refused);
                for need in refusal.rules() {
                    let (text_of_rule, label) = (need.text.get(self.lang), self.words.clause);
                    let _ = write!(
                        text,
                        "
  {label} {}: {text_of_rule} [{}]",
                        need.clause, need.rule
                    );
                }
                text
            }
            other => format!("{}: {other}", self.words.error),
        };
        text.push('\n');
        let _ = std::io::stderr().write_all(text.as_bytes());
    }

    /// A failure as JSON.
    pub(crate) fn failure_json(&self, failure: &Failure) -> Value {
        let mut value = json!({ "kind": failure.kind(), "message": failure.to_string() });
        if let Failure::Refused(refusal) = failure {
            value["code"] = json!(refusal.code());
            value["refusal"] = json!(refusal);
            value["rules"] = failure
                .rules()
                .into_iter()
                .map(|need| json!({ "rule": need.rule, "clause": need.clause, "text": need.text.get(self.lang) }))
                .collect();
        }
        if let Failure::Pack(errors) = failure {
            value["errors"] = errors
                .0
                .iter()
                .map(|error| json!({ "line": error.line, "column": error.column, "place": error.place, "message": error.message }))
                .collect();
        }
        value
    }
}

/// Prints a line and flushes it: whoever reads along sees it at once.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()) {
        // The reader has gone, as after `| head`: nothing to report to anyone.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| Failure::Internal(format!("the output can not be written: {error}"))),
    }
}
