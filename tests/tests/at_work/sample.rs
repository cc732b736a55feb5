//! What a person could give where `next` asks for something: the command of a step with a sample value.

use std::collections::BTreeMap;

use jobsheet_core::standard::{Ask, Check, Choice, Rule, Standard};
use serde_json::{Value, json};

/// A document that is worked, and what has been given so far where one command is not enough.
pub(crate) struct Sampler<'a> {
    pub(crate) standard: &'a Standard,
    pub(crate) job: &'a str,
    pub(crate) person: &'a str,
    pub(crate) picture: &'a str,
    pub(crate) order: BTreeMap<String, String>,
    given: BTreeMap<String, usize>,
}

impl<'a> Sampler<'a> {
    pub(crate) fn new(standard: &'a Standard, job: &'a str, person: &'a str, picture: &'a str) -> Self {
        let order = order(standard, job);
        Self { standard, job, person, picture, order, given: BTreeMap::new() }
    }

    fn rule(&self, id: &str) -> &'a Rule {
        self.standard.rule(id).unwrap_or_else(|| panic!("no rule {id}"))
    }

    /// How often this has been asked before.
    fn again(&mut self, what: &str) -> usize {
        let count = self.given.entry(what.to_owned()).or_default();
        *count += 1;
        *count - 1
    }

    /// The command of a step of `next`; none for points, which a reviewer decides.
    pub(crate) fn command(&mut self, step: &Value, at: &str) -> Option<Value> {
        let name = step["command"].as_str().unwrap();
        let argument = step["argument"].as_str();
        let rule = step["rule"].as_str().map(|id| self.rule(id));
        let ask = rule.and_then(Rule::ask);
        let need = || argument.unwrap_or_else(|| panic!("{step} has no argument"));
        Some(match name {
            "score" => return None,
            "dispatch" => json!({
                "do": name, "crew": [self.person], "tools": ["sample tool"],
                "start": "2026-03-06T09:00:00+08:00", "end": "2026-03-06T17:00:00+08:00",
            }),
            "confirm-appointment" => json!({ "do": name, "channel": "phone" }),
            "obtain-consent" => json!({ "do": name, "granted": true }),
            "report" => {
                let (event, about) =
                    need().split_once('/').map_or((need(), None), |(event, about)| (event, Some(about)));
                json!({ "do": name, "event": event, "about": about, "note": "sample" })
            }
            "answer" => json!({ "do": name, "item": need(), "value": self.answer(need(), at) }),
            "note" => json!({ "do": name, "note": need(), "edit": { "append": "sample words" } }),
            "measure" => self.measure(need(), ask),
            "begin-hold" | "end-hold" => {
                let Some(Ask::Hold(hold)) = self.rule(need()).ask() else { panic!("{step} is no hold test") };
                json!({ "do": name, "item": need(), "value": hold.level, "unit": self.unit(&hold.quantity) })
            }
            "add-photo" => {
                let item = argument.filter(|_| matches!(ask, Some(Ask::Photo { .. })));
                let moment = match ask {
                    Some(Ask::Photo { moments }) => moments.get(self.again(need())),
                    _ => None,
                };
                json!({ "do": name, "file": self.picture, "item": item, "moment": moment })
            }
            "survey" => {
                let levels = &self.standard.course(self.job).flow().survey.as_ref().unwrap().levels;
                json!({ "do": name, "level": ordinary(levels), "words": "sample words" })
            }
            "sign" => self.sign(need()),
            "attest" => json!({ "do": name, "phase": need(), "role": step["roles"].get(0) }),
            "decide" => json!({ "do": name, "rule": need(), "approved": true }),
            "explain-delay" => json!({ "do": name, "milestone": need(), "reason": "sample reason" }),
            "escalate" => {
                let Check::Milestone(milestone) = &self.rule(need()).check else {
                    panic!("{step} is no deadline")
                };
                json!({ "do": name, "milestone": need(), "to": milestone.tell[0].to })
            }
            _ => {
                assert_eq!(argument, None, "{step}");
                json!({ "do": name })
            }
        })
    }

    fn answer(&self, item: &str, at: &str) -> Value {
        let rule = self.rule(item);
        match rule.ask() {
            None => json!({ "choice": rule.options().unwrap()[0].id }),
            Some(Ask::YesNo) => json!({ "yes": true }),
            Some(Ask::Choice { options }) => json!({ "choice": ordinary(options) }),
            Some(Ask::Several { options, .. }) => {
                json!({ "several": options.iter().map(|option| &option.id).collect::<Vec<_>>() })
            }
            Some(Ask::Time) => json!({ "time": at }),
            Some(_) => json!({ "text": "sample words" }),
        }
    }

    fn unit(&self, quantity: &str) -> &str {
        &self.standard.pack().quantities.iter().find(|known| known.id == quantity).unwrap().unit
    }

    /// A value within what is asked.
    fn measure(&self, quantity: &str, ask: Option<&Ask>) -> Value {
        let known = self.standard.pack().quantities.iter().find(|known| known.id == quantity).unwrap();
        let (min, max) = match ask {
            Some(Ask::Number { min, max, .. } | Ask::Series { min, max, .. }) => (*min, *max),
            _ => (None, None),
        };
        let value = f64::midpoint(min.unwrap_or(known.min), max.unwrap_or(known.max));
        json!({ "do": "measure", "quantity": quantity, "value": value, "unit": known.unit })
    }

    /// The next person of those whom the order names, else somebody.
    fn sign(&mut self, role: &str) -> Value {
        let rules =
            self.standard.pack().rules.iter().filter(|rule| self.standard.side_of(self.job, rule).is_some());
        let listed = rules.filter_map(Rule::ask).find_map(|ask| match ask {
            Ask::Signature { roles, everyone: Some(source) } if roles.iter().any(|one| one == role) => {
                self.order.get(source.parts().1).cloned()
            }
            _ => None,
        });
        let turn = self.again(role);
        let names = listed.unwrap_or_else(|| "sample signer".to_owned());
        let name = names.split(';').nth(turn).unwrap_or("sample signer").trim();
        json!({ "do": "sign", "role": role, "name": name })
    }
}

/// What stands for nothing special.
fn ordinary(options: &[Choice]) -> &str {
    &options.iter().find(|option| option.event.is_none()).unwrap_or(&options[0]).id
}

/// All order fields of a job but those that the server fills in.
fn order(standard: &Standard, job: &str) -> BTreeMap<String, String> {
    let value = |id: &str, options: &[Choice]| match id {
        "urgency" if job.starts_with("emergency") => "emergency".to_owned(),
        _ if !options.is_empty() => ordinary(options).to_owned(),
        "time_zone" => "Asia/Shanghai".to_owned(),
        "opening_at" => "2026-03-02T09:00:00+08:00".to_owned(),
        "responsible_persons" => "Chief Wang; Mate Li".to_owned(),
        _ if id.ends_with("_on") => "2026-02-27".to_owned(),
        _ if id.ends_with("_at") || id.ends_with("_limit") => "2026-03-06T17:00:00+08:00".to_owned(),
        _ => format!("sample {id}"),
    };
    let fields = standard.course(job).flow().order.iter();
    fields
        .filter(|field| !["number", "received_at"].contains(&field.id.as_str()))
        .map(|field| (field.id.clone(), value(&field.id, &field.options)))
        .collect()
}
