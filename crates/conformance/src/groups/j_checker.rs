//! J: the checker is checked.

use std::time::Duration;

use crate::Context;
use crate::broken::{Broken, Fault};
use crate::case::{Case, CaseResult, Failure, Needs, Stop, require};
use crate::groups::find;

pub(super) const CASES: &[Case] =
    &[Case::new("J1", "every one of 8 broken servers is found out", j1_broken_servers).needs(Needs::Nothing)];

/// What the checker looks at replies with: cases that compare them as a whole, and one that verifies a stream as it
/// arrives. Each must find every fault by itself.
const EYES: [&[&str]; 2] = [&["A3", "A4", "B2"], &["C6"]];

/// The checker plays fast cases against servers of its own, which lose, double, swap, add or spoil a byte, do
/// not greet, end too early or stall. It must report every one of them, and a ninth one that is right must
/// pass. It comes first: what a blind checker says of others is worth nothing.
fn j1_broken_servers(context: &Context<'_>) -> CaseResult {
    for ids in EYES {
        let eye: Vec<_> = ids.iter().flat_map(|id| find(id)).collect();
        find_all_faults(context, &eye)?;
    }
    context.note(format!("{} of {} broken servers reported", Fault::ALL.len(), Fault::ALL.len()));
    Ok(())
}

fn find_all_faults(context: &Context<'_>, eye: &[&Case]) -> CaseResult {
    let ids = eye.iter().map(|case| case.id).collect::<Vec<_>>().join(", ");
    let right = reported(context, eye, Fault::Nothing, context.patience)?;
    require(right.is_empty(), "a server without a fault", "nothing to be reported", || right.join(", "))?;
    for fault in Fault::ALL {
        // Every wait for a byte that does not come lasts this long.
        let by = reported(context, eye, fault, Duration::from_millis(300))?;
        require(
            !by.is_empty(),
            "a server with a fault",
            format!("{fault:?} to be reported by {ids}"),
            || "every case passed".to_owned(),
        )?;
    }
    Ok(())
}

/// The ids of the cases that such a server fails.
fn reported(
    context: &Context<'_>,
    eye: &[&Case],
    fault: Fault,
    patience: Duration,
) -> Result<Vec<&'static str>, Stop> {
    let server = Broken::start(fault)
        .map_err(|error| Failure::new("start a broken server", "it to start", error.to_string()))?;
    let here = Context::at(server.address, context.seed, patience);
    let failed = |case: &&&Case| matches!((case.run)(&here), Err(Stop::Failed(_)));
    Ok(eye.iter().filter(failed).map(|case| case.id).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a checker says that has only these cases to see with.
    fn with_only(cases: &[Case]) -> String {
        let here = Context::at(([127, 0, 0, 1], 0).into(), 1, Duration::from_secs(60));
        find_all_faults(&here, &cases.iter().collect::<Vec<_>>()).unwrap_err().to_string()
    }

    #[test]
    fn a_checker_that_sees_nothing_is_found_out() {
        assert!(with_only(&[]).contains("DropsAByte to be reported"));
    }

    #[test]
    fn a_checker_that_one_broken_server_gets_past_is_found_out() {
        let without_wrapping = *find("A3")[0];
        let said = with_only(&[without_wrapping]);
        assert!(said.contains("AddsWithoutWrapping to be reported by A3, got every case passed"), "{said}");
    }

    #[test]
    fn a_checker_that_blames_a_right_server_is_found_out() {
        let blames = Case::new("Z1", "blames", |_| Err(Failure::new("any", "this", "that").into()));
        assert!(with_only(&[blames]).contains("expected nothing to be reported, got Z1"));
    }
}
