//! The clients: each sends one number and waits for its answer.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::panic::resume_unwind;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use prime::LONGEST;
use rustix::time::{ClockId, clock_gettime};

use super::alone::Number;

/// Longer than all numbers together take, on a machine that is as busy as can be.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client's number, and what became of it. Times are those of the monotonic clock.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub(super) number: Number,
    pub(super) sent: Duration,
    /// When the answer was there, or the client gave up.
    pub(super) ended: Duration,
    pub(super) failure: Option<String>,
}

/// Connects all clients, then lets each send its number, with this gap between them.
///
/// # Errors
/// A client cannot connect.
pub(super) fn run(address: SocketAddr, numbers: &[Number], gap: Duration) -> Result<Vec<Visit>> {
    let connect = |number: &Number| Ok((*number, TcpStream::connect(address)?));
    let clients: io::Result<Vec<_>> = numbers.iter().map(connect).collect();
    let clients = clients.with_context(|| format!("cannot connect to {address}"))?;
    let start = Instant::now();
    Ok(thread::scope(|scope| {
        // Sent here, so that the order is that of the numbers; each answer is waited for on a thread of its own.
        let visit = |(place, (number, stream)): (u32, (Number, TcpStream))| {
            thread::sleep((start + gap * place).saturating_duration_since(Instant::now()));
            let (sent, asked) = (now(), ask(number.value, &stream));
            scope.spawn(move || visit(number, sent, asked.and_then(|()| answer(&stream))))
        };
        let visits: Vec<_> = (0..).zip(clients).map(visit).collect();
        visits.into_iter().map(|visit| visit.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    }))
}

fn visit(number: Number, sent: Duration, answer: io::Result<String>) -> Visit {
    let ended = now();
    let right = String::from_utf8_lossy(number.verdict.answer()).into_owned();
    let failure = match answer {
        Ok(answer) if answer == right => None,
        Ok(answer) => Some(format!("the answer was {answer:?} instead of {right:?}")),
        Err(error) => Some(format!("no answer: {error}")),
    };
    Visit { number, sent, ended, failure }
}

fn ask(value: u64, mut stream: &TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(format!("{value}\n").as_bytes())
}

fn answer(stream: &TcpStream) -> io::Result<String> {
    let mut answer = String::new();
    BufReader::new(stream.take(LONGEST as u64)).read_line(&mut answer)?;
    Ok(answer)
}

fn now() -> Duration {
    let now = clock_gettime(ClockId::Monotonic);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or_default())
}
