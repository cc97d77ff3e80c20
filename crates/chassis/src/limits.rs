//! How many connections the process may hold.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors kept back from connections: standard streams, listener, pollers, signal pipe, runtimes.
pub const DESCRIPTOR_RESERVE: usize = 64;

/// The most connections that a server takes where the system sets no limit at all.
const UNLIMITED: usize = 1_000_000;

/// The most threads that may serve clients.
///
/// The standard library gives each thread four memory mappings (its stack and its signal stack, each with a
/// guard page), Linux allows a process 65,530 of them by default (`vm.max_map_count`), and a thread that has
/// got its stack but not its signal stack **aborts the whole process**. So this stays clear of the limit.
pub const MAX_THREADS: usize = 16_000;

/// Raises the soft limit on open descriptors to the hard one. Call once, at start.
///
/// # Errors
/// What the system says; the old limit then stays in force, and a server can go on with it.
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
