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
mod p_requests;
mod p_work;
mod timing;
mod u_moments;

use crate::case::Case;
use crate::target::Service;

/// A group of cases: the letter that their ids begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// The letter.
    pub letter: &'static str,
    /// What its cases are about, in a few words.
    pub title: &'static str,
    /// The service that they are about.
    pub service: Service,
}

const fn group(letter: &'static str, title: &'static str) -> Group {
    Group { letter, title, service: Service::Echo }
}

/// The groups, by their letters.
pub const GROUPS: &[Group] = &[
    group("A", "the protocol, with a client that behaves well"),
    group("B", "bytes: every value, delimiters in replies, random messages"),
    group("C", "cuts: messages that arrive in pieces of every size, byte by byte, or many at once"),
    group("D", "closing: half-closed connections, and replies that are still on their way"),
    group("E", "resets and clients that disappear, at every step of a conversation"),
    group("F", "pace: readers that are slow or never read, and fairness to the others"),
    group("G", "limits: out of descriptors, threads or connections, and crowds of clients"),
    group("H", "the process: how it starts, what signals do, how it exits, where its output goes"),
    group("I", "many clients at once, each with its own reply"),
    group("J", "the checker itself: it must detect servers with faults, and runs first"),
    Group {
        letter: "P",
        title: "the prime service: requests and their limits, work that is outstanding, leaving, stopping",
        service: Service::Primes,
    },
    group("U", "many things at the same moment: more than buffers, replies that go in part, ends amid them"),
];

/// The checker itself comes first.
const CASES: &[&[Case]] = &[
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
    p_requests::CASES,
    p_work::CASES,
    u_moments::CASES,
];

/// Every case, group by group.
pub fn cases() -> impl Iterator<Item = &'static Case> {
    CASES.iter().copied().flatten()
}

/// The cases about this service.
pub fn cases_of(service: Service) -> impl Iterator<Item = &'static Case> {
    cases().filter(move |case| case.service() == service)
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
    fn every_case_is_in_a_group_with_a_title() {
        let letters: Vec<_> = GROUPS.iter().map(|group| group.letter).collect();
        assert!(letters.is_sorted(), "{letters:?}");
        let used: BTreeSet<_> = cases().map(Case::group).collect();
        assert_eq!(letters.into_iter().collect::<BTreeSet<_>>(), used);
    }

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
            ("P", 21),
            ("U", 6),
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
