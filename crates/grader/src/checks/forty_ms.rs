//! Whether a reply of several bytes takes as long as one of a single byte.

use std::time::{Duration, Instant};

use crate::client::Client;
use crate::exercise::Subject;
use crate::program::Server;

/// Of each kind, one after the other.
const ROUNDS: usize = 21;

/// Messages before the first that counts: a new connection is acknowledged without delay.
const FIRST: usize = 10;

/// So many times as long are several bytes that wait for an acknowledgement. It is more than a hundred times on an idle
/// machine; a reply that is sent in parts, without waiting, takes two or three times as long.
const TIMES: u32 = 10;

pub(crate) fn several_bytes_wait_for_nothing(subject: &Subject<'_>) -> Result<(), String> {
    let mut server = Server::start(subject, &[])?;
    compare(&server).map_err(|failure| server.explain(&failure))
}

fn compare(server: &Server) -> Result<(), String> {
    let mut client = Client::greeted(server.address())?;
    let (mut one, mut several) = (Vec::new(), Vec::new());
    for round in 0..FIRST + ROUNDS {
        let times = [timed(|| client.ask(b"^a$", b"b"))?, timed(|| client.ask(b"^abcdefgh$", b"bcdefghi"))?];
        if round >= FIRST {
            one.push(times[0]);
            several.push(times[1]);
        }
    }
    let (one, several) = (lower_quartile(one), lower_quartile(several));
    if several < one * TIMES {
        return Ok(());
    }
    Err(format!(
        "a reply of 8 bytes takes {:.2} ms, one of a single byte {:.2} ms (lower quartiles of {ROUNDS}): {:.0} times as long",
        several.as_secs_f64() * 1e3,
        one.as_secs_f64() * 1e3,
        several.as_secs_f64() / one.as_secs_f64()
    ))
}

fn timed(action: impl FnOnce() -> Result<(), String>) -> Result<Duration, String> {
    let start = Instant::now();
    action().map(|()| start.elapsed())
}

/// A busy machine adds to most of the times, and an acknowledgement that is waited for takes its time always.
fn lower_quartile(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 4]
}
