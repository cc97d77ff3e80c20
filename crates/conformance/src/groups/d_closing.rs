//! D: how a connection ends when either side closes, and that pending replies are still delivered.

use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::case::{Case, Needs};
use crate::client::{Buffers, Ending, Incoming};
use crate::context::Context;
use crate::eventually::eventually;
use crate::failure::{CaseResult, Failure, Stop, TOO_BUSY, require};
use crate::flow::{BUFFERED_AT_MOST, Flow, Pace, Pattern};
use crate::groups::timing::noticed_within;
use crate::memory::PER_CONNECTION;

pub(super) const CASES: &[Case] = &[
    Case::new("D1", "a half-closed client is answered, then gets a FIN", d1_half_close),
    Case::new(
        "D2",
        "a half-close in the middle of 1 MiB of traffic loses no byte of the reply",
        d2_half_close_in_full_flow,
    ),
    Case::new(
        "D3",
        "a half-closed client that never reads is dropped at the write timeout",
        d3_half_closed_never_reads,
    )
    .needs(Needs::WriteTimeout),
    Case::new("D4", "a half-closed client that reads slowly costs no CPU", d4_half_closed_reads_slowly),
    Case::new(
        "D5",
        "a client that has shut down its receiving side does not harm the server",
        d5_shut_reading_side,
    ),
    Case::new("D6", "a server that closes first delivers all pending replies", d6_server_closes_first)
        .needs(Needs::Shutdown),
];

/// The client sends `^abcdef` and half-closes at once, in the middle of the message. It gets `bcdefg`,
/// then a FIN and not a reset. All models alike.
fn d1_half_close(context: &Context) -> CaseResult {
    let mut client = context.greeted()?;
    client.send(b"^abcdef")?;
    client.finish_sending()?;
    client.expect(b"bcdefg")?;
    client.expect_fin()?;
    Ok(())
}

/// The client sends 1 MiB of messages while it reads, and half-closes after the last byte, while replies are still
/// in flight. It gets every byte, then a FIN. All models alike.
fn d2_half_close_in_full_flow(context: &Context) -> CaseResult {
    let pattern = Pattern::random(&mut context.random(), 1000, 62);
    let mut flow = Flow::new(context.connect()?, &pattern);
    flow.send_all((1 << 20) / pattern.len() * pattern.len(), |_| Pace { receive: 8 << 10, ..Pace::FULL })?;
    flow.client().finish_sending()?;
    flow.receive_all(|_| Pace::FULL)?;
    flow.client().expect_fin()?;
    Ok(())
}

/// The client sends until backpressure stops it, half-closes and never reads. When the server could send no byte of
/// the reply for the write timeout, it drops the connection, with a reset or with a FIN after only a part of the
/// reply. All models alike.
///
/// If the server was only slow to read, as on a busy machine, the whole reply may fit into the kernel's buffers.
/// Then the client tries again and waits longer until it takes the server to be blocked.
fn d3_half_closed_never_reads(context: &Context) -> CaseResult {
    const ATTEMPTS: u32 = 6;
    let write_timeout = context.write_timeout()?;
    let pattern = Pattern::random(&mut context.random(), 1, 64 << 10);
    let mut memory = context.watch_memory();
    for attempt in 1..=ATTEMPTS {
        let mut flow = Flow::new(context.connect_with(Buffers::SMALL)?, &pattern);
        if !flow.send_until_blocked(BUFFERED_AT_MOST, write_timeout * attempt / 4)? {
            break;
        }
        memory.sample();
        flow.client().finish_sending()?;
        let held = context.descriptors();
        eventually(noticed_within(write_timeout) + context.patience, || {
            flow.client().is_broken().unwrap_or(true) || context.descriptors() < held
        });
        // Decisive in the end: a FIN after a part of the reply shows only when that part is read.
        flow.receive_until_end(context.patience)?;
        if flow.received() < flow.owed() {
            break;
        }
        require(attempt < ATTEMPTS, "read at last", "a connection dropped at the write timeout", || {
            "the whole reply".to_owned()
        })?;
    }
    memory.require_growth_within(PER_CONNECTION)?;
    Ok(())
}

