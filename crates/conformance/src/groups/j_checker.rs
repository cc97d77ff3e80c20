//! J: the checker is checked.

use std::sync::Mutex;
use std::time::Duration;

use crate::Context;
use crate::broken::{Broken, Fault};
use crate::case::{Case, CaseResult, Failure, Needs, Stop, require};
use crate::groups::find;
use crate::target::{Concurrency, Settings};

pub(super) const CASES: &[Case] =
    &[Case::new("J1", "every one of 8 broken servers is found out", j1_broken_servers).needs(Needs::Nothing)];

/// The checker plays fast cases against servers of its own, which lose, double, swap, add or spoil a byte, do
/// not greet, end too early or stall. It must report every one of them, and a ninth one that is right must
/// pass. It comes first: what a blind checker says of others is worth nothing.
fn j1_broken_servers(context: &Context<'_>) -> CaseResult {
    let right = reported(context, Fault::Nothing, context.patience)?;
    require(right.is_empty(), "a server without a fault", "nothing to be reported", || right.join(", "))?;
    for fault in Fault::ALL {
        // Every wait for a byte that does not come lasts this long.
        let ids = reported(context, fault, Duration::from_millis(300))?;
        require(!ids.is_empty(), "a server with a fault", format!("{fault:?} to be reported"), || {
            "every case passed".to_owned()
        })?;
    }
    context.note(format!("{} of {} broken servers reported", Fault::ALL.len(), Fault::ALL.len()));
    Ok(())
}

/// The ids of the cases that such a server fails.
fn reported(context: &Context<'_>, fault: Fault, patience: Duration) -> Result<Vec<&'static str>, Stop> {
    let server = Broken::start(fault)
        .map_err(|error| Failure::new("start a broken server", "it to start", error.to_string()))?;
    let here = Context {
        address: server.address,
        concurrency: Concurrency::One,
        settings: Settings::NONE,
        process: None,
        launch: None,
        long: false,
        seed: context.seed,
        patience,
        notes: Mutex::default(),
    };
    let cases = ["A3", "A4", "B2"].into_iter().flat_map(find);
    Ok(cases.filter(|case| matches!((case.run)(&here), Err(Stop::Failed(_)))).map(|case| case.id).collect())
}
