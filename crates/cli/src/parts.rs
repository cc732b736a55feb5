//! The technician's parts, and what a visit costs.

use std::fmt::Write as _;

use jobsheet_core::Text;
use jobsheet_core::assess::{Bearer, Charge};
use jobsheet_core::record::VisitLink;
use jobsheet_core::standard::{CostOf, Standard};

use crate::Here;
use crate::args::PartsVerb;
use crate::failure::Failure;
use crate::lists::local;
use crate::visit::find;

/// Shows one of the lists of parts.
pub(crate) fn show(here: &Here<'_>, verb: PartsVerb) -> Result<(), Failure> {
    match verb {
        PartsVerb::Stock => stock(here),
        PartsVerb::Returns => returns(here),
        PartsVerb::Requests => requests(here),
    }
}

fn say(here: &Here<'_>, en: &str, zh: &str) -> String {
    Text::new(en, zh).get(here.output.lang).to_owned()
}

fn stock(here: &Here<'_>) -> Result<(), Failure> {
    let stock = here.store.van_stock()?;
    here.output.result(&stock, || {
        let Some(stock) = &stock else {
            return say(here, "The office keeps no stock of this van.", "办公室未建立本车的库存账。");
        };
        let mut out = String::new();
        for line in &stock.lines {
            let name = line.name.as_deref().unwrap_or_default();
            let text =
                format!("{:>6}  {:<20}  {name}  {}", line.quantity, line.number, line.serials.join(" "));
            let _ = writeln!(out, "{}", text.trim_end());
        }
        for finding in &stock.findings {
            let text = finding.text.as_ref().map_or("", |text| text.get(here.output.lang));
            let serial = finding.serial.as_deref().map(|serial| format!(" {serial}")).unwrap_or_default();
            let _ =
                writeln!(out, "{}: {}{serial} ({}): {text}", finding.fault, finding.number, finding.quantity);
        }
        out
    })
}

fn returns(here: &Here<'_>) -> Result<(), Failure> {
    let open = here.store.open_returns()?;
    here.output.result(&open, || {
        if open.is_empty() {
            return here.output.words.nothing.to_owned();
        }
        let lines = open.iter().map(|one| {
            let old = &one.old;
            let serial = old.serial.as_deref().unwrap_or("–");
            let condition = old.condition.map(|condition| condition.name().get(here.output.lang).to_owned());
            let at = local(here, old.replaced_at.instant());
            let handed_in = match old.handed_in {
                Some(_) => say(here, "handed in, not confirmed by the store", "已交回，库房尚未确认"),
                None => say(here, "to be handed in", "待交回"),
            };
            format!(
                "{at}  {}  {} × {}  {serial}  {}  {handed_in}\n    {}\n",
                one.visit_number,
                old.quantity,
                old.number,
                condition.unwrap_or_default(),
                old.part,
            )
        });
        lines.collect()
    })
}

fn requests(here: &Here<'_>) -> Result<(), Failure> {
    let asked = here.store.requested_parts()?;
    here.output.result(&asked, || {
        if asked.is_empty() {
            return here.output.words.nothing.to_owned();
        }
        let mut out = String::new();
        for one in &asked {
            let request = &one.request;
            let needed = request.needed_by.map(|at| local(here, at.instant()));
            let needed = needed.unwrap_or_else(|| say(here, "no time agreed", "未约定时间"));
            let state = match request.arrived {
                Some(at) => format!("{} {}", say(here, "arrived", "已到"), local(here, at.instant())),
                None => say(here, "not here yet", "未到"),
            };
            let line =
                format!("{needed}  {}  {} × {}  {state}", one.visit_number, request.quantity, request.number);
            let _ = writeln!(out, "{line}");
            for link in &one.linked {
                let how = match link.how {
                    VisitLink::FollowOn => say(here, "goes on in", "后续上门"),
                    VisitLink::Follows => say(here, "goes on from", "接续"),
                };
                let _ = writeln!(out, "    {how} {}", link.number);
            }
        }
        out
    })
}

/// Shows what a visit costs and whom.
pub(crate) fn charge(here: &Here<'_>, visit: &str) -> Result<(), Failure> {
    let visit = find(&here.store, visit)?;
    let charge = here.store.charge(visit)?;
    let standard = here.store.standard(visit)?;
    here.output.result(&charge, || page(here, &charge, &standard))
}

fn page(here: &Here<'_>, charge: &Charge, standard: &Standard) -> String {
    let lang = here.output.lang;
    let role = |id: &str| standard.pack().role(id).map_or(id, |role| role.name.get(lang)).to_owned();
    let mut out = String::new();
    for borne in &charge.costs {
        let of = match borne.of {
            CostOf::Parts => say(here, "parts", "配件"),
            CostOf::Labour => say(here, "labour", "工时"),
        };
        let who = match &borne.bearer {
            Bearer::Company => say(here, "free of charge", "免费"),
            Bearer::Role { role: id } => role(id),
            Bearer::NotKnown { missing } => {
                format!(
                    "{} {}",
                    say(here, "not known: give the date", "无法确定，请补填日期"),
                    missing.join(", ")
                )
            }
            Bearer::NotStated => say(here, "not stated", "规范未规定"),
            Bearer::Disputed { rules } => {
                format!("{} {}", say(here, "disputed", "规定不一"), rules.join(", "))
            }
        };
        let clause = borne.clause.as_deref().unwrap_or_default();
        let rule = borne.rule.as_ref().map(|rule| format!(" · {clause} [{rule}]")).unwrap_or_default();
        let _ = writeln!(out, "{of}: {who}{rule}");
    }
    for line in &charge.lines {
        let per = line.per.as_ref().map(|per| format!(" / {per}")).unwrap_or_default();
        let (what, bearer) = (&line.what, role(&line.bearer));
        let _ =
            writeln!(out, "  {what}: {} × {}{per} = {} · {bearer}", line.quantity, line.price, line.amount);
    }
    for total in &charge.totals {
        let sum =
            total.total.as_ref().map_or_else(|| say(here, "not known", "无法确定"), ToString::to_string);
        let _ = writeln!(out, "{} {}: {sum}", say(here, "total", "合计"), role(&total.bearer));
    }
    for finding in &charge.findings {
        let _ = writeln!(out, "{} [{}]", finding.text.get(lang), finding.about);
    }
    out
}
