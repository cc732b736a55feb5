//! The names of a pack as people read them: events, values, roles, spans of time.

use jobsheet_core::standard::{Choice, Kind, Named, Severity, Source, Standard};
use jobsheet_core::{Lang, Text};

/// One of two words.
pub(super) fn say(lang: Lang, en: &'static str, zh: &'static str) -> &'static str {
    match lang {
        Lang::En => en,
        Lang::Zh => zh,
    }
}

/// Words of a list, joined.
pub(super) fn list(lang: Lang, words: impl IntoIterator<Item = String>) -> String {
    words.into_iter().collect::<Vec<_>>().join(say(lang, ", ", "、"))
}

/// Words of which any will do.
pub(super) fn either(lang: Lang, words: impl IntoIterator<Item = String>) -> String {
    words.into_iter().collect::<Vec<_>>().join(say(lang, " or ", "或"))
}

/// How strongly a rule binds.
pub(super) fn severity(lang: Lang, severity: Severity) -> &'static str {
    match severity {
        Severity::Must => say(lang, "must", "必须"),
        Severity::MustNot => say(lang, "must not", "不得"),
        Severity::Should => say(lang, "should", "宜"),
    }
}

/// A kind of document.
pub(super) fn kind(lang: Lang, kind: Kind) -> &'static str {
    match kind {
        Kind::Visit => say(lang, "visit", "上门服务"),
        Kind::Case => say(lang, "case", "案件"),
        Kind::Shift => say(lang, "shift", "当班"),
    }
}

/// The names of one pack in one language.
#[derive(Clone, Copy)]
pub(super) struct Speech<'a> {
    pub(super) standard: &'a Standard,
    pub(super) lang: Lang,
}

impl<'a> Speech<'a> {
    pub(super) fn of(standard: &'a Standard, lang: Lang) -> Self {
        Self { standard, lang }
    }

