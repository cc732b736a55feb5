//! Who works on a visit: its crew, and whoever one of them has passed it on to.

use super::entry::Event;
use super::view::Record;
use crate::standard::Side;

/// The event of a visit that was passed on.
pub(crate) const PASSED_ON: &str = "passed-on";
/// The fact of it that names the technician.
pub(crate) const TO: &str = "to";

impl Record {
    /// The crew that the office sent, and those to whom one of them passed the visit on. Whoever takes the giver out of the crew
    /// takes out with him all who have it from him.
    pub fn workers(&self) -> Vec<&str> {
        let crew = self.assignment.iter().flat_map(|assignment| &assignment.crew);
        let mut workers: Vec<&str> = crew.map(String::as_str).collect();
        let mut passed: Vec<(&str, &str)> = self.field_events().filter_map(passed_on).collect();
        loop {
            let known = workers.len();
            passed.retain(|(from, to)| {
                let counts = workers.contains(from);
                if counts && !workers.contains(to) {
                    workers.push(to);
                }
                !counts
            });
            if workers.len() == known {
                return workers;
            }
        }
    }

    fn field_events(&self) -> impl Iterator<Item = &Event> {
        self.events.values().filter(|(side, _)| *side == Side::Field).map(|(_, event)| event)
    }
}

impl Event {
    /// Whether it passes the visit on from one person to another.
    pub fn passes_on(&self, from: &str, to: &str) -> bool {
        passed_on(self) == Some((from, to))
    }
}

/// From whom to whom, if the event is one of these.
fn passed_on(event: &Event) -> Option<(&str, &str)> {
    let to = (event.kind == PASSED_ON).then(|| event.facts.get(TO))??;
    Some((event.by.person.as_str(), to.as_str()))
}
