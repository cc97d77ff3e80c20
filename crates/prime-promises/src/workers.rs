//! Blocking threads that test numbers: tokio's, and no more than so many at once.

use std::io;
use std::sync::Arc;

use futures_util::future::{FutureExt, TryFutureExt};
use prime::{Test, Verdict};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::spawn_blocking;

use crate::promise::Promise;

/// Permits for tests, given in the order in which they were asked for.
pub(crate) struct Workers(Arc<Semaphore>);

impl Workers {
    pub(crate) fn new(count: usize) -> Workers {
        Workers(Arc::new(Semaphore::new(count)))
    }

    /// Tests a number once a thread is free. If the promise is dropped, the test stops at the end of its slice, or never
    /// begins.
    ///
    /// # Errors
    /// The test has panicked.
    pub(crate) fn compute(&self, mut test: Test) -> Promise<Verdict> {
        Arc::clone(&self.0)
            .acquire_owned()
            .map_err(io::Error::other)
            .and_then(move |permit| {
                let (verdict, computed) = oneshot::channel();
                spawn_blocking(move || {
                    // Nobody else's test begins before this thread is free.
                    let _permit = permit;
                    while !verdict.is_closed() {
                        if let Some(found) = test.go_on() {
                            let _ = verdict.send(found); // the client may have left in this moment
                            break;
                        }
                    }
                });
                computed.map_err(|_| io::Error::other("the test of its number panicked"))
            })
            .boxed()
    }
}
