//! Names that were probably meant.

/// How like a known name must be to one that was mistyped, from 0 to 1.
const ALIKE: f64 = 0.65;

/// The name that is most like the one that was given, if any is. An id may have been written without its pack.
pub(super) fn nearest<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |name: &'a str| {
        let short = name.split_once('.').map_or(name, |(_, short)| short);
        let whole = strsim::normalized_damerau_levenshtein(given, name);
        (whole.max(strsim::normalized_damerau_levenshtein(given, short)), name)
    };
    let best = known.map(likeness).max_by(|one, other| one.0.total_cmp(&other.0));
    best.filter(|(like, _)| *like >= ALIKE).map(|(_, name)| name)
}

/// `; did you mean …?`, or nothing.
pub(super) fn hint<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> String {
    // A name of any length would be compared letter by letter with every other.
    if given.len() > 200 {
        return String::new();
    }
    nearest(given, known).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_understood_and_anything_else_is_not() {
        let known = ["gas", "gas.show-card", "diesel.follow-up-15-days"];
        assert_eq!(nearest("gsa", known.into_iter()), Some("gas"));
        assert_eq!(nearest("gas.show-crad", known.into_iter()), Some("gas.show-card"));
        assert_eq!(nearest("follow-up-15-day", known.into_iter()), Some("diesel.follow-up-15-days"));
        assert_eq!(hint("elephant", known.into_iter()), "");
    }
}
