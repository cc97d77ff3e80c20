//! What other programs take of this machine's CPUs. It is seen before a load and after it, while neither the load generator
//! nor a server on this machine has anything to do: during the load their CPU time cannot be told apart.

use std::time::Duration;

use observe::others::{self, Others};
use observe::pin;

use crate::judge::MAX_OTHERS;
use crate::outcome::Outcome;

/// How long the machine is watched each time: long enough for ten clock ticks on each CPU.
const WATCHED: Duration = Duration::from_millis(100);

/// What others take of the CPUs that this process may use; `None` if the kernel does not report it.
pub(crate) fn look() -> Option<Others> {
    others::watch(&pin::allowed().ok()?, WATCHED)
}

/// The warning before a load.
pub(crate) fn warning(others: Option<Others>) -> Option<String> {
    let others = others.filter(|others| others.share > MAX_OTHERS)?;
    Some(format!("warning: other programs take {others}: the figures will be those of a smaller machine"))
}

/// Notes on the outcome of a load what others took before and after it. What they took both times they have probably
/// taken meanwhile, too.
pub(crate) fn note(outcome: &mut Outcome, before: Option<Others>, after: Option<Others>) {
    let Some((before, after)) = before.zip(after) else { return };
    let least = if before.share < after.share { before } else { after };
    outcome.other_programs = Some(least.share);
    outcome.verdict = outcome.verdict.take().map(|verdict| verdict.with_others(Some(least)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{Bound, Verdict};

    #[test]
    fn what_was_there_both_times_counts_and_what_was_there_once_may_be_the_server() {
        for (before, after, bound) in [
            (0.85, 0.9, Bound::Invalid),
            (0.9, 0.85, Bound::Invalid),
            (0.9, 0.02, Bound::Server),
            (0.02, 0.9, Bound::Server),
        ] {
            let verdict = Some(Verdict { bound: Bound::Server, reason: "as it was".to_owned() });
            let mut outcome = Outcome { verdict, ..Outcome::default() };
            let others = |share| Some(Others { cpus: 2, share });
            note(&mut outcome, others(before), others(after));
            assert_eq!(outcome.verdict.unwrap().bound, bound, "{before} {after}");
            assert_eq!(outcome.other_programs, Some(f64::min(before, after)));
        }
    }

    #[test]
    fn a_busy_machine_is_warned_of_before_the_load() {
        let warning_at = |share| warning(Some(Others { cpus: 1, share }));
        assert!(warning_at(0.4).unwrap().contains("take 0.4 of 1 CPU:"));
        assert_eq!((warning_at(0.1), warning(None)), (None, None));
    }
}
