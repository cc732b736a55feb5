//! A scenario in short words, as the tables hold it: what is unusual about a rehearsal, and what happens after it.

use std::fmt;

/// What is unusual about a rehearsal. A table joins several with `; `; none at all is `ordinary`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Word {
    /// An order field has this value; empty: it is left out.
    Order(String, String),
    /// An item has this answer.
    Answer(String, String),
    /// An event happens as soon as it may.
    Incident(String),
    /// The customer chooses this level.
    Rating(String),
    /// A rule is left undone.
    Without(String),
    /// A rule is done wrong.
    Wrong(String),
    /// A part is used: `returned` or `kept` says what became of the old one, `new` that there was none.
    Part(String),
    /// The end of this deadline comes a second late.
    Late(String),
    /// The clock stands at this time when the event is recorded.
    At(String, String),
    /// The record is looked at this long after its end: `P40D`.
    Later(String),
    /// The record is looked at once this event has been recorded, and not at its end; `registration`: at once.
    After(String),
    /// Somebody has audited the phase of a rule and found nothing wrong.
    Audited(String),
    /// A breach of a rule is reported by `self`, `survey`, `audit` or `complaint`.
    Breach(String, String),
    /// A reason is given for every missed deadline, and somebody is told of it.
    Explained,
    /// A message holds the number of an identity document.
    Identity,
    /// What a reviewer says of the points of a rule: `confirmed`, `waived`, or `waiting`: nothing.
    Points(String, String),
    /// Another word of the scenario does not hold.
    Not(String),
}

impl fmt::Display for Word {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Word::Order(field, value) => write!(out, "order {field}={value}"),
            Word::Answer(rule, value) => write!(out, "answer {rule}={value}"),
            Word::Incident(event) => write!(out, "incident {event}"),
            Word::Rating(level) => write!(out, "rating {level}"),
            Word::Without(rule) => write!(out, "without {rule}"),
            Word::Wrong(rule) => write!(out, "wrong {rule}"),
            Word::Part(what) => write!(out, "part {what}"),
            Word::Late(rule) => write!(out, "late {rule}"),
            Word::At(event, time) => write!(out, "at {event}={time}"),
            Word::Later(span) => write!(out, "later {span}"),
            Word::After(event) => write!(out, "after {event}"),
            Word::Audited(rule) => write!(out, "audited {rule}"),
            Word::Breach(rule, source) => write!(out, "breach {rule}={source}"),
            Word::Explained => write!(out, "explained"),
            Word::Identity => write!(out, "identity number"),
            Word::Points(rule, verdict) => write!(out, "points {rule}={verdict}"),
            Word::Not(word) => write!(out, "not {word}"),
        }
    }
}

impl Word {
    fn read(text: &str) -> Self {
        let (name, rest) = text.split_once(' ').unwrap_or((text, ""));
        let own = || rest.to_owned();
        let pair = || {
            let (key, value) = rest.split_once('=').unwrap_or_else(|| panic!("`{text}` has no `=`"));
            (key.to_owned(), value.to_owned())
        };
        let two = |word: fn(String, String) -> Word| {
            let (key, value) = pair();
            word(key, value)
        };
        match name {
            "order" => two(Word::Order),
            "answer" => two(Word::Answer),
            "incident" => Word::Incident(own()),
            "rating" => Word::Rating(own()),
            "without" => Word::Without(own()),
            "wrong" => Word::Wrong(own()),
            "part" => Word::Part(own()),
            "late" => Word::Late(own()),
            "at" => two(Word::At),
            "later" => Word::Later(own()),
            "after" => Word::After(own()),
            "audited" => Word::Audited(own()),
            "breach" => two(Word::Breach),
            "explained" => Word::Explained,
            "identity" => Word::Identity,
            "points" => two(Word::Points),
            "not" => Word::Not(own()),
            _ => panic!("`{text}` is no word of a scenario"),
        }
    }
}

/// The words of a scenario.
pub fn read(text: &str) -> Vec<Word> {
    if text == "ordinary" { Vec::new() } else { text.split("; ").map(Word::read).collect() }
}

/// A scenario as a table holds it.
pub fn write(words: &[Word]) -> String {
    if words.is_empty() {
        return "ordinary".to_owned();
    }
    words.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// The words that say how a rule is broken, from the short form of a table; its own rule is not repeated there.
pub fn broken(rule: &str, how: &str) -> Vec<Word> {
    let own = rule.to_owned();
    let read_one = |how: &str| match how {
        "left out" => Word::Without(own.clone()),
        "answered no" | "measured outside" | "rejected" | "hold 1 s short" | "one missing" => {
            Word::Wrong(own.clone())
        }
        "1 s late" => Word::Late(own.clone()),
        "points waived" => Word::Points(own.clone(), "waived".to_owned()),
        "points pending" | "points to confirm" => Word::Points(own.clone(), "waiting".to_owned()),
        "identity number in a message" => Word::Identity,
        "old part kept" => Word::Part("kept".to_owned()),
        _ => {
            if let Some(source) = how.strip_prefix("breach reported by ") {
                Word::Breach(own.clone(), source.to_owned())
            } else if let Some(event) = how.strip_prefix("not done after ") {
                Word::After(event.to_owned())
            } else {
                Word::read(how)
            }
        }
    };
    how.split("; ").map(read_one).collect()
}
