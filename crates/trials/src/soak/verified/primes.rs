//! The good clients of the prime service, a thread each: numbers one by one, several at once, and on connections of their own.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use conformance::prime_answers;
use fastrand::Rng;

use super::PAUSE;
use crate::soak::dialect::{BIG, small};
use crate::soak::plan::{PATIENCE, Plan};
use crate::soak::tally::Tally;

/// What the clients of a lap do.
#[derive(Clone, Copy, Debug)]
struct Kind {
    name: &'static str,
    /// Lines that are sent before the first answer is read.
    lines: usize,
    /// Each connection ends after its first answers.
    churns: bool,
}

const KINDS: [Kind; 4] = [
    Kind { name: "one by one", lines: 1, churns: false },
    Kind { name: "pipelined", lines: 16, churns: false },
    // All of their answers fit into the kernels' buffers.
    Kind { name: "bulk", lines: 1_500, churns: false },
    Kind { name: "churn", lines: 1, churns: true },
];

pub(super) fn lap(address: SocketAddr, plan: &Plan, number: usize, length: Duration, tally: &Tally) {
    let kind = KINDS[number % KINDS.len()];
    let end = Instant::now() + length;
    thread::scope(|scope| {
        for client in 0..plan.verified {
            let mut random = Rng::with_seed((number * plan.verified + client) as u64);
            scope.spawn(move || {
                // At least one, however short the lap.
                while {
                    if let Err(error) = visit(address, kind, end, &mut random, tally) {
                        tally.failed(1, || format!("{}: {error}", kind.name));
                        thread::sleep(PAUSE);
                    }
                    Instant::now() < end
                } {}
            });
        }
    });
}

/// One connection, until the end of the lap or of its churn.
fn visit(address: SocketAddr, kind: Kind, end: Instant, random: &mut Rng, tally: &Tally) -> io::Result<()> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    tally.verified_connections.fetch_add(1, Ordering::Relaxed);
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    loop {
        let (lines, answers) = exchange(kind.lines, random);
        stream.write_all(lines.as_bytes())?;
        expect(&mut stream, answers.as_bytes())?;
        tally.verified_bytes.fetch_add(answers.len() as u64, Ordering::Relaxed);
        if kind.churns || Instant::now() >= end {
            break;
        }
    }
    stream.shutdown(Shutdown::Write)?;
    match stream.read(&mut [0])? {
        0 => Ok(()),
        _ => Err(io::Error::other("more than the answers came")),
    }
}

/// Lines and their answers; every eighth begins with a number that takes a millisecond.
fn exchange(count: usize, random: &mut Rng) -> (String, String) {
    let [big, answer] = if random.u8(..8) == 0 { BIG } else { ["", ""] };
    let line = |_| if random.u8(..16) == 0 { "x\n".to_owned() } else { format!("{}\n", small(random)) };
    let lines: String = (0..count).map(line).collect();
    let answers = prime_answers(lines.as_bytes(), false);
    (format!("{big}{lines}"), format!("{answer}{}", String::from_utf8_lossy(&answers)))
}

fn expect(stream: &mut TcpStream, answers: &[u8]) -> io::Result<()> {
    let mut got = vec![0; answers.len()];
    stream.read_exact(&mut got)?;
    match got.iter().zip(answers).position(|(one, other)| one != other) {
        None => Ok(()),
        Some(wrong) => Err(io::Error::other(format!("the answers are wrong from byte {wrong}"))),
    }
}

#[cfg(test)]
mod tests {
    use conformance::{Concurrency, Service};

    use super::*;
    use crate::soak::broken::{Fault, start};

    #[test]
    fn every_kind_of_lap_is_answered_by_a_correct_server_and_finds_a_faulty_one() {
        // A client would wait for a byte that is lost.
        for fault in [Fault::Nothing, Fault::SpoilsTheFirst, Fault::DoublesTheFirst] {
            for (number, kind) in KINDS.iter().enumerate() {
                let plan = Plan::of(Service::Primes, Concurrency::One);
                let tally = Tally::default();
                lap(start(Service::Primes, fault), &plan, number, Duration::from_millis(20), &tally);
                let (errors, first) = tally.errors();
                assert_eq!(errors == 0, fault == Fault::Nothing, "{} {fault:?}: {first:?}", kind.name);
                assert!(tally.verified_connections.into_inner() > 0, "{} {fault:?}", kind.name);
            }
        }
    }
}
