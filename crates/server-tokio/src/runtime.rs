//! Which of tokio's schedulers runs the tasks, and that it comes up at all.

use std::io;
use std::num::NonZeroUsize;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use chassis::{Options, Runtime as Kind, require_threads};
use tokio::runtime::{Builder, Runtime};

/// Starting some threads takes a millisecond each, and on a full machine a second.
const BUILT_WITHIN: Duration = Duration::from_secs(10);

pub(crate) fn build(options: &Options) -> io::Result<Runtime> {
    if options.runtime == Some(Kind::CurrentThread) {
        return Builder::new_current_thread().enable_all().build();
    }
    let workers = options.workers_or(thread::available_parallelism().map_or(1, NonZeroUsize::get));
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
