//! To which jobs a rule or a form belongs.

use crate::standard::{Kind, Pack, Side};

/// Where a rule belongs.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    /// Jobs, by place, in which one of its roles has the duty.
    pub(super) jobs: Vec<usize>,
    /// The kinds of document of these jobs; if there are none, of those that it names; else all.
    pub(super) kinds: Vec<Kind>,
    /// All that it names is known.
    pub(super) sure: bool,
}

impl Scope {
    pub(super) fn of(pack: &Pack, places: &[String], roles: &[String]) -> Self {
        let has = |job: usize| {
            let job = &pack.jobs[job];
            let doer = roles.iter().any(|role| role == "any" || *role == job.role);
            doer || roles.iter().any(|role| pack.role(role).and_then(|role| role.side) == Some(Side::Office))
                // A case is written by the office, whoever has the duty.
                || job.kind == Kind::Case
        };
        let named = named(pack, places);
        let jobs: Vec<usize> = named.iter().copied().filter(|job| has(*job)).collect();
        let kinds = kinds(pack, if jobs.is_empty() { &named } else { &jobs }, places);
        Self { jobs, kinds, sure: sure(pack, places) }
    }
}

/// The jobs, by place, and the kinds of document to which a form belongs.
pub(super) fn of_form(pack: &Pack, places: &[String]) -> Scope {
    let jobs = named(pack, places);
    let kinds = kinds(pack, &jobs, places);
    Scope { jobs, kinds, sure: sure(pack, places) }
}

impl Scope {
    /// The kinds of document in all of which something must be; none if that can not be told.
    pub(super) fn sure_kinds(&self) -> &[Kind] {
        if self.sure { &self.kinds } else { &[] }
    }

    /// The jobs in one of which something must be; none if that can not be told.
    pub(super) fn sure_jobs(&self) -> &[usize] {
        if self.sure { &self.jobs } else { &[] }
    }
}

fn sure(pack: &Pack, places: &[String]) -> bool {
    places.iter().all(|place| match Kind::of(place) {
        Some(kind) => pack.flow(kind).is_some(),
        None => pack.jobs.iter().any(|job| job.id == *place),
    })
}

fn named(pack: &Pack, places: &[String]) -> Vec<usize> {
    let named = |at: &usize| {
        let job = &pack.jobs[*at];
        places.iter().any(|place| *place == job.id || place == job.kind.id())
    };
    (0..pack.jobs.len()).filter(named).collect()
}

fn kinds(pack: &Pack, jobs: &[usize], places: &[String]) -> Vec<Kind> {
    let of_jobs = |kind: &Kind| jobs.iter().any(|job| pack.jobs[*job].kind == *kind);
    let named = |kind: &Kind| places.iter().any(|place| place == kind.id());
    let all: Vec<Kind> = pack.flows().map(|(kind, _)| kind).collect();
    let some = |pick: &dyn Fn(&Kind) -> bool| {
        let kinds: Vec<Kind> = all.iter().copied().filter(pick).collect();
        (!kinds.is_empty()).then_some(kinds)
    };
    some(&of_jobs).or_else(|| some(&named)).unwrap_or(all)
}

/// Jobs in words: by kind of document where all of a kind are meant.
pub(super) fn in_words(pack: &Pack, jobs: &[usize]) -> String {
    let mut words = Vec::new();
    for kind in Kind::ALL {
        let of_kind: Vec<usize> = (0..pack.jobs.len()).filter(|at| pack.jobs[*at].kind == kind).collect();
        if !of_kind.is_empty() && of_kind.iter().all(|at| jobs.contains(at)) {
            words.push(kind.id());
        } else {
            words.extend(of_kind.iter().filter(|at| jobs.contains(at)).map(|at| pack.jobs[*at].id.as_str()));
        }
    }
    words.join(", ")
}
