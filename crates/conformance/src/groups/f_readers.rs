//! F, first half: clients that read slowly or not at all, and the memory that they may cost.

use std::slice;
use std::thread;
use std::time::{Duration, Instant};

use text::units::whole_bytes;

use crate::Context;
use crate::case::{Case, CaseResult, During, Failure, Needs, Stop, require};
use crate::client::Buffers;
use crate::flow::{BUFFERED_AT_MOST, Flow, Gait, Pattern};
use crate::groups::noticed_within;
use crate::memory::{MemoryWatch, PER_CONNECTION};
use crate::target::Concurrency;

pub(super) const CASES: &[Case] = &[
    Case::new("F1", "10 MiB at 1 MiB/s arrive exactly and cost no memory", f1_slow_reader),
    Case::new("F2", "a client that never reads is bounded, then cut at the write timeout", f2_never_reader)
        .needs(Needs::WriteTimeout),
    Case::new("F3", "many clients that never read are each bounded and cut", f3_many_never_readers)
        .needs(Needs::WriteTimeout),
    Case::new("F4", "a client that writes everything before it reads is never hung", f4_write_before_read)
        .needs(Needs::WriteTimeout),
];

/// The client sends 10 MiB as fast as it can and reads 1 MiB/s. Every byte is right, and the server holds
/// no more than one connection's share of memory: it stops reading while a reply waits. All models alike.
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
        let due = (PER_SECOND * start.elapsed().as_secs_f64()) as u64; // by the clock: a late turn is made up for
        let due = due / PIECE * PIECE; // byte by byte, the client would need a processor of its own
        let receive = usize::try_from(due.saturating_sub(flow.received())).unwrap_or(usize::MAX);
        Gait { receive, ..Gait::FULL }
    })?;
    flow.into_client().expect_orderly_close()?;
    memory.require_growth_within(PER_CONNECTION)?;
    Ok(())
}

/// The client sends flat out and never reads. The kernel takes some MiB, then the server must stop
/// reading instead of storing replies; at the write timeout it drops the connection. Meanwhile others are
/// served: at once if the model serves two clients at a time, and otherwise when this one has been cut.
fn f2_never_reader(context: &Context) -> CaseResult {
    beside_never_readers(context, 1)
}

/// Many clients send flat out and never read, at the same time. The server's memory stays within one
/// connection's share for each, and all are cut at the write timeout. Another client is served meanwhile; of a
/// pool all workers are taken, and then it waits until they are cut, and no longer.
///
/// By default 64 of them, the catalogue's 1,000 in a long run: the kernel keeps up to a megabyte for each. More
/// than a pool has workers would show nothing further: they wait in its queue, where they cost no memory. A
/// model that serves one at a time has shown all with F2.
fn f3_many_never_readers(context: &Context) -> CaseResult {
    beside_never_readers(
        context,
        match (context.concurrency(), context.long()) {
            (Concurrency::One, _) => return Stop::skipped("one client at a time: F2 has shown it"),
            (Concurrency::Workers(workers), _) => workers,
            (Concurrency::Many, true) => 1_000,
            (Concurrency::Many, false) => 64,
        },
    )
}

/// On a busy machine the other client may be served so late that they have been cut. That shows nothing, and is
/// tried again; a server that serves it only then does so each time.
const ATTEMPTS: usize = 3;

fn beside_never_readers(context: &Context, count: usize) -> CaseResult {
    let mut memory = context.watch_memory();
    let mut meanwhile = false;
    for _ in 0..ATTEMPTS {
        meanwhile = served_meanwhile(context, count, &mut memory)?;
        if meanwhile {
            break;
        }
    }
    let each = memory.growth().div_ceil(count as u64);
    context.note(format!("{} of memory for each of {count}", whole_bytes(each)));
    require(meanwhile, "another client meanwhile", "to be served beside them", || {
        format!("served when they had been cut, in each of {ATTEMPTS} attempts")
    })?;
    memory.require_growth_within(PER_CONNECTION * count as u64)?;
    Ok(())
}

/// Plays them once, and says whether another client was served while none of them got on: at once, or in its turn
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
    expect_all_cut(&mut flows, noticed_within(write_timeout) + context.patience, |open, quiet| {
        memory.sample();
        if !meanwhile && quiet >= QUIET {
            context.visit().during("another client meanwhile")?;
            meanwhile = open.iter_mut().all(|flow| flow.client().is_broken().is_ok_and(|broken| !broken));
        }
        Ok(())
    })?;
    if let Some(mut waiting) = waiting {
        waiting.expect_greeting().during("another client, after the cut")?;
        context.note(format!("another client waited {:.1} s at most", start.elapsed().as_secs_f64()));
        waiting.expect_orderly_close()?;
    }
    Ok(meanwhile)
}

/// The client sends 64 MiB before it would read anything. Neither side can go on then, which is legal; the
/// write timeout ends it. What the client finds when it reads at last is right as far as it goes, and the
/// stream ends. A server that can take it all without storing it may answer in full. All models alike.
fn f4_write_before_read(context: &Context) -> CaseResult {
    let write_timeout = context.write_timeout()?;
    let pattern = Pattern::random(&mut context.random(), 16, 4 << 10);
    let mut flow = Flow::new(context.connect()?, &pattern);
    let within = noticed_within(write_timeout) + context.patience;
    expect_all_cut(slice::from_mut(&mut flow), within, |_, _| Ok(()))?;
    flow.receive_until_end(context.patience)?;
    Ok(())
}

/// How long it takes until a flow is tried again that had no room.
const TURN: Duration = Duration::from_millis(10);

/// Sends on all flows whenever there is room, without reading, until the server has dropped every one of
/// them. None may stay for longer than this after the last byte that any of them could send. In each turn it
/// is told which flows are open, and for how long none has changed.
fn expect_all_cut<'pattern>(
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
            let taken = flow.stuff(BUFFERED_AT_MOST, Duration::ZERO)?;
            if !taken || flow.sent() > sent {
                last_change = Instant::now();
            }
            if taken {
                still_open.push(flow);
            }
        }
        open = still_open;
        require(last_change.elapsed() < within, "send without reading", "to be cut", || {
            format!("{} connections that the server neither reads nor drops for {within:?}", open.len())
        })?;
        thread::sleep(TURN);
    }
    Ok(())
}
