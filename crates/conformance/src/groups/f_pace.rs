//! F, third part: how slow a client may be before it is dropped.

use std::thread;
use std::time::{Duration, Instant};

use crate::case::{Case, Needs};
use crate::client::{Buffers, Client, Incoming};
use crate::context::Context;
use crate::failure::{CaseResult, During, Failure, Stop, TOO_BUSY, require};
use crate::flow::{Flow, Pace, Pattern};
use crate::target::LEAST_PROGRESS;

pub(super) const CASES: &[Case] = &[
    Case::new("F10", "a client below the minimum progress is dropped, one above it is not", f10_trickle)
        .needs(Needs::ProgressTimeout),
    Case::new(
        "F11",
        "a slow reader whose kernel keeps taking bytes is not dropped at the write timeout",
        f11_slow_but_alive,
    )
    .needs(Needs::WriteTimeout),
];

/// The client starts a message and sends one byte in every eighth of the progress timeout. Each is answered, so it is
/// neither idle nor stalled; it is still dropped, not before the progress timeout and at the latest after two. Another
/// client sends four times the minimum progress for two and a half timeouts and is served to the end. A third one,
/// outside a message, sends nothing meanwhile and is served afterwards. If only one client is served at a time, they
/// take turns, without the third.
fn f10_trickle(context: &Context<'_>) -> CaseResult {
    let timeout = context.progress_timeout()?;
    let resting = if context.concurrency().serves(3) { Some(context.greeted()?) } else { None };
    keep_up(context, timeout)?;

    let start = Instant::now();
    let mut trickling = context.greeted()?;
    trickling.ask(b"^", b"")?;
    let dropped = loop {
        let waited = start.elapsed();
        require(waited < timeout * 2 + context.patience, "trickle", "to be dropped", || {
            format!("served for {waited:?}")
        })?;
        if trickling.send(b"a").is_err() || is_at_its_end(&mut trickling, timeout / 8)? {
            break start.elapsed();
        }
    };
    context.note(format!("dropped after {:.1} s with a timeout of {timeout:?}", dropped.as_secs_f64()));
    require(dropped >= timeout * 9 / 10, "trickle", format!("service for {timeout:?}"), || {
        format!("dropped after {dropped:?}")
    })?;

    if let Some(mut resting) = resting {
        resting.ask(b"^abc$", b"bcd").during("a client outside a message")?;
        resting.expect_orderly_close()?;
    }
    Ok(())
}

/// Reads replies for this long. Returns whether the stream has ended.
fn is_at_its_end(client: &mut Client, within: Duration) -> Result<bool, Failure> {
    let start = Instant::now();
    while client.is_readable(within.saturating_sub(start.elapsed()))? {
        if matches!(client.read_now(&mut [0; 64])?, Incoming::End(_)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A client that sends four times the minimum progress.
fn keep_up(context: &Context<'_>, timeout: Duration) -> CaseResult {
    const PIECES: u32 = 8; // per timeout
    let piece = [b'a'; 4 * LEAST_PROGRESS / PIECES as usize];
    let mut client = context.greeted()?;
    client.ask(b"^", b"")?;
    for _ in 0..PIECES * 5 / 2 {
        let start = Instant::now();
        client
            .ask(&piece, &[b'b'; 4 * LEAST_PROGRESS / PIECES as usize])
            .during("a client above the minimum progress")?;
        thread::sleep(timeout / PIECES); // this makes the client slow; it does not wait for anything
        if start.elapsed() > timeout / 2 {
            return Stop::skipped(format!("{TOO_BUSY} for a client above the minimum progress"));
        }
    }
    client.expect_orderly_close()?;
    Ok(())
}

/// The client sends until backpressure stops it, and then reads 100 KB/s for three write timeouts. With megabytes
/// buffered in the kernel, the socket is not writable for much longer than a timeout; but the client reads all the
/// time, so it is not dropped. Then it reads the rest, every byte. All models alike.
///
/// Its receive buffer is small, so its kernel takes more bytes every few turns. With a buffer that has grown to megabytes
/// the kernel takes nothing until a sixteenth of it is free, and no server can tell a slow reader from one that reads
/// nothing until then.
fn f11_slow_but_alive(context: &Context<'_>) -> CaseResult {
    const PER_TURN: usize = 10_000;
    const TURN: Duration = Duration::from_millis(100);
    let write_timeout = context.write_timeout()?;
    let pattern = Pattern::random(&mut context.random(), 1, 64 << 10);
    let small_window = Buffers { receive: Some(64 << 10), ..Buffers::default() };
    let mut flow = Flow::new(context.connect_with(small_window)?, &pattern);
    flow.block()?;
    let (start, mut last) = (Instant::now(), Instant::now());
    while start.elapsed() < write_timeout * 3 {
        if let Incoming::End(ending) = flow.receive_some(PER_TURN)? {
            let got = format!(
                "its end ({ending:?}) after {:.1} s and {}",
                start.elapsed().as_secs_f64(),
                flow.progress()
            );
            return Err(Failure::new("read 100 KB/s", "the stream to continue", got).into());
        }
        thread::sleep(TURN); // this makes the client slow; it does not wait for anything
        if last.elapsed() > write_timeout / 4 {
            return Stop::skipped(format!("{TOO_BUSY} for a client that keeps reading"));
        }
        last = Instant::now();
    }
    flow.receive_all(|_| Pace::FULL)?;
    flow.into_client().expect_orderly_close()?;
    Ok(())
}