/// The client sends until backpressure stops it, half-closes, and then reads with pauses until it has the whole
/// reply and a FIN. In the pauses the server must be idle: neither the half-closed peer nor the full socket may keep
/// it busy. All models alike.
fn d4_half_closed_reads_slowly(context: &Context) -> CaseResult {
    const PAUSES: u64 = 4;
    let pattern = Pattern::random(&mut context.random(), 1, 64 << 10);
    let mut flow = Flow::new(context.connect_with(Buffers::SMALL)?, &pattern);
    flow.block()?;
    flow.client().finish_sending()?;
    for pause in 1..=PAUSES {
        context.expect_rest()?;
        flow.receive_up_to(flow.owed() * pause / PAUSES)?;
    }
    flow.client().expect_fin()?;
    Ok(())
}

/// The client shuts down its receiving side and continues to send. This is invisible on the wire. The server may
/// serve or close the connection, and must not crash. All models alike.
fn d5_shut_reading_side(context: &Context) -> CaseResult {
    let bystander = context.bystander()?;
    let mut client = context.greeted()?;
    client.shut_down_reading()?;
    for _ in 0..100 {
        if client.send(b"^is anybody there$").is_err() {
            break; // the server may close
        }
    }
    drop(client);
    bystander.expect_undisturbed()?;
    Ok(())
}

/// The client sends without reading until backpressure stops it, so that several megabytes of replies are pending in
/// the kernel; then the server gets SIGTERM. Now the client reads, and never stops sending. After the replies to all
/// it sent before the signal it reads slowly, so that whenever the server closes, bytes of the client are unread and
/// bytes of the server undelivered.
///
/// The server answers everything sent before the signal (unless that takes longer than half the drain timeout), may
/// answer any part of the rest, and ends the stream with a FIN. This needs a lingering close: closing a socket with
/// unread bytes sends a reset, which destroys the tail of the reply. All models alike.
fn d6_server_closes_first(context: &Context) -> CaseResult {
    let process = context.process()?;
    let drain_timeout = context.drain_timeout()?;
    let pattern = Pattern::random(&mut context.random(), 1, 64 << 10);
    let small_window = Buffers { receive: Some(64 << 10), ..Buffers::default() };
    let mut flow = Flow::new(context.connect_with(small_window)?, &pattern);
    flow.block()?;
    let owed_before = flow.owed();
    let start = Instant::now();
    process.signal(Signal::TERM)?;

    let ending = read_while_sending(&mut flow, owed_before, drain_timeout + context.patience)?;
    if ending != Ending::Fin && start.elapsed() >= drain_timeout {
        // Replies still pending at the deadline are dropped.
        return Stop::skipped(format!("{TOO_BUSY} to read the pending replies within {drain_timeout:?}"));
    }
    require(ending == Ending::Fin, "drain", "the stream to end with a FIN", || {
        format!("a reset after {}", flow.progress())
    })?;
    let answered = flow.received() >= owed_before || start.elapsed() >= drain_timeout / 2;
    require(answered, "drain", format!("the {owed_before} reply bytes due before SIGTERM"), || {
        flow.progress()
    })?;
    Ok(())
}

/// Sends all the time, reads as fast as possible up to `slow_from` reply bytes and then slowly, until the stream
/// ends.
fn read_while_sending(flow: &mut Flow<'_>, slow_from: u64, within: Duration) -> Result<Ending, Failure> {
    const TURN: Duration = Duration::from_millis(5);
    const SLOWLY: usize = 32 << 10; // bytes per turn
    let deadline = Instant::now() + within;
    while Instant::now() < deadline {
        flow.send_some(64 << 10)?;
        let slow = flow.received() >= slow_from;
        match flow.receive_some(if slow { SLOWLY } else { 64 << 10 })? {
            Incoming::End(ending) => return Ok(ending),
            Incoming::Bytes(_) if !slow => {}
            Incoming::Bytes(_) | Incoming::NothingYet => thread::sleep(TURN),
        }
    }
    let got = format!("{} and no end within {within:?}", flow.progress());
    Err(Failure::new("drain", "the stream to end", got))
}
