//! F, third part: how slow a client may be, and how slow not.

use std::thread;
use std::time::{Duration, Instant};

use crate::Context;
use crate::case::{Case, CaseResult, During, Failure, Needs, Stop, require};
use crate::client::{Buffers, Client, Incoming};
use crate::flow::{Flow, Gait, Pattern};
use crate::target::LEAST_PROGRESS;

pub(super) const CASES: &[Case] = &[
    Case::new("F10", "a client that trickles in a message is cut, one that gets on is not", f10_trickle)
        .needs(Needs::ProgressTimeout),
    Case::new("F11", "a slow reader that is alive is not cut at the write timeout", f11_slow_but_alive)
        .needs(Needs::WriteTimeout),
];

/// The client opens a message and sends one byte in every eighth of the progress timeout. Each is answered, so
/// it is neither idle nor stalled; it is cut all the same, not before the progress timeout and at the latest
/// after two. Another one sends four times what is required, for two and a half timeouts, and is served to the
/// end. A third one, in no message, says nothing all the while and is served afterwards. One after the other
/// (and without the third) where only one is served at a time.
fn f10_trickle(context: &Context<'_>) -> CaseResult {
    let timeout = context.progress_timeout()?;
    let resting = if context.concurrency().serves(3) { Some(context.greeted()?) } else { None };
    gets_on(context, timeout)?;

    let start = Instant::now();
    let mut trickling = context.greeted()?;
    trickling.ask(b"^", b"")?;
    let cut = loop {
        let waited = start.elapsed();
        require(waited < timeout * 2 + context.patience, "trickle", "to be cut", || {
            format!("served for {waited:?}")
        })?;
        if trickling.send(b"a").is_err() || is_at_its_end(&mut trickling, timeout / 8)? {
            break start.elapsed();
        }
    };
    context.note(format!("cut after {:.1} s, the timeout being {timeout:?}", cut.as_secs_f64()));
    require(cut >= timeout * 9 / 10, "trickle", format!("service for {timeout:?}"), || {
        format!("cut after {cut:?}")
    })?;

    if let Some(mut resting) = resting {
        resting.ask(b"^abc$", b"bcd").during("a client in no message")?;
        resting.expect_orderly_close()?;
    }
    Ok(())
}

/// Reads replies for this long, and says whether the stream has ended.
fn is_at_its_end(client: &mut Client, within: Duration) -> Result<bool, Failure> {
    let start = Instant::now();
    while client.has_something_to_read(within.saturating_sub(start.elapsed()))? {
        if matches!(client.read_now(&mut [0; 64])?, Incoming::End(_)) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn gets_on(context: &Context<'_>, timeout: Duration) -> CaseResult {
    const PIECES: u32 = 8; // in each timeout
    let piece = [b'a'; 4 * LEAST_PROGRESS / PIECES as usize];
    let mut client = context.greeted()?;
    client.ask(b"^", b"")?;
    for _ in 0..PIECES * 5 / 2 {
        let start = Instant::now();
        client.ask(&piece, &[b'b'; 4 * LEAST_PROGRESS / PIECES as usize]).during("a client that gets on")?;
        thread::sleep(timeout / PIECES); // this is the client's slowness, nothing is waited for
        if start.elapsed() > timeout / 2 {
            return Stop::skipped("this machine is too busy for a client that gets on");
        }
    }
    client.expect_orderly_close()?;
    Ok(())
}

/// The client sends until the server takes no more, and then reads 100 KB/s for three write timeouts. The
/// kernel holds megabytes for it and says for much longer than a timeout that there is no room; but bytes are
/// taken all the time, so it is not cut. Then it reads the rest, every byte. All models alike.
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
            return Err(Failure::new("read 100 KB/s", "the stream to go on", got).into());
        }
        thread::sleep(TURN); // this is the client's slowness, nothing is waited for
        if last.elapsed() > write_timeout / 4 {
            return Stop::skipped("this machine is too busy for a client that reads all the time");
        }
        last = Instant::now();
    }
    flow.receive_all(|_| Gait::FULL)?;
    flow.into_client().expect_orderly_close()?;
    Ok(())
}
