//! H, fourth part: how a stop is asked for.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::case::{Case, Needs};
use crate::context::Context;
use crate::eventually::eventually;
use crate::failure::{CaseResult, During, Failure, Stop, require};
use crate::flow::{Flow, Pace, Pattern};
use crate::started::Started;
use crate::target::Settings;

pub(super) const CASES: &[Case] = &[
    Case::new("H11", "two signals at the same moment are one request to stop", h11_two_at_once)
        .needs(Needs::Program),
    Case::new("H12", "a server whose parent blocked the signals can be stopped", h12_inherited_mask)
        .needs(Needs::Program),
];

/// GNU `timeout` signals its child and then the child's process group, and npm passes on what the terminal has sent
/// already: one stop arrives as two signals. Megabytes of replies are pending then, as in H2; the client reads all of
/// them, and the server exits with 0. All models alike.
fn h11_two_at_once(context: &Context<'_>) -> CaseResult {
    const TRIES: usize = 20;
    context.require_settable("a drain timeout")?;
    for (first, second) in
        [(Signal::TERM, Signal::TERM), (Signal::INT, Signal::INT), (Signal::INT, Signal::TERM)]
    {
        let mut verdict = Verdict::TooSlow;
        for _ in 0..TRIES {
            verdict = stopped_by_two(context, first, second)?;
            if matches!(verdict, Verdict::Right) {
                break;
            }
        }
        if matches!(verdict, Verdict::TooSlow) {
            return Stop::skipped("on this machine two signals did not arrive at the same moment");
        }
    }
    Ok(())
}

enum Verdict {
    Right,
    /// The second signal arrived so late that it may have counted as a second request.
    TooSlow,
}

fn stopped_by_two(context: &Context<'_>, first: Signal, second: Signal) -> Result<Verdict, Stop> {
    // A busy machine needs some of the first half; nothing waits for it.
    const AMPLE: Duration = Duration::from_secs(600);
    const SAME_MOMENT: Duration = Duration::from_millis(100);
    let mut server = Started::start(context, Settings { drain_timeout: Some(AMPLE), ..Settings::NONE })?;
    let pattern = Pattern::random(&mut context.random(), 1, 64 << 10);
    let mut flow = Flow::new(server.context().connect()?, &pattern);
    flow.block()?;
    let start = Instant::now();
    // Pending signals of one kind are merged: each must have been delivered.
    deliver(&server, first, context.patience)?;
    deliver(&server, second, context.patience)?;
    if start.elapsed() > SAME_MOMENT {
        return Ok(Verdict::TooSlow);
    }
    let both = format!("{first:?} and {second:?}");
    let answered = flow.receive_all(|_| Pace::FULL);
    answered.map_err(|failure| server.explain(failure)).during(&both)?;
    flow.into_client().expect_orderly_close().during(&both)?;
    server.expect_code(0, context.patience).during(&both)?;
    Ok(Verdict::Right)
}

fn deliver(server: &Started<'_>, signal: Signal, patience: Duration) -> Result<(), Failure> {
    server.signal(signal)?;
    let Some(process) = server.context().process else { return Ok(()) };
    let delivered = eventually(patience, || !process.has_pending_signal());
    require(delivered, "the signal", "it to be delivered", || format!("{signal:?} is still pending"))
}

/// The server is started by a thread that blocks every signal, as a parent does that waits for signals in a
/// thread of its own. A child process inherits the mask. It serves, and exits with 0 on SIGTERM and on SIGINT. All
/// models alike.
fn h12_inherited_mask(context: &Context<'_>) -> CaseResult {
    for signal in [Signal::TERM, Signal::INT] {
        let started = signals::while_blocked(|| Started::start(context, Settings::NONE));
        let mut server = started
            .map_err(|error| Failure::new("block the signals", "to succeed", error.to_string()))
            .map_err(Stop::from)??;
        server.context().visit()?;
        server.signal(signal)?;
        server.expect_code(0, context.patience).during(format_args!("{signal:?}, inherited blocked"))?;
    }
    Ok(())
}
