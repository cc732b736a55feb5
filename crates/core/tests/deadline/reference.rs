//! The reference: it walks minute by minute and day by day, with tables of its own.

use std::cell::Cell;
use std::collections::HashMap;

use super::*;

pub(crate) const DAY: i64 = 1440;
pub(crate) const EPOCH: Date = date(1970, 1, 1);

pub(crate) fn minute(at: i64) -> Timestamp {
    Timestamp::from_second(at * 60).unwrap()
}

pub(crate) fn minute_of(at: Timestamp) -> i64 {
    assert_eq!(at.as_second() % 60, 0, "{at}");
    at.as_second() / 60
}

pub(crate) fn day_number(date: Date) -> i64 {
    date.duration_since(EPOCH).as_hours() / 24
}

pub(crate) fn date_of(day: i64) -> Date {
    EPOCH + day.days()
}

/// Which minutes of a day are open, day by day.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) week: Vec<Vec<bool>>,
    pub(crate) dated: HashMap<i64, Vec<bool>>,
}

impl Table {
    pub(crate) fn day(&self, day: i64) -> &[bool] {
        // 1970-01-01 was a Thursday.
        let weekday = usize::try_from((day + 3).rem_euclid(7)).unwrap();
        self.dated.get(&day).unwrap_or(&self.week[weekday])
    }
}

pub(crate) struct Reference<'a> {
    pub(crate) zone: &'a TimeZone,
    pub(crate) table: Option<&'a Table>,
    /// Minutes from and to.
    pub(crate) pauses: Vec<(i64, i64)>,
    pub(crate) back: bool,
    /// A quarter of an hour and the offset in it: in the zones of the test it changes at none but such.
    pub(crate) offset: Cell<(i64, i64)>,
    pub(crate) today: Cell<(i64, &'a [bool])>,
}

impl<'a> Reference<'a> {
    pub(crate) fn new(
        zone: &'a TimeZone,
        table: Option<&'a Table>,
        pauses: Vec<(i64, i64)>,
        back: bool,
    ) -> Self {
        let (offset, today) = (Cell::new((i64::MIN, 0)), Cell::new((i64::MIN, &[][..])));
        Self { zone, table, pauses, back, offset, today }
    }

    pub(crate) fn local(&self, at: i64) -> i64 {
        let quarter = at.div_euclid(15);
        if self.offset.get().0 != quarter {
            let seconds = i64::from(self.zone.to_offset(minute(at)).seconds());
            assert_eq!(seconds % 900, 0);
            self.offset.set((quarter, seconds / 60));
        }
        at + self.offset.get().1
    }

    pub(crate) fn open(&self, at: i64) -> bool {
        let Some(table) = self.table else { return true };
        let local = self.local(at);
        let day = local.div_euclid(DAY);
        if self.today.get().0 != day {
            self.today.set((day, table.day(day)));
        }
        self.today.get().1[usize::try_from(local - day * DAY).unwrap()]
    }

    pub(crate) fn paused(&self, at: i64) -> bool {
        self.pauses.iter().any(|(from, to)| *from <= at && at < *to)
    }

    /// The minute that has a local time: the first of two; shifted by the gap if there is none.
    pub(crate) fn resolve(&self, local: i64) -> i64 {
        let mut before = local - 900;
        for at in local - 900..local + 900 {
            if self.local(at) == local {
                return at;
            }
            if self.local(at) < local {
                before = at;
            }
        }
        local - (self.local(before) - before)
    }

    pub(crate) fn settle(&self, start: i64) -> i64 {
        let mut at = start;
        if self.open(at) {
            return at;
        }
        while !self.open(if self.back { at - 1 } else { at }) {
            at += if self.back { -1 } else { 1 };
            assert!((at - start).abs() < 400 * DAY, "no open minute");
        }
        at
    }

    pub(crate) fn walk(&self, start: i64, mut minutes: i64) -> i64 {
        let mut at = start;
        while minutes > 0 {
            if self.open(if self.back { at - 1 } else { at }) {
                minutes -= 1;
            }
            at += if self.back { -1 } else { 1 };
        }
        at
    }

