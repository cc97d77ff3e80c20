//! The check after every case: whatever one client did, the server must be as good as before.

use std::thread;
use std::time::{Duration, Instant};

use crate::Context;
use crate::case::{During, Failure, require};
use crate::process::{Holdings, Process};

/// What the server held when nobody had done anything to it yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Baseline {
    holdings: Option<Holdings>,
}

impl Baseline {
    /// For cases without a server.
    pub(crate) const UNKNOWN: Baseline = Baseline { holdings: None };

    /// Lets a first client in, so that what a server sets up once is set up, and counts once it is quiet.
    /// How the visit went is not judged here: that is for the case to find out.
    pub(crate) fn after_warm_up(context: &Context) -> Self {
        let _ = context.visit();
        let _ = context.expect_rest();
        Baseline { holdings: context.process.and_then(Process::holdings) }
    }
}

/// The server still serves a fresh client, has let go of all that the case made it hold, rests, and has
/// not ended meanwhile. The baseline sinks to what it holds at best, so that not even one descriptor is
/// lost unseen.
pub(crate) fn expect_unharmed(context: &Context, baseline: &mut Baseline) -> Result<(), Failure> {
    expect_alive(context)?; // before the visit: this says more than a refused connection
    context.visit().during("afterwards, a fresh client")?;
    if let (Some(process), Some(allowed)) = (context.process, baseline.holdings) {
        baseline.holdings = Some(expect_at_most(process, allowed, context.patience).during("afterwards")?);
    }
    context.expect_rest().during("afterwards")?;
    expect_alive(context)
}

fn expect_alive(context: &Context) -> Result<(), Failure> {
    let ended = context.process.and_then(Process::has_ended) == Some(true);
    require(!ended, "afterwards", "the server process to be alive", || "a process that has ended".to_owned())
}

/// After SIGTERM the process ends by itself within the drain timeout.
pub(crate) fn expect_ended(context: &Context) -> Result<(), Failure> {
    let Some(process) = context.process else { return Ok(()) };
    let within = context.settings.drain_timeout.unwrap_or_default() + context.patience;
    let ended = eventually(within, || process.has_ended() != Some(false));
    require(ended, "afterwards", "the server process to have ended", || {
        format!("it still runs after {within:?}")
    })
}

fn expect_at_most(process: Process, allowed: Holdings, patience: Duration) -> Result<Holdings, Failure> {
    let mut holdings = allowed;
    let given_back = eventually(patience, || {
        holdings = process.holdings().unwrap_or(holdings);
        holdings.descriptors <= allowed.descriptors && holdings.threads <= allowed.threads
    });
    let expected = format!("at most {} descriptors and {} threads", allowed.descriptors, allowed.threads);
    require(given_back, "no clients left", expected, || {
        format!("{} descriptors and {} threads after {patience:?}", holdings.descriptors, holdings.threads)
    })?;
    Ok(holdings)
}

/// Asks again and again until it is so or the time is over. Nothing announces what is asked for here.
pub(crate) fn eventually(within: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + within;
    loop {
        if is_so() {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(Duration::from_millis(5));
    }
}
