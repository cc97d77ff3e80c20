//! The check after every case: whatever a client did, the server must be unharmed.
//!
//! Durations depend more on the machine than on the server, so resources may take as long as the patience to be
//! released. Only a new client must be served within a second, in one of five attempts.

use std::time::{Duration, Instant};

use text::units::whole_bytes;

use crate::context::Context;
use crate::eventually::eventually;
use crate::failure::{During, Failure, require};
use crate::process::{Holdings, Process};
use crate::target::Launch;

/// What the server held before the first case.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Baseline {
    holdings: Option<Holdings>,
    /// Bytes of anonymous memory; never lowered.
    memory: Option<u64>,
}

/// The memory that a server may keep when its clients have closed, over all its cases together: what allocators and
/// tables once needed, and stacks of ended threads, of which glibc caches up to 40 MiB. Cases about memory have tighter
/// bounds.
const KEPT_AT_MOST: u64 = 40 << 20;
/// In one of [`ATTEMPTS`] a new client must be served within this time.
const SOON: Duration = Duration::from_secs(1);
const ATTEMPTS: usize = 5;

impl Baseline {
    /// For cases without a server.
    pub(crate) const UNKNOWN: Baseline = Baseline { holdings: None, memory: None };

    /// Serves a first client, so that lazy initialisation is done, and measures when the server is idle. A failed visit
    /// is ignored here; the case will report it.
    pub(crate) fn after_warm_up(context: &Context) -> Self {
        let _ = context.visit();
        let _ = context.expect_rest();
        Baseline {
            holdings: context.process.and_then(Process::holdings),
            memory: context.process.and_then(Process::anonymous_memory),
        }
    }
}

/// Expects the server to serve a new client, to have released everything that the case used, to be idle and still
/// running. The baseline is lowered to the least that the server holds, so that even one leaked descriptor is found.
pub(crate) fn expect_unharmed(context: &Context, baseline: &mut Baseline) -> Result<(), Failure> {
    expect_alive(context)?; // before the visit: this is clearer than a refused connection
    expect_served_soon(context).during("afterwards, a new client")?;
    if let (Some(process), Some(least)) = (context.process, baseline.holdings) {
        let kept = context.launch.map_or(0, Launch::kept_descriptors);
        let allowed = Holdings { descriptors: least.descriptors + kept, ..least };
        let holdings = expect_at_most(process, allowed, context.patience).during("afterwards")?;
        let descriptors = least.descriptors.min(holdings.descriptors);
        baseline.holdings = Some(Holdings { descriptors, ..holdings });
    }
    context.expect_rest().during("afterwards")?;
    if let (Some(process), Some(memory)) = (context.process, baseline.memory) {
        expect_memory_back(process, memory, context.patience).during("afterwards")?;
    }
    expect_alive(context)
}

fn expect_served_soon(context: &Context) -> Result<(), Failure> {
    let mut fastest = Duration::MAX;
    for _ in 0..ATTEMPTS {
        let start = Instant::now();
        context.visit()?;
        fastest = fastest.min(start.elapsed());
        if fastest <= SOON {
            return Ok(());
        }
    }
    let got = format!("{fastest:?} in the fastest of {ATTEMPTS} attempts");
    Err(Failure::new("visit", format!("to be served within {SOON:?}"), got))
}

fn expect_memory_back(process: Process, at_first: u64, patience: Duration) -> Result<(), Failure> {
    let mut more = 0;
    let released = eventually(patience, || {
        more = process.anonymous_memory().unwrap_or(0).saturating_sub(at_first);
        more <= KEPT_AT_MOST
    });
    require(released, "no clients left", format!("at most {} more memory", whole_bytes(KEPT_AT_MOST)), || {
        format!("{} more after {patience:?}", whole_bytes(more))
    })
}

fn expect_alive(context: &Context) -> Result<(), Failure> {
    let ended = context.process.and_then(Process::has_ended) == Some(true);
    require(!ended, "afterwards", "the server process to be alive", || "a process that has ended".to_owned())
}

/// Expects the process to exit by itself within the drain timeout after SIGTERM.
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
    let released = eventually(patience, || {
        holdings = process.holdings().unwrap_or(holdings);
        holdings.descriptors <= allowed.descriptors && holdings.threads <= allowed.threads
    });
    let expected = format!("at most {} descriptors and {} threads", allowed.descriptors, allowed.threads);
    require(released, "no clients left", expected, || {
        format!("{} descriptors and {} threads after {patience:?}", holdings.descriptors, holdings.threads)
    })?;
    Ok(holdings)
}
