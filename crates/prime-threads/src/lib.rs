//! # prime-threads: every client has a thread of its own, which also computes
//!
//! ```text
//!  clients          main thread            one thread per client
//!
//!  A ────▶ ┌────────────────────────┐ ───▶ [ converse with A: receive, test, answer ]
//!  B ────▶ │ accept, spawn, repeat  │ ───▶ [ converse with B ]
//!  C ────▶ └────────────────────────┘ ───▶ [ converse with C ]
//! ```
//!
//! The server is thread-per-conn's; what has changed is that an answer costs something. A thread that computes holds up
//! nobody but its own client: the kernel's scheduler gives the others their share of the processors. So nothing needs to
//! be moved elsewhere, and there is no queue in which a small number could stand behind a big one. But nobody counts, either,
//! how many threads compute at once: with more of them than processors, each takes as many times longer.
//!
//! With `--cache` a thread blocks on its lookup as it does on its client, and again holds up nobody else. At most 64 wait for
//! the cache at once, each on a connection of its own.
//!
//! ```sh
//! cargo run --release -p prime-threads                        # in one terminal
//! cargo run --release -- list                                 # in another: the models of both services
//! printf '7\n1000000000000037\n9\n' | nc -N 127.0.0.1 9090    # there as well: prime, prime, composite
//! ```
//!
//! **Choose it** for up to some thousands of clients, whatever their requests cost: the code stays straight, and fairness
//! is the scheduler's business. **Do not** when clients are many and mostly idle, or when how much is computed at once
//! must be bounded.

use std::io;
use std::net::TcpListener;
use std::thread;

use chassis::{Knob, LogLimit, Options, Shutdown, Summary, most_threads};
use conversation::Primes;
use lookup::MOST_CONNECTIONS;
use lookup::blocking::Cache;
use prime::{Test, Verdict};
use sockets::blocking::{Acceptor, Client, Connections};
use tracing::warn;

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[Knob::Framing, Knob::Cache];

/// A thread's stack. A test takes two registers; a lookup less than 40 KiB, in a debug build.
const STACK_SIZE: usize = 128 * 1024;

/// Serves every client on a thread of its own until shutdown is requested.
///
/// # Errors
/// The listener is broken, or the drain thread cannot be started.
pub fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    // However many `--max-conns` allows: one thread too many would not fail but abort the process.
    let connections = Connections::new(options, shutdown)?.at_most(most_threads());
    let cache = Cache::of(options, MOST_CONNECTIONS);
    let mut acceptor = Acceptor::new(listener, shutdown)?;
    let mut log_limit = LogLimit::new();
    // The scope waits for all its threads, so that no client is left behind when the server ends.
    thread::scope(|scope| {
        while let Some(client) = acceptor.next_client()? {
            if let Some(client) = connections.admit(client) {
                let thread = thread::Builder::new().stack_size(STACK_SIZE);
                if let Err(error) =
                    thread.spawn_scoped(scope, || client.run(|client| converse(client, cache.as_ref())))
                    && log_limit.allows()
                {
                    // The client was dropped with the closure: it is rejected, no other is.
                    warn!(%error, "the thread for a client cannot be spawned; that client is rejected");
                }
            }
        }
        drop(acceptor);
        io::Result::Ok(())
    })?;
    Ok(connections.finish())
}

/// One client's conversation: while bytes come, answer them, number by number.
fn converse(client: &mut Client<Primes>, cache: Option<&Cache>) -> io::Result<()> {
    client.greet()?;
    while let Some(chunk) = client.receive()? {
        client.answer(chunk)?;
        work(client, cache)?;
    }
    // Its last line may have ended with the stream.
    work(client, cache)
}

/// The model: each number is looked up and tested right here, and the thread waits for both.
fn work(client: &mut Client<Primes>, cache: Option<&Cache>) -> io::Result<()> {
    while let Some(test) = client.take_work() {
        let number = test.number();
        let verdict = if let Some(verdict) = cache.and_then(|cache| cache.get(number)) {
            verdict
        } else {
            let verdict = compute(client, test)?;
            cache.inspect(|cache| cache.store(number, verdict));
            verdict
        };
        client.resume(verdict)?;
    }
    Ok(())
}

/// Makes the test, unless the client leaves meanwhile.
fn compute(client: &Client<Primes>, mut test: Test) -> io::Result<Verdict> {
    loop {
        match test.go_on() {
            Some(verdict) => return Ok(verdict),
            None => client.expect_present()?,
        }
    }
}
