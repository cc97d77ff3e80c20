//! I: many clients at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::case::{Case, Needs};
use crate::client::Incoming;
use crate::context::Context;
use crate::failure::{CaseResult, During, Failure, Stop, require};
use crate::groups::timing::WOULD_GREET_WITHIN;
use crate::limits::descriptors_available;
use crate::target::Concurrency;

pub(super) const CASES: &[Case] = &[
    Case::new("I1", "1, 2, 64 and 1,000 clients at once all get exact replies", i1_clients_at_once),
    Case::new(
        "I2",
        "one client more than workers waits for a free worker, then is served",
        i2_one_more_than_workers,
    ),
    Case::new("I3", "during a shutdown each client is served in full or not greeted", i3_racing_a_shutdown)
        .needs(Needs::Shutdown),
    Case::new("I4", "each of many simultaneous clients is served once with its own reply", i4_simultaneous),
];

/// 1, 2, 64 and 1,000 clients are connected at once, and each gets the reply to its own message. As many as the model
/// serves at a time are greeted before any of them sends anything; the others are greeted in turn: one after the other,
/// or in groups as large as the pool.
fn i1_clients_at_once(context: &Context) -> CaseResult {
    for count in [1, 2, 64, 1_000] {
        require_descriptors(count)?;
        all_at_once(context, count).during(format_args!("{count} clients"))?;
    }
    Ok(())
}

/// Skips the case unless this process may open a descriptor for each of so many clients.
pub(super) fn require_descriptors(clients: usize) -> CaseResult {
    const SPARE: u64 = 200; // for a process that runs cases in parallel
    if descriptors_available() < clients as u64 + SPARE {
        return Stop::skipped(format!("{clients} clients need more descriptors than this process may open"));
    }
    Ok(())
}

pub(super) fn all_at_once(context: &Context, count: usize) -> Result<(), Failure> {
    let mut clients = Vec::with_capacity(count);
    for number in 0..count {
        let mut client = context.connect().during(format_args!("client {number}"))?;
        if !context.concurrency().serves(count) {
            // Message and half-close wait in the socket; the half-close makes room for the next client.
            client.send(&request_of(number))?;
            client.finish_sending()?;
        }
        clients.push(client);
    }
    if context.concurrency().serves(count) {
        for (number, client) in clients.iter_mut().enumerate() {
            client.expect_greeting().during(format_args!("client {number}"))?;
        }
        for (number, client) in clients.iter_mut().enumerate() {
            client.send(&request_of(number))?;
            client.finish_sending()?;
        }
    } else {
        for (number, client) in clients.iter_mut().enumerate() {
            client.expect_greeting().during(format_args!("client {number}, in its turn"))?;
        }
    }
    for (number, client) in clients.iter_mut().enumerate() {
        client
            .expect(&reply_to(number))
            .and_then(|()| client.expect_fin())
            .during(format_args!("client {number}"))?;
    }
    Ok(())
}

/// As many clients as there are workers are greeted and stay; one more connects. It is not greeted until one of the
/// others closes, and then it is served. For pools only: F6 covers models that serve one at a time, and the others have
/// no such limit.
fn i2_one_more_than_workers(context: &Context) -> CaseResult {
    let Concurrency::Workers(workers) = context.concurrency() else {
        return Stop::skipped("only a pool can run out of workers");
    };
    require_descriptors(workers + 1)?;
    let mut busy = Vec::with_capacity(workers);
    for number in 1..=workers {
        busy.push(context.greeted().during(format_args!("client {number} of {workers} workers"))?);
    }
    let mut one_more = context.connect()?;
    let early = one_more.is_readable(WOULD_GREET_WITHIN)?;
    require(!early, "one client more than workers", "no greeting", || "a greeting".to_owned())?;
    busy.pop();
    one_more.expect_greeting().during("a worker is free")?;
    one_more.ask(b"^abc$", b"bcd").during("a worker is free")?;
    one_more.expect_orderly_close()?;
    for client in &mut busy {
        client.ask(b"^abc$", b"bcd").during("a client that held a worker")?;
    }
    Ok(())
}

