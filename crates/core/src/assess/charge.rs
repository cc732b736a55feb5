//! Who bears the costs of a visit, and what is charged by the tariffs that its pack names.
//!
//! Nothing is guessed: where a date, a tariff or a price is missing there is a finding and no total.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use super::proof::Evidences;
use super::value::latest;
use crate::record::Record;
use crate::standard::{Check, Cost, CostOf, Rule, Standard, Warranty};
use crate::tariff::{Amount, Tariff, digits, in_force};
use crate::{Stamp, Text};

/// Who bears a cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Bearer {
    /// The company itself: a warranty runs.
    Company,
    /// A role of the pack: the customer, a department.
    Role {
        /// Role id.
        role: String,
    },
    /// It depends on dates that the record does not hold.
    NotKnown {
        /// Where they would stand, as sources.
        missing: Vec<String>,
    },
    /// The pack says nothing of it.
    NotStated,
    /// Rules of the pack name different bearers.
    Disputed {
        /// The rules.
        rules: Vec<String>,
    },
}

/// A cost of the visit and its bearer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Borne {
    /// The cost.
    pub of: CostOf,
    /// Who bears it.
    pub bearer: Bearer,
    /// The rule that decides, if one does.
    pub rule: Option<String>,
    /// Its clause.
    pub clause: Option<String>,
    /// What it says.
    pub text: Option<Text>,
    /// The tariff by which it is charged.
    pub tariff: Option<String>,
}

/// One line of a charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChargeLine {
    /// Who pays: role id.
    pub bearer: String,
    /// Part number, `labour`, or the kind of cost.
    pub what: String,
    /// Name of a part, as it was entered.
    pub name: Option<String>,
    /// Pieces, or units of time that were begun.
    pub quantity: u64,
    /// Unit of time, for labour.
    pub per: Option<String>,
    /// Price of one.
    pub price: Amount,
    /// Price of all.
    pub amount: Amount,
    /// The rule that names the tariff.
    pub rule: String,
    /// The tariff.
    pub tariff: String,
    /// The day from which this version of it holds.
    pub tariff_from: Date,
}

/// What one bearer pays in all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChargeTotal {
    /// Who pays: role id.
    pub bearer: String,
    /// How much. None: something is missing, and the findings say what.
    pub total: Option<Amount>,
}

/// Why a charge is not complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChargeFault {
    /// The company has supplied no table for a tariff that the pack names, or none that holds on the day of the work.
    NoTariff,
    /// The tariff has no price for it.
    NotInTariff,
    /// Who bears it depends on dates that are missing.
    BearerNotKnown,
    /// The pack does not say who bears it.
    BearerNotStated,
    /// Rules of the pack name different bearers.
    BearerDisputed,
    /// The bearer is known and no tariff is named.
    NoTariffNamed,
    /// The work has not ended yet.
    WorkNotOver,
    /// By the clocks of the devices the work ended before it began.
    WorkTimeNotKnown,
    /// Its tariffs are in different currencies.
    TwoCurrencies,
    /// The sum does not fit into any account.
    TooLarge,
    /// The amount that was entered is another than the tariff gives.
    EnteredDiffers,
}

