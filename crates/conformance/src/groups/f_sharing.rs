//! F, second part: clients with much traffic or long connections beside others.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use text::units::whole_bytes;

use crate::case::{Case, Needs};
use crate::client::{Buffers, Client};
use crate::context::Context;
use crate::failure::{CaseResult, During, Failure, Stop, TOO_BUSY, require};
use crate::flow::{Flow, Pace, Pattern};
use crate::groups::timing::{Stopwatch, WOULD_GREET_WITHIN, fastest, require_at_once};
use crate::memory::PER_CONNECTION;

pub(super) const CASES: &[Case] = &[
    Case::new("F5", "one byte per idle timeout keeps a connection open", f5_slow_writer)
        .needs(Needs::IdleTimeout),
    Case::new(
        "F6",
        "beside a silent client another one is greeted as the model promises",
        f6_beside_a_silent_client,
    ),
    Case::new("F7", "50 small clients are served beside one that sends at full speed", f7_beside_a_firehose),
    Case::new(
        "F8",
        "a receive window that closes and opens again loses nothing and costs no CPU",
        f8_toggled_window,
    ),
    Case::new("F9", "a long stream over one connection is exact, with bounded memory", f9_long_stream),
];

/// The client sends one byte in every quarter of the idle timeout, for three times the timeout. Any byte resets the
/// idle timer, so the client is served to the end. (Without a progress timeout, such clients can hold a pool's
/// workers, or the only slot of a model that serves one at a time, for ever.) If the client itself is too late, the
/// case is skipped.
fn f5_slow_writer(context: &Context) -> CaseResult {
    let idle_timeout = context.idle_timeout()?;
    let mut client = context.greeted()?;
    client.ask(b"^", b"")?;
    let mut last = Instant::now();
    for byte in b'a'..=b'l' {
        thread::sleep(idle_timeout / 4); // this makes the client slow; it does not wait for anything
        if last.elapsed() > idle_timeout / 2 {
            return Stop::skipped(format!("{TOO_BUSY} to send a byte every {:?}", idle_timeout / 4));
        }
        last = Instant::now();
        client.ask(&[byte], &[byte + 1])?;
    }
    client.expect_orderly_close()?;
    Ok(())
}

/// One client is greeted and sends nothing; a second connects. It is greeted within 100 ms if the model serves two at
/// a time. If the model serves one, the second must not be greeted until the first has closed, and then must be: a
/// model that greets earlier serves more than one client at a time.
fn f6_beside_a_silent_client(context: &Context) -> CaseResult {
    let silent = context.greeted()?;
    if context.concurrency().serves(2) {
        let fastest = fastest(|| {
            let watch = Stopwatch::start(context.process);
            let mut second = context.connect()?;
            second.expect_greeting().during("second client")?;
            let took = watch.read(context.process);
            is_served(second).map(|()| took)
        })?;
        require_at_once(context, "greeting beside a silent client", fastest)?;
        return Ok(());
    }
    let mut second = context.connect()?;
    let early = second.is_readable(WOULD_GREET_WITHIN)?;
    require(!early, "second client beside a silent one", "no greeting", || "a greeting".to_owned())?;
    drop(silent);
    second.expect_greeting().during("second client")?;
    is_served(second)?;
    Ok(())
}

fn is_served(mut second: Client) -> Result<(), Failure> {
    second.ask(b"^abc$", b"bcd").and_then(|()| second.expect_orderly_close()).during("second client")
}

