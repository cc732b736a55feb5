//! Jobs, roles, and the course of each kind of document.

use std::fmt::Write as _;

use jobsheet_core::standard::{Flow, Kind, Side};

use super::super::rehearse::Went;
use super::super::speech;
use super::Page;
use super::table::escape;

impl Page<'_> {
    pub(super) fn jobs(&mut self, jobs: &[Went<'_>]) {
        self.heading("Jobs", "工作");
        self.note(
            "Answers are counted in a rehearsal: one document of the job is worked to its end by doing what `next` says, and \
             nothing special happens. `jobsheet standards rehearse` shows each step.",
            "填报次数来自演练：按 `next` 的提示把一份记录做到结束，其间不发生特殊情况。`jobsheet standards rehearse` 显示每一步。",
        );
        let say = |en, zh| self.speech.say(en, zh);
        let head = [
            say("Job", "工作"),
            say("Id", "编号"),
            say("Document", "记录种类"),
            say("Done by", "执行人"),
            say("Answers", "填报次数"),
            say("of these one tap", "其中点选"),
            say("Entries of the office", "后台次数"),
            say("Worked to its end", "可做到结束"),
        ];
        let rows: Vec<_> = jobs
            .iter()
            .map(|went| {
                let role = went.job.role.as_str();
                vec![
                    self.beside(&went.job.name),
                    format!("`{}`", went.job.id),
                    speech::kind(self.speech.lang, went.job.kind).to_owned(),
                    beside_role(self, role),
                    went.answers.to_string(),
                    went.taps.to_string(),
                    went.office.to_string(),
                    if went.finished { say("yes", "是") } else { say("NO", "否") }.to_owned(),
                ]
            })
            .collect();
        self.table(&head, &rows);
    }

    pub(super) fn roles(&mut self) {
        self.heading("Roles", "角色");
        let pack = self.standard().pack();
        let say = |en, zh| self.speech.say(en, zh);
        let head = [say("Role", "角色"), say("Id", "编号"), say("Writes", "填写"), say("Rules", "规则数")];
        let rows: Vec<_> = pack
            .roles
            .iter()
            .map(|role| {
                let side = match role.side {
                    Some(Side::Field) => say("the field side", "现场"),
                    Some(Side::Office) => say("the office side", "后台"),
                    None => "—",
                };
                let count = pack.rules.iter().filter(|rule| rule.roles.contains(&role.id)).count();
                vec![self.beside(&role.name), format!("`{}`", role.id), side.to_owned(), count.to_string()]
            })
            .collect();
        self.table(&head, &rows);
    }

    pub(super) fn courses(&mut self) {
        let standard = self.standard();
        for (kind, flow) in standard.pack().flows() {
            match kind {
                Kind::Visit => self.heading("The course of a visit", "上门服务的流程"),
                Kind::Case => self.heading("The course of a case", "案件的流程"),
                Kind::Shift => self.heading("The course of a shift", "当班的流程"),
            }
            self.states(flow);
            self.further_steps(flow);
            self.order(flow);
        }
    }

    /// The states with the events that lead to them.
    fn states(&mut self, flow: &Flow) {
        let say = |en, zh| self.speech.say(en, zh);
        let head = [
            say("State", "状态"),
            say("Reached by", "到达事件"),
            say("Possible from", "可在以下状态记录"),
            say("Only in", "仅限"),
            say("Rests on", "依据"),
        ];
        let rows: Vec<_> = flow
            .states
            .iter()
            .map(|state| {
                let step = flow.steps.iter().find(|step| step.event == state.event);
                let mut row = vec![self.beside(&state.name), escape(&self.speech.event(&state.event))];
                row.extend(match step {
                    Some(step) => self.step(&step.from, &step.r#in, &step.rules),
                    None => [self.made(flow, &state.event), String::new(), String::new()],
                });
                row
            })
            .collect();
        self.table(&head, &rows);
    }

    fn step(&self, from: &[String], jobs: &[String], rules: &[String]) -> [String; 3] {
        let code = |ids: &[String]| ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
        [code(from), code(jobs), rules.iter().map(|rule| self.rule(rule)).collect::<Vec<_>>().join(", ")]
    }

    /// How an event comes about that is no step.
    fn made(&self, flow: &Flow, event: &str) -> String {
        let say = |en, zh| self.speech.say(en, zh).to_owned();
        if flow.opening.iter().any(|known| known == event) {
            return say("the registration", "登记时");
        }
        if flow.signing.as_ref().is_some_and(|signing| signing.event == event) {
            return say("the last signature", "最后一个签字");
        }
        if flow.uploaded.as_deref() == Some(event) {
            return say("the server, by itself", "由服务器自动记录");
        }
        say("follows from other entries", "由其他内容得出")
    }

    /// Steps that lead to no state of their own.
    fn further_steps(&mut self, flow: &Flow) {
        let leads = |event: &str| flow.states.iter().any(|state| state.event == event);
        let rows: Vec<_> = flow
            .steps
            .iter()
            .filter(|step| !leads(&step.event))
            .map(|step| {
                let mut row = vec![escape(&self.speech.event(&step.event))];
                row.extend(self.step(&step.from, &step.r#in, &step.rules));
                row
            })
            .collect();
        if rows.is_empty() {
            return;
        }
        let say = |en, zh| self.speech.say(en, zh);
        let head = [
            say("Further step", "其他步骤"),
            say("Possible from", "可在以下状态记录"),
            say("Only in", "仅限"),
            say("Rests on", "依据"),
        ];
        self.out.push('\n');
        self.table(&head, &rows);
    }

    fn order(&mut self, flow: &Flow) {
        let say = |en, zh| self.speech.say(en, zh);
        let comma = say(", ", "、");
        let fields = flow.order.iter().map(|field| {
            let mut words = self.beside(&field.name);
            if field.required {
                words += say(" (required)", "（必填）");
            }
            if field.personal {
                words += say(" (personal)", "（个人信息）");
            }
            words
        });
        let fields = fields.collect::<Vec<_>>().join(comma);
        let mut lines = vec![format!("{}{fields}.", say("The order: ", "工单："))];
        if let Some(survey) = &flow.survey {
            let levels =
                survey.levels.iter().map(|level| self.beside(&level.name)).collect::<Vec<_>>().join(comma);
            lines.push(format!("{}{levels}.", say("The customer rates: ", "客户评价：")));
        }
        if let Some(signing) = &flow.signing {
            let roles = self.speech.roles(&signing.signers);
            let mut words = format!("{}{roles}", say("Signed by: ", "签字："));
            if !signing.also.is_empty() {
                words += say("; may sign too: ", "；也可签字：");
                words += &self.speech.roles(&signing.also);
            }
            lines.push(format!("{}.", escape(&words)));
        }
        for line in lines {
            let _ = writeln!(self.out, "\n{line}");
        }
    }
}

fn beside_role(page: &Page<'_>, role: &str) -> String {
    page.standard().pack().role(role).map_or_else(|| escape(role), |role| page.beside(&role.name))
}
