//! Whether a pool serves its clients in waves as wide as it is, and has a bound for those that wait.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::exercise::Subject;
use crate::program::{Server, pause};

/// How long each client keeps its worker. The clients of a wave are greeted within a small part of it.
const SERVICE: Duration = Duration::from_millis(500);

/// If they are served one by one, the last waits for all others.
const LAST_TURN: Duration = Duration::from_secs(20);

const WORKERS: usize = 3;
const CLIENTS: usize = 8;

/// Of the check of the bound: one worker, so that it does not depend on how workers share the queue.
const ROOM: usize = 3;
const TOO_MANY: usize = 4;

/// ⌈N / W⌉ waves, each as wide as the pool, but for the last one.
pub(crate) fn as_wide_as_the_pool(subject: &Subject<'_>) -> Result<(), String> {
    // Room for all of them, and for the connection by which the server was found to listen.
    let room = CLIENTS + 1;
    let mut server = Server::start(subject, &[&WORKERS.to_string(), &room.to_string()])?;
    wide(server.address()).map_err(|failure| server.explain(&failure))
}

fn wide(address: SocketAddr) -> Result<(), String> {
    let start = Instant::now();
    let mut greeted = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(move || stay(address, start))).collect();
        let join = |client: thread::ScopedJoinHandle<'_, _>| {
            client.join().unwrap_or_else(|_| Err("a client of the grader has panicked".to_owned()))
        };
        clients.into_iter().map(join).collect::<Result<Vec<Duration>, String>>()
    })?;
    greeted.sort();
    let expected: Vec<usize> =
        (0..CLIENTS).step_by(WORKERS).map(|first| WORKERS.min(CLIENTS - first)).collect();
    let seen = waves(&greeted);
    if seen == expected {
        return Ok(());
    }
    Err(format!(
        "{CLIENTS} clients and {WORKERS} workers: greeted in waves of {}; ⌈{CLIENTS} / {WORKERS}⌉ is {} waves, of {}",
        listed(&seen),
        expected.len(),
        listed(&expected)
    ))
}

/// One client: it keeps its worker for a while after the greeting. Returns when it was greeted.
fn stay(address: SocketAddr, start: Instant) -> Result<Duration, String> {
    let mut client = Client::connect(address)?.patient(LAST_TURN);
    client.expect(b"*", "the greeting, when its turn has come")?;
    let greeted = start.elapsed();
    thread::sleep(SERVICE);
    Ok(greeted)
}

/// How many were greeted together: between two waves there is most of the time that a client stays.
fn waves(greeted: &[Duration]) -> Vec<usize> {
    greeted.chunk_by(|one, next| next.saturating_sub(*one) < SERVICE / 2).map(<[Duration]>::len).collect()
}

fn listed(waves: &[usize]) -> String {
    waves.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
}

/// One client has the worker, some wait, and the next ones are turned away. In the end those that wait are served.
pub(crate) fn have_a_bound(subject: &Subject<'_>) -> Result<(), String> {
    let mut server = Server::start(subject, &["1", &ROOM.to_string()])?;
    bounded(server.address()).map_err(|failure| server.explain(&failure))
}

fn bounded(address: SocketAddr) -> Result<(), String> {
    let served = Client::greeted(address)?;
    // Clients are accepted in the order in which they connect.
    let waiting: Result<Vec<_>, _> = (0..ROOM).map(|_| Client::connect(address)).collect();
    let waiting = waiting?;
    for number in 0..TOO_MANY {
        if !Client::connect(address)?.is_turned_away() {
            let number = 1 + ROOM + number + 1;
            return Err(format!(
                "one worker and room for {ROOM} who wait: client {number} is neither served nor turned away, so it \
                 waits, too"
            ));
        }
    }
    if waiting.iter().any(Client::has_news) {
        return Err(format!("one worker and room for {ROOM} who wait: one of them was not left waiting"));
    }
    drop(served);
    for mut client in waiting {
        client.expect(b"*", "the greeting of a client that has waited")?;
        client.ask(b"^abc$", b"bcd")?;
    }
    // The queue is empty again.
    pause();
    Client::greeted(address).map(drop).map_err(|failure| format!("when nobody waits any more, {failure}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn greeted(milliseconds: &[u64]) -> Vec<Duration> {
        milliseconds.iter().map(|&time| Duration::from_millis(time)).collect()
    }

    #[test]
    fn waves_are_told_by_the_gaps_between_them() {
        assert_eq!(waves(&greeted(&[0, 3, 40, 510, 530, 700, 1_040])), [3, 3, 1]);
        assert_eq!(waves(&greeted(&[0, 500, 1_000])), [1, 1, 1]);
        assert_eq!(waves(&greeted(&[0, 1, 2])), [3]);
    }
}
