//! F, first part: slow readers, clients that never read, and the memory they may cost.

use std::slice;
use std::thread;
use std::time::{Duration, Instant};

use text::units::whole_bytes;

use crate::case::{Case, Needs};
use crate::client::Buffers;
use crate::context::Context;
use crate::failure::{CaseResult, During, Failure, Stop, require};
use crate::flow::{BUFFERED_AT_MOST, Flow, Pace, Pattern};
use crate::groups::timing::noticed_within;
use crate::memory::{MemoryWatch, PER_CONNECTION};
use crate::target::Concurrency;

pub(super) const CASES: &[Case] = &[
    Case::new("F1", "a slow reader gets 10 MiB at 1 MiB/s exactly, with bounded memory", f1_slow_reader),
    Case::new(
        "F2",
        "a client that never reads costs bounded memory and is dropped at the write timeout",
        f2_never_reader,
    )
    .needs(Needs::WriteTimeout),
    Case::new(
        "F3",
        "many clients that never read cost bounded memory each and are dropped",
        f3_many_never_readers,
    )
    .needs(Needs::WriteTimeout),
    Case::new(
        "F4",
        "a client that writes everything before it reads does not hang for ever",
        f4_write_before_read,
    )
    .needs(Needs::WriteTimeout),
];

/// The client sends 10 MiB as fast as it can and reads 1 MiB/s. Every byte is correct, and the server uses no more than
/// one connection's share of memory: it applies backpressure and stops reading while a reply waits. All models alike.
fn f1_slow_reader(context: &Context) -> CaseResult {
    const TOTAL: u64 = 10 << 20;
    const PER_SECOND: f64 = (1 << 20) as f64;
    const PIECE: u64 = 4 << 10;
    let pattern = Pattern::random(&mut context.random(), 1, 64 << 10);
    let total = TOTAL / pattern.len() * pattern.len();
    let mut memory = context.watch_memory();
    let mut flow = Flow::new(context.connect_with(Buffers::SMALL)?, &pattern);
    let start = Instant::now();
    let mut next_sample = 0;
    flow.exchange_all(total, |flow| {
        if flow.received() >= next_sample {
            memory.sample();
            next_sample += TOTAL / 50;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count of bytes, rounded down"
        )]
        let due = (PER_SECOND * start.elapsed().as_secs_f64()) as u64; // by the clock, so that a late turn is made up for
        let due = due / PIECE * PIECE; // reading byte by byte would keep a CPU busy
        let receive = usize::try_from(due.saturating_sub(flow.received())).unwrap_or(usize::MAX);
        Pace { receive, ..Pace::FULL }
    })?;
    flow.into_client().expect_orderly_close()?;
    memory.require_growth_within(PER_CONNECTION)?;
    Ok(())
}

/// The client sends at full speed and never reads. The kernel buffers some MiB, then the server must stop reading
/// instead of storing replies; at the write timeout it drops the connection. Meanwhile others are served: at once if
/// the model serves two clients at a time, otherwise after this one is dropped.
fn f2_never_reader(context: &Context) -> CaseResult {
    serve_beside_never_readers(context, 1)
}

/// Many clients send at full speed and never read, at the same time. The server's memory stays within one connection's
/// share for each, and all are dropped at the write timeout. Another client is served meanwhile; if they occupy all
/// workers of a pool, it waits until they are dropped, and no longer.
///
/// There are 64 clients, or the catalogue's 1,000 in a long run: the kernel buffers up to a megabyte for each. For a
/// pool, as many clients as workers are enough: more would wait in its queue, where they cost no memory. For a model
/// that serves one client at a time, F2 is enough.
fn f3_many_never_readers(context: &Context) -> CaseResult {
    serve_beside_never_readers(
        context,
        match (context.concurrency(), context.long()) {
            (Concurrency::One, _) => return Stop::skipped("one client at a time: F2 covers it"),
            (Concurrency::Workers(workers), _) => workers,
            (Concurrency::Many, true) => 1_000,
            (Concurrency::Many, false) => 64,
        },
    )
}

/// On a busy machine the other client may be served so late that the first ones were dropped before. That proves
/// nothing and is tried again; a server that serves it only then does so in every attempt.
const ATTEMPTS: usize = 3;

