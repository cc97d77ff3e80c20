//! The summary of its clients that a server logs when it exits.

use crate::failure::{Failure, require};

/// The ways in which an accepted client can end, as a server's summary names them.
const ENDINGS: [&str; 5] = ["completed", "errors", "timeouts", "rejected", "dropped"];

/// Checks that every accepted client ended in exactly one way, by the last summary line in the log. The line contains
/// `accepted N`, `completed N`, `errors N`, `timeouts N`, `rejected N` and `dropped N`, with anything between them.
///
/// # Errors
/// If there is no such line or its figures do not add up.
///
/// ```
/// let log = "accepted 3, completed 1, errors 1, timeouts 0, rejected 1, dropped 0";
/// assert!(conformance::require_adds_up(log).is_ok());
/// assert!(conformance::require_adds_up(&log.replace("accepted 3", "accepted 4")).is_err());
/// ```
pub fn require_adds_up(log: &str) -> Result<(), Failure> {
    let fail = |got: String| Err(Failure::new("count", "a summary line whose figures add up", got));
    let Some((line, accepted)) = log.lines().rev().find_map(|line| Some((line, counted(line, "accepted")?)))
    else {
        return fail(format!("no such line in {log:?}"));
    };
    let mut ended = 0;
    for ending in ENDINGS {
        match counted(line, ending) {
            Some(count) => ended += count,
            None => return fail(format!("no figure for {ending} in {line:?}")),
        }
    }
    require(accepted == ended, "count", format!("accepted {ended}, the sum of all endings"), || {
        line.to_owned()
    })
}

/// The figure after the last `word` in a log.
pub(crate) fn counted(log: &str, word: &str) -> Option<u64> {
    let (_, behind) = log.rsplit_once(&format!("{word} "))?;
    behind.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAST: &str =
        "accepted 9, answered 70 bytes, completed 3, errors 2, timeouts 1, rejected 2, dropped 1\n";

    #[test]
    fn a_summary_that_adds_up_passes_whatever_surrounds_it() {
        require_adds_up(LAST).unwrap();
        require_adds_up(&format!("accepted 7\nWARN completed 1\n INFO {LAST}a line after it\n")).unwrap();
    }

    #[test]
    fn a_client_that_is_missing_or_counted_twice_is_reported() {
        for wrong in [LAST.replace("accepted 9", "accepted 10"), LAST.replace("errors 2", "errors 3")] {
            assert_eq!(require_adds_up(&wrong).unwrap_err().step, "count", "{wrong}");
        }
    }

    #[test]
    fn a_log_without_a_summary_is_reported() {
        for log in ["", "accepted a client\n", "accepted 3, completed 3\n"] {
            assert_eq!(require_adds_up(log).unwrap_err().step, "count", "{log:?}");
        }
    }
}
