//! Clocks, working hours and gates.

use jobsheet_core::standard::{Check, Milestone, Rule};

use super::super::speech::list;
use super::Page;
use super::table::escape;

impl<'a> Page<'a> {
    fn milestones(&self) -> impl Iterator<Item = (&'a Rule, &'a Milestone)> + use<'a> {
        self.standard().pack().rules.iter().filter_map(|rule| match &rule.check {
            Check::Milestone(milestone) => Some((rule, milestone)),
            _ => None,
        })
    }

    pub(super) fn clocks(&mut self) {
        self.heading("Clocks", "时限");
        self.note(
            "“Also possible” names the events from which the text could be read to count as well; the pack chose the one in \
             the limit.",
            "“也可为”列出原文也可理解为起算点的事件；时限中所写的是本包的选择。",
        );
        let say = |en, zh| self.speech.say(en, zh);
        let head = [
            say("Clause", "条款"),
            say("Rule", "规则"),
            say("Limit", "时限"),
            say("Kept by", "完成标志"),
            say("Counts in", "计时方式"),
            say("Also possible", "也可为"),
            say("If missed", "超时后"),
        ];
        let rows: Vec<_> = self
            .milestones()
            .map(|(rule, milestone)| {
                let speech = self.speech;
                let anchors = milestone.other_anchors.iter().map(|event| speech.event(event));
                let mut missed: Vec<_> = milestone.tell.iter().map(|tell| speech.tell(tell)).collect();
                if milestone.reason_on_breach {
                    missed.push(speech.say("reason", "说明原因").to_owned());
                }
                let mut counts = speech.counts_in(milestone);
                for pause in &milestone.pause {
                    counts += speech.say("; stands still between ", "；暂停期间：");
                    counts += &list(speech.lang, [speech.event(&pause.from), speech.event(&pause.to)]);
                }
                if milestone.each {
                    counts += speech.say("; each start has its own", "；每次起算单独计时");
                }
                vec![
                    escape(&rule.clause),
                    self.rule(&rule.id),
                    self.said(|speech| speech.limit(milestone)),
                    escape(&speech.events(&milestone.end)),
                    escape(&counts),
                    escape(&list(speech.lang, anchors)),
                    escape(&list(speech.lang, missed)),
                ]
            })
            .collect();
        self.table(&head, &rows);
    }

    pub(super) fn calendars(&mut self) {
        let pack = self.standard().pack();
        if pack.calendars.is_empty() {
            return;
        }
        self.heading("Working hours", "工作时间");
        let say = |en, zh| self.speech.say(en, zh);
        let head = [
            say("Calendar", "日历"),
            say("Time zone", "时区"),
            say("Hours", "时间"),
            say("Closed on", "休息日"),
        ];
        let rows: Vec<_> = pack
            .calendars
            .iter()
            .map(|calendar| {
                let hours = calendar.hours.iter().map(|(day, spans)| {
                    let day = format!("{day:?}");
                    format!("{day} {}", spans.join(" "))
                });
                vec![
                    self.beside(&calendar.name),
                    calendar
                        .zone
                        .as_deref()
                        .map_or(say("that of the place of service", "服务地点时区"), |zone| zone)
                        .to_owned(),
                    escape(&hours.collect::<Vec<_>>().join(", ")),
                    escape(&calendar.holidays.join(", ")),
                ]
            })
            .collect();
        self.table(&head, &rows);
    }

    pub(super) fn gates(&mut self) {
        self.heading("Gates", "先后约束");
        self.note("An event is refused until the duty is done.", "完成职责之前，不能记录该事件。");
        let say = |en, zh| self.speech.say(en, zh);
        let head =
            [say("Refused", "不能记录"), say("until", "直到"), say("Clause", "条款"), say("Rule", "规则")];
        let gates = self.standard().pack().rules.iter().filter_map(|rule| {
            let window = rule.window().filter(|window| !window.blocks.is_empty())?;
            Some(vec![
                self.said(|speech| speech.events(&window.blocks)),
                self.both(&rule.text),
                escape(&rule.clause),
                self.rule(&rule.id),
            ])
        });
        let rows: Vec<_> = gates.collect();
        self.table(&head, &rows);
    }
}
