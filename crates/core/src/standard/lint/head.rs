//! The head of a pack and the lists that do not depend on a course.

use super::linter::Linter;
use super::place::Path;
use super::words::{checks as say_check, flow as say_flow, names as say_name, shape as say};
use crate::deadline::WorkingHours;
use crate::standard::{Kind, PACK_FORMAT, is_engine_event};

impl Linter<'_, '_> {
    pub(super) fn head(&mut self) {
        let (pack, top) = (self.pack, Path::top());
        if pack.format != PACK_FORMAT {
            let words = [pack.format.to_string(), PACK_FORMAT.to_string()];
            self.out.say(&say::FORMAT, top.key("format"), [&words[0], &words[1]]);
        }
        let given = |key: &'static str| self.tree.has(key) && !self.draft.cuts.contains(&top.key(key));
        if given("version") && !is_semantic(&pack.version) {
            self.out.say(&say::VERSION, top.key("version"), [&pack.version]);
        }
        let good = |id: &str| {
            id.split('-').all(|part| {
                !part.is_empty()
                    && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            })
        };
        if given("id") && !good(&pack.id) {
            self.out.say(&say::BAD_ID, top.key("id"), [&pack.id]);
        }
    }

    pub(super) fn lists(&mut self) {
        let (pack, top) = (self.pack, Path::top());
        self.ids(&top.key("roles"), "id", pack.roles.iter().map(|role| role.id.as_str()), false);
        self.ids(&top.key("phases"), "id", pack.phases.iter().map(|phase| phase.id.as_str()), false);
        self.jobs();
        self.quantities();
        self.calendars();
        let list = top.key("events");
        self.ids(&list, "id", pack.events.iter().map(|event| event.id.as_str()), false);
        for (at, event) in pack.events.iter().enumerate() {
            let path = self.draft.at(&list, at);
            if is_engine_event(&event.id) {
                self.out.say(&say_flow::ENGINE_EVENT, path.key("id"), [&event.id]);
            }
            self.ids(
                &path.key("subjects"),
                "id",
                event.subjects.iter().map(|subject| subject.id.as_str()),
                false,
            );
        }
    }

    fn jobs(&mut self) {
        let list = Path::top().key("jobs");
        self.ids(&list, "id", self.pack.jobs.iter().map(|job| job.id.as_str()), false);
        for (at, job) in self.pack.jobs.iter().enumerate() {
            let path = self.draft.at(&list, at);
            if Kind::of(&job.id).is_some() {
                self.out.say(&say_flow::RESERVED_ID, path.key("id"), [&job.id]);
            }
            if !self.names.has_flow(job.kind) {
                self.out.say(&say_name::NO_FLOW, path.key("kind"), [job.kind.id()]);
            }
            self.known("roles", path.key("role"), &job.role);
            for (nth, usual) in job.usual.iter().enumerate() {
                let path = path.key("usual").item(nth);
                if self.event(path.key("event"), &usual.event) {
                    self.need(&say_check::IDLE_EVENT, path.key("event"), &usual.event, &[at]);
                }
                let states = self.names.flow(job.kind, "states");
                if self.names.has_flow(job.kind) && !states.has(&usual.state) {
                    self.out.unknown(
                        &say_name::STATE,
                        path.key("state"),
                        [&usual.state],
                        &usual.state,
                        states.all(),
                    );
                }
            }
        }
    }

    fn quantities(&mut self) {
        let list = Path::top().key("quantities");
        self.ids(&list, "id", self.pack.quantities.iter().map(|quantity| quantity.id.as_str()), false);
        for (at, quantity) in self.pack.quantities.iter().enumerate() {
            let path = self.draft.at(&list, at);
            self.known("rules", path.key("rule"), &quantity.rule);
            if quantity.unit.trim().is_empty() {
                self.out.say(&say_flow::NO_UNIT, path.key("unit"), [&quantity.id]);
            }
            if quantity.min >= quantity.max {
                let (min, max) = (quantity.min.to_string(), quantity.max.to_string());
                self.out.say(&say_flow::BOUNDS, path.key("min"), [&min, &max]);
            }
        }
    }

    fn calendars(&mut self) {
        let list = Path::top().key("calendars");
        self.ids(&list, "id", self.pack.calendars.iter().map(|calendar| calendar.id.as_str()), false);
        for (at, calendar) in self.pack.calendars.iter().enumerate() {
            let path = self.draft.at(&list, at);
            for error in WorkingHours::compile(calendar).err().into_iter().flatten() {
                // The error begins with the field it is about: `hours.mon: …`.
                let field = error.split_once(": ").map_or("", |(field, _)| field);
                let mut path = path.clone();
                for key in field.split('.').filter(|key| !key.is_empty()) {
                    path = path.key(key.to_owned());
                }
                self.out.say(&say_flow::BAD_CALENDAR, path, [&error]);
            }
        }
    }
}

/// Whether a text is a semantic version: three numbers, perhaps with a pre-release or a build after them.
fn is_semantic(version: &str) -> bool {
    let (core, rest) = version.find(['-', '+']).map_or((version, ""), |at| version.split_at(at));
    let number = |part: &str| part.parse::<u32>().is_ok_and(|number| number.to_string() == part);
    let numbers: Vec<&str> = core.split('.').collect();
    let identifier = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    numbers.len() == 3
        && numbers.into_iter().all(number)
        && (rest.is_empty() || rest[1..].split(['.', '+']).all(identifier))
}
