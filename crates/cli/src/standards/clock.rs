//! Deadlines and consequences in words.

use jobsheet_core::Lang;
use jobsheet_core::assess::{Consequence, consequences};
use jobsheet_core::standard::{Check, Milestone, Money, Rule, Tell, Window};

use super::speech::{Speech, list};

impl Speech<'_> {
    /// A deadline in a sentence without a full stop.
    pub(super) fn clock(&self, milestone: &Milestone) -> String {
        let mut words = self.limit(milestone);
        if let Some(calendar) = &milestone.calendar {
            let name = self.calendar(calendar);
            let (head, tail) = match self.lang {
                Lang::En => (", counted in the open hours of “", "”"),
                Lang::Zh => ("（按“", "”的工作时间计）"),
            };
            words.extend([head, &name, tail]);
        }
        let ends = self.events(&milestone.end);
        words
            + &match self.lang {
                Lang::En => format!("; kept by {ends}"),
                Lang::Zh => format!("；以{ends}为准"),
            }
    }

    /// What the limit says, with the event from which it counts.
    pub(super) fn limit(&self, milestone: &Milestone) -> String {
        let start = self.events(&milestone.start);
        let limit = milestone.limit.as_deref().unwrap_or_default();
        if let Some(source) = &milestone.due {
            let source = self.source(source);
            return match self.lang {
                Lang::En => format!("by the time in {source}, once {start} has happened"),
                Lang::Zh => format!("发生{start}后，不晚于{source}所定的时间"),
            };
        }
        let span = self.span(limit);
        match (Shape::of(limit), self.lang) {
            (Shape::AtOnce, Lang::En) => format!("at once after {start}"),
            (Shape::AtOnce, Lang::Zh) => format!("{start}后立即"),
            (Shape::Zero, Lang::En) => format!("not later than {start}"),
            (Shape::Zero, Lang::Zh) => format!("不晚于{start}"),
            (Shape::Before, Lang::En) => format!("at least {span} before {start}"),
            (Shape::Before, Lang::Zh) => format!("{start}前至少 {span}"),
            (Shape::After, Lang::En) => format!("within {span} of {start}"),
            (Shape::After, Lang::Zh) => format!("自{start}起 {span}内"),
        }
    }

    /// In which time a limit counts.
    pub(super) fn counts_in(&self, milestone: &Milestone) -> String {
        if let Some(calendar) = &milestone.calendar {
            let name = self.calendar(calendar);
            return match self.lang {
                Lang::En => format!("open hours of “{name}”"),
                Lang::Zh => format!("“{name}”的工作时间"),
            };
        }
        let limit = milestone.limit.as_deref().unwrap_or_default();
        match Shape::of(limit) {
            _ if milestone.due.is_some() => self.say("a promised time", "承诺的时间"),
            Shape::AtOnce => self.say(
                "no figure: both moments are recorded, a person judges",
                "无数字：记录两个时刻，由人判断",
            ),
            Shape::Zero => self.say("a planned time", "计划的时间"),
            _ if limit.contains('T') => {
                self.say("time that passes, day and night, holidays too", "昼夜连续计时，含节假日")
            }
            _ => self.say(
                "calendar days, same time of day at the place of service",
                "日历日，以服务地点的同一时刻为准",
            ),
        }
        .to_owned()
    }

    /// One step of an escalation.
    pub(super) fn tell(&self, tell: &Tell) -> String {
        let role = self.role(&tell.to);
        match (&tell.after, self.lang) {
            (None, Lang::En) => format!("{role} at once"),
            (None, Lang::Zh) => format!("立即告知{role}"),
            (Some(after), Lang::En) => format!("{role} {} after the miss", self.span(after)),
            (Some(after), Lang::Zh) => format!("超时 {}后告知{role}", self.span(after)),
        }
    }

    /// When a duty is owed and should be done.
    pub(super) fn window(&self, window: &Window) -> Option<String> {
        let mut parts = Vec::new();
        if let Some(after) = &window.after {
            let event = self.event(after);
            parts.push(match self.lang {
                Lang::En => format!("from {event} on"),
                Lang::Zh => format!("自{event}起"),
            });
        }
        if !window.before.is_empty() {
            let events = self.events(&window.before);
            parts.push(match self.lang {
                Lang::En => format!("before {events}"),
                Lang::Zh => format!("在{events}之前"),
            });
        }
        (!parts.is_empty()).then(|| list(self.lang, parts))
    }

    /// What a rule says of time, whichever check it has.
    pub(super) fn timing(&self, rule: &Rule) -> Option<String> {
        if let Check::Milestone(milestone) = &rule.check {
            return Some(self.clock(milestone));
        }
        let after = match &rule.check {
            Check::Conduct(conduct) => conduct.after.as_ref(),
            Check::Script(script) => script.after.as_ref(),
            Check::Privacy(privacy) => privacy.after.as_ref(),
            _ => return rule.window().and_then(|window| self.window(window)),
        };
        self.window(&Window { after: Some(after?.clone()), ..Window::default() })
    }

    /// What follows if a rule is not kept, each in a few words.
    pub(super) fn consequences(&self, rule: &Rule) -> Vec<String> {
        consequences(self.standard, rule).iter().map(|consequence| self.consequence(consequence)).collect()
    }

    /// Hundredths of a point in words.
    pub(super) fn points(&self, centipoints: i64) -> String {
        match (centipoints, self.lang) {
            (0, _) => self.say("points, no figure stated", "记分（未写数字）").to_owned(),
            (some, Lang::En) => format!("{} points", points(some)),
            (some, Lang::Zh) => format!("{} 分", points(some)),
        }
    }

    /// Money for each person concerned.
    pub(super) fn money(&self, money: &Money) -> String {
        match self.lang {
            Lang::En => format!("{} {} for each person concerned", money.amount, money.currency),
            Lang::Zh => format!("每人 {} {}", money.amount, money.currency),
        }
    }

    fn consequence(&self, consequence: &Consequence) -> String {
        match (consequence, self.lang) {
            (Consequence::Blocks { events }, Lang::En) => {
                format!("{} is refused until it is done", self.events(events))
            }
            (Consequence::Blocks { events }, Lang::Zh) => format!("完成之前不能记录{}", self.events(events)),
            (Consequence::Tells { roles }, Lang::En) => format!("told: {}", self.roles(roles)),
            (Consequence::Tells { roles }, Lang::Zh) => format!("告知{}", self.roles(roles)),
            (Consequence::Reason, _) => self.say("the reason must be given", "须说明原因").to_owned(),
            (Consequence::Points { rule, clause, centipoints, money, condition }, lang) => {
                let points = match money {
                    Some(money) => self.money(money),
                    None => self.points(*centipoints),
                };
                let rule = self.short(rule);
                let condition = if condition.is_empty() {
                    String::new()
                } else {
                    let events = self.events(condition);
                    match lang {
                        Lang::En => format!(" once {events}"),
                        Lang::Zh => format!("（以{events}为前提）"),
                    }
                };
                match lang {
                    Lang::En => format!("{points}{condition}, clause {clause} [{rule}]"),
                    Lang::Zh => format!("{points}{condition}，条款 {clause} [{rule}]"),
                }
            }
        }
    }
}

/// Hundredths of a point as points: `-0.5`.
fn points(centipoints: i64) -> String {
    let sign = if centipoints < 0 { "-" } else { "" };
    let (whole, rest) = (centipoints.unsigned_abs() / 100, centipoints.unsigned_abs() % 100);
    let text = format!("{sign}{whole}.{rest:02}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What a limit is like.
enum Shape {
    AtOnce,
    Zero,
    Before,
    After,
}

impl Shape {
    fn of(limit: &str) -> Self {
        match limit {
            "" | "at-once" => Self::AtOnce,
            limit if !limit.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) => Self::Zero,
            limit if limit.starts_with('-') => Self::Before,
            _ => Self::After,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_have_no_needless_digit() {
        assert_eq!(points(-50), "-0.5");
        assert_eq!(points(120), "1.2");
        assert_eq!(points(-1000), "-10");
        assert_eq!(points(0), "0");
        assert_eq!(points(5), "0.05");
    }
}
