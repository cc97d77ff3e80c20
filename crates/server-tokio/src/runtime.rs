//! tokio's schedulers, and that they come up at all.

use std::io;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use chassis::require_threads;
use tokio::runtime::{Builder, Runtime};

/// Starting some threads takes a millisecond each, and on a full machine a second.
const BUILT_WITHIN: Duration = Duration::from_secs(10);

/// All tasks on the thread that blocks on it.
pub(crate) fn current_thread() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// Workers that steal tasks from each other.
pub(crate) fn multi_thread(workers: usize) -> io::Result<Runtime> {
    require_threads(workers)?;
    // If another process takes the last thread meanwhile, tokio panics and then waits for ever. So it is built on a
    // thread that this one can give up on.
    let (built, result) = mpsc::sync_channel(1);
    thread::Builder::new().spawn(move || {
        let _ = built.send(Builder::new_multi_thread().worker_threads(workers).enable_all().build());
    })?;
    result.recv_timeout(BUILT_WITHIN).unwrap_or_else(|_| {
        Err(io::Error::other(format!("{workers} threads cannot be spawned; choose fewer --workers")))
    })
}