impl ChargeFault {
    /// What is wrong, and what mends it.
    pub fn text(self) -> Text {
        let (en, zh) = match self {
            Self::NoTariff => (
                "No tariff: the company has stored none of this name that holds on the day of the work.",
                "没有收费标准：公司未设置在服务当日有效的同名收费标准。",
            ),
            Self::NotInTariff => ("The tariff has no price for this.", "收费标准中没有此项价格。"),
            Self::BearerNotKnown => (
                "Who bears this is not known: enter the missing date.",
                "无法确定由谁承担：请补填缺少的日期。",
            ),
            Self::BearerNotStated => ("The standard does not say who bears this.", "规范未规定由谁承担。"),
            Self::BearerDisputed => (
                "Rules of the standard name different bearers: a person decides.",
                "规范中的规则对承担者规定不一，须由人决定。",
            ),
            Self::NoTariffNamed => (
                "The standard names no tariff for this: the amount is agreed.",
                "规范未指明收费标准，金额另行商定。",
            ),
            Self::WorkNotOver => ("The work has not ended yet.", "作业尚未结束。"),
            Self::WorkTimeNotKnown => (
                "By the clocks of the devices the work ended before it began: agree the time.",
                "按设备时钟，作业结束早于开始，工时须另行商定。",
            ),
            Self::TwoCurrencies => ("The tariffs are in different currencies.", "各收费标准的币种不同。"),
            Self::TooLarge => ("The sum is too large.", "金额过大。"),
            Self::EnteredDiffers => {
                ("The amount that was entered differs from the tariff.", "所填金额与收费标准不一致。")
            }
        };
        Text::new(en, zh)
    }
}

/// Something that is missing from a charge or wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChargeFinding {
    /// What is wrong.
    pub fault: ChargeFault,
    /// What it is about: a tariff, a part number, a kind of cost, a place in the record.
    pub about: String,
    /// Whose charge it is about: role id.
    pub bearer: Option<String>,
    /// In words.
    pub text: Text,
}

/// What a visit costs and whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Charge {
    /// Parts and labour, with their bearers.
    pub costs: Vec<Borne>,
    /// What is charged by tariffs.
    pub lines: Vec<ChargeLine>,
    /// What each bearer pays.
    pub totals: Vec<ChargeTotal>,
    /// What is missing or wrong.
    pub findings: Vec<ChargeFinding>,
}

/// Reckons what a visit costs and whom. The version of a tariff that holds on the day of the work counts.
pub fn charge(record: &Record, standard: &Standard, tariffs: &[Tariff]) -> Charge {
    let evidences = Evidences::of(record, standard);
    let mut reckoning = Reckoning {
        evidences: &evidences,
        tariffs,
        day: evidences.day_of_work(),
        lines: Vec::new(),
        findings: Vec::new(),
        payers: Vec::new(),
    };
    let costs = vec![reckoning.parts(), reckoning.labour()];
    reckoning.fees();
    let totals = reckoning.totals();
    Charge { costs, lines: reckoning.lines, totals, findings: reckoning.findings }
}

