//! Points, warranty, cost, forms, what no record can prove, and the readings chosen.

use std::fmt::Write as _;

use jobsheet_core::standard::{Check, Rule};

use super::Page;
use super::table::escape;

impl Page<'_> {
    /// One row a rule for those that `cells` has something to say about; nothing at all if it has never.
    fn rules_table(
        &mut self,
        heading: (&'static str, &'static str),
        more: &[(&'static str, &'static str)],
        cells: impl Fn(&Self, &Rule) -> Option<Vec<String>>,
    ) {
        let rules = self.standard().pack().rules.iter();
        let rows: Vec<_> = rules
            .filter_map(|rule| {
                let mut row = vec![escape(&rule.clause), self.rule(&rule.id)];
                row.extend(cells(self, rule)?);
                Some(row)
            })
            .collect();
        if rows.is_empty() {
            return;
        }
        self.heading(heading.0, heading.1);
        let mut head = vec![self.speech.say("Clause", "条款"), self.speech.say("Rule", "规则")];
        head.extend(more.iter().map(|(en, zh)| self.speech.say(en, zh)));
        self.table(&head, &rows);
    }

    pub(super) fn scoring(&mut self) {
        self.rules_table(("Scoring", "记分"), &[("Text", "内容"), ("Points", "记分")], |page, rule| {
            let Check::Score(score) = &rule.check else { return None };
            Some(vec![page.both(&rule.text), escape(&page.speech.score(score))])
        });
    }

    pub(super) fn warranty(&mut self) {
        self.rules_table(("Warranty", "质保"), &[("Text", "内容"), ("Span", "期限")], |page, rule| {
            let Check::Warranty(warranty) = &rule.check else { return None };
            Some(vec![page.both(&rule.text), page.said(|speech| speech.warranty(warranty))])
        });
    }

    pub(super) fn cost(&mut self) {
        self.rules_table(
            ("Cost", "费用"),
            &[("Text", "内容"), ("Who bears what", "由谁承担")],
            |page, rule| {
                let Check::Cost(cost) = &rule.check else { return None };
                Some(vec![page.both(&rule.text), page.said(|speech| speech.cost(cost))])
            },
        );
    }

    pub(super) fn forms(&mut self) {
        let pack = self.standard().pack();
        if pack.forms.is_empty() {
            return;
        }
        self.heading("Forms", "表单");
        for form in &pack.forms {
            let (title, places) = (self.beside(&form.title), escape(&self.speech.places(&form.r#in)));
            let _ = writeln!(self.out, "### {title}\n\n`{}` · {places}\n", form.id);
            let say = |en, zh| self.speech.say(en, zh);
            let head =
                [say("No.", "序号"), say("Field", "栏目"), say("Stands in", "内容来源"), say("Rule", "规则")];
            let rows: Vec<_> = form
                .fields
                .iter()
                .map(|field| {
                    vec![
                        field.number.map(|number| number.to_string()).unwrap_or_default(),
                        self.beside(&field.label),
                        escape(&self.speech.sources(&field.sources)),
                        self.rule(&field.rule),
                    ]
                })
                .collect();
            self.table(&head, &rows);
            self.out.push('\n');
        }
    }

    pub(super) fn beyond_software(&mut self) {
        let more = [
            ("The text asks for", "原文要求"),
            ("Why a record can not prove it", "记录不能证明的原因"),
            ("What Jobsheet does instead", "Jobsheet 的做法"),
        ];
        self.rules_table(
            ("What no software can carry alone", "软件无法独自承担的内容"),
            &more,
            |page, rule| {
                let Check::Guidance(guidance) = &rule.check else { return None };
                let instead = page.said(|speech| speech.instead(guidance).to_owned());
                Some(vec![page.both(&rule.text), page.both(&guidance.why), instead])
            },
        );
    }

    pub(super) fn readings(&mut self) {
        self.rules_table(("Readings chosen", "解读"), &[("Reading", "解读")], |page, rule| {
            Some(vec![page.both(rule.reading.as_ref()?)])
        });
    }

    pub(super) fn disabled(&mut self) {
        let more = [("Text", "内容"), ("Reason", "原因")];
        self.rules_table(("Switched off", "已停用"), &more, |page, rule| {
            Some(vec![page.both(&rule.text), page.both(rule.disabled.as_ref()?)])
        });
    }
}