/// 1,000 clients connect, send their message at once and read, 16 at a time. Meanwhile the server is stopped; clients
/// that were greeted before send their message; the server gets SIGTERM and continues, so that the signal and all these
/// messages are pending at the same moment.
///
/// Each client is refused, or its connection ends without a greeting, or it is greeted and then served in full: never
/// `*` and then a lost reply. A client is not counted if its own machine delayed its message for so long that the
/// server could consider it quiet. How many are served depends on the model; one that serves few at a time has no room
/// for clients that wait.
fn i3_racing_a_shutdown(context: &Context) -> CaseResult {
    const CLIENTS: usize = 1_000;
    const BEFORE_THE_SIGNAL: usize = 300;
    const AT_ONCE: usize = 16;
    let process = context.process()?;
    let waiting = AT_ONCE.min(context.concurrency().at_once() / 2);
    let waiting: Vec<_> = (0..waiting).map(|_| context.greeted()).collect::<Result<_, _>>()?;
    let waiting = Mutex::new(waiting);
    let shut_down_under_load = || -> Result<(), Failure> {
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let paused = process.pause()?;
        waiting.iter_mut().try_for_each(|client| client.send(b"^abc$"))?;
        process.signal(Signal::TERM)?;
        drop(paused);
        waiting.iter_mut().try_for_each(|client| client.expect(b"bcd")).during("greeted before the signal")
    };

    let (started, served) = (AtomicUsize::new(0), AtomicUsize::new(0));
    on_threads(AT_ONCE, || {
        loop {
            let number = started.fetch_add(1, Ordering::Relaxed);
            if number >= CLIENTS {
                return Ok(());
            }
            if number == BEFORE_THE_SIGNAL {
                shut_down_under_load()?;
            }
            if served_or_not_greeted(context, number).during(format_args!("client {number}"))? {
                served.fetch_add(1, Ordering::Relaxed);
            }
        }
    })?;
    require(served.into_inner() > 0, "race", "some clients to be served before the signal", || {
        "none".to_owned()
    })?;
    Ok(())
}

/// Returns true if this client was served in full, and false if it was not greeted.
pub(super) fn served_or_not_greeted(context: &Context, number: usize) -> Result<bool, Failure> {
    /// Half of the quiet time after which a server that drains may close a connection.
    const PROMPT: Duration = Duration::from_millis(100);
    let start = Instant::now(); // the server may greet at any time from now on
    let Ok(mut client) = context.connect() else { return Ok(false) };
    let sent = client.send(&request_of(number));
    let prompt = sent.is_ok() && start.elapsed() < PROMPT;
    let mut first = [0];
    match client.read(&mut first)? {
        Incoming::End(_) => Ok(false),
        Incoming::NothingYet => Err(Failure::new(
            "greeting",
            "a greeting or the end",
            format!("silence for {:?}", context.patience),
        )),
        Incoming::Bytes(_) => {
            require(first == *b"*", "greeting", "\"*\"", || format!("{:#04x}", first[0]))?;
            let replied = client.expect(&reply_to(number)).during("greeted, then");
            if prompt { replied.map(|()| true) } else { Ok(replied.is_ok()) }
        }
    }
}

/// 400 clients connect from 8 threads. Each is greeted once and gets the reply to its own message, nothing of another's,
/// and a FIN. This holds for servers with one acceptor or several. (The shares of several are invisible from outside, so they
/// are not reported.)
fn i4_simultaneous(context: &Context) -> CaseResult {
    const CLIENTS: usize = 400;
    const AT_ONCE: usize = 8;
    let started = AtomicUsize::new(0);
    on_threads(AT_ONCE, || {
        loop {
            let number = started.fetch_add(1, Ordering::Relaxed);
            if number >= CLIENTS {
                return Ok(());
            }
            visit(context, number).during(format_args!("client {number}"))?;
        }
    })?;
    Ok(())
}

fn visit(context: &Context, number: usize) -> Result<(), Failure> {
    let mut client = context.connect()?;
    client.send(&request_of(number))?;
    client.finish_sending()?;
    client.expect(&[b"*", &reply_to(number)[..]].concat())?;
    client.expect_fin()
}

/// Runs the same task on this many threads and returns the first failure.
fn on_threads(threads: usize, task: impl Fn() -> Result<(), Failure> + Sync) -> Result<(), Failure> {
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(&task)).collect();
        let ended = running
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        ended.fold(Ok(()), Result::and)
    })
}

/// A message that is unique to this client.
fn request_of(number: usize) -> Vec<u8> {
    format!("^client {number:06}$").into_bytes()
}

fn reply_to(number: usize) -> Vec<u8> {
    format!("client {number:06}").bytes().map(|byte| byte + 1).collect()
}
