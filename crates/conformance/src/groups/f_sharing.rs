//! F, second half: what clients that take much, or long, leave to the others.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use text::units::whole_bytes;

use crate::Context;
use crate::case::{Case, CaseResult, During, Failure, Needs, Stop, require};
use crate::client::{Buffers, Client};
use crate::flow::{Flow, Gait, Pattern};
use crate::groups::{WOULD_GREET_WITHIN, fastest, require_at_once};
use crate::memory::PER_CONNECTION;

pub(super) const CASES: &[Case] = &[
    Case::new("F5", "one byte within each idle timeout keeps a connection served", f5_slow_writer)
        .needs(Needs::IdleTimeout),
    Case::new(
        "F6",
        "a client beside a silent one is greeted as the model promises",
        f6_beside_a_silent_client,
    ),
    Case::new("F7", "50 small clients are served beside one that sends all the time", f7_beside_a_firehose),
    Case::new("F8", "a window that closes and opens again loses nothing and costs no CPU", f8_toggled_window),
    Case::new("F9", "a long stream over one connection is exact and costs no memory", f9_long_stream),
];

/// The client sends one byte in every quarter of the idle timeout, for three times the timeout. The rule is
/// that any byte counts as progress, so it is served to the end. (So such clients can hold a connection for
/// ever: a pool's workers, or the only place of a model that serves one at a time, are theirs.) If the
/// client itself was too late, the case says nothing.
fn f5_slow_writer(context: &Context) -> CaseResult {
    let idle_timeout = context.idle_timeout()?;
    let mut client = context.greeted()?;
    client.ask(b"^", b"")?;
    let mut last = Instant::now();
    for byte in b'a'..=b'l' {
        thread::sleep(idle_timeout / 4); // this is the client's slowness, nothing is waited for
        if last.elapsed() > idle_timeout / 2 {
            return Stop::skipped(format!(
                "this machine is too busy to send a byte every {:?}",
                idle_timeout / 4
            ));
        }
        last = Instant::now();
        client.ask(&[byte], &[byte + 1])?;
    }
    client.expect_orderly_close()?;
    Ok(())
}

/// One client is greeted and says nothing; a second connects. It is greeted within 100 ms if the model serves
/// two at a time. If it serves one, the second must stay ungreeted until the first has left, and be
/// greeted then: a model that greets early has more than one client at a time.
fn f6_beside_a_silent_client(context: &Context) -> CaseResult {
    let silent = context.greeted()?;
    if context.concurrency().serves(2) {
        let fastest = fastest(|| {
            let start = Instant::now();
            let mut second = context.connect()?;
            second.expect_greeting().during("second client")?;
            let took = start.elapsed();
            is_served(second).map(|()| took)
        })?;
        require_at_once(context, "greeting beside a silent client", fastest)?;
        return Ok(());
    }
    let mut second = context.connect()?;
    let early = second.has_something_to_read(WOULD_GREET_WITHIN)?;
    require(!early, "second client beside a silent one", "no greeting", || "a greeting".to_owned())?;
    drop(silent);
    second.expect_greeting().during("second client")?;
    is_served(second)?;
    Ok(())
}

fn is_served(mut second: Client) -> Result<(), Failure> {
    second.ask(b"^abc$", b"bcd").and_then(|()| second.expect_orderly_close()).during("second client")
}

/// One client sends and reads as fast as it can, all the time, while 50 others make 20 small round trips
/// each. Every round trip ends while the firehose goes on: a loop that serves one connection for as long
/// as it has something would come to the others only when the firehose happens to pause. The firehose is
/// not starved either. A pool with fewer workers gets as many small clients as it has left; one client at
/// a time says nothing here.
///
/// How long a round trip takes says more about the machine than about the server. So the clock that is
/// read is the firehose itself: how much of it is answered while all small clients make a round trip. The
/// models need less than 1 MiB, a loop that does not take turns needs 30 and more, or never comes back.
fn f7_beside_a_firehose(context: &Context) -> CaseResult {
    const SMALL_CLIENTS: usize = 50;
    const PIECE: u64 = 1 << 20;
    const FAIR: u64 = ROUND_TRIPS as u64 * (12 << 20);
    let small = SMALL_CLIENTS.min(context.concurrency().at_once() - 1);
    if small == 0 {
        return Stop::skipped("one client at a time: nobody is served beside another");
    }
    let pattern = Pattern::random(&mut context.random(), 1, 64 << 10);
    let mut firehose = Flow::new(context.connect()?, &pattern);
    firehose.exchange_all(pattern.len(), |_| Gait::FULL).during("firehose")?;
    let (answered, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let meanwhile = thread::scope(|scope| {
        let running = scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                firehose.send_all(firehose.sent() + PIECE, |flow| {
                    answered.store(flow.received(), Ordering::Relaxed);
                    Gait::FULL
                })?;
            }
            firehose.receive_all(|_| Gait::FULL)
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
        "the firehose to get its turn like others",
        || format!("{} of it answered while {small} clients made {ROUND_TRIPS} each", whole_bytes(meanwhile)),
    )?;
    Ok(())
}

const ROUND_TRIPS: u8 = 20;

/// Returns how much of the firehose was answered while the small clients were greeted and made their round
/// trips.
fn make_round_trips(context: &Context, clients: usize, answered: &AtomicU64) -> Result<u64, Failure> {
    let before = answered.load(Ordering::Relaxed);
    let mut small = Vec::with_capacity(clients);
    for _ in 0..clients {
        small.push(context.greeted().during("small client")?);
    }
    for round in 0..ROUND_TRIPS {
        for client in &mut small {
            client.send(&[b'^', b'a' + round, b'$'])?;
        }
        for client in &mut small {
            client.expect(&[b'b' + round]).during(format_args!("small client, round trip {round}"))?;
        }
    }
    let meanwhile = answered.load(Ordering::Relaxed) - before;
    small.iter_mut().try_for_each(Client::expect_orderly_close)?;
    Ok(meanwhile)
}

/// The client sends until the server takes no more, pauses, reads everything, and so on, five times. In the
/// pauses the server must rest; when the window opens again it must notice. All models alike.
fn f8_toggled_window(context: &Context) -> CaseResult {
    let pattern = Pattern::random(&mut context.random(), 1, 64 << 10);
    let mut flow = Flow::new(context.connect_with(Buffers::SMALL)?, &pattern);
    for round in 1..=5 {
        flow.block().during(format_args!("round {round}"))?;
        context.expect_rest().during(format_args!("round {round}, window closed"))?;
        flow.receive_all(|_| Gait::FULL).during(format_args!("round {round}, window open"))?;
    }
    flow.into_client().expect_orderly_close()?;
    Ok(())
}

/// 64 MiB go through one connection (8 GiB in a long run), every byte compared as it arrives, and the
/// server's memory stays within one connection's share. Counters of 32 bits would show in a long run only.
/// All models alike.
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
        Gait::FULL
    })?;
    flow.into_client().expect_orderly_close()?;
    memory.require_growth_within(PER_CONNECTION)?;
    Ok(())
}