impl Evidences<'_> {
    /// Rules of the job that apply, with their places.
    fn applying(&self) -> impl Iterator<Item = &Rule> {
        let rules = self.course.rules().iter().map(|at| (*at, &self.standard.pack().rules[*at]));
        rules.filter(|(at, rule)| rule.disabled.is_none() && self.applies(*at)).map(|(_, rule)| rule)
    }

    /// A rule about a cost is in force: what it begins with has happened, or is a step that comes in any case.
    fn in_force(&self, cost: &Cost) -> bool {
        cost.window
            .after
            .as_deref()
            .is_none_or(|after| self.timeline.happened(after) || self.course.rank_of_event(after).is_some())
    }

    /// Who bears a cost. A rule that speaks of the cost itself comes before a warranty.
    pub(crate) fn borne(&self, of: CostOf) -> Borne {
        let mut found: Vec<(&Rule, Bearer, Option<&String>)> = Vec::new();
        for rule in self.applying() {
            if let Check::Cost(cost) = &rule.check
                && cost.of.contains(&of)
                && self.in_force(cost)
            {
                found.push((rule, Bearer::Role { role: cost.bearer.clone() }, cost.tariff.as_ref()));
            }
        }
        if found.is_empty() {
            for rule in self.applying() {
                if let Check::Warranty(warranty) = &rule.check
                    && warranty.of.contains(&of)
                    && warranty.terms.is_none()
                {
                    found.push(self.by_warranty(rule, warranty));
                }
            }
        }
        let disputed = found.windows(2).any(|pair| pair[0].1 != pair[1].1);
        if disputed {
            let rules = found.iter().map(|(rule, ..)| rule.id.clone()).collect();
            let bearer = Bearer::Disputed { rules };
            return Borne { of, bearer, rule: None, clause: None, text: None, tariff: None };
        }
        match found.into_iter().next() {
            Some((rule, bearer, tariff)) => Borne {
                of,
                bearer,
                rule: Some(rule.id.clone()),
                clause: Some(rule.clause.clone()),
                text: Some(rule.text.clone()),
                tariff: tariff.cloned(),
            },
            None => {
                Borne { of, bearer: Bearer::NotStated, rule: None, clause: None, text: None, tariff: None }
            }
        }
    }

    fn by_warranty<'r>(
        &self,
        rule: &'r Rule,
        warranty: &'r Warranty,
    ) -> (&'r Rule, Bearer, Option<&'r String>) {
        let status = self.warranty(rule, warranty);
        match (status.covered, &warranty.afterwards) {
            (Some(true), _) => (rule, Bearer::Company, None),
            (Some(false), Some(afterwards)) => {
                let bearer = Bearer::Role { role: afterwards.bearer.clone() };
                (rule, bearer, afterwards.tariff.as_ref())
            }
            (Some(false), None) => (rule, Bearer::NotStated, None),
            (None, _) => (rule, Bearer::NotKnown { missing: status.missing }, None),
        }
    }

    /// The day on which the work was done, at the place of service: the day it began, else that of the arrival, else that on
    /// which the matter was received.
    fn day_of_work(&self) -> Option<Date> {
        let opening = self.course.flow().opening.first().map(String::as_str);
        let kinds = ["work-started", "arrived"].into_iter().chain(opening);
        let at = kinds.filter_map(|kind| self.timeline.first(kind)).map(|at| at.stamp.at).next()?;
        Some(self.record.zone(at).to_datetime(at.instant()).date())
    }

    /// How long the work took, pauses left out: from the first beginning to the last end. Within one boot of a device the
    /// monotonic clock counts, so that a clock which is set in between costs nobody anything.
    fn worked(&self) -> Worked {
        let Some(began) = self.timeline.first("work-started").map(|at| &at.stamp) else {
            return Worked::NotBegun;
        };
        let since = |stamp: &Stamp| began.until(stamp);
        let last =
            |kind: &str| self.timeline.standing(kind).map(|at| &at.stamp).max_by_key(|at| at.corrected());
        let Some(ended) = last("work-finished").or_else(|| last("left-site")).map(since) else {
            return Worked::NotOver;
        };
        let total = ended.duration.as_secs();
        if total < 0 {
            return Worked::NotKnown;
        }
        // A pause that nobody ended lasts to the end of the work.
        let at = |stamp: &Stamp| since(stamp).duration.as_secs().clamp(0, total);
        let mut pauses: Vec<(i64, i64)> =
            self.timeline.standing("paused").map(|paused| (at(&paused.stamp), total)).collect();
        for (_, event) in self.record.events.values().filter(|(_, event)| event.kind == "resumed") {
            let paused = event.ends.iter().filter_map(|id| self.record.events.get(id));
            for (_, paused) in paused.filter(|(_, paused)| paused.kind == "paused") {
                pauses.push((at(&paused.by.stamp), at(&event.by.stamp)));
            }
        }
        pauses.sort_unstable();
        let (mut worked, mut counted) = (total, 0);
        for (from, to) in pauses {
            // Two of a crew who pause together pause once.
            let from = from.max(counted);
            if to > from {
                worked -= to - from;
                counted = to;
            }
        }
        Worked::Seconds(u64::try_from(worked).unwrap_or(0))
    }
}

/// How long the work took.
enum Worked {
    /// It has not begun, so it costs nothing.
    NotBegun,
    /// It has begun and not ended.
    NotOver,
    /// By the clocks of the devices it ended before it began.
    NotKnown,
    /// So many seconds.
    Seconds(u64),
}

