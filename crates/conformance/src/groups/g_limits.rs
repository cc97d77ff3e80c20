//! G, first half: more clients than a limit allows, and very many of them.

use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};

use observe::network::repeated_syns;
use observe::strace::Tracing;

use text::units::whole_bytes;

use crate::Context;
use crate::accounts::counted;
use crate::case::{Case, CaseResult, During, Failure, Needs, Stop, require};
use crate::client::{Buffers, Client};
use crate::groups::WOULD_GREET_WITHIN;
use crate::groups::i_many::all_at_once;
use crate::limits::descriptors_available;
use crate::oracle::eventually;
use crate::process::{Limited, Process, detached};
use crate::started::Started;
use crate::target::Settings;

pub(super) const CASES: &[Case] = &[
    Case::new("G1", "without descriptors a server neither spins nor fills its log", g1_out_of_descriptors)
        .needs(Needs::Program),
    Case::new("G2", "clients that wait for a descriptor are all served", g2_waiters_are_served)
        .needs(Needs::Program),
    Case::new("G3", "clients over the limit are refused or wait, and are counted", g3_over_the_limit)
        .needs(Needs::Program),
    Case::new("G6", "1,100 clients that are open at once are all served", g6_open_at_once),
    Case::new("G7", "2,000 clients in one burst are all served", g7_burst),
    Case::new("G8", "thousands of clients that come and go leave nothing behind", g8_come_and_go),
    Case::new("G9", "a checker that runs out of ports says whose fault it is", g9_out_of_ports),
];

/// Clients that come to a server with room for fewer.
const CLIENTS: usize = 80;
/// Descriptors that it has for them.
const ROOM: usize = 20;

/// The server may open 20 descriptors more, and 80 clients connect and stay (for 3 s; 10 s in a long run).
/// Accept fails now, and the listener stays readable: a server that tries again at once spins. Ours must
/// pause: at most 10 failed accepts, 2 % of a processor and one log line in a second.
///
/// Failed accepts are counted by strace, for two seconds more. Where it is missing they cannot be seen; but a thread
/// that pauses goes to sleep, and Linux counts that. Around one accept a thread may sleep more than once, and the
/// case allows five times. A model that serves one client at a time never comes to its limit.
fn g1_out_of_descriptors(context: &Context<'_>) -> CaseResult {
    const MOST_SLEEPS: u64 = 5 * 10; // in a second
    let mut short = short_of_descriptors(context)?;
    let process = short.server.context().process()?;
    thread::sleep(Duration::from_millis(500)); // the first pauses are shorter, and the first clients cost CPU
    let (start, lines) = (Instant::now(), short.server.log().lines().count());
    let before = process.effort();
    thread::sleep(Duration::from_secs(if context.long() { 10 } else { 3 }));
    let seconds = start.elapsed().as_secs();
    let lines = (short.server.log().lines().count() - lines) as u64;
    if let (Some(before), Some(after)) = (before, process.effort()) {
        let sleeps = (after.sleeps - before.sleeps) / seconds;
        let cpu = after.cpu.saturating_sub(before.cpu);
        context.note(format!(
            "in {seconds} s: {sleeps} sleeps in each, {:.1} ms of CPU time, {lines} log lines",
            cpu.as_secs_f64() * 1e3
        ));
        require(sleeps <= MOST_SLEEPS, "out of descriptors", "pauses between accepts", || {
            format!("{sleeps} sleeps in a second")
        })?;
        require(cpu <= start.elapsed() / 50, "out of descriptors", "at most 2 % CPU", || {
            format!("{cpu:?} in {seconds} s")
        })?;
    }
    require(lines <= seconds + 2, "out of descriptors", "a log line in a second at most", || {
        format!("{lines} lines in {seconds} s")
    })?;
    count_failed_accepts(context, process)?;
    short.clients.clear();
    drop(short.limited);
    short.server.expect_unharmed()?;
    short.server.expect_clean_end()?;
    Ok(())
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
    let failed = detached(strace)?.failed("EMFILE");
    let seconds = start.elapsed().as_secs();
    context.note(format!("{failed} failed accepts in {seconds} s"));
    // More than that many whole seconds may have passed, and the first accept may have been due at once.
    let most = 10 * (seconds + 2);
    require(
        failed <= most,
        "out of descriptors",
        format!("at most {most} failed accepts in {seconds} s"),
        || failed.to_string(),
    )?;
    Ok(())
}

/// The same 80 clients; then they leave one after the other, in the order in which they came. Each gets its
/// turn, the last one too: the readiness that was reported while there was no room must not be forgotten.
fn g2_waiters_are_served(context: &Context<'_>) -> CaseResult {
    let mut short = short_of_descriptors(context)?;
    for (number, mut client) in short.clients.drain(..).enumerate() {
        client
            .expect_greeting()
            .and_then(|()| client.ask(b"^abc$", b"bcd"))
            .and_then(|()| client.expect_orderly_close())
            .during(format_args!("client {number} of {CLIENTS}, with room for {ROOM}"))?;
    }
    short.server.context().visit().during("still short of descriptors")?;
    drop(short.limited);
    short.server.expect_unharmed()?;
    short.server.expect_clean_end()?;
    Ok(())
}

/// A server with room for some of its clients.
struct Short<'launch> {
    clients: Vec<Client>,
    limited: Limited,
    server: Started<'launch>,
}

