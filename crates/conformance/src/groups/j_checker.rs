//! J: the checker itself is checked.

use std::time::Duration;

use super::{a_basics, b_bytes, c_cuts};
use crate::broken::{Broken, Fault};
use crate::case::{Case, Needs};
use crate::context::Context;
use crate::failure::{CaseResult, Failure, Stop, require};

pub(super) const CASES: &[Case] =
    &[Case::new("J1", "the checker detects each of 8 broken servers", j1_broken_servers)
        .needs(Needs::Nothing)];

/// The two ways in which the checker verifies replies: cases that compare them as a whole, and one that verifies a
/// stream as it arrives. Each set of cases must detect every fault by itself.
const SETS: [&[&str]; 2] = [&["A3", "A4", "B2"], &["C6"]];

/// The checker runs fast cases against servers of its own, which lose, double, swap, add or corrupt a byte, do
/// not greet, end too early or stall. It must report every one of them, and a ninth, correct server must pass.
/// This case runs first: if the checker misses faults, the other results are worthless.
fn j1_broken_servers(context: &Context<'_>) -> CaseResult {
    for ids in SETS {
        let set: Vec<_> = ids.iter().filter_map(|id| case(id)).collect();
        detect_all_faults(context, &set)?;
    }
    context.note(format!("{} of {} broken servers reported", Fault::ALL.len(), Fault::ALL.len()));
    Ok(())
}

/// The case with this id, out of the groups that [`SETS`] uses.
fn case(id: &str) -> Option<&'static Case> {
    [a_basics::CASES, b_bytes::CASES, c_cuts::CASES].into_iter().flatten().find(|case| case.id == id)
}

fn detect_all_faults(context: &Context<'_>, set: &[&Case]) -> CaseResult {
    let ids = set.iter().map(|case| case.id).collect::<Vec<_>>().join(", ");
    let false_reports = reported(context, set, Fault::Nothing, context.patience)?;
    require(false_reports.is_empty(), "a server without a fault", "nothing to be reported", || {
        false_reports.join(", ")
    })?;
    for fault in Fault::ALL {
        // Every wait for a missing byte lasts this long.
        let by = reported(context, set, fault, Duration::from_millis(300))?;
        require(
            !by.is_empty(),
            "a server with a fault",
            format!("{fault:?} to be reported by {ids}"),
            || "every case passed".to_owned(),
        )?;
    }
    Ok(())
}

/// The ids of the cases that fail with this fault.
fn reported(
    context: &Context<'_>,
    set: &[&Case],
    fault: Fault,
    patience: Duration,
) -> Result<Vec<&'static str>, Stop> {
    let server = Broken::start(fault)
        .map_err(|error| Failure::new("start a broken server", "it to start", error.to_string()))?;
    let here = Context::at(server.address, context.seed, patience);
    let failed = |case: &&&Case| matches!((case.run)(&here), Err(Stop::Failed(_)));
    Ok(set.iter().filter(failed).map(|case| case.id).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The failure of a checker that has only these cases.
    fn with_only(cases: &[Case]) -> String {
        let here = Context::at(([127, 0, 0, 1], 0).into(), 1, Duration::from_secs(60));
        detect_all_faults(&here, &cases.iter().collect::<Vec<_>>()).unwrap_err().to_string()
    }

    #[test]
    fn a_checker_without_cases_is_detected() {
        assert!(with_only(&[]).contains("DropsAByte to be reported"));
    }

    #[test]
    fn a_checker_that_misses_one_broken_server_is_detected() {
        let without_wrapping = *case("A3").unwrap();
        let failure = with_only(&[without_wrapping]);
        assert!(
            failure.contains("AddsWithoutWrapping to be reported by A3, got every case passed"),
            "{failure}"
        );
    }

    #[test]
    fn a_checker_that_rejects_a_correct_server_is_detected() {
        let rejects =
            Case::new("Z1", "rejects every server", |_| Err(Failure::new("any", "this", "that").into()));
        assert!(with_only(&[rejects]).contains("expected nothing to be reported, got Z1"));
    }
}