struct Reckoning<'a> {
    evidences: &'a Evidences<'a>,
    tariffs: &'a [Tariff],
    day: Option<Date>,
    lines: Vec<ChargeLine>,
    findings: Vec<ChargeFinding>,
    /// Everybody who pays something, or would if it were known how much.
    payers: Vec<String>,
}

impl<'a> Reckoning<'a> {
    fn find(&mut self, fault: ChargeFault, about: impl Into<String>, bearer: Option<&str>) {
        let (about, bearer) = (about.into(), bearer.map(ToOwned::to_owned));
        let finding = ChargeFinding { fault, about, bearer, text: fault.text() };
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    /// Who pays for a cost that has arisen, and by which tariff. What stands against it becomes a finding.
    fn payer(&mut self, borne: &Borne, what: &str) -> Option<(String, &'a Tariff, String)> {
        let role = match &borne.bearer {
            Bearer::Company => return None,
            Bearer::Role { role } => role.clone(),
            Bearer::NotKnown { missing } => {
                for source in missing {
                    self.find(ChargeFault::BearerNotKnown, source, None);
                }
                return None;
            }
            Bearer::NotStated => {
                self.find(ChargeFault::BearerNotStated, what, None);
                return None;
            }
            Bearer::Disputed { rules } => {
                self.find(ChargeFault::BearerDisputed, rules.join(", "), None);
                return None;
            }
        };
        self.pays(&role);
        let rule = borne.rule.clone().unwrap_or_default();
        let Some(id) = &borne.tariff else {
            self.find(ChargeFault::NoTariffNamed, what, Some(&role));
            return None;
        };
        let tariff = self.tariff(id, &role)?;
        Some((role, tariff, rule))
    }

    fn pays(&mut self, role: &str) {
        if !self.payers.iter().any(|known| known == role) {
            self.payers.push(role.to_owned());
        }
    }

    fn tariff(&mut self, id: &str, role: &str) -> Option<&'a Tariff> {
        let tariff = self.day.and_then(|day| in_force(self.tariffs, id, day));
        if tariff.is_none() {
            self.find(ChargeFault::NoTariff, id, Some(role));
        }
        tariff
    }

    fn parts(&mut self) -> Borne {
        let borne = self.evidences.borne(CostOf::Parts);
        let mut used: BTreeMap<&str, (u64, Option<&String>)> = BTreeMap::new();
        for part in self.evidences.record.parts.values() {
            let (quantity, name) = used.entry(&part.number).or_default();
            *quantity += u64::from(part.quantity);
            *name = name.or(part.name.as_ref());
        }
        if used.is_empty() {
            return borne;
        }
        let Some((role, tariff, rule)) = self.payer(&borne, "parts") else { return borne };
        for (number, (quantity, name)) in used {
            let price = tariff.parts.get(number).copied();
            self.line(&role, number, name.cloned(), quantity, None, price, &rule, tariff);
        }
        borne
    }

    fn labour(&mut self) -> Borne {
        let borne = self.evidences.borne(CostOf::Labour);
        let worked = self.evidences.worked();
        if matches!(worked, Worked::NotBegun) {
            return borne;
        }
        let Some((role, tariff, rule)) = self.payer(&borne, "labour") else { return borne };
        let worked = match worked {
            Worked::Seconds(seconds) => seconds,
            Worked::NotOver | Worked::NotBegun => {
                self.find(ChargeFault::WorkNotOver, "labour", Some(&role));
                return borne;
            }
            Worked::NotKnown => {
                self.find(ChargeFault::WorkTimeNotKnown, "labour", Some(&role));
                return borne;
            }
        };
        let labour = tariff.labour.as_ref();
        let unit = labour.and_then(crate::tariff::Labour::seconds);
        let units = unit.map_or(0, |unit| worked.div_ceil(unit));
        let per = labour.map(|labour| labour.per.clone());
        let price = labour.filter(|_| unit.is_some()).map(|labour| labour.price);
        self.line(&role, "labour", None, units, per, price, &rule, tariff);
        borne
    }