    pub(super) fn say(&self, en: &'static str, zh: &'static str) -> &'static str {
        say(self.lang, en, zh)
    }

    pub(super) fn text(&self, text: &'a Text) -> &'a str {
        text.get(self.lang)
    }

    /// An event in quotes, with its subject: `“Arrived”`.
    pub(super) fn event(&self, id: &str) -> String {
        let (plain, subject) = id.split_once('/').unwrap_or((id, ""));
        let Some(event) = self.standard.event(plain) else { return format!("`{id}`") };
        let name = self.text(&event.name);
        match event.subjects.iter().find(|known| known.id == subject) {
            Some(subject) => format!("“{name}{}{}”", self.say(": ", "："), self.text(&subject.name)),
            None => format!("“{name}”"),
        }
    }

    /// Events of which any will do.
    pub(super) fn events(&self, ids: &[String]) -> String {
        either(self.lang, ids.iter().map(|id| self.event(id)))
    }

    pub(super) fn role(&self, id: &str) -> String {
        self.standard.pack().role(id).map_or_else(|| id.to_owned(), |role| self.text(&role.name).to_owned())
    }

    pub(super) fn roles(&self, ids: &[String]) -> String {
        list(self.lang, ids.iter().map(|id| self.role(id)))
    }

    pub(super) fn phase(&self, id: &str) -> String {
        named(&self.standard.pack().phases, id).map_or(id, |name| self.text(name)).to_owned()
    }

    /// A job or a kind of document.
    pub(super) fn place(&self, id: &str) -> String {
        if let Some(kind) = Kind::of(id) {
            return match kind {
                Kind::Visit => self.say("every visit", "所有上门服务"),
                Kind::Case => self.say("every case", "所有案件"),
                Kind::Shift => self.say("every shift", "所有当班"),
            }
            .to_owned();
        }
        let job = self.standard.pack().jobs.iter().find(|job| job.id == id);
        job.map_or(id, |job| self.text(&job.name)).to_owned()
    }

    pub(super) fn places(&self, ids: &[String]) -> String {
        list(self.lang, ids.iter().map(|id| self.place(id)))
    }

    pub(super) fn calendar(&self, id: &str) -> String {
        let known = self.standard.pack().calendars.iter().find(|calendar| calendar.id == id);
        known.map_or(id, |calendar| self.text(&calendar.name)).to_owned()
    }

    /// A quantity's name and unit.
    pub(super) fn quantity(&self, id: &str) -> (String, &'a str) {
        let known = self.standard.pack().quantities.iter().find(|quantity| quantity.id == id);
        known.map_or((id.to_owned(), ""), |known| (self.text(&known.name).to_owned(), &known.unit))
    }

    /// A field of the order.
    pub(super) fn order(&self, id: &str) -> String {
        let fields = self.standard.pack().flows().flat_map(|(_, flow)| &flow.order);
        fields.into_iter().find(|field| field.id == id).map_or(id, |field| self.text(&field.name)).to_owned()
    }

    pub(super) fn note(&self, id: &str) -> String {
        let notes = self.standard.pack().flows().flat_map(|(_, flow)| &flow.notes);
        notes.into_iter().find(|note| note.id == id).map_or(id, |note| self.text(&note.name)).to_owned()
    }

    /// Where a value stands.
    pub(super) fn source(&self, source: &Source) -> String {
        match source.parts() {
            ("order", id) => format!("“{}”", self.order(id)),
            ("note", id) => format!("“{}”", self.note(id)),
            ("event", id) => match self.lang {
                Lang::En => format!("the time of {}", self.event(id)),
                Lang::Zh => format!("{}的时间", self.event(id)),
            },
            ("answer", id) => match self.lang {
                Lang::En => format!("the answer to [{}]", self.short(id)),
                Lang::Zh => format!("[{}] 的回答", self.short(id)),
            },
            ("assignment", "crew") => self.say("the crew", "人员").to_owned(),
            ("assignment", "start") => self.say("the planned start", "计划开始时间").to_owned(),
            ("assignment", "end") => self.say("the planned end", "计划结束时间").to_owned(),
            ("assignment", _) => self.say("the tool list", "工具清单").to_owned(),
            ("survey", "rating") => self.say("the customer's rating", "客户评价").to_owned(),
            ("survey", _) => self.say("the customer's words", "客户意见").to_owned(),
            ("signature", role) => match self.lang {
                Lang::En => format!("the signature of: {}", self.role(role)),
                Lang::Zh => format!("{}签字", self.role(role)),
            },
            ("measure", id) => format!("“{}”", self.quantity(id).0),
            ("parts", _) => self.say("the parts", "零件").to_owned(),
            ("photos", _) => self.say("the photos", "照片").to_owned(),
            _ => format!("`{}`", source.0),
        }
    }

    pub(super) fn sources(&self, sources: &[Source]) -> String {
        list(self.lang, sources.iter().map(|source| self.source(source)))
    }

    pub(super) fn choices(&self, choices: &[Choice]) -> String {
        list(self.lang, choices.iter().map(|choice| self.text(&choice.name).to_owned()))
    }

    /// A rule's id without the pack's prefix; whole if it is another pack's.
    pub(super) fn short<'b>(&self, rule: &'b str) -> &'b str {
        let own = rule.strip_prefix(self.standard.pack().id.as_str()).and_then(|rest| rest.strip_prefix('.'));
        own.unwrap_or(rule)
    }

    /// Rules by id, in brackets.
    pub(super) fn rules(&self, ids: &[String]) -> String {
        list(self.lang, ids.iter().map(|id| format!("[{}]", self.short(id))))
    }

    /// A duration without its sign, as people say it: `PT24H` is `24 hours`.
    pub(super) fn span(&self, duration: &str) -> String {
        const UNITS: [(char, bool, &str, &str); 7] = [
            ('Y', false, "year", "年"),
            ('M', false, "month", "个月"),
            ('W', false, "week", "周"),
            ('D', false, "day", "天"),
            ('H', true, "hour", "小时"),
            ('M', true, "minute", "分钟"),
            ('S', true, "second", "秒"),
        ];
        let mut words = Vec::new();
        let (mut figure, mut exact) = (String::new(), false);
        for letter in duration.trim_start_matches(['-', 'P']).chars() {
            match letter {
                'T' => exact = true,
                digit if digit.is_ascii_digit() => figure.push(digit),
                letter => {
                    let unit = UNITS.iter().find(|(unit, time, ..)| *unit == letter && *time == exact);
                    let Some((_, _, en, zh)) = unit else { return duration.to_owned() };
                    words.push(match self.lang {
                        Lang::En if figure == "1" => format!("1 {en}"),
                        Lang::En => format!("{figure} {en}s"),
                        Lang::Zh => format!("{figure} {zh}"),
                    });
                    figure.clear();
                }
            }
        }
        words.join(" ")
    }
}

/// The name of an element by id.
pub(super) fn named<'a>(elements: &'a [Named], id: &str) -> Option<&'a Text> {
    elements.iter().find(|element| element.id == id).map(|element| &element.name)
}