fn short_of_descriptors<'launch>(context: &Context<'launch>) -> Result<Short<'launch>, Stop> {
    let server = context.start(Settings::NONE)?;
    let here = server.context();
    let limited = here.process()?.limit_descriptors(ROOM)?;
    let clients: Result<Vec<_>, _> = (0..CLIENTS).map(|_| here.connect()).collect();
    let mut clients = clients.during("connect")?;
    let greeted = here.concurrency().at_once().min(ROOM / 2);
    for client in &mut clients[..greeted] {
        let said = client.has_something_to_read(here.patience)?;
        require(said, "connect", "a greeting for the first clients", || "silence".to_owned())?;
    }
    Ok(Short { clients, limited, server })
}

/// The server may hold 8 connections. So many clients are greeted (fewer, if it serves fewer at a time), and
/// three more come. Those are refused, which is an end in order without a greeting, or they wait without a
/// greeting: which of the two is the server's choice. Those who were there notice nothing. When they leave,
/// those who wait are served, and so is a new client. Refusals are counted in the log.
fn g3_over_the_limit(context: &Context<'_>) -> CaseResult {
    const LIMIT: usize = 8;
    let mut server = context.start(Settings { max_connections: Some(LIMIT), ..Settings::NONE })?;
    let here = server.context();
    let greeted = here.concurrency().at_once().min(LIMIT);
    // A client of the warm-up may still be on its way out.
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
        if client.has_something_to_read(WOULD_GREET_WITHIN)? {
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
        visit.is_ok() // the server may still be busy with those who left
    });
    visit.during("when the others have left")?;
    context.note(format!("{refused} refused, {} waited", waiting.len()));
    drop((inside, waiting));
    server.expect_unharmed()?;
    server.expect_clean_end()?;
    let counted = counted(&server.log(), "rejected");
    require(counted >= Some(refused), "count", format!("rejected {refused}"), || server.log())?;
    Ok(())
}

/// 1,100 clients are open at once: more than `select` can watch, more than a table of 1,000 holds. All are
/// greeted and answered; where fewer are served at a time, in their turn.
fn g6_open_at_once(context: &Context<'_>) -> CaseResult {
    many_at_once(context, 1_100)
}

/// 2,000 clients connect as fast as one thread can. The first 100 come while the server is stopped, if it can
/// be: they are one single event when it goes on, and must not be answered by one accept. All are served.
///
/// Where the backlog is full, the kernel drops a SYN and the client sends it again after a second. That costs time
/// and no client, so it is reported and not judged; the count is that of the whole machine.
fn g7_burst(context: &Context<'_>) -> CaseResult {
    const QUEUED: usize = 100; // any backlog holds them
    let before = repeated_syns();
    let queued = || (0..QUEUED).map(|_| context.connect()).collect::<Result<Vec<_>, _>>();
    let paused = context.process.map(Process::pause).transpose()?;
    let queued = queued().during("into the backlog")?;
    drop(paused);
    for (number, mut client) in queued.into_iter().enumerate() {
        client.finish_sending()?;
        client
            .expect_greeting()
            .and_then(|()| client.expect_fin())
            .during(format_args!("client {number} of the backlog"))?;
    }
    many_at_once(context, 2_000)?;
    if let (Some(before), Some(after)) = (before, repeated_syns()) {
        context.note(format!("{} SYNs sent again on this machine meanwhile", after.saturating_sub(before)));
    }
    Ok(())
}

fn many_at_once(context: &Context<'_>, count: usize) -> CaseResult {
    const SPARE: u64 = 200; // what a process that runs cases in parallel may need beside
    if descriptors_available() < count as u64 + SPARE {
        return Stop::skipped(format!("{count} clients need more descriptors than this process may open"));
    }
    Ok(all_at_once(context, count)?)
}

/// 2,000 clients (100,000 in a long run) come and go one after the other, every second one without having
/// read its greeting. Memory stays where it was, and so do descriptors and threads. All models alike.
fn g8_come_and_go(context: &Context<'_>) -> CaseResult {
    /// Heaps breathe; what grows by a few bytes for each client is found in a long run.
    const BREATH: u64 = 256 << 10;
    let cycles = if context.long() { 100_000 } else { 2_000 };
    let come_and_go = |cycles| -> Result<(), Failure> {
        for number in 0..cycles {
            let mut client = context.connect().during(format_args!("client {number}"))?;
            if number % 2 == 0 {
                client.expect_greeting().during(format_args!("client {number}"))?;
            }
            client.reset(); // leaves no port in TIME_WAIT
        }
        Ok(())
    };
    come_and_go(500)?; // allocators and tables take what they need
    context.visit()?;
    let mut memory = context.watch_memory();
    come_and_go(cycles)?;
    context.visit()?;
    memory.sample();
    context.note(format!("{} more memory after {cycles} clients", whole_bytes(memory.growth())));
    memory.require_growth_within(BREATH)?;
    Ok(())
}

/// About the checker: the kernel has no port left for it (it is told to use one that is taken), and what it
/// reports blames itself and not the server.
fn g9_out_of_ports(context: &Context<'_>) -> CaseResult {
    if !context.address.is_ipv4() || !context.address.ip().is_loopback() {
        return Stop::skipped("plays with ports of 127.0.0.1, where this server is not");
    }
    let connect_from = |source: SocketAddr| {
        Client::connect_from(Some(source), context.address, context.patience, Buffers::default())
    };
    let taken = connect_from(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let blamed =
        connect_from(taken.source()?).map_or_else(|failure| failure.got, |_| "a connection".to_owned());
    require(blamed.contains("not the server"), "connect without a port", "an error of the checker", || {
        blamed.clone()
    })?;
    context.note(blamed);
    Ok(())
}