    /// Flat fees of rules that name a tariff and no cost of the record itself: damage by misuse, a call for nothing.
    fn fees(&mut self) {
        let evidences = self.evidences;
        for rule in evidences.applying() {
            let Check::Cost(cost) = &rule.check else { continue };
            let (Some(id), true) = (&cost.tariff, cost.of.is_empty()) else { continue };
            let begun = cost.window.after.as_deref().is_none_or(|after| evidences.timeline.happened(after));
            if !begun {
                continue;
            }
            self.pays(&cost.bearer);
            let Some(tariff) = self.tariff(id, &cost.bearer) else { continue };
            let before = self.lines.len();
            for kind in &cost.kinds {
                let price = tariff.fees.get(&kind.id).copied();
                self.line(&cost.bearer, &kind.id, None, 1, None, price, &rule.id, tariff);
            }
            self.compare(cost, before);
        }
    }

    /// The amount that a person entered beside the one of the tariff.
    fn compare(&mut self, cost: &Cost, before: usize) {
        let Some(quantity) = &cost.quantity else { return };
        let Some(entered) = latest(self.evidences.record, quantity) else { return };
        let lines = self.lines.get(before..).unwrap_or_default();
        let Some(currency) = lines.first().map(|line| line.amount.currency.clone()) else { return };
        let minor = lines.iter().map(|line| line.amount.minor).sum();
        let places = digits(&currency).unwrap_or(0) as usize;
        let given = format!("{:.places$} {}", entered.value, entered.unit);
        if given != (Amount { minor, currency }).to_string() {
            self.find(ChargeFault::EnteredDiffers, quantity, Some(&cost.bearer));
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one line of a charge has so many fields")]
    fn line(
        &mut self,
        role: &str,
        what: &str,
        name: Option<String>,
        quantity: u64,
        per: Option<String>,
        price: Option<i64>,
        rule: &str,
        tariff: &Tariff,
    ) {
        let Some(price) = price else {
            return self.find(ChargeFault::NotInTariff, what, Some(role));
        };
        let Some(minor) = i64::try_from(quantity).ok().and_then(|many| price.checked_mul(many)) else {
            return self.find(ChargeFault::TooLarge, what, Some(role));
        };
        let money = |minor| Amount { minor, currency: tariff.currency.clone() };
        self.lines.push(ChargeLine {
            bearer: role.to_owned(),
            what: what.to_owned(),
            name,
            quantity,
            per,
            price: money(price),
            amount: money(minor),
            rule: rule.to_owned(),
            tariff: tariff.id.clone(),
            tariff_from: tariff.valid_from,
        });
    }

    fn totals(&mut self) -> Vec<ChargeTotal> {
        let mut totals = Vec::new();
        for role in self.payers.clone() {
            let mut total: Option<Amount> = None;
            let mut wrong = None;
            for line in self.lines.iter().filter(|line| line.bearer == role) {
                let sum = match &total {
                    None => Ok(line.amount.clone()),
                    Some(before) if before.currency != line.amount.currency => {
                        Err(ChargeFault::TwoCurrencies)
                    }
                    Some(before) => before
                        .minor
                        .checked_add(line.amount.minor)
                        .map(|minor| Amount { minor, currency: before.currency.clone() })
                        .ok_or(ChargeFault::TooLarge),
                };
                match sum {
                    Ok(sum) => total = Some(sum),
                    Err(fault) => wrong = Some(fault),
                }
            }
            if let Some(fault) = wrong {
                self.find(fault, role.clone(), Some(&role));
            }
            // A cost whose bearer is not known may turn out to be this one's.
            let complete = |finding: &ChargeFinding| {
                finding.fault == ChargeFault::EnteredDiffers
                    || finding.bearer.as_ref().is_some_and(|bearer| *bearer != role)
            };
            if !self.findings.iter().all(complete) {
                total = None;
            }
            totals.push(ChargeTotal { bearer: role, total });
        }
        totals
    }
}
