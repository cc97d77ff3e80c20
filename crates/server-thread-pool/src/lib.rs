//! # Thread pool: a fixed number of threads, fed by a bounded queue
//!
//! ```text
//!  clients         main thread                    64 workers
//!
//!  A ───▶ ┌──────────────────┐    bounded     ┌▶ [ converse with A ]
//!  B ───▶ │ accept and queue │ ─▶ channel ────┼▶ [ converse with B ]
//!  C ───▶ └──────────────────┘  ┌───┬───┬───┐ └▶ [ … ]
//!                               │   │ E │ D │     E and D wait, not greeted, for a worker
//!                               └───┴───┴───┘
//! ```
//!
//! The pool bounds what thread per connection leaves open: however many clients come, there are never
//! more than `--workers` threads. The price is that a worker belongs to its client until the client goes.
//! When all are taken the next client waits without a greeting, and `--workers` idle clients lock
//! everybody else out until the idle timeout. When the channel is full, too, the server stops accepting
//! and further clients wait in the kernel: pressure goes back to where it comes from.
//!
//! ```sh
//! cargo run --release -p server-thread-pool -- --workers 2    # in one terminal
//! cargo run --release -- client -n 3 127.0.0.1 9090           # in another: two at once, then the third
//! ```
//!
//! **Choose it** when each connection is short and its work is heavy, so that as many threads as the
//! machine can use is the right number. **Do not** for clients that stay connected and think.
//!
//! The same pool on rayon is [`on_rayon`].

pub mod on_rayon;

use std::error::Error;
use std::io;
use std::net::TcpListener;
use std::thread;

use chassis::{Knob, Options, Shutdown, Summary};
use sockets::blocking::{Acceptor, Client, Connections};

/// The options of its own that this model takes.
pub const KNOBS: &[Knob] = &[Knob::Workers];

/// Workers where `--workers` does not say otherwise: as many as in the series.
pub const DEFAULT_WORKERS: usize = 64;

/// A thread's stack; see `server-thread-per-conn` for why it is small.
const STACK_SIZE: usize = 64 * 1024;

/// Serves at most `--workers` clients at a time until shutdown is requested.
///
/// # Errors
/// The listener is broken, or not all threads can be started.
pub fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    let connections = Connections::new(options, shutdown)?;
    let mut acceptor = Acceptor::new(listener, shutdown)?;
    let workers = options.workers_or(DEFAULT_WORKERS);
    // As many may wait here as can be served; more would only wait longer and hold descriptors.
    let (queue, queued) = crossbeam_channel::bounded::<Client>(workers);
    thread::scope(|scope| {
        for number in 0..workers {
            let queued = queued.clone();
            let thread = thread::Builder::new().name(format!("worker-{number}")).stack_size(STACK_SIZE);
            // The model: each worker takes a client, stays with it to its end, and takes the next one.
            thread
                .spawn_scoped(scope, move || queued.iter().for_each(|client| client.run(converse)))
                .map_err(|error| too_many(workers, &error))?;
        }
        while let Some(client) = acceptor.next_client()? {
            if let Some(client) = connections.admit(client)
                && queue.send(client).is_err()
            {
                return Err(io::Error::other("the workers have gone"));
            }
        }
        // No more clients: the workers empty the queue, find it closed and end; the scope waits for them.
        drop((acceptor, queue));
        Ok(())
    })?;
    Ok(connections.finish())
}

fn too_many(workers: usize, error: &dyn Error) -> io::Error {
    io::Error::other(format!("{workers} threads cannot be spawned: {error}; choose fewer --workers"))
}

/// One client's conversation: greet, then while bytes come, answer them.
fn converse(client: &mut Client) -> io::Result<()> {
    client.greet()?;
    while let Some(chunk) = client.receive()? {
        client.answer(chunk)?;
    }
    Ok(())
}
