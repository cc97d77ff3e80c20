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
//! The loop of the model mio, once for each core. The loops share nothing that changes: each has its poller, its
//! table, its buffer, and a listening socket of its own on the same address (`SO_REUSEPORT`). The kernel gives a new
//! connection to one of these sockets, by a hash of both addresses and ports, and it stays with that loop for good. nginx
//! and Envoy can work in this way.
//!
//! A hash spreads thousands of connections evenly. Of ten connections and two loops one loop gets seven or more one time
//! in three, and while it works, the other one may sleep: nobody helps. The summary in the log says who got how many.
//!
//! ```sh
//! cargo run --release -p server-reactors                      # in one terminal
//! cargo run --release -- client -n 3 127.0.0.1 9090           # in another: all three at once
//! ```
//!
//! **Choose it** for very many connections on a machine with many cores, each message little work. **Do not** for few
//! connections, or if some cost much more than others: a scheduler that moves tasks between threads balances these.

mod accept;
mod shard;

use std::io;
use std::iter;
use std::net::TcpListener;
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicUsize;
use std::thread;

use chassis::{Knob, Options, Shutdown, Summary, listen_beside, require_threads};
use sockets::ready::Shared;
use tracing::info;

use shard::Shard;

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[Knob::Workers];

/// What the loops share: options, counters, and how many clients are connected, for `--max-conns`.
pub(crate) struct Common {
    pub(crate) shared: Shared,
    pub(crate) open: AtomicUsize,
}

/// Serves all clients, each loop its own, until shutdown is requested.
///
/// # Errors
/// A listener is broken, or a poller, a thread or a listener cannot be made.
pub fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    let count = options.workers_or(thread::available_parallelism().map_or(1, NonZeroUsize::get));
    require_threads(count)?;
    let common = Common { shared: Shared::new(options), open: AtomicUsize::new(0) };
    let further: Vec<TcpListener> =
        (1..count).map(|_| listen_beside(&listener)).collect::<io::Result<_>>()?;
    let shard = |listener| Shard::new(listener, options, shutdown, &common);
    let shards: Vec<Shard<'_>> = iter::once(listener).chain(further).map(shard).collect::<io::Result<_>>()?;
    let ended: io::Result<Vec<u64>> = thread::scope(|scope| {
        // All run before one is waited for.
        let mut running = Vec::new();
        for shard in shards {
            let thread = thread::Builder::new().name("reactor".to_owned());
            running.push(thread.spawn_scoped(scope, move || shard.run())?);
        }
        running
            .into_iter()
            .map(|shard| shard.join().map_err(|_| io::Error::other("a loop panicked"))?)
            .collect()
    });
    let ended = ended.map(|served| {
        let spread: Vec<String> = served.iter().map(u64::to_string).collect();
        info!("clients of each loop: {}", spread.join(", "));
    });
    common.shared.counters.finish(ended)
}
