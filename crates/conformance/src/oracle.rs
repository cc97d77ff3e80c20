//! The check after every case: whatever one client did, the server must be as good as before.
//!
//! How long a thing takes says more about the machine than about the server, so what must be back is waited for
//! as long as the patience lasts. Only a fresh client must be served within a second, in one of five attempts.

use std::thread;
use std::time::{Duration, Instant};

use text::units::whole_bytes;

use crate::Context;
use crate::case::{During, Failure, require};
use crate::process::{Holdings, Process};

/// What the server held when nobody had done anything to it yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Baseline {
    holdings: Option<Holdings>,
    /// Bytes of anonymous memory; this does not sink.
    memory: Option<u64>,
}

/// What a server may keep in memory when its clients are gone, over all cases that it goes through together:
/// what allocators and tables have once needed, and the stacks of ended threads, of which glibc keeps up to
/// 40 MiB for new ones. Cases about memory hold closer bounds.
const KEPT_AT_MOST: u64 = 40 << 20;
/// In one of a few attempts a fresh client must be served so soon.
const SOON: Duration = Duration::from_secs(1);
const ATTEMPTS: usize = 5;

impl Baseline {
    /// For cases without a server.
    pub(crate) const UNKNOWN: Baseline = Baseline { holdings: None, memory: None };

    /// Lets a first client in, so that what a server sets up once is set up, and counts once it is quiet.
    /// How the visit went is not judged here: that is for the case to find out.
    pub(crate) fn after_warm_up(context: &Context) -> Self {
        let _ = context.visit();
        let _ = context.expect_rest();
        Baseline {
            holdings: context.process.and_then(Process::holdings),
            memory: context.process.and_then(Process::anonymous_memory),
        }
    }
}

/// The server still serves a fresh client, has let go of all that the case made it hold, rests, and has
/// not ended meanwhile. The baseline sinks to what it holds at best, so that not even one descriptor is
/// lost unseen.
pub(crate) fn expect_unharmed(context: &Context, baseline: &mut Baseline) -> Result<(), Failure> {
    expect_alive(context)?; // before the visit: this says more than a refused connection
    expect_served_soon(context).during("afterwards, a fresh client")?;
    if let (Some(process), Some(allowed)) = (context.process, baseline.holdings) {
        baseline.holdings = Some(expect_at_most(process, allowed, context.patience).during("afterwards")?);
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
    let given_back = eventually(patience, || {
        more = process.anonymous_memory().unwrap_or(0).saturating_sub(at_first);
        more <= KEPT_AT_MOST
    });
    require(
        given_back,
        "no clients left",
        format!("at most {} more memory", whole_bytes(KEPT_AT_MOST)),
        || format!("{} more after {patience:?}", whole_bytes(more)),
    )
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
