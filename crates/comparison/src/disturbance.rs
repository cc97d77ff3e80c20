//! What other programs on the machine, or other machines on the same hardware, take from a trial.
//!
//! A window in which they took too much is invalid: its rates and times describe a smaller machine that nobody asked
//! for. It keeps its figures, is marked, and no ratio is taken from it.

use std::time::Duration;

use loadgen::{Bound, MAX_STEAL, Verdict};
use observe::others::{self, Others};

use crate::record::{Observed, Record};

/// The largest share of the CPUs that other programs may take in a valid window. METHODOLOGY.md gives the reason.
pub const MAX_OTHERS: f64 = 0.1;

/// How long the machine is watched before a run: long enough for a share within 1 % on one CPU.
const WATCHED: Duration = Duration::from_millis(500);

/// The verdict on a window in which other programs took this much: invalid, if that is too much. If it is invalid
/// already, that may be the cause.
pub(crate) fn judge(verdict: Verdict, others: Option<Others>) -> Verdict {
    let Some(others) = others.filter(|others| others.share > MAX_OTHERS) else { return verdict };
    let taken = format!("other programs took {}", in_words(others));
    let reason = if verdict.bound == Bound::Invalid { format!("{}; {taken}", verdict.reason) } else { taken };
    Verdict { bound: Bound::Invalid, reason }
}

/// Watches the machine for half a second while nothing of ours runs. A warning if other programs take more of these CPUs
/// than a valid window allows.
pub fn warning_before(cpus: &[usize]) -> Option<String> {
    let others = others::watch(cpus, WATCHED).filter(|others| others.share > MAX_OTHERS)?;
    Some(format!(
        "warning: other programs take {} at the moment. Figures would be of a smaller machine; windows in which they take more than \
         {:.0} % will be marked as invalid",
        in_words(others),
        100.0 * MAX_OTHERS
    ))
}

impl Record {
    /// The share of the CPUs that other programs took, if that was too much.
    pub fn taken_by_others(&self) -> Option<f64> {
        match &self.observed {
            Observed::Load { others, .. } => others.filter(|share| *share > MAX_OTHERS),
            Observed::Script { .. } | Observed::Failed { .. } => None,
        }
    }

    /// Whether the machine did not have its CPUs to itself: other programs, or other machines on the same hardware, took
    /// too much of them.
    pub(crate) fn is_disturbed(&self) -> bool {
        let is_stolen = match &self.observed {
            Observed::Load { outcome, .. } => outcome.steal.is_some_and(|steal| steal > MAX_STEAL),
            Observed::Script { .. } | Observed::Failed { .. } => false,
        };
        is_stolen || self.taken_by_others().is_some()
    }
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

    fn judged(bound: Bound, share: Option<f64>) -> Verdict {
        let verdict = Verdict { bound, reason: "as it was".to_owned() };
        judge(verdict, share.map(|share| Others { cpus: 2, share }))
    }

    #[test]
    fn a_window_that_others_disturbed_is_invalid_and_says_by_how_much() {
        for bound in [Bound::Server, Bound::Client, Bound::Neither] {
            let verdict = judged(bound, Some(0.85));
            assert_eq!(verdict.bound, Bound::Invalid);
            assert_eq!(verdict.reason, "other programs took 1.7 of 2 CPUs");
            assert_eq!(judged(bound, Some(MAX_OTHERS)).bound, bound);
            assert_eq!(judged(bound, None).bound, bound);
        }
    }

    #[test]
    fn another_reason_for_being_invalid_stays() {
        let reason = judged(Bound::Invalid, Some(0.85)).reason;
        assert_eq!(reason, "as it was; other programs took 1.7 of 2 CPUs");
        assert_eq!(judged(Bound::Invalid, Some(0.0)).reason, "as it was");
    }
}
