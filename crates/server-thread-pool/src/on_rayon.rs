//! # Rayon: the thread pool, on a pool that was made for something else
//!
//! ```text
//!  clients         main thread                    64 rayon threads, each with a deque
//!
//!  A ───▶ ┌──────────────────┐    injector    ┌▶ [ converse with A ]  ⇄ steal
//!  B ───▶ │ accept and spawn │ ─▶ queue ──────┼▶ [ converse with B ]  ⇄ steal
//!  C ───▶ └──────────────────┘  (unbounded)   └▶ [ … ]
//! ```
//!
//! Rayon cuts *computation* into small tasks and lets idle threads steal them from busy ones. A client is
//! not such a task: a thread that blocks in `recv` is lost to the pool as long as the client stays, and
//! it makes no smaller tasks that another could steal. What remains is a fixed pool with these costs:
//!
//! - the queue has no bound of its own; the slots below put one around it;
//! - the pool must be made as large as the number of clients, not of processors, and idle threads spin a
//!   little before they sleep;
//! - any `par_iter` in the same pool waits behind clients that may never leave.
//!
//! ```sh
//! cargo run --release -p server-thread-pool --bin server-rayon -- --workers 2   # in one terminal
//! cargo run --release -- client -n 3 127.0.0.1 9090                             # in another
//! ```
//!
//! **Choose it** never for blocking clients; it is here because it is so often tried. Rayon beside a
//! server, for the computation that a request asks for, is a different matter and a good one.

use std::io;
use std::net::TcpListener;

use chassis::{Options, Shutdown, Summary};
use rayon::ThreadPoolBuilder;
use sockets::blocking::{Acceptor, Connections};

use crate::{DEFAULT_WORKERS, STACK_SIZE, converse, too_many};

/// Serves at most `--workers` clients at a time until shutdown is requested.
///
/// # Errors
/// The listener is broken, or not all threads can be started.
pub fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    let connections = Connections::new(options, shutdown)?;
    let mut acceptor = Acceptor::new(listener, shutdown)?;
    let workers = options.workers_or(DEFAULT_WORKERS);
    let pool = ThreadPoolBuilder::new()
        .num_threads(workers)
        .stack_size(STACK_SIZE)
        .thread_name(|number| format!("worker-{number}"))
        .build()
        .map_err(|error| too_many(workers, &error))?;
    // A bounded channel as a counting semaphore: as many clients as the crossbeam pool holds, being
    // served or waiting.
    let (slots, taken_slots) = crossbeam_channel::bounded(2 * workers);
    pool.in_place_scope(|scope| {
        while let Some(client) = acceptor.next_client()? {
            if let Some(client) = connections.admit(client)
                && slots.send(()).is_ok()
            {
                // The model: the client becomes a job, and whichever thread is idle takes it.
                scope.spawn(|_| {
                    client.run(converse);
                    let _ = taken_slots.try_recv();
                });
            }
        }
        drop(acceptor);
        io::Result::Ok(())
    })?;
    Ok(connections.finish())
}
