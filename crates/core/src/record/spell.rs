//! When special situations stood: what opened them, and what closed them.

use jiff::SignedDuration;

use super::timeline::{Occurrence, Timeline};
use crate::standard::{Course, Frees, Situation, Standard};

/// One stretch of time in which a special situation stands. Whoever reports it while it stands reports the same one, so two
/// devices that do so at once open one and not two.
pub(crate) struct Spell<'t> {
    pub(crate) situation: &'t Situation,
    /// What opened it, earliest first; never empty.
    pub(crate) reports: Vec<&'t Occurrence>,
    /// The event that closed it.
    pub(crate) closed: Option<(&'t str, &'t Occurrence)>,
}

/// Whether something happened at a moment or later: by the monotonic clock or by the wall clocks.
pub(crate) fn not_before(from: &Occurrence, at: &Occurrence) -> bool {
    at.stamp.corrected() >= from.stamp.corrected()
        || from.stamp.until(&at.stamp).duration >= SignedDuration::ZERO
}

/// All stretches of the situations of a job, in the order of the pack, each situation's earliest first.
pub(crate) fn spells<'t>(timeline: &'t Timeline, standard: &'t Standard, course: &Course) -> Vec<Spell<'t>> {
    let mut all = Vec::new();
    for situation in course.situations().iter().map(|at| &standard.pack().situations[*at]) {
        let openings = openings(timeline, situation);
        let mut current: Option<Spell> = None;
        for opening in openings {
            let over = current
                .as_ref()
                .and_then(|spell| spell.closed)
                .is_some_and(|(_, closed)| opening.stamp.corrected() > closed.stamp.corrected());
            match &mut current {
                Some(spell) if !over => spell.reports.push(opening),
                _ => {
                    all.extend(current.take());
                    let closed = closing(timeline, situation, opening);
                    current = Some(Spell { situation, reports: vec![opening], closed });
                }
            }
        }
        all.extend(current);
    }
    all
}

/// The situations that let the job end in the middle of them and that stand, each with its latest opening: no event with which
/// the job went on has followed it.
pub(crate) fn freeing<'t>(
    timeline: &'t Timeline,
    standard: &'t Standard,
    course: &'t Course,
) -> impl Iterator<Item = (&'t Situation, &'t Frees, &'t Occurrence)> {
    let situations = course.situations().iter().map(|at| &standard.pack().situations[*at]);
    situations.filter_map(|situation| Some((situation, situation.frees.as_ref()?))).filter_map(
        |(situation, frees)| {
            let opened = *openings(timeline, situation).last()?;
            let went_on = frees
                .until
                .iter()
                .flat_map(|kind| timeline.standing(kind))
                .any(|at| at.stamp.corrected() > opened.stamp.corrected());
            (!went_on).then_some((situation, frees, opened))
        },
    )
}

fn openings<'t>(timeline: &'t Timeline, situation: &Situation) -> Vec<&'t Occurrence> {
    let mut openings: Vec<&Occurrence> =
        situation.opens.iter().flat_map(|kind| timeline.standing(kind)).collect();
    openings.sort_by_key(|opening| (opening.stamp.corrected(), opening.id));
    openings
}

fn closing<'t>(
    timeline: &'t Timeline,
    situation: &'t Situation,
    opening: &Occurrence,
) -> Option<(&'t str, &'t Occurrence)> {
    let closings = situation
        .closes
        .iter()
        .flat_map(|kind| timeline.standing(kind).map(move |at| (kind.as_str(), at)))
        .filter(|(_, at)| not_before(opening, at));
    closings.min_by_key(|(_, at)| (at.stamp.corrected(), at.id))
}
