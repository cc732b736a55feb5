//! Duties and conduct by phase, and the words to say.

use std::fmt::Write as _;

use jobsheet_core::standard::{Check, Rule};

use super::super::speech;
use super::super::when;
use super::Page;
use super::table::escape;

/// A rule of conduct: shown at its phase and attested, looked at or reported, never asked one by one.
fn is_conduct(rule: &Rule) -> bool {
    matches!(rule.check, Check::Conduct(_) | Check::Privacy(_))
}

/// A rule that has a part of the page of its own.
fn stands_elsewhere(rule: &Rule) -> bool {
    matches!(
        rule.check,
        Check::Milestone(_)
            | Check::Script(_)
            | Check::Guidance(_)
            | Check::Score(_)
            | Check::Warranty(_)
            | Check::Cost(_)
    )
}

impl Page<'_> {
    pub(super) fn duties(&mut self) {
        self.heading("Duties by phase", "各阶段职责");
        self.note(
            "What is done, answered or written. Deadlines, words, points, warranty and cost have their own parts of this page.",
            "需要完成、回答或填写的事项。时限、话术、记分、质保和费用另列。",
        );
        self.by_phase(|rule| !is_conduct(rule) && !stands_elsewhere(rule));
    }

    pub(super) fn conduct(&mut self) {
        self.heading("Conduct by phase", "各阶段行为规范");
        self.note(
            "Shown at its phase. One tap attests a phase; silence is no breach, a report is.",
            "在所在阶段显示。一次点选即可确认整个阶段；未确认不构成违反，有报告才构成。",
        );
        self.by_phase(is_conduct);
    }

    fn by_phase(&mut self, wanted: impl Fn(&Rule) -> bool) {
        let pack = self.standard().pack();
        for phase in &pack.phases {
            let rules = pack.rules.iter().filter(|rule| rule.phase == phase.id && wanted(rule));
            let rows: Vec<_> = rules.map(|rule| self.duty(rule)).collect();
            if rows.is_empty() {
                continue;
            }
            let name = self.beside(&phase.name);
            let _ = writeln!(self.out, "### {name}\n");
            let say = |en, zh| self.speech.say(en, zh);
            let head =
                [say("Clause", "条款"), say("Rule", "规则"), say("Binds", "约束对象"), say("Proof", "证明")];
            self.table(&head, &rows);
            self.out.push('\n');
        }
    }

    fn duty(&self, rule: &Rule) -> Vec<String> {
        let speech = self.speech;
        let strength = speech::severity(speech.lang, rule.severity);
        let text = format!("{}<br>{} · {strength}", self.both(&rule.text), self.rule(&rule.id));
        let mut proof = vec![speech.proof(rule)];
        proof.extend(speech.timing(rule));
        if let Some(when) = &rule.when {
            proof.push(format!("{}{}", speech.say("if ", "条件："), when::in_words(speech, when)));
        }
        let mut whom = escape(&speech.roles(&rule.roles));
        if rule.r#in != ["visit"] {
            let _ =
                write!(whom, "<br>{}{}", speech.say("in: ", "适用："), escape(&speech.places(&rule.r#in)));
        }
        vec![escape(&rule.clause), text, whom, escape(&proof.join(speech.say("; ", "；")))]
    }

    pub(super) fn words_to_say(&mut self) {
        let scripts = self.standard().pack().rules.iter().filter_map(|rule| {
            let Check::Script(script) = &rule.check else { return None };
            let avoid =
                script.avoid.iter().map(|phrase| self.beside(phrase)).collect::<Vec<_>>().join("<br>");
            Some(vec![escape(&rule.clause), self.rule(&rule.id), self.both(&script.words), avoid])
        });
        let rows: Vec<_> = scripts.collect();
        if rows.is_empty() {
            return;
        }
        self.heading("Words to say", "话术");
        let say = |en, zh| self.speech.say(en, zh);
        let head = [say("Clause", "条款"), say("Rule", "规则"), say("Words", "话术"), say("Avoid", "避免")];
        self.table(&head, &rows);
    }
}