/// One client, the firehose, sends and reads continuously as fast as it can, while 50 others make 20 small round trips
/// each. All round trips complete while the firehose runs: an event loop that serves one connection for as long as it
/// has data would reach the others only when the firehose pauses. The firehose is not starved either. For a pool there
/// are as many small clients as workers are left; models that serve one client at a time skip this case.
///
/// The duration of a round trip depends more on the machine than on the server. So the measure is the firehose: how
/// much of it is answered while all small clients make a round trip. The models need less than 1 MiB; a loop without
/// fairness needs 30 MiB and more, or never serves the others. The machine may also hold up the small clients
/// themselves, for any time, so not all round trips count: the quickest quarter must be fair.
fn f7_beside_a_firehose(context: &Context) -> CaseResult {
    const SMALL_CLIENTS: usize = 50;
    const PIECE: u64 = 1 << 20;
    const FAIR: u64 = 12 << 20;
    let small = SMALL_CLIENTS.min(context.concurrency().at_once() - 1);
    if small == 0 {
        return Stop::skipped("one client at a time: no client is served beside another");
    }
    let pattern = Pattern::random(&mut context.random(), 1, 64 << 10);
    let mut firehose = Flow::new(context.connect()?, &pattern);
    firehose.exchange_all(pattern.len(), |_| Pace::FULL).during("firehose")?;
    let (answered, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let meanwhile = thread::scope(|scope| {
        let running = scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                firehose.send_all(firehose.sent() + PIECE, |flow| {
                    answered.store(flow.received(), Ordering::Relaxed);
                    Pace::FULL
                })?;
            }
            firehose.receive_all(|_| Pace::FULL)
        });
        let round_trips = make_round_trips(context, small, &answered);
        stop.store(true, Ordering::Relaxed);
        running.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)).during("firehose")?;
        round_trips
    })?;
    firehose.into_client().expect_orderly_close()?;
    require(
        meanwhile <= FAIR,
        "round trips of all small clients",
        "the firehose to be served in turn",
        || {
            format!(
                "{} of it answered while {small} clients made a round trip each, and more in three of four",
                whole_bytes(meanwhile)
            )
        },
    )?;
    Ok(())
}

const ROUND_TRIPS: usize = 20;

/// Returns how much of the firehose was answered while each small client made a round trip, in the quickest quarter of
/// them.
fn make_round_trips(context: &Context, clients: usize, answered: &AtomicU64) -> Result<u64, Failure> {
    let mut small = Vec::with_capacity(clients);
    for _ in 0..clients {
        small.push(context.greeted().during("small client")?);
    }
    let mut meanwhile = [0; ROUND_TRIPS];
    for (letter, meanwhile) in (b'a'..).zip(&mut meanwhile) {
        let before = answered.load(Ordering::Relaxed);
        for client in &mut small {
            client.send(&[b'^', letter, b'$'])?;
        }
        for client in &mut small {
            client
                .expect(&[letter + 1])
                .during(format_args!("small client, message ^{}$", char::from(letter)))?;
        }
        *meanwhile = answered.load(Ordering::Relaxed) - before;
    }
    small.iter_mut().try_for_each(Client::expect_orderly_close)?;
    meanwhile.sort_unstable();
    Ok(meanwhile[ROUND_TRIPS / 4])
}

/// Five times, the client sends until backpressure stops it, pauses, and reads everything. In the pauses the server
/// must be idle; when the window opens again it must continue. All models alike.
fn f8_toggled_window(context: &Context) -> CaseResult {
    let pattern = Pattern::random(&mut context.random(), 1, 64 << 10);
    let mut flow = Flow::new(context.connect_with(Buffers::SMALL)?, &pattern);
    for round in 1..=5 {
        flow.block().during(format_args!("round {round}"))?;
        context.expect_rest().during(format_args!("round {round}, window closed"))?;
        flow.receive_all(|_| Pace::FULL).during(format_args!("round {round}, window open"))?;
    }
    flow.into_client().expect_orderly_close()?;
    Ok(())
}

/// The client sends 64 MiB over one connection (8 GiB in a long run) and verifies every reply byte; the server's memory
/// stays within one connection's share. An overflow of 32-bit counters shows in a long run only. All models alike.
fn f9_long_stream(context: &Context) -> CaseResult {
    let bytes: u64 = if context.long() { 8 << 30 } else { 64 << 20 };
    let pattern = Pattern::random(&mut context.random(), 15, 4 << 10);
    let mut memory = context.watch_memory();
    let mut flow = Flow::new(context.connect()?, &pattern);
    let total = bytes / pattern.len() * pattern.len();
    let mut next_sample = 0;
    flow.exchange_all(total, |flow| {
        if flow.sent() >= next_sample {
            memory.sample();
            next_sample += total / 50;
        }
        Pace::FULL
    })?;
    flow.into_client().expect_orderly_close()?;
    memory.require_growth_within(PER_CONNECTION)?;
    Ok(())
}
