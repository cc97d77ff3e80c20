//! How many connections and threads the process may hold.

use std::io;
use std::sync::Mutex;
use std::thread;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors kept back from connections: standard streams, listener, pollers, signal pipe, runtimes.
pub const DESCRIPTOR_RESERVE: usize = 64;

/// The most connections that a server takes where the system sets no limit at all.
const UNLIMITED: usize = 1_000_000;

/// Memory mappings that Linux allows a process where it does not say: the default of `vm.max_map_count`.
const DEFAULT_MAPPINGS: usize = 65_530;

/// Mappings of a thread: its stack, the stack of its signal handlers, and a guard page before each.
const MAPPINGS_PER_THREAD: usize = 4;

/// Mappings kept back from threads: libraries, heaps, and the stacks of threads that have just ended, of
/// which the C library keeps some hundreds.
const MAPPING_RESERVE: usize = 4_096;

/// The most threads that a server may start on behalf of its clients.
///
/// One more than the system allows is not merely an error: the standard library gives a new thread a stack
/// for signal handlers, and where no memory can be mapped for that, it aborts the process.
#[must_use]
pub fn most_threads() -> usize {
    let mappings = std::fs::read_to_string("/proc/sys/vm/max_map_count")
        .ok()
        .and_then(|count| count.trim().parse().ok())
        .unwrap_or(DEFAULT_MAPPINGS);
    (mappings.saturating_sub(MAPPING_RESERVE) / MAPPINGS_PER_THREAD).max(1)
}

/// Fails unless this many threads can be started at the same time, for engines that do not survive it if one of
/// theirs cannot.
///
/// # Errors
/// One of them cannot be spawned; the message says what to do.
pub fn require_threads(count: usize) -> io::Result<()> {
    let gate = Mutex::new(());
    thread::scope(|scope| {
        let _closed = gate.lock();
        for _ in 0..count {
            // Each waits at the gate, so that all are there at the same time.
            thread::Builder::new().spawn_scoped(scope, || drop(gate.lock())).map_err(|error| {
                io::Error::other(format!(
                    "{count} threads cannot be spawned: {error}; choose fewer --workers"
                ))
            })?;
        }
        Ok(())
    })
}

/// Raises the soft limit on open descriptors to the hard one. Call once, at start.
///
/// # Errors
/// The system refuses; the old limit then stays in force, and the server can continue with it.
pub fn raise_descriptor_limit() -> io::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })?;
    Ok(())
}

/// The default of `--max-conns`: the soft limit on descriptors less [`DESCRIPTOR_RESERVE`], at least 1.
#[must_use]
pub fn default_max_connections() -> usize {
    match getrlimit(Resource::Nofile).current {
        Some(limit) => usize::try_from(limit)
            .unwrap_or(UNLIMITED)
            .min(UNLIMITED)
            .saturating_sub(DESCRIPTOR_RESERVE)
            .max(1),
        None => UNLIMITED,
    }
}
