//! Special situations: what opens and ends them, the rules in order, who is told.

use super::Page;
use super::table::escape;

impl Page<'_> {
    pub(super) fn situations(&mut self) {
        let situations = &self.standard().pack().situations;
        if situations.is_empty() {
            return;
        }
        self.heading("Special situations", "特殊情形");
        self.note(
            "Each gathers the rules that speak of it, in order; it adds no duty. Without an event that ends it, it is over once what it asks is done.",
            "每一情形按顺序汇集相关规则，不新增义务。未写明结束事件的，所要求的事项完成即告结束。",
        );
        let rows: Vec<Vec<String>> = situations
            .iter()
            .map(|known| {
                let events = |list: &[String]| {
                    let codes: Vec<String> = list.iter().map(|event| format!("`{event}`")).collect();
                    codes.join(" ")
                };
                let told: Vec<String> = known
                    .tells
                    .iter()
                    .map(|tells| {
                        let role = self.standard().pack().role(&tells.to);
                        let name = role.map_or(tells.to.as_str(), |role| role.name.get(self.speech.lang));
                        format!("{} ({})", escape(name), self.rule(&tells.rule))
                    })
                    .collect();
                let rules: Vec<String> = known.rules.iter().map(|rule| self.rule(rule)).collect();
                let mut also = Vec::new();
                if let Some(alert) = &known.alert {
                    let event = alert.acknowledged.as_deref().map(|event| format!(" → `{event}`"));
                    also.push(format!(
                        "{}{}",
                        self.speech.say("alert", "可发警报"),
                        event.unwrap_or_default()
                    ));
                }
                if let Some(frees) = &known.frees {
                    also.push(format!("{} {}", self.speech.say("frees", "放行"), events(&frees.events)));
                }
                if let Some(reading) = &known.reading {
                    also.push(self.both(reading));
                }
                vec![
                    format!("{}<br>`{}`", self.both(&known.name), known.id),
                    events(&known.opens),
                    events(&known.closes),
                    rules.join(" "),
                    told.join("<br>"),
                    also.join("<br>"),
                ]
            })
            .collect();
        let head = [
            ("Situation", "情形"),
            ("Opened by", "引出事件"),
            ("Ended by", "结束事件"),
            ("Rules, in order", "规则（按顺序）"),
            ("Told", "须告知"),
            ("Also", "其他"),
        ];
        let head = head.map(|(en, zh)| self.speech.say(en, zh));
        self.table(&head, &rows);
    }
}
