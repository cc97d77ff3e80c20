//! Whether small numbers are answered while big ones are in work. What came first tells it, and no clock.

use std::fs;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::exercise::Subject;
use crate::program::Server;

/// Primes whose test takes seconds, and a part of a second, of which there are more.
const SECONDS: &[u8] = b"1000000000000000003\n";
const LESS: &[u8] = b"100000000000000003\n";

/// Small numbers are asked for until there were so many, for at least this long: by then the big ones have begun.
const SMALL: usize = 50;
const AT_LEAST: Duration = Duration::from_millis(300);

/// For an answer that comes after a big number, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn beside_one(subject: &Subject<'_>) -> Result<(), String> {
    beside(subject, SECONDS, 1)
}

pub(crate) fn beside_two(subject: &Subject<'_>) -> Result<(), String> {
    beside(subject, SECONDS, 2)
}

pub(crate) fn beside_eight(subject: &Subject<'_>) -> Result<(), String> {
    beside(subject, LESS, 8)
}

fn beside(subject: &Subject<'_>, big: &[u8], count: usize) -> Result<(), String> {
    let mut server = Server::start(subject, &[])?;
    not_stalled(server.address(), big, count).map_err(|failure| server.explain(&failure))
}

fn not_stalled(address: SocketAddr, number: &[u8], count: usize) -> Result<(), String> {
    let mut small = Client::connect(address)?.patient(PATIENCE);
    small.ask(b"7\n", b"prime\n")?;
    let mut big = Vec::with_capacity(count);
    for _ in 0..count {
        let mut client = Client::connect(address)?;
        client.send(number)?;
        big.push(client);
    }
    let beside = match count {
        1 => "with a big number in work on another connection".to_owned(),
        _ => format!("with {count} big numbers in work on other connections"),
    };
    let (start, mut asked) = (Instant::now(), 0);
    while asked < SMALL || start.elapsed() < AT_LEAST {
        let begun = Instant::now();
        small.ask(b"7\n", b"prime\n").map_err(|failure| format!("{beside}, {failure}"))?;
        asked += 1;
        // Its answer was sent before the one that has just come, if the small number had to wait for it.
        if big.iter().any(Client::has_news) {
            let (waited, since) = (begun.elapsed(), start.elapsed());
            if !has_stalled(waited, since) {
                return Ok(());
            }
            return Err(format!(
                "{beside}, a small one was answered only after a big one ({:.1} s, small number {asked})",
                waited.as_secs_f64()
            ));
        }
    }
    Ok(())
}

/// Whether a small number that was answered after this time, and after a big one, has waited for it: then it has waited for
/// most of the time since the big ones were sent. Otherwise others were answered before it, and the big one was done
/// meanwhile, as on a busy machine it may be.
fn has_stalled(waited: Duration, since_the_big_ones: Duration) -> bool {
    waited > since_the_big_ones / 2
}

/// More workers would only move the limit.
pub(crate) fn two_workers(subject: &Subject<'_>) -> Result<(), String> {
    let file = subject.source.join("src/main.rs");
    let text =
        fs::read_to_string(&file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    if text.contains("worker_threads(2)") {
        return Ok(());
    }
    Err("src/main.rs no longer has `worker_threads(2)`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_big_number_that_ends_while_small_ones_are_answered_is_no_stall() {
        let after = Duration::from_millis;
        assert!(has_stalled(after(1_690), after(1_700)));
        assert!(!has_stalled(after(40), after(1_700)));
    }
}
