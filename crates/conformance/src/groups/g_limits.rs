//! G, first part: more clients than a limit allows.

use std::num::NonZeroUsize;
use std::thread;
use std::time::{Duration, Instant};

use observe::strace::Tracing;

use crate::accounts::counted;
use crate::case::{Case, Needs};
use crate::client::Client;
use crate::context::Context;
use crate::eventually::eventually;
use crate::failure::{CaseResult, During, Failure, Stop, require};
use crate::groups::timing::WOULD_GREET_WITHIN;
use crate::process::{Limited, Process, detached};
use crate::started::Started;
use crate::target::Settings;

pub(super) const CASES: &[Case] = &[
    Case::new("G1", "out of descriptors, a server neither spins nor floods its log", g1_out_of_descriptors)
        .needs(Needs::Program),
    Case::new("G2", "clients that wait for a descriptor are all served", g2_waiters_are_served)
        .needs(Needs::Program),
    Case::new(
        "G3",
        "clients over the connection limit are refused or wait, and are counted",
        g3_over_the_limit,
    )
    .needs(Needs::Program),
];

/// Clients that connect to a server with descriptors for fewer.
const CLIENTS: usize = 80;
/// Descriptors that it has for them.
const ROOM: usize = 20;

/// The server may open 20 more descriptors, and 80 clients connect and stay (for 3 s; 10 s in a long run). Now
/// accept fails while the listener stays readable: a server that retries at once spins. It must pause: at most
/// 10 failed accepts, 2 % of a CPU and one log line per second. A server that has a loop with a listener of its own for
/// each CPU may fail to accept as often in each.
///
/// Failed accepts are counted with strace, for two more seconds. Without strace, the sleeps of the threads, which
/// Linux counts, must do: a thread may sleep more than once for each accept, and the case allows five times. A
/// model that serves one client at a time never reaches its limit.
fn g1_out_of_descriptors(context: &Context<'_>) -> CaseResult {
    let mut short = short_of_descriptors(context)?;
    let process = short.server.context().process()?;
    let loops = process.holdings().map_or(1, |holdings| holdings.threads).min(cpus()) as u64;
    let most_sleeps = 5 * 10 * loops; // per second
    thread::sleep(Duration::from_millis(500)); // the first pauses are shorter, and the first clients use CPU time
    let (start, lines) = (Instant::now(), short.server.log().lines().count());
    let before = process.effort();
    thread::sleep(Duration::from_secs(if context.long() { 10 } else { 3 }));
    let seconds = start.elapsed().as_secs();
    let lines = (short.server.log().lines().count() - lines) as u64;
    if let (Some(before), Some(after)) = (before, process.effort()) {
        let sleeps = (after.sleeps - before.sleeps) / seconds;
        let cpu = after.cpu.saturating_sub(before.cpu);
        context.note(format!(
            "in {seconds} s: {sleeps} sleeps per second, {:.1} ms of CPU time, {lines} log lines",
            cpu.as_secs_f64() * 1e3
        ));
        require(sleeps <= most_sleeps, "out of descriptors", "pauses between accepts", || {
            format!("{sleeps} sleeps per second")
        })?;
        require(cpu <= start.elapsed() / 50, "out of descriptors", "at most 2 % CPU", || {
            format!("{cpu:?} in {seconds} s")
        })?;
    }
    require(lines <= seconds + 2, "out of descriptors", "at most one log line per second", || {
        format!("{lines} lines in {seconds} s")
    })?;
    count_failed_accepts(context, process)?;
    short.clients.clear();
    drop(short.limited);
    short.server.expect_unharmed()?;
    short.server.expect_clean_end()?;
    Ok(())
}

fn cpus() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

fn count_failed_accepts(context: &Context<'_>, process: Process) -> CaseResult {
    let start = Instant::now();
    let tracing = Tracing { calls: &["accept,accept4"], ..Tracing::default() };
    let strace = match process.trace(&tracing, context.patience) {
        Err(Stop::Skipped(reason)) => {
            context.note(format!("failed accepts not counted: {reason}"));
            return Ok(());
        }
        strace => strace?,
    };
    thread::sleep(Duration::from_secs(2));
    let failed = detached(strace)?.most_failed("EMFILE");
    let seconds = start.elapsed().as_secs();
    context.note(format!("{failed} failed accepts of one thread in {seconds} s"));
    // Up to one second more may have passed, and the first accept may come at once.
    let most = 10 * (seconds + 2);
    require(
        failed <= most,
        "out of descriptors",
        format!("at most {most} failed accepts in {seconds} s"),
        || failed.to_string(),
    )?;
    Ok(())
}

/// The same 80 clients then close one after the other, each as soon as it has been greeted and answered. All are served,
/// including the last: readiness that was reported while no descriptor was free must not be lost. In which order is the
/// server's choice: it may have several queues.
fn g2_waiters_are_served(context: &Context<'_>) -> CaseResult {
    let mut short = short_of_descriptors(context)?;
    serve_all(&mut short, context.patience).map_err(|failure| short.server.explain(failure))?;
    drop(short.limited);
    short.server.expect_unharmed()?;
    short.server.expect_clean_end()?;
    Ok(())
}

