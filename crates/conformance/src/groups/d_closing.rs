//! D: how a connection ends when somebody closes, and what is still owed then.

use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::Context;
use crate::case::{Case, CaseResult, Failure, Needs, Stop, require};
use crate::client::{Buffers, Ending, Incoming};
use crate::flow::{BUFFERED_AT_MOST, Flow, Gait, Pattern};
use crate::groups::noticed_within;
use crate::memory::PER_CONNECTION;
use crate::oracle::eventually;

pub(super) const CASES: &[Case] = &[
    Case::new("D1", "a half-closed client is answered, then gets a FIN", d1_half_close),
    Case::new(
        "D2",
        "1 MiB in flight at a half-close is answered to the last byte",
        d2_half_close_in_full_flow,
    ),
    Case::new(
        "D3",
        "a half-closed client that never reads is cut at the write timeout",
        d3_half_closed_never_reads,
    )
    .needs(Needs::WriteTimeout),
    Case::new("D4", "a half-closed client that reads slowly costs no CPU", d4_half_closed_reads_slowly),
    Case::new("D5", "a client that does not listen any more does no harm", d5_shut_reading_side),
    Case::new("D6", "a server that closes first delivers what it owes", d6_server_closes_first)
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

/// The client sends 1 MiB of messages while it reads, and half-closes with the last byte, while replies
/// are still on their way. It gets every byte, then a FIN. All models alike.
fn d2_half_close_in_full_flow(context: &Context) -> CaseResult {
    let pattern = Pattern::random(&mut context.random(), 1000, 62);
    let mut flow = Flow::new(context.connect()?, &pattern);
    flow.send_all((1 << 20) / pattern.len() * pattern.len(), |_| Gait { receive: 8 << 10, ..Gait::FULL })?;
    flow.client().finish_sending()?;
    flow.receive_all(|_| Gait::FULL)?;
    flow.client().expect_fin()?;
    Ok(())
}

/// The client sends until the server takes no more, half-closes and never reads. Once no byte of the
/// reply could be sent for the write timeout, the server drops the connection, by a reset or by a FIN
/// behind only a part of what is owed. All models alike.
///
/// A server that only was slow to read, as on a busy machine, may find room for the whole reply in the
/// kernel and be done: then the client tries again and makes surer that it is stuck.
fn d3_half_closed_never_reads(context: &Context) -> CaseResult {
    let write_timeout = context.write_timeout()?;
    let pattern = Pattern::random(&mut context.random(), 1, 64 << 10);
    let mut memory = context.watch_memory();
    for attempt in 1..=3 {
        let mut flow = Flow::new(context.connect_with(Buffers::SMALL)?, &pattern);
        if !flow.stuff(BUFFERED_AT_MOST, write_timeout * attempt / 4)? {
            break;
        }
        memory.sample();
        flow.client().finish_sending()?;
        let held = context.descriptors();
        eventually(noticed_within(write_timeout) + context.patience, || {
            flow.client().is_broken().unwrap_or(true) || context.descriptors() < held
        });
        // Only this tells in the end: a FIN behind unsent bytes does not show before they are read.
        flow.receive_until_end(context.patience)?;
        if flow.received() < flow.owed() {
            break;
        }
        require(attempt < 3, "read at last", "a connection cut at the write timeout", || {
            "all of it".to_owned()
        })?;
    }
    memory.require_growth_within(PER_CONNECTION)?;
    Ok(())
}

/// The client sends until the server takes no more, half-closes, and then reads with pauses until
/// everything has come, and a FIN. In the pauses the server has nothing to do: neither the half-closed
/// peer nor the socket without room may keep it busy. All models alike.
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

/// The client shuts down its receiving side and goes on sending. Nothing on the wire tells the server so;
/// it may serve or close, and must not die. All models alike.
fn d5_shut_reading_side(context: &Context) -> CaseResult {
    let bystander = context.bystander()?;
    let mut client = context.greeted()?;
    client.stop_listening()?;
    for _ in 0..100 {
        if client.send(b"^is anybody there$").is_err() {
            break; // it closed, which it may
        }
    }
    drop(client);
    bystander.expect_undisturbed()?;
    Ok(())
}

/// The client sends until the server takes no more and reads nothing, so that the kernel alone owes it
/// several megabytes; then the server gets SIGTERM. Now the client reads, and never stops sending. Once
/// all that it sent before the signal is answered it reads slowly, so that whenever the server decides to
/// close, it finds bytes of the client unread and bytes of its own undelivered.
///
/// The server answers all that came before the signal (unless that takes so long that half the drain
/// timeout is over), may answer any part of what came after, and ends the stream with a FIN: closing a
/// socket with unread bytes would reset it and destroy the tail of the reply. All models alike.
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
        // Whatever is owed at the deadline is cut.
        return Stop::skipped(format!(
            "this machine is too busy to read what is owed within {drain_timeout:?}"
        ));
    }
    require(ending == Ending::Fin, "drain", "the stream to end with a FIN", || {
        format!("a reset after {}", flow.progress())
    })?;
    let answered = flow.received() >= owed_before || start.elapsed() >= drain_timeout / 2;
    require(answered, "drain", format!("{owed_before} reply bytes owed before SIGTERM"), || flow.progress())?;
    Ok(())
}

/// Sends all the time, reads at first as fast as it goes and slowly from `slow_from` reply bytes on, until
/// the stream ends.
fn read_while_sending(flow: &mut Flow<'_>, slow_from: u64, within: Duration) -> Result<Ending, Failure> {
    const TURN: Duration = Duration::from_millis(5);
    const SLOWLY: usize = 32 << 10; // bytes in a turn
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
