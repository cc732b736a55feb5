//! Renderings of a record: the service report as one HTML page, for an audience and in a language.

mod charge;
mod files;
mod html;
mod seal;
mod words;

pub use files::Pictures;
pub use html::{ReportError, Subject, html};

use serde::Serialize;

/// Who reads a report. Personal data and internal findings are shown only to those who need them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Audience {
    /// The crew on site: everything but the office's review.
    Crew,
    /// The back office: everything.
    Office,
    /// The customer: their own data, the work and the signatures; no findings about persons.
    Customer,
    /// Anybody else: no personal data at all.
    ThirdParty,
}

impl Audience {
    /// Personal fields are shown.
    pub fn sees_personal(self) -> bool {
        self != Audience::ThirdParty
    }

    /// Findings and deadlines are shown.
    pub fn sees_findings(self) -> bool {
        matches!(self, Audience::Crew | Audience::Office)
    }
}

impl std::str::FromStr for Audience {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "crew" => Ok(Audience::Crew),
            "office" => Ok(Audience::Office),
            "customer" => Ok(Audience::Customer),
            "third-party" => Ok(Audience::ThirdParty),
            _ => Err(format!("audience `{name}` is not known; use crew, office, customer or third-party")),
        }
    }
}
