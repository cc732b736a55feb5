//! What proves that a rule was kept, in words.

use std::fmt::Write as _;

use jobsheet_core::Lang;
use jobsheet_core::standard::{
    Ask, BreachDemand, Calibrated, Check, Classification, Conduct, Cost, CostOf, Guidance, Hold, Instead,
    Item, PartsDemand, PersonalPattern, Privacy, Rule, Score, StockAge, Warranty, Witness,
};

use super::speech::{Speech, list};

impl Speech<'_> {
    /// What proves that a rule was kept; for a rule that nothing proves, what is done instead.
    pub(super) fn proof(&self, rule: &Rule) -> String {
        match &rule.check {
            Check::Item(item) => self.item(item),
            Check::Field(field) => {
                let sources = self.sources(&field.sources);
                match (field.optional, self.lang) {
                    (false, Lang::En) => format!("filled in: {sources}"),
                    (true, Lang::En) => format!("filled in where there is something to say: {sources}"),
                    (false, Lang::Zh) => format!("已填写：{sources}"),
                    (true, Lang::Zh) => format!("有内容时填写：{sources}"),
                }
            }
            Check::Act(act) => {
                let event = self.event(&act.event);
                match self.lang {
                    Lang::En => format!("{event} is recorded"),
                    Lang::Zh => format!("已记录{event}"),
                }
            }
            Check::Approval(approval) => {
                let (yes, no) = (self.event(&approval.approved), self.event(&approval.rejected));
                match self.lang {
                    Lang::En => format!("a decision: {yes} (or {no})"),
                    Lang::Zh => format!("决定：{yes}（或{no}）"),
                }
            }
            Check::Milestone(milestone) => self.clock(milestone),
            Check::OnBreach(breach) => {
                let rules = self.rules(&breach.milestones);
                match (breach.demands, self.lang) {
                    (BreachDemand::Reason, Lang::En) => {
                        format!("a reason for each missed deadline of {rules}")
                    }
                    (BreachDemand::Reason, Lang::Zh) => format!("{rules} 每次超时均已说明原因"),
                    (BreachDemand::Escalation, Lang::En) => {
                        format!("an escalation for each missed deadline of {rules}")
                    }
                    (BreachDemand::Escalation, Lang::Zh) => format!("{rules} 每次超时均已上报"),
                }
            }
            Check::Conduct(conduct) => self.witness(conduct).to_owned(),
            Check::Script(_) => self
                .say("attested with its phase; the words are offered", "随所在阶段一并确认；系统给出话术")
                .to_owned(),
            Check::Guidance(guidance) => self.instead(guidance).to_owned(),
            Check::Calibrated(calibrated) => self.calibrated(calibrated),
            Check::Classification(class) => self.class(class),
            Check::Parts(parts) => match parts.demands {
                PartsDemand::OldForNew => self.say(
                    "each replaced part: the old one is handed in for the new one",
                    "每个更换的零件：以旧换新",
                ),
                PartsDemand::Collected => self.say(
                    "each replaced part: the old one was collected by the store",
                    "每个更换的零件：旧件已回收",
                ),
                PartsDemand::Registered => self.say(
                    "each replaced part: the old one stands in the register of old parts",
                    "每个更换的零件：旧件已登记",
                ),
            }
            .to_owned(),
            Check::StockAge(age) => self.stock_age(age),
            Check::Warranty(warranty) => self.warranty(warranty),
            Check::Cost(cost) => self.cost(cost),
            Check::Score(score) => self.score(score),
            Check::Privacy(privacy) => self.privacy(privacy).to_owned(),
        }
    }

    fn calibrated(&self, calibrated: &Calibrated) -> String {
        let names: Vec<String> = calibrated.quantities.iter().map(|id| self.quantity(id).0).collect();
        let names = list(self.lang, names);
        match (self.lang, &calibrated.within) {
            (Lang::En, Some(within)) => {
                format!("read from an instrument calibrated within {within}: {names}")
            }
            (Lang::En, None) => format!("read from a calibrated instrument: {names}"),
            (Lang::Zh, Some(within)) => format!("所用仪器在 {within} 内校准过：{names}"),
            (Lang::Zh, None) => format!("所用仪器已校准：{names}"),
        }
    }

    fn item(&self, item: &Item) -> String {
        match &item.ask {
            Ask::YesNo => self.say("the answer yes", "回答“是”").to_owned(),
            Ask::Choice { options } => {
                format!("{}{}", self.say("one of: ", "选一项："), self.choices(options))
            }
            Ask::Several { options, all } => {
                let head = if *all {
                    self.say("each of: ", "全部：")
                } else {
                    self.say("some of: ", "若干项：")
                };
                format!("{head}{}", self.choices(options))
            }
            Ask::Text => self.say("words", "文字").to_owned(),
            Ask::Time => self.say("a time", "时间").to_owned(),
            Ask::Number { quantity, min, max } => {
                let (name, unit) = self.quantity(quantity);
                let head = self.say("measured: ", "实测：");
                format!("{head}{name}{}", self.range(*min, *max, unit))
            }
            Ask::Series { quantity, count, min, max } => {
                let (name, unit) = self.quantity(quantity);
                let range = self.range(*min, *max, unit);
                match self.lang {
                    Lang::En => format!("measured at least {count} times: {name}{range}"),
                    Lang::Zh => format!("至少测量 {count} 次：{name}{range}"),
                }
            }
            Ask::Hold(hold) => self.hold(hold),
            Ask::Photo { moments } if moments.is_empty() => self.say("a photo", "照片").to_owned(),
            Ask::Photo { moments } => {
                format!(
                    "{}{}",
                    self.say("a photo of each moment: ", "各时刻照片："),
                    list(self.lang, moments.clone())
                )
            }
            Ask::Signature { roles, everyone } => {
                let mut words = format!("{}{}", self.say("signed by: ", "签字："), self.roles(roles));
                if let Some(source) = everyone {
                    let names = self.source(source);
                    let _ = match self.lang {
                        Lang::En => write!(words, " (each person listed in {names})"),
                        Lang::Zh => write!(words, "（{names}所列每个人）"),
                    };
                }
                words
            }
            Ask::Document => self.say("the name of the document", "文件名称").to_owned(),
        }
    }

    fn range(&self, min: Option<f64>, max: Option<f64>, unit: &str) -> String {
        match (min, max, self.lang) {
            (None, None, _) => format!(" ({unit})"),
            (Some(min), None, Lang::En) => format!(", at least {min} {unit}"),
            (Some(min), None, Lang::Zh) => format!("，不小于 {min} {unit}"),
            (None, Some(max), Lang::En) => format!(", at most {max} {unit}"),
            (None, Some(max), Lang::Zh) => format!("，不大于 {max} {unit}"),
            (Some(min), Some(max), Lang::En) => format!(", from {min} to {max} {unit}"),
            (Some(min), Some(max), Lang::Zh) => format!("，{min} 至 {max} {unit}"),
        }
    }

    fn hold(&self, hold: &Hold) -> String {
        let (name, unit) = self.quantity(&hold.quantity);
        let (level, drop, lasts) = (hold.level, hold.drop, self.span(&hold.lasts));
        match self.lang {
            Lang::En => format!(
                "{name} at {level} {unit} or more, held for {lasts}, dropping by {drop} {unit} at most"
            ),
            Lang::Zh => format!("{name}不低于 {level} {unit}，保持 {lasts}，下降不超过 {drop} {unit}"),
        }
    }

    /// Who can say whether a rule of conduct was kept.
    pub(super) fn witness(&self, conduct: &Conduct) -> &'static str {
        match conduct.by {
            Witness::Attested => self
                .say("attested with its phase; a report breaches it", "随所在阶段一并确认；有报告则为违反"),
            Witness::Observed => {
                self.say("an audit looks at it; a report breaches it", "由检查观察；有报告则为违反")
            }
            Witness::Surveyed => self.say("the customer's rating speaks of it", "由客户评价反映"),
            Witness::Reported => self.say("nobody is asked; a report breaches it", "不询问；有报告则为违反"),
        }
    }

    /// What is done about a rule that no record can prove.
    pub(super) fn instead(&self, guidance: &Guidance) -> &'static str {
        match guidance.instead {
            Instead::Shown => self.say("shown at its phase, never asked", "在所在阶段显示，不询问"),
            Instead::Audit => self.say("shown; a supervisor's audit looks at it", "显示；由主管检查"),
            Instead::Survey => self.say("shown; the customer's rating speaks of it", "显示；由客户评价反映"),
            Instead::Training => self.say("shown; it belongs in training", "显示；纳入培训"),
            Instead::Design => self.say("kept by the way Jobsheet works", "由 Jobsheet 的设计保证"),
        }
    }

    fn class(&self, class: &Classification) -> String {
        let rises = if class.rises { self.say("; only ever rises", "；只升不降") } else { "" };
        if let Some(field) = &class.field {
            let name = self.order(field);
            return match self.lang {
                Lang::En => format!("one of the values of “{name}”{rises}"),
                Lang::Zh => format!("“{name}”取其一{rises}"),
            };
        }
        if let (Some(of), Some(id)) = (&class.of, &class.class) {
            let options = self.standard.rule(of).and_then(Rule::options).unwrap_or_default();
            let name = options
                .iter()
                .find(|option| option.id == *id)
                .map_or(id.as_str(), |one| self.text(&one.name));
            return match self.lang {
                Lang::En => format!("defines the class “{name}” of [{}]", self.short(of)),
                Lang::Zh => format!("界定 [{}] 的“{name}”", self.short(of)),
            };
        }
        format!("{}{}{rises}", self.say("one of: ", "选一项："), self.choices(&class.classes))
    }

    fn stock_age(&self, age: &StockAge) -> String {
        let (idle, mark, moved) = (self.span(&age.idle), self.event(&age.mark), self.events(&age.moved));
        match self.lang {
            Lang::En => format!("{mark} for each part that has lain for {idle} since {moved}"),
            Lang::Zh => format!("每个零件自{moved}起存放满 {idle}：{mark}"),
        }
    }

    pub(super) fn warranty(&self, warranty: &Warranty) -> String {
        let mut words = Vec::new();
        if let (Some(from), Some(lasts)) = (&warranty.from, &warranty.lasts) {
            let (from, lasts) = (self.source(from), self.span(lasts));
            words.push(match self.lang {
                Lang::En => format!("free of charge for {lasts} from {from}"),
                Lang::Zh => format!("自{from}起免费 {lasts}"),
            });
        }
        if !warranty.earliest_of.is_empty() {
            let head = self.say("the one that ends first of ", "以先到期者为准：");
            words.push(format!("{head}{}", self.rules(&warranty.earliest_of)));
        }
        if !warranty.covers.is_empty() {
            let names = list(self.lang, warranty.covers.iter().map(|one| self.text(&one.name).to_owned()));
            words.push(format!("{}{names}", self.say("covers ", "包括")));
        }
        if let Some(afterwards) = &warranty.afterwards {
            let (of, bearer) = (self.costs_of(&warranty.of), self.role(&afterwards.bearer));
            words.push(match self.lang {
                Lang::En => {
                    format!("{of} afterwards borne by {bearer}{}", self.tariff(afterwards.tariff.as_deref()))
                }
                Lang::Zh => format!("期满后{of}由{bearer}承担{}", self.tariff(afterwards.tariff.as_deref())),
            });
        }
        words.extend(warranty.terms.iter().map(|terms| self.text(terms).to_owned()));
        words.join(self.say("; ", "；"))
    }

    pub(super) fn cost(&self, cost: &Cost) -> String {
        let kinds = list(self.lang, cost.kinds.iter().map(|kind| self.text(&kind.name).to_owned()));
        let mut words = match self.lang {
            Lang::En => format!("{kinds}: borne by {}", self.role(&cost.bearer)),
            Lang::Zh => format!("{kinds}：由{}承担", self.role(&cost.bearer)),
        };
        if !cost.of.is_empty() {
            let of = self.costs_of(&cost.of);
            let _ = match self.lang {
                Lang::En => write!(words, "; these are the {of} of the visit"),
                Lang::Zh => write!(words, "；即本次服务的{of}"),
            };
        }
        words.push_str(&self.tariff(cost.tariff.as_deref()));
        if let Some(quantity) = &cost.quantity {
            let (name, unit) = self.quantity(quantity);
            let _ = match self.lang {
                Lang::En => write!(words, "; the amount is entered as “{name}” ({unit})"),
                Lang::Zh => write!(words, "；金额填入“{name}”（{unit}）"),
            };
        }
        words
    }

    fn costs_of(&self, of: &[CostOf]) -> String {
        let name = |of: &CostOf| match of {
            CostOf::Parts => self.say("parts", "配件"),
            CostOf::Labour => self.say("labour", "工时"),
        };
        list(self.lang, of.iter().map(|of| name(of).to_owned()))
    }

    fn tariff(&self, tariff: Option<&str>) -> String {
        match (tariff, self.lang) {
            (Some(id), Lang::En) => format!(", by the company's tariff `{id}`"),
            (Some(id), Lang::Zh) => format!("，按公司收费标准 {id} 收取"),
            (None, _) => String::new(),
        }
    }

    pub(super) fn score(&self, score: &Score) -> String {
        #[expect(clippy::cast_possible_truncation, reason = "a pack's points are a small multiple of 0.01")]
        let mut parts = vec![self.points((score.points * 100.0).round() as i64)];
        if let Some(money) = &score.money {
            parts = vec![self.money(money)];
        }
        if !score.applies_to.is_empty() {
            parts.push(format!(
                "{}{}",
                self.say("for a breach of ", "违反时："),
                self.rules(&score.applies_to)
            ));
        }
        if !score.on.is_empty() {
            parts.push(format!("{}{}", self.say("for ", "发生时："), self.events(&score.on)));
        }
        if !score.condition.is_empty() {
            parts.push(format!("{}{}", self.say("pending until ", "前提："), self.events(&score.condition)));
        }
        if score.per_violation {
            parts.push(self.say("each breach counts", "每次违反均计").to_owned());
        }
        let head = self.say("confirmed by ", "确认人：");
        parts.push(format!("{head}{}", self.roles(&score.reviewers)));
        parts.join(self.say("; ", "；"))
    }

    fn privacy(&self, privacy: &Privacy) -> &'static str {
        if privacy.forbid.is_empty() {
            return self
                .say("attested with its phase; a report breaches it", "随所在阶段一并确认；有报告则为违反");
        }
        if privacy.forbid.contains(&PersonalPattern::IdentityDocumentNumber) {
            self.say(
                "every free text is searched for identity-document numbers; door numbers are left to an audit",
                "检索所有文字中的证件号码；门牌号由检查发现",
            )
        } else {
            self.say("an audit looks for it", "由检查发现")
        }
    }
}
