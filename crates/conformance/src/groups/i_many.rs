//! I: many clients at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::Context;
use crate::case::{Case, CaseResult, During, Failure, Needs, Stop, require};
use crate::client::Incoming;
use crate::groups::WOULD_GREET_WITHIN;
use crate::limits::descriptors_available;
use crate::target::Concurrency;

pub(super) const CASES: &[Case] = &[
    Case::new("I1", "1, 2, 64 and 1,000 clients at once are all answered exactly", i1_clients_at_once),
    Case::new("I2", "a client too many waits for a free worker, then is served", i2_one_more_than_workers),
    Case::new("I3", "clients that race a shutdown are served in full or not greeted", i3_racing_a_shutdown)
        .needs(Needs::Shutdown),
    Case::new("I4", "of clients that rush in, each is served once and gets its own reply", i4_rush),
];

/// 1, 2, 64 and 1,000 clients are connected at once, and each gets the reply to its own message. As many
/// as the model serves at a time are greeted before any of them has said a word; the others are greeted
/// when their turn comes: one after the other, or in waves as large as the pool.
fn i1_clients_at_once(context: &Context) -> CaseResult {
    const SPARE: u64 = 200; // what a process that runs cases in parallel may need beside
    for count in [1, 2, 64, 1_000] {
        if descriptors_available() < count as u64 + SPARE {
            return Stop::skipped(format!(
                "{count} clients need more descriptors than this process may open"
            ));
        }
        all_at_once(context, count).during(format_args!("{count} clients"))?;
    }
    Ok(())
}

pub(super) fn all_at_once(context: &Context, count: usize) -> Result<(), Failure> {
    let mut clients = Vec::with_capacity(count);
    for number in 0..count {
        let mut client = context.connect().during(format_args!("client {number}"))?;
        if !context.concurrency().serves(count) {
            // All that they have to say waits with them, and so does their end: it makes room for the next.
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

/// As many clients as there are workers are greeted and stay; one more connects. It is not greeted until
/// one of the others leaves, and then is served. For pools only: F6 shows the same of a model that serves
/// one at a time, and the others have no such limit.
fn i2_one_more_than_workers(context: &Context) -> CaseResult {
    let Concurrency::Workers(workers) = context.concurrency() else {
        return Stop::skipped("only a pool has workers to run out of");
    };
    let mut busy = Vec::with_capacity(workers);
    for number in 1..=workers {
        busy.push(context.greeted().during(format_args!("client {number} of {workers} workers"))?);
    }
    let mut one_more = context.connect()?;
    let early = one_more.has_something_to_read(WOULD_GREET_WITHIN)?;
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

/// 1,000 clients connect, send their message at once and read, 16 at a time. In the middle of it the server
/// is stopped; clients that it greeted long ago send their message; it gets SIGTERM and goes on, so that
/// the signal and all these messages are there at the same moment.
///
/// Each client is refused, or finds its connection ended without a greeting, or is greeted and then served
/// in full: never `*` and then a lost reply. Not counted is a client whose message was delayed by its own
/// machine for so long that the server could take it to be quiet. How many are served is each model's own
/// matter; one that serves few at a time has no place for clients that wait.
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

/// Whether this client was served in full, as opposed to not being greeted.
pub(super) fn served_or_not_greeted(context: &Context, number: usize) -> Result<bool, Failure> {
    /// Half of the quiet time after which a server that drains may close a connection.
    const PROMPT: Duration = Duration::from_millis(100);
    let start = Instant::now(); // the server may greet at any moment from now on
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

/// 400 clients rush in from 8 threads. Each is greeted once, gets the reply to its own message and nothing
/// of another's, and a FIN. A server with several acceptors must hold this as well as one with a single
/// acceptor. (No model here has several, and how they would share clients out cannot be seen from outside, so no
/// share is reported.)
fn i4_rush(context: &Context) -> CaseResult {
    const CLIENTS: usize = 400;
    const AT_ONCE: usize = 8;
    let started = AtomicUsize::new(0);
    on_threads(AT_ONCE, || {
        loop {
            let number = started.fetch_add(1, Ordering::Relaxed);
            if number >= CLIENTS {
                return Ok(());
            }
            rush(context, number).during(format_args!("client {number}"))?;
        }
    })?;
    Ok(())
}

fn rush(context: &Context, number: usize) -> Result<(), Failure> {
    let mut client = context.connect()?;
    client.send(&request_of(number))?;
    client.finish_sending()?;
    client.expect(&[b"*", &reply_to(number)[..]].concat())?;
    client.expect_fin()
}

/// Runs the same on this many threads and returns the first failure.
fn on_threads(threads: usize, task: impl Fn() -> Result<(), Failure> + Sync) -> Result<(), Failure> {
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(&task)).collect();
        let ended = running
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        ended.fold(Ok(()), Result::and)
    })
}

/// A message that no other client sends.
fn request_of(number: usize) -> Vec<u8> {
    format!("^client {number:06}$").into_bytes()
}

fn reply_to(number: usize) -> Vec<u8> {
    format!("client {number:06}").bytes().map(|byte| byte + 1).collect()
}