/// Lets one client after the other be served.
fn serve_all(short: &mut Short<'_>, patience: Duration) -> Result<(), Failure> {
    while !short.clients.is_empty() {
        let served = CLIENTS - short.clients.len();
        let during = format!("{served} of {CLIENTS} clients served, with room for {ROOM}");
        let greeted = some_greeted(&short.clients, 1, patience)?;
        let place = greeted.first().copied();
        require(place.is_some(), &during, "a greeting for one that waits", || "silence".to_owned())?;
        let mut client = short.clients.remove(place.unwrap_or_default());
        client
            .expect_greeting()
            .and_then(|()| client.ask(b"^abc$", b"bcd"))
            .and_then(|()| client.expect_orderly_close())
            .during(during)?;
    }
    short.server.context().visit().during("still short of descriptors")
}

/// A server with descriptors for some of its clients.
struct Short<'launch> {
    clients: Vec<Client>,
    limited: Limited,
    server: Started<'launch>,
}

fn short_of_descriptors<'launch>(context: &Context<'launch>) -> Result<Short<'launch>, Stop> {
    let mut server = Started::start(context, Settings::NONE)?;
    let limited = server.context().process()?.limit_descriptors(ROOM)?;
    let clients = crowd(server.context()).map_err(|failure| server.explain(failure))?;
    Ok(Short { clients, limited, server })
}

/// More clients than there is room for.
fn crowd(here: &Context<'_>) -> Result<Vec<Client>, Failure> {
    let clients: Result<Vec<_>, _> = (0..CLIENTS).map(|_| here.connect()).collect();
    let clients = clients.during("connect")?;
    let least = here.concurrency().at_once().min(ROOM / 2);
    let greeted = some_greeted(&clients, least, here.patience)?.len();
    require(greeted >= least, "connect", format!("greetings for {least} clients"), || greeted.to_string())?;
    Ok(clients)
}

/// The places of those that have been greeted, once there are this many or after some time.
fn some_greeted(clients: &[Client], least: usize, patience: Duration) -> Result<Vec<usize>, Failure> {
    let mut greeted = Vec::new();
    let mut failure = None;
    eventually(patience, || {
        greeted.clear();
        for (place, client) in clients.iter().enumerate() {
            match client.is_readable(Duration::ZERO) {
                Ok(true) => greeted.push(place),
                Ok(false) => {}
                Err(error) => failure = Some(error),
            }
        }
        greeted.len() >= least || failure.is_some()
    });
    failure.map_or(Ok(greeted), Err)
}

/// The server is limited to 8 connections. That many clients are greeted (fewer, if it serves fewer at a time),
/// and three more connect. They are either refused, which is a FIN without a greeting, or wait without a
/// greeting; this is the server's choice. The first clients are not affected. When they close, those that wait are
/// served, and so is a new client. Refusals are counted in the log.
fn g3_over_the_limit(context: &Context<'_>) -> CaseResult {
    const LIMIT: usize = 8;
    context.require_settable("a limit on connections")?;
    let mut server = Started::start(context, Settings { max_connections: Some(LIMIT), ..Settings::NONE })?;
    let here = server.context();
    let greeted = here.concurrency().at_once().min(LIMIT);
    // The connection of the warm-up may still be open in the server.
    let mut inside: Vec<_> = Vec::with_capacity(greeted);
    while inside.len() < greeted {
        let mut client = here.connect()?;
        if client.expect_greeting().is_ok() {
            inside.push(client);
        }
    }
    let (mut refused, mut waiting) = (0, Vec::new());
    for number in 0..(LIMIT - greeted) + 3 {
        let mut client = here.connect()?;
        if client.is_readable(WOULD_GREET_WITHIN)? {
            client.expect_fin().during(format_args!("client {number} over the limit"))?;
            refused += 1;
        } else {
            waiting.push(client);
        }
    }
    for client in &mut inside {
        client.ask(b"^abc$", b"bcd").during("a client within the limit")?;
    }
    inside.iter_mut().try_for_each(Client::expect_orderly_close)?;
    for client in &mut waiting {
        client.expect_greeting().during("a client that waited")?;
        client.expect_orderly_close().during("a client that waited")?;
    }
    let mut visit = Ok(());
    eventually(here.patience, || {
        visit = here.visit();
        visit.is_ok() // the server may still be closing the other connections
    });
    visit.during("when the others have closed")?;
    context.note(format!("{refused} refused, {} waited", waiting.len()));
    drop((inside, waiting));
    server.expect_unharmed()?;
    server.expect_clean_end()?;
    let counted = counted(&server.log(), "rejected");
    require(counted >= Some(refused), "count", format!("rejected {refused}"), || server.log())?;
    Ok(())
}
