//! What other programs take of this machine's CPUs. It is seen before a load and after it, while neither the load generator
//! nor a server on this machine has anything to do: during the load their CPU time cannot be told apart.

use std::time::Duration;

use observe::others::{self, Others};
use observe::pin;

use crate::outcome::{Bound, Outcome, Verdict};

/// How long the machine is watched each time: long enough for ten clock ticks on each CPU.
const WATCHED: Duration = Duration::from_millis(100);

/// The largest share of the CPUs that other programs may take of a valid window, as in a comparison.
const MAX_OTHERS: f64 = 0.1;

/// What others take of the CPUs that this process may use; `None` if the kernel does not report it.
pub(crate) fn look() -> Option<Others> {
    others::watch(&pin::allowed().ok()?, WATCHED)
}

/// The warning before a load.
pub(crate) fn warning(others: Option<Others>) -> Option<String> {
    let taken = in_words(others.filter(|others| others.share > MAX_OTHERS)?);
    Some(format!("warning: other programs take {taken}: the figures will be those of a smaller machine"))
}

/// Notes on the outcome of a load what others took before and after it. What they took both times they have probably
/// taken meanwhile, too; if that is too much the figures are not valid.
pub(crate) fn note(outcome: &mut Outcome, before: Option<Others>, after: Option<Others>) {
    let Some((before, after)) = before.zip(after) else { return };
    let least = if before.share < after.share { before } else { after };
    outcome.other_programs = Some(least.share);
    if least.share <= MAX_OTHERS {
        return;
    }
    let taken = format!("other programs took {} before and after the load", in_words(least));
    outcome.verdict = outcome.verdict.take().map(|verdict| match verdict.bound {
        // They may be the cause.
        Bound::Invalid => Verdict { reason: format!("{}; {taken}", verdict.reason), ..verdict },
        _ => Verdict { bound: Bound::Invalid, reason: taken },
    });
}

/// Such as `1.7 of 2 CPUs`.
fn in_words(others: Others) -> String {
    let taken = others.share * f64::from(others.cpus);
    let plural = if others.cpus == 1 { "" } else { "s" };
    format!("{taken:.1} of {} CPU{plural}", others.cpus)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(bound: Bound, before: f64, after: f64) -> Outcome {
        let verdict = Some(Verdict { bound, reason: "as it was".to_owned() });
        let mut outcome = Outcome { verdict, ..Outcome::default() };
        let others = |share| Some(Others { cpus: 2, share });
        note(&mut outcome, others(before), others(after));
        outcome
    }

    #[test]
    fn a_load_between_two_looks_at_a_busy_machine_is_invalid() {
        for bound in [Bound::Server, Bound::Client, Bound::Neither] {
            let outcome = noted(bound, 0.85, 0.9);
            let verdict = outcome.verdict.unwrap();
            assert_eq!(
                verdict.to_string(),
                "invalid: other programs took 1.7 of 2 CPUs before and after the load"
            );
            assert_eq!(outcome.other_programs, Some(0.85));
        }
        let both = noted(Bound::Invalid, 0.85, 0.9).verdict.unwrap();
        assert!(both.reason.starts_with("as it was; other programs took"), "{both}");
    }

    #[test]
    fn what_was_there_only_once_may_be_the_server_and_changes_no_verdict() {
        for (before, after) in [(0.9, 0.02), (0.02, 0.9)] {
            let outcome = noted(Bound::Server, before, after);
            assert_eq!((outcome.verdict.unwrap().bound, outcome.other_programs), (Bound::Server, Some(0.02)));
        }
    }

    #[test]
    fn a_busy_machine_is_warned_of_before_the_load() {
        let warning_at = |share| warning(Some(Others { cpus: 1, share }));
        assert!(warning_at(0.4).unwrap().contains("take 0.4 of 1 CPU:"));
        assert_eq!((warning_at(0.1), warning(None)), (None, None));
    }
}
