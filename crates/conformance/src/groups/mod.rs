//! The catalogue: one function per case; a group is one file, or two or three if it is large.

mod a_basics;
mod b_bytes;
mod c_cuts;
mod d_closing;
mod e_resets;
mod f_pace;
mod f_readers;
mod f_sharing;
mod g_crowds;
mod g_faults;
mod g_limits;
mod h_output;
mod h_signals;
mod h_starting;
mod h_stops;
mod i_many;
mod j_checker;
mod timing;

use crate::case::Case;

/// The checker itself comes first.
const GROUPS: &[&[Case]] = &[
    j_checker::CASES,
    a_basics::CASES,
    b_bytes::CASES,
    c_cuts::CASES,
    d_closing::CASES,
    e_resets::CASES,
    f_readers::CASES,
    f_sharing::CASES,
    f_pace::CASES,
    g_limits::CASES,
    g_crowds::CASES,
    g_faults::CASES,
    h_signals::CASES,
    h_starting::CASES,
    h_output::CASES,
    h_stops::CASES,
    i_many::CASES,
];

/// Every case, group by group.
pub fn cases() -> impl Iterator<Item = &'static Case> {
    GROUPS.iter().copied().flatten()
}

/// The cases with this name: one case by its id, or a whole group by its letter. Upper and lower case are equal.
///
/// ```
/// assert_eq!(conformance::find("b3").len(), 1);
/// assert_eq!(conformance::find("A").len(), 10);
/// assert!(conformance::find("Z9").is_empty());
/// ```
pub fn find(name: &str) -> Vec<&'static Case> {
    let matches =
        |case: &&Case| name.eq_ignore_ascii_case(case.id) || name.eq_ignore_ascii_case(case.group());
    cases().filter(matches).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_id_of_the_catalogue_exists_once() {
        let expected = [
            ("A", 10),
            ("B", 5),
            ("C", 7),
            ("D", 6),
            ("E", 8),
            ("F", 11),
            ("G", 9),
            ("H", 12),
            ("I", 4),
            ("J", 1),
        ];
        let expected: BTreeSet<String> = expected
            .iter()
            .flat_map(|(group, last)| (1..=*last).map(move |n| format!("{group}{n}")))
            .collect();
        let ids: Vec<_> = cases().map(|case| case.id.to_owned()).collect();
        assert_eq!(ids.iter().cloned().collect::<BTreeSet<_>>(), expected);
        assert_eq!(ids.len(), expected.len());
    }
}
