//! Blocking threads that test numbers: tokio's, and no more than so many at once.

use std::io;
use std::sync::Arc;

use prime::{Test, Verdict};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::spawn_blocking;

/// Permits for tests, given in the order in which they were asked for.
#[derive(Debug)]
pub struct Workers(Arc<Semaphore>);

impl Workers {
    /// So many tests at once, on a runtime that has as many [blocking threads](crate::runtime::with_blocking_threads).
    #[must_use]
    pub fn new(count: usize) -> Workers {
        Workers(Arc::new(Semaphore::new(count)))
    }

    /// Tests a number once a thread is free. If this is dropped, the test stops at the end of its slice, or never begins.
    ///
    /// # Errors
    /// The test has panicked.
    pub fn compute(&self, test: Test) -> impl Future<Output = io::Result<Verdict>> + use<> {
        let permits = Arc::clone(&self.0);
        async move {
            let permit = permits.acquire_owned().await.map_err(io::Error::other)?;
            let (job, computed) = job(test, permit);
            spawn_blocking(job);
            computed.await
        }
    }
}

/// What a thread does to test a number, and what waits for the verdict. If the latter is dropped, the test stops at the end
/// of its slice. The permit is given back when the thread is free, so that nobody else's test begins before.
///
/// The future fails if the test has panicked.
pub fn job(
    mut test: Test,
    permit: OwnedSemaphorePermit,
) -> (impl FnOnce() + Send + use<>, impl Future<Output = io::Result<Verdict>> + use<>) {
    let (verdict, computed) = oneshot::channel();
    let job = move || {
        let _permit = permit;
        while !verdict.is_closed() {
            if let Some(found) = test.go_on() {
                let _ = verdict.send(found); // the client may have left in this moment
                break;
            }
        }
    };
    (job, async move { computed.await.map_err(|_| io::Error::other("the test of its number panicked")) })
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
    use std::task::Poll;
    use std::time::Duration;

    use prime::Progress;
    use tokio::time::timeout;

    use super::*;

    /// Takes minutes: whoever waits for its verdict waits in vain.
    const HUGE: u64 = 18_446_744_073_709_551_557;

    const PATIENCE: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn no_more_tests_run_than_there_are_workers_and_one_that_is_dropped_makes_room() {
        let workers = Workers::new(1);
        let mut huge = Box::pin(workers.compute(Test::new(HUGE)));
        assert!(timeout(Duration::from_millis(20), &mut huge).await.is_err());
        let mut small = Box::pin(workers.compute(Test::new(7)));
        assert!(timeout(Duration::from_millis(100), &mut small).await.is_err(), "the worker is busy");
        drop(huge);
        assert_eq!(timeout(PATIENCE, small).await.unwrap().unwrap(), Verdict::Prime);
    }

    #[tokio::test]
    async fn one_that_leaves_the_queue_is_never_tested() {
        static SECOND_HAS_BEGUN: AtomicBool = AtomicBool::new(false);
        let workers = Workers::new(1);
        let mut first = Box::pin(workers.compute(Test::new(HUGE)));
        let watched = Test::new(HUGE).watched(|_, _| SECOND_HAS_BEGUN.store(true, SeqCst));
        let mut second = Box::pin(workers.compute(watched));
        assert!(timeout(Duration::from_millis(20), &mut first).await.is_err());
        assert!(timeout(Duration::from_millis(20), &mut second).await.is_err());
        let third = workers.compute(Test::new(9));
        drop((second, first));
        assert_eq!(timeout(PATIENCE, third).await.unwrap().unwrap(), Verdict::Composite);
        assert!(!SECOND_HAS_BEGUN.load(SeqCst));
    }

    #[tokio::test]
    async fn those_that_wait_are_tested_first_come_first_served() {
        static BEGUN: Mutex<Vec<u64>> = Mutex::new(Vec::new());
        let note = |test: &Test, progress: Progress| {
            if progress == Progress::Begins {
                BEGUN.lock().unwrap().push(test.number());
            }
        };
        let workers = Workers::new(1);
        let mut huge = Box::pin(workers.compute(Test::new(HUGE)));
        assert!(timeout(Duration::from_millis(20), &mut huge).await.is_err());
        let mut waiting = Vec::new();
        for number in 0..100 {
            let mut one = Box::pin(workers.compute(Test::new(number).watched(note)));
            let has_come = poll_fn(|context| Poll::Ready(one.as_mut().poll(context).is_pending())).await;
            assert!(has_come, "the worker is busy");
            waiting.push(tokio::spawn(one));
        }
        drop(huge);
        for one in waiting {
            timeout(PATIENCE, one).await.unwrap().unwrap().unwrap();
        }
        assert!(BEGUN.lock().unwrap().iter().copied().eq(0..100), "{BEGUN:?}");
    }
}
