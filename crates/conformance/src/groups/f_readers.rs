//! F, first half: clients that read slowly or not at all, and the memory that they may cost.

use std::slice;
use std::thread;
use std::time::{Duration, Instant};

use crate::Context;
use crate::case::{Case, CaseResult, During, Failure, Needs, Stop, require};
use crate::client::Buffers;
use crate::flow::{BUFFERED_AT_MOST, Flow, Gait, Pattern};
use crate::groups::noticed_within;
use crate::memory::PER_CONNECTION;
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
    let write_timeout = context.write_timeout()?;
    let pattern = Pattern::random(&mut context.random(), 1, 64 << 10);
    let mut memory = context.watch_memory();
    let mut flow = Flow::new(context.connect_with(Buffers::SMALL)?, &pattern);
    let mut other = None;
    if flow.stuff(BUFFERED_AT_MOST, write_timeout / 4)? {
        memory.sample();
        if context.concurrency().serves(2) {
            context.visit().during("another client meanwhile")?;
        } else {
            other = Some(context.connect()?);
        }
        expect_all_cut(slice::from_mut(&mut flow), noticed_within(write_timeout) + context.patience, || {
            memory.sample();
        })?;
    }
    if let Some(mut waiting) = other {
        waiting.expect_greeting().during("another client, after the cut")?;
        waiting.expect_orderly_close()?;
    }
    memory.require_growth_within(PER_CONNECTION)?;
    Ok(())
}

/// Many clients send flat out and never read, at the same time. The server's memory stays within one
/// connection's share for each, and all are cut at the write timeout.
///
/// By default 64 of them, the catalogue's 1,000 in a long run: the kernel keeps up to a megabyte for each.
/// A pool gets a few, and in a long run as many as it has workers: then another client waits until the cut,
/// and no longer, which is what a pool promises. A model that serves one at a time has shown all with F2.
fn f3_many_never_readers(context: &Context) -> CaseResult {
    let write_timeout = context.write_timeout()?;
    let count = match (context.concurrency(), context.long()) {
        (Concurrency::One, _) => return Stop::skipped("one client at a time: F2 has shown it"),
        (Concurrency::Workers(workers), true) => workers,
        (Concurrency::Workers(workers), false) => workers.min(4),
        (Concurrency::Many, true) => 1_000,
        (Concurrency::Many, false) => 64,
    };
    let pattern = Pattern::random(&mut context.random(), 1, 64 << 10);
    let mut memory = context.watch_memory();
    let mut flows = Vec::with_capacity(count);
    for _ in 0..count {
        flows.push(Flow::new(context.connect_with(Buffers::SMALL)?, &pattern));
    }
    for flow in &mut flows {
        flow.send_some(64 << 10)?;
    }
    if context.concurrency().serves(count + 1) {
        context.visit().during("another client meanwhile")?;
    }
    let (start, mut waiting) = (Instant::now(), None);
    if !context.concurrency().serves(count + 1) {
        waiting = Some(context.connect()?);
    }
    expect_all_cut(&mut flows, noticed_within(write_timeout) + context.patience, || memory.sample())?;
    if let Some(mut waiting) = waiting {
        waiting.expect_greeting().during("another client, after the cut")?;
        context.note(format!("another client waited {:.1} s at most", start.elapsed().as_secs_f64()));
        waiting.expect_orderly_close()?;
    }
    context.note(format!(
        "{} KiB of memory for each of {count}",
        (memory.growth() >> 10).div_ceil(count as u64)
    ));
    memory.require_growth_within(PER_CONNECTION * count as u64)?;
    Ok(())
}

/// The client sends 64 MiB before it would read anything. Neither side can go on then, which is legal; the
/// write timeout ends it. What the client finds when it reads at last is right as far as it goes, and the
/// stream ends. A server that can take it all without storing it may answer in full. All models alike.
fn f4_write_before_read(context: &Context) -> CaseResult {
    let write_timeout = context.write_timeout()?;
    let pattern = Pattern::random(&mut context.random(), 16, 4 << 10);
    let mut flow = Flow::new(context.connect()?, &pattern);
    expect_all_cut(slice::from_mut(&mut flow), noticed_within(write_timeout) + context.patience, || ())?;
    flow.receive_until_end(context.patience)?;
    Ok(())
}

/// How long it takes until a flow is tried again that had no room.
const TURN: Duration = Duration::from_millis(10);

/// Sends on all flows whenever there is room, without reading, until the server has dropped every one of
/// them. None may stay for longer than this after the last byte that any of them could send.
fn expect_all_cut(
    flows: &mut [Flow<'_>],
    within: Duration,
    mut each_turn: impl FnMut(),
) -> Result<(), Failure> {
    let mut open: Vec<_> = flows.iter_mut().collect();
    let mut last_change = Instant::now();
    while !open.is_empty() {
        each_turn();
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