fn serve_beside_never_readers(context: &Context, count: usize) -> CaseResult {
    let mut memory = context.watch_memory();
    let mut meanwhile = false;
    for _ in 0..ATTEMPTS {
        meanwhile = served_meanwhile(context, count, &mut memory)?;
        if meanwhile {
            break;
        }
    }
    let each = memory.growth().div_ceil(count as u64);
    context.note(format!("{} of memory for each of {count} clients", whole_bytes(each)));
    require(meanwhile, "another client meanwhile", "to be served beside them", || {
        format!("served only after they were dropped, in each of {ATTEMPTS} attempts")
    })?;
    memory.require_growth_within(PER_CONNECTION * count as u64)?;
    Ok(())
}

/// Runs one attempt. Returns whether another client was served while these clients were blocked: at once, or in turn
/// if the model promises no more.
fn served_meanwhile(context: &Context, count: usize, memory: &mut MemoryWatch) -> Result<bool, Stop> {
    const QUIET: Duration = Duration::from_millis(100);
    let write_timeout = context.write_timeout()?;
    let pattern = Pattern::random(&mut context.random(), 1, 64 << 10);
    let connect = |_| Ok(Flow::new(context.connect_with(Buffers::SMALL)?, &pattern));
    let mut flows = (0..count).map(connect).collect::<Result<Vec<_>, Failure>>()?;

    let in_its_turn = !context.concurrency().serves(count + 1);
    let mut meanwhile = in_its_turn;
    let start = Instant::now();
    let waiting = if in_its_turn { Some(context.connect()?) } else { None };
    expect_all_dropped(&mut flows, noticed_within(write_timeout) + context.patience, |open, quiet| {
        memory.sample();
        if !meanwhile && quiet >= QUIET {
            context.visit().during("another client meanwhile")?;
            meanwhile = open.iter_mut().all(|flow| flow.client().is_broken().is_ok_and(|broken| !broken));
        }
        Ok(())
    })?;
    if let Some(mut waiting) = waiting {
        waiting.expect_greeting().during("another client, after they were dropped")?;
        context.note(format!("another client waited at most {:.1} s", start.elapsed().as_secs_f64()));
        waiting.expect_orderly_close()?;
    }
    Ok(meanwhile)
}

/// The client sends up to 64 MiB before it reads anything. Then both sides block each other, which is allowed; the
/// write timeout ends it. What the client finally reads is correct up to where it ends, and the stream ends. A server
/// that can take everything without storing it may answer in full. All models alike.
fn f4_write_before_read(context: &Context) -> CaseResult {
    let write_timeout = context.write_timeout()?;
    let pattern = Pattern::random(&mut context.random(), 16, 4 << 10);
    let mut flow = Flow::new(context.connect()?, &pattern);
    let within = noticed_within(write_timeout) + context.patience;
    expect_all_dropped(slice::from_mut(&mut flow), within, |_, _| Ok(()))?;
    flow.receive_until_end(context.patience)?;
    Ok(())
}

/// How long to wait before trying a blocked flow again.
const TURN: Duration = Duration::from_millis(10);

/// Sends on all flows whenever possible, without reading, until the server has dropped every one of them. None may stay
/// open for longer than `within` after the last byte that any of them could send. `each_turn` gets the open flows and
/// the time since the last change.
fn expect_all_dropped<'pattern>(
    flows: &mut [Flow<'pattern>],
    within: Duration,
    mut each_turn: impl FnMut(&mut [&mut Flow<'pattern>], Duration) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut open: Vec<_> = flows.iter_mut().collect();
    let mut last_change = Instant::now();
    while !open.is_empty() {
        each_turn(&mut open, last_change.elapsed())?;
        let mut still_open = Vec::with_capacity(open.len());
        for flow in open {
            let sent = flow.sent();
            let is_open = flow.send_until_blocked(BUFFERED_AT_MOST, Duration::ZERO)?;
            if !is_open || flow.sent() > sent {
                last_change = Instant::now();
            }
            if is_open {
                still_open.push(flow);
            }
        }
        open = still_open;
        require(last_change.elapsed() < within, "send without reading", "to be dropped", || {
            format!("{} connections that the server neither reads nor drops for {within:?}", open.len())
        })?;
        thread::sleep(TURN);
    }
    Ok(())
}
