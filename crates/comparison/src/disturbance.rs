//! What other programs on the machine, or other machines on the same hardware, take from a trial.
//!
//! A window in which they took too much is invalid: its rates and times describe a smaller machine that nobody asked
//! for. Its group is made again, within bounds; what is disturbed even then keeps its figures, is marked, and no ratio is
//! taken from it.

use std::time::Duration;

use loadgen::{MAX_OTHERS, MAX_STEAL};
use observe::others;

use crate::record::{Observed, Record};

/// How long the machine is watched before a run: long enough for a share within 1 % on one CPU.
const WATCHED: Duration = Duration::from_millis(500);

/// Watches the machine for half a second while nothing of ours runs. A warning if other programs take more of these CPUs
/// than a valid window allows.
pub fn warning_before(cpus: &[usize]) -> Option<String> {
    let others = others::watch(cpus, WATCHED).filter(|others| others.share > MAX_OTHERS)?;
    Some(format!(
        "warning: other programs take {} at the moment. Figures would be of a smaller machine; windows in which they take more than \
         {:.0} % will be marked as invalid",
        others,
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

    /// Whether something that is not the server's spoiled the trial: it [was disturbed](Self::is_disturbed), or the load
    /// generator did not run for a part of it. That can be told without looking at the server's figures.
    pub(crate) fn is_spoiled(&self) -> bool {
        let is_stopped = match &self.observed {
            Observed::Load { outcome, .. } => outcome.client_stopped().is_some(),
            Observed::Script { .. } | Observed::Failed { .. } => false,
        };
        is_stopped || self.is_disturbed()
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
