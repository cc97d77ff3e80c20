//! H, first part: signals, and how a server exits.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use text::units::whole_bytes;

use crate::accounts::{counted, require_adds_up};
use crate::case::{Case, Needs};
use crate::client::Buffers;
use crate::context::Context;
use crate::eventually::eventually;
use crate::failure::{CaseResult, During, Failure, Stop, require};
use crate::flow::{Flow, Pace, Pattern};
use crate::groups::timing::{Stopwatch, fastest, require_at_once};
use crate::prepare::SHORT_TIMEOUT;
use crate::process::Process;
use crate::started::Started;
use crate::target::Settings;

pub(super) const CASES: &[Case] = &[
    Case::new("H1", "an idle server exits with code 0 at once on SIGTERM", h1_idle).needs(Needs::Program),
    Case::new("H2", "on SIGTERM a client that reads loses no byte of its reply", h2_owed_to_a_reader)
        .needs(Needs::Program),
    Case::new(
        "H3",
        "on SIGTERM a client that never reads is dropped at the drain timeout, and counted",
        h3_never_reader,
    )
    .needs(Needs::Program),
    Case::new("H4", "on a second signal after a pause the server exits at once", h4_second_signal)
        .needs(Needs::Program),
    Case::new("H5", "many harmless signals change no byte", h5_storm).needs(Needs::Pause),
    Case::new("H6", "a server that was stopped for longer than its timeouts continues to serve", h6_stopped)
        .needs(Needs::Program),
];

/// A server without clients gets SIGTERM. It exits with 0 within 100 ms, and its port is closed. All models alike.
fn h1_idle(context: &Context<'_>) -> CaseResult {
    let fastest = fastest(|| {
        let mut server = Started::start(context, Settings::NONE)?;
        let process = server.context().process;
        let watch = Stopwatch::start(process);
        server.signal(Signal::TERM)?;
        server.wait_for_end(context.patience);
        let took = watch.read(process);
        server.expect_code(0, context.patience)?;
        // Another process may have got the port since; not each time.
        let is_closed = server.context().connect().is_err();
        Ok::<_, Stop>(if is_closed { took } else { Duration::MAX })
    })?;
    require(fastest < Duration::MAX, "afterwards", "a closed port", || "a connection, each time".to_owned())?;
    require_at_once(context, "exit", fastest)?;
    Ok(())
}

/// The client sends until backpressure stops it, so that megabytes of replies are pending; the server gets SIGTERM;
/// then the client reads. It gets every byte and a FIN, and the server exits with 0. All models alike. How much is
/// pending, the catalogue's 7 MB or less, depends on the kernel and is reported.
fn h2_owed_to_a_reader(context: &Context<'_>) -> CaseResult {
    // A busy machine needs some of the first half; nothing waits for it.
    const AMPLE: Duration = Duration::from_secs(600);
    let mut server = Started::start(context, Settings { drain_timeout: Some(AMPLE), ..Settings::NONE })?;
    let pattern = Pattern::random(&mut context.random(), 1, 64 << 10);
    let mut flow = Flow::new(server.context().connect()?, &pattern);
    flow.block()?;
    context.note(format!("{} pending at SIGTERM", whole_bytes(flow.owed())));
    server.signal(Signal::TERM)?;
    flow.receive_all(|_| Pace::FULL).during("drain")?;
    flow.into_client().expect_orderly_close().during("drain")?;
    server.expect_code(0, context.patience)?;
    Ok(())
}

/// The same, but the client never reads. The server waits until its drain timeout has passed and no longer, and then
/// reports that it dropped a reply: by an exit code other than 0 and by the count in its log.
fn h3_never_reader(context: &Context<'_>) -> CaseResult {
    const DRAIN: Duration = SHORT_TIMEOUT;
    context.require_settable("a drain timeout")?;
    let mut server = Started::start(context, Settings { drain_timeout: Some(DRAIN), ..Settings::NONE })?;
    let pattern = Pattern::random(&mut context.random(), 1, 64 << 10);
    let mut flow = Flow::new(server.context().connect_with(Buffers::SMALL)?, &pattern);
    flow.block()?;
    let start = Instant::now();
    server.signal(Signal::TERM)?;
    let status = server.expect_exit(DRAIN + context.patience)?;
    let waited = start.elapsed();
    context.note(format!("{status} after {:.1} s", waited.as_secs_f64()));
    let code_is_nonzero = status.code().is_some_and(|code| code != 0);
    require(code_is_nonzero, "end", "an exit code other than 0, since data was dropped", || {
        status.to_string()
    })?;
    require(waited >= DRAIN * 9 / 10, "end", format!("{DRAIN:?} for the client to read"), || {
        format!("{waited:?}")
    })?;
    let dropped = counted(&server.log(), "dropped");
    require(dropped == Some(1), "count", "dropped 1", || server.log())?;
    require_adds_up(&server.log())?;
    Ok(())
}