    pub(crate) fn months(&self, day: i64, count: i64) -> i64 {
        let date = date_of(day);
        let (mut year, mut month) = (date.year(), date.month());
        for _ in 0..count {
            (year, month) = match (month, self.back) {
                (1, true) => (year - 1, 12),
                (12, false) => (year + 1, 1),
                (_, true) => (year, month - 1),
                (_, false) => (year, month + 1),
            };
        }
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let last = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        day_number(self::date(year, month, date.day().min(last)))
    }

    pub(crate) fn days(&self, mut day: i64, mut count: i64) -> i64 {
        while count > 0 {
            day += if self.back { -1 } else { 1 };
            if self.table.is_none_or(|table| table.day(day).contains(&true)) {
                count -= 1;
            }
        }
        day
    }

    pub(crate) fn due(&self, start: i64, (months, days, minutes): (i64, i64, i64)) -> i64 {
        let mut at = start;
        let split = |local: i64| (local.div_euclid(DAY), local.rem_euclid(DAY));
        if self.table.is_some() {
            at = self.settle(at);
            if months > 0 {
                let (day, time) = split(self.local(at));
                at = self.settle(self.resolve(self.months(day, months) * DAY + time));
            }
            if days > 0 {
                let (day, time) = split(self.local(at));
                at = self.settle(self.resolve(self.days(day, days) * DAY + time));
            }
        } else if months + days > 0 {
            let (day, time) = split(self.local(at));
            at = self.resolve(self.days(self.months(day, months), days) * DAY + time);
        }
        let unpaused = self.walk(at, minutes);
        let (mut due, mut added) = (unpaused, 0);
        loop {
            let range = if self.back { due..start } else { start..due };
            let stood = self.stood(range.start, range.end);
            if stood == added {
                return due;
            }
            added = stood;
            due = self.walk(unpaused, added);
        }
    }

    /// Open minutes that are paused.
    pub(crate) fn stood(&self, from: i64, to: i64) -> i64 {
        let first = self.pauses.iter().map(|pause| pause.0).min().unwrap_or(to).max(from);
        let last = self.pauses.iter().map(|pause| pause.1).max().unwrap_or(from).min(to);
        (first..last).map(|at| i64::from(self.paused(at) && self.open(at))).sum()
    }

    pub(crate) fn counted(&self, from: i64, to: i64) -> i64 {
        (from..to).map(|at| i64::from(self.open(at) && !self.paused(at))).sum()
    }
}

/// A calendar in minutes; dates are in days from the start of the case.
#[derive(Debug, Clone)]
pub(crate) struct Hours {
    pub(crate) zone: Option<usize>,
    pub(crate) week: Vec<Vec<(i64, i64)>>,
    pub(crate) holidays: Vec<i64>,
    pub(crate) special: BTreeMap<i64, Vec<(i64, i64)>>,
}

impl Hours {
    pub(crate) fn calendar(&self, today: i64) -> Calendar {
        let clock = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
        let texts = |spans: &Vec<(i64, i64)>| {
            spans.iter().map(|(from, to)| format!("{}-{}", clock(*from), clock(*to))).collect()
        };
        let date = |day: &i64| date_of(today + day).to_string();
        Calendar {
            id: "random".to_owned(),
            name: Text::new("Random", "随机"),
            zone: self.zone.map(|zone| ZONES[zone].to_owned()),
            hours: WEEKDAYS.iter().zip(&self.week).map(|(day, spans)| (day.0, texts(spans))).collect(),
            holidays: self.holidays.iter().map(date).collect(),
            special: self.special.iter().map(|(day, spans)| (date(day), texts(spans))).collect(),
        }
    }

    pub(crate) fn table(&self, today: i64) -> Table {
        let row = |spans: &Vec<(i64, i64)>| {
            (0..DAY).map(|minute| spans.iter().any(|(from, to)| (*from..*to).contains(&minute))).collect()
        };
        let holidays = self.holidays.iter().map(|day| (today + day, row(&vec![])));
        let special = self.special.iter().map(|(day, spans)| (today + day, row(spans)));
        Table { week: self.week.iter().map(row).collect(), dated: holidays.chain(special).collect() }
    }
}
