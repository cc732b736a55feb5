//! One visit of one crew, and what its device and the office say of a special situation.

use jobsheet_tests::phone::Phone;
use serde_json::{Value, json};

use crate::world::{MORNING, World, each, plain, works};

/// A visit that a crew has on its device.
pub(crate) struct Walk<'a> {
    pub(crate) phone: &'a Phone,
    pub(crate) visit: String,
}

impl<'a> Walk<'a> {
    /// Dispatched and on the device.
    pub(crate) fn dispatched(
        world: &World,
        phone: &'a Phone,
        number: &str,
        (standard, job): (&str, &str),
        order: &Value,
    ) -> Self {
        world.import(&[(number, "03/01/2026 06:50:00 PM")]);
        let crew = phone.name.trim_end_matches("-phone");
        let visit = world.dispatch(number, standard, job, crew, order);
        phone.at(MORNING).sync().unwrap();
        Self { phone, visit }
    }

    pub(crate) fn works(&self, at: &str, commands: &[Value]) {
        works(self.phone, at, &self.visit, commands);
    }

    /// On the way, there, and at work: the steps of most packs.
    pub(crate) fn at_work(&self) {
        let steps = ["accept", "depart", "arrive", "diagnose", "start"].map(plain);
        self.works("2026-03-02T08:58:00+08:00", &steps);
    }

    /// Reports it through its own subcommand.
    pub(crate) fn reports(&self, at: &str, event: &str, note: &str) {
        let given = ["report-event", &self.visit, event, "--note", note];
        let receipt = self.phone.at(at).json(&given).unwrap();
        assert_eq!(receipt["command"], "report", "{receipt}");
    }

    /// The situation as the device shows it.
    pub(crate) fn shows(&self, at: &str, situation: &str) -> Value {
        self.phone.at(at).json(&["incident", &self.visit, situation]).unwrap()
    }

    /// The situations that are open on the device, by id.
    pub(crate) fn open(&self, at: &str) -> Vec<String> {
        let all = self.phone.at(at).json(&["incidents", &self.visit]).unwrap();
        let open = each(&all).filter(|one| one["open"] == true);
        open.map(|one| one["situation"].as_str().unwrap().to_owned()).collect()
    }

    /// The rules on `next` that belong to a situation.
    pub(crate) fn next_of(&self, at: &str, situation: &str) -> Vec<String> {
        let steps = self.phone.at(at).json(&["next", &self.visit]).unwrap();
        let own = each(&steps).filter(|step| step["situation"] == situation);
        own.map(|step| step["rule"].as_str().unwrap().to_owned()).collect()
    }

    /// The situation as the office sees it in the view of one visit.
    pub(crate) fn at_office(&self, world: &World, situation: &str) -> Value {
        let shown = world.shown(&self.visit);
        let found = each(&shown["assessment"]["incidents"]).find(|one| one["situation"] == situation);
        found.unwrap_or_else(|| panic!("no {situation} in {}", shown["assessment"]["incidents"])).clone()
    }
}

/// The duties of a situation in order, without the prefix of the pack, each with whether it is done.
pub(crate) fn duties(incident: &Value) -> Vec<(String, bool)> {
    each(&incident["duties"]).map(|duty| (short(&duty["rule"]), duty["done"].as_bool().unwrap())).collect()
}

/// What to bear in mind, without the prefix of the pack.
pub(crate) fn guidance(incident: &Value) -> Vec<String> {
    each(&incident["guidance"]).map(|line| short(&line["rule"])).collect()
}

/// Who is told: role, by when, when told.
pub(crate) fn told<'v>(incident: &'v Value, role: &str) -> &'v Value {
    let found = each(&incident["tells"]).find(|notice| notice["to"] == role);
    found.unwrap_or_else(|| panic!("{role} is not told: {}", incident["tells"]))
}

fn short(rule: &Value) -> String {
    let rule = rule.as_str().unwrap();
    rule.split_once('.').map_or(rule, |(_, name)| name).to_owned()
}

/// Pairs as [`duties`] gives them.
pub(crate) fn list(pairs: &[(&str, bool)]) -> Vec<(String, bool)> {
    pairs.iter().map(|(rule, done)| ((*rule).to_owned(), *done)).collect()
}

/// An answer by choice.
pub(crate) fn choice(item: &str, chosen: &str) -> Value {
    json!({ "do": "answer", "item": item, "value": { "choice": chosen } })
}

/// An answer with a time.
pub(crate) fn time(item: &str, at: &str) -> Value {
    json!({ "do": "answer", "item": item, "value": { "time": at } })
}