/// A client that never reads delays the shutdown by up to an hour. A second signal is repeated, since how
/// long the pause must be is up to the server. It exits with 128 + signal, long before the hour is over. All models
/// alike.
fn h4_second_signal(context: &Context<'_>) -> CaseResult {
    const LONG: Duration = Duration::from_secs(3600);
    context.require_settable("a drain timeout")?;
    for (first, second, code) in
        [(Signal::TERM, Signal::TERM, 143), (Signal::INT, Signal::INT, 130), (Signal::TERM, Signal::INT, 130)]
    {
        let mut server = Started::start(context, Settings { drain_timeout: Some(LONG), ..Settings::NONE })?;
        let here = server.context();
        let pattern = Pattern::random(&mut context.random(), 1, 64 << 10);
        let mut flow = Flow::new(here.connect_with(Buffers::SMALL)?, &pattern);
        flow.block()?;
        server.signal(first)?;
        eventually(context.patience, || {
            let _ = server.signal(second);
            server.expect_exit(Duration::from_millis(50)).is_ok()
        });
        server.expect_code(code, Duration::ZERO).during(format_args!("{first:?}, then {second:?}"))?;
    }
    Ok(())
}

/// The server gets a thousand signals per second: some that it ignores, and SIGSTOP with SIGCONT, which interrupts many
/// system calls with EINTR even without a handler. Until a thousand have been sent, a client exchanges megabytes,
/// others connect and close, and one is silent in the middle of a message: every byte is correct. All models alike,
/// except that the silent one needs a model that serves it beside the others.
fn h5_storm(context: &Context<'_>) -> CaseResult {
    const SIGNALS: u64 = 1_000;
    const BYTES: u64 = 2 << 20;
    const VISITS: usize = 50;
    let process = context.process()?;
    let pattern = Pattern::random(&mut context.random(), 15, 4 << 10);
    let silent = context.bystander()?;
    let (over, sent) = (AtomicBool::new(false), AtomicU64::new(0));
    let (stormed, result) = thread::scope(|scope| {
        let storm = scope.spawn(|| storm(process, &over, &sent));
        let mut result = Ok(());
        while result.is_ok() && sent.load(Ordering::Relaxed) < SIGNALS && !storm.is_finished() {
            result = exchange_and_visit(context, &pattern, BYTES, VISITS);
        }
        over.store(true, Ordering::Relaxed);
        (storm.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), result)
    });
    stormed?;
    result?;
    silent.expect_undisturbed()?;
    context.note(format!("{} signals", sent.into_inner()));
    Ok(())
}

fn exchange_and_visit(
    context: &Context<'_>,
    pattern: &Pattern,
    bytes: u64,
    visits: usize,
) -> Result<(), Failure> {
    let mut flow = Flow::new(context.connect()?, pattern);
    flow.exchange_all(bytes / pattern.len() * pattern.len(), |_| Pace::FULL)?;
    flow.into_client().expect_orderly_close()?;
    (0..visits).try_for_each(|number| context.visit().during(format_args!("visit {number}")))
}

fn storm(process: Process, over: &AtomicBool, sent: &AtomicU64) -> Result<(), Failure> {
    while !over.load(Ordering::Relaxed) {
        for signal in [Signal::URG, Signal::WINCH, Signal::CHILD] {
            process.signal(signal)?;
        }
        thread::sleep(Duration::from_millis(1));
        drop(process.pause()?); // stops and continues the server
        thread::sleep(Duration::from_millis(1));
        sent.fetch_add(5, Ordering::Relaxed);
    }
    Ok(())
}

/// The server is stopped for longer than its idle timeout (by 1 s, in a long run 3 s), as by a debugger or an overloaded
/// machine. Meanwhile a connected client sends, and another one connects. When the server continues it answers both:
/// the time in which *it* did not read is not the client's idle time. All models alike; a model that serves one at a
/// time answers the second when the first has closed.
fn h6_stopped(context: &Context<'_>) -> CaseResult {
    let mut server =
        Started::start(context, Settings { idle_timeout: Some(SHORT_TIMEOUT), ..Settings::NONE })?;
    let here = server.context();
    let mut known = here.greeted()?;
    known.ask(b"^ab", b"bc")?;
    let longer = Duration::from_secs(if context.long() { 3 } else { 1 });
    let paused = here.process()?.pause()?;
    known.send(b"cd")?;
    let mut newcomer = here.connect()?;
    newcomer.send(b"^x$")?;
    thread::sleep(here.idle_timeout()? + longer);
    drop(paused);
    known.expect(b"de").during("a client that sent while the server was stopped")?;
    known.ask(b"e$", b"f").during("a client that sent while the server was stopped")?;
    known.expect_orderly_close()?;
    newcomer.expect(b"*y").during("a client that connected while the server was stopped")?;
    newcomer.expect_orderly_close()?;
    server.expect_unharmed()?;
    server.expect_clean_end()?;
    Ok(())
}
