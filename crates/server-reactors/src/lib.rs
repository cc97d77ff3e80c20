//! # reactors: a readiness loop for each core
//!
//! ```text
//!                       ┌─────────────────────┐   ┌───────────────────────────────────┐
//!  A ──┐  hash of       │ listening socket 1  │──▶│ loop 1, a thread: serves A and C  │
//!  B ──┼─ addresses ──▶ ├─────────────────────┤   ├───────────────────────────────────┤
//!  C ──┘  and ports     │ listening socket 2  │──▶│ loop 2, a thread: serves B        │
//!                       └─────────────────────┘   └───────────────────────────────────┘
//! ```
//!
//! The loop of the model mio, once for each core. The loops share nothing but counters: each has its poller, its table,
//! its buffer, and a listening socket of its own on the same address (`SO_REUSEPORT`). The kernel gives a new connection
//! to one of these sockets, by a hash of both addresses and ports, and it stays with that loop for good. nginx and Envoy
//! can work in this way.
//!
//! A hash spreads thousands of connections evenly, and few unevenly: of ten connections and two loops one loop gets
//! seven or more one time in three, and while it works, the other one may sleep, because no client changes its loop. The
//! summary in the log says who got how many.
//!
//! At shutdown each loop accepts until no client waits at its socket, and then closes it. The kernel resets whoever
//! completes a handshake with that socket in between; and a client that comes later, by its hash to a loop that has not
//! closed yet, is still served.
//!
//! ```sh
//! cargo run --release -p server-reactors                      # in one terminal
//! cargo run --release -- client -n 3 127.0.0.1 9090           # in another: all three at once
//! ```
//!
//! **Choose it** for very many connections on a machine with many cores, each message little work. **Do not** for few
//! connections, or if some cost much more than others: a scheduler that moves tasks between threads balances these.

#![cfg(target_os = "linux")]

mod reactor;

use std::io;
use std::iter;
use std::net::TcpListener;
use std::num::NonZeroUsize;
use std::thread::{self, Scope, ScopedJoinHandle};

use chassis::{Knob, Options, Shutdown, Summary, listen_beside, require_threads};
use reactor::Reactor;
use sockets::ready::Shared;

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[Knob::Workers];

/// Descriptors of a loop: its listening socket and its poller.
const DESCRIPTORS: usize = 2;

/// Serves all clients, each loop its own, until shutdown is requested.
///
/// # Errors
/// A listener is broken, or a poller, a thread or a listener cannot be made.
pub fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    let count = options.workers_or(thread::available_parallelism().map_or(1, NonZeroUsize::get));
    require_threads(count)?;
    let shared = Shared::with_descriptors(options, DESCRIPTORS * (count - 1));
    let further: Vec<TcpListener> =
        (1..count).map(|_| listen_beside(&listener)).collect::<io::Result<_>>()?;
    let reactors =
        iter::once(listener).chain(further).map(|listener| Reactor::new(listener, &shared, shutdown));
    let reactors: Vec<Reactor> = reactors.collect::<io::Result<_>>()?;
    let accepted = thread::scope(|scope| {
        // All run before one is waited for.
        let threads: Vec<_> =
            reactors.into_iter().map(|reactor| spawn(scope, reactor, shutdown)).collect::<io::Result<_>>()?;
        threads.into_iter().map(ended).collect::<io::Result<Vec<u64>>>()
    });
    shared.counters.finish_loops(accepted)
}

/// Starts a loop on a thread of its own. If that fails, the loops before it are stopped: nobody could reach them.
fn spawn<'scope>(
    scope: &'scope Scope<'scope, '_>,
    reactor: Reactor<'scope>,
    shutdown: &'scope Shutdown,
) -> io::Result<ScopedJoinHandle<'scope, io::Result<u64>>> {
    let stop_all = StopAll(shutdown);
    let run = move || {
        let _stop_all = stop_all;
        reactor.run()
    };
    let spawned = thread::Builder::new().name("reactor".to_owned()).spawn_scoped(scope, run);
    spawned.map_err(|error| {
        io::Error::new(
            error.kind(),
            format!("a loop's thread cannot be spawned: {error}; choose fewer --workers"),
        )
    })
}

fn ended(thread: ScopedJoinHandle<io::Result<u64>>) -> io::Result<u64> {
    thread.join().unwrap_or_else(|_| Err(io::Error::other("a loop panicked")))
}

/// Ends all loops once one has ended, for whatever reason: clients of a loop that is gone would be answered by nobody,
/// while the kernel still gave a part of them to it.
struct StopAll<'server>(&'server Shutdown);

impl Drop for StopAll<'_> {
    fn drop(&mut self) {
        self.0.request();
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::{Ipv4Addr, SocketAddr, TcpStream};
    use std::num::NonZeroUsize;
    use std::sync::mpsc;
    use std::time::Duration;

    use rustix::net::{AddressFamily, SocketType, bind, socket};

    use super::*;

    /// Far beyond any machine's slowness.
    const PATIENCE: Duration = Duration::from_secs(60);

    fn options(workers: usize) -> Options {
        Options { workers: NonZeroUsize::new(workers), ..Options::default() }
    }

    /// What `serve` returns, once it does.
    fn served(
        listener: TcpListener,
        workers: usize,
        shutdown: &Shutdown,
    ) -> mpsc::Receiver<io::Result<Summary>> {
        let (ended, receiver) = mpsc::channel();
        let shutdown = shutdown.clone();
        thread::spawn(move || ended.send(serve(listener, &options(workers), &shutdown)));
        receiver
    }

    #[test]
    fn the_summary_says_how_many_clients_each_loop_has_accepted() {
        let listener = chassis::listen((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = Shutdown::new().unwrap();
        let ended = served(listener, 3, &shutdown);
        let clients: Vec<TcpStream> = (0..40)
            .map(|_| {
                let mut client = TcpStream::connect(address).unwrap();
                client.set_read_timeout(Some(PATIENCE)).unwrap();
                client.read_exact(&mut [0]).unwrap();
                client
            })
            .collect();
        drop(clients);
        shutdown.request();
        let summary = ended.recv_timeout(PATIENCE).unwrap().unwrap();
        assert_eq!(summary.accepted_by_loop.len(), 3);
        assert_eq!(summary.accepted_by_loop.iter().sum::<u64>(), 40);
        let spread: Vec<String> = summary.accepted_by_loop.iter().map(u64::to_string).collect();
        assert!(summary.to_string().ends_with(&format!(", by loop {}", spread.join(" + "))), "{summary}");
    }

    #[test]
    fn one_broken_listening_socket_ends_all_loops() {
        // Bound, so that others can be bound beside it, and not listening.
        let first = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        bind(&first, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        rustix::net::sockopt::set_socket_reuseaddr(&first, true).unwrap();
        let ended = served(first.into(), 3, &Shutdown::new().unwrap());
        assert!(ended.recv_timeout(PATIENCE).unwrap().is_err());
    }

    #[test]
    fn a_loop_that_cannot_be_started_or_ends_stops_the_others() {
        let shutdown = Shutdown::new().unwrap();
        drop(StopAll(&shutdown));
        assert!(shutdown.is_requested());
    }
}
