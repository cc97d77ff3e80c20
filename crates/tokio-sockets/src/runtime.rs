//! tokio's schedulers, and that they come up at all.

use std::io;
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::Duration;

use chassis::require_threads;
use tokio::runtime::{Builder, Runtime};

/// Starting some threads takes a millisecond each, and on a full machine a second.
const BUILT_WITHIN: Duration = Duration::from_secs(10);

/// For ever, as far as a server is concerned.
const KEPT_ALIVE: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// All tasks on the thread that blocks on it.
///
/// # Errors
/// The poller cannot be made.
pub fn current_thread() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// Workers that steal tasks from each other.
///
/// # Errors
/// The poller or a thread cannot be made.
pub fn multi_thread(workers: usize) -> io::Result<Runtime> {
    with_blocking_threads(workers, 0)
}

/// The same, with so many threads more that [`spawn_blocking`](tokio::task::spawn_blocking) may use. They run from the start
/// and stay: one that tokio could not spawn later would leave what was to run on it waiting.
///
/// # Errors
/// As for [`multi_thread`].
pub fn with_blocking_threads(workers: usize, blocking: usize) -> io::Result<Runtime> {
    let threads = workers + blocking;
    require_threads(threads)?;
    // If another process takes the last thread meanwhile, tokio panics and then waits for ever. So it is built on a
    // thread that this one can give up on.
    let (built, result) = mpsc::sync_channel(1);
    thread::Builder::new().spawn(move || {
        let _ = built.send(build(workers, blocking));
    })?;
    result.recv_timeout(BUILT_WITHIN).unwrap_or_else(|_| {
        Err(io::Error::other(format!("{threads} threads cannot be spawned; choose fewer --workers")))
    })
}

fn build(workers: usize, blocking: usize) -> io::Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(workers).enable_all();
    if blocking == 0 {
        return builder.build();
    }
    let runtime = builder.max_blocking_threads(blocking).thread_keep_alive(KEPT_ALIVE).build()?;
    // Each of these keeps a thread until there are all.
    let all = Arc::new(Barrier::new(blocking + 1));
    for _ in 0..blocking {
        let all = Arc::clone(&all);
        runtime.spawn_blocking(move || all.wait());
    }
    all.wait();
    Ok(runtime)
}
