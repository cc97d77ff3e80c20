//! The catalogue. One file per group, one function per case.

mod a_basics;
mod b_bytes;
mod c_cuts;
mod d_closing;
mod e_resets;
mod f_pace;
mod f_readers;
mod f_sharing;
mod g_faults;
mod g_limits;
mod h_signals;
mod h_starting;
mod i_many;
mod j_checker;

use std::time::{Duration, Instant};

use crate::Context;
use crate::case::{Case, Failure, require};

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
    g_faults::CASES,
    h_signals::CASES,
    h_starting::CASES,
    i_many::CASES,
];

/// Every case, group by group.
pub fn cases() -> impl Iterator<Item = &'static Case> {
    GROUPS.iter().copied().flatten()
}

/// The cases that a name stands for: one by its id, or all of a group by its letter.
///
/// ```
/// assert_eq!(conformance::find("b3").len(), 1);
/// assert_eq!(conformance::find("A").len(), 10);
/// assert!(conformance::find("Z9").is_empty());
/// ```
pub fn find(name: &str) -> Vec<&'static Case> {
    let is_meant =
        |case: &&Case| name.eq_ignore_ascii_case(case.id) || name.eq_ignore_ascii_case(case.group());
    cases().filter(is_meant).collect()
}

/// How long a greeting that must not come is waited for: long enough for a server that would greet, short
/// enough to wait for one that does not. If it is too short for a busy machine, a fault stays unseen.
const WOULD_GREET_WITHIN: Duration = Duration::from_millis(300);

/// The latest that a server can notice that its write timeout has passed. A blocking send that could place
/// a part of its bytes reports them only when its time is over, and the next one has all the time again.
const fn noticed_within(write_timeout: Duration) -> Duration {
    write_timeout.saturating_mul(2)
}

/// Fails if less than the idle timeout has passed since `start`, which must be before the client
/// connected: the server's clock cannot have started earlier. Slowness can only make it later.
fn require_idle_since(start: Instant, idle_timeout: Duration) -> Result<(), Failure> {
    let after = start.elapsed();
    let coarse_clock = idle_timeout / 10; // a server may round its timers
    require(
        after + coarse_clock >= idle_timeout,
        "silence",
        format!("to be closed after {idle_timeout:?}"),
        || format!("closed after {after:?}"),
    )
}

/// How long it may take to do next to nothing: at least one of ten attempts must be that fast, so that a busy
/// machine fails none that is.
const AT_ONCE: Duration = Duration::from_millis(100);
const ATTEMPTS: usize = 10;

/// The fastest of some attempts, which end with the first that is fast enough.
fn fastest<E>(mut attempt: impl FnMut() -> Result<Duration, E>) -> Result<Duration, E> {
    let mut fastest = Duration::MAX;
    for _ in 0..ATTEMPTS {
        fastest = fastest.min(attempt()?);
        if fastest <= AT_ONCE {
            break;
        }
    }
    Ok(fastest)
}

/// Fails unless that was at once; the figure goes into the report.
fn require_at_once(context: &Context<'_>, what: &str, fastest: Duration) -> Result<(), Failure> {
    context.note(format!("{what} within {:.0} ms", fastest.as_secs_f64() * 1e3));
    require(fastest <= AT_ONCE, what, format!("to take at most {AT_ONCE:?}"), || {
        format!("{fastest:?} in the fastest of {ATTEMPTS} attempts")
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_id_of_the_catalogue_is_there_once() {
        let expected = [
            ("A", 10),
            ("B", 5),
            ("C", 7),
            ("D", 6),
            ("E", 8),
            ("F", 11),
            ("G", 9),
            ("H", 10),
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
