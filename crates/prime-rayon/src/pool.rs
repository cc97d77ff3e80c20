//! rayon's threads, and a bounded queue before them.

use std::io;
use std::sync::Arc;

use chassis::require_threads;
use prime::{Test, Verdict};
use rayon::{ThreadPool, ThreadPoolBuilder};
use tokio::sync::Semaphore;
use tokio_sockets::workers;

/// Tests that wait in rayon's queue. Long enough that no thread waits for the tasks; more would only be a longer way for those
/// whose clients have left.
const LENGTH: usize = 64;

/// A pool, and permits for its queue, given in the order in which they were asked for.
pub(crate) struct Pool {
    pool: ThreadPool,
    permits: Arc<Semaphore>,
}

impl Pool {
    /// # Errors
    /// A thread cannot be spawned.
    pub(crate) fn new(count: usize) -> io::Result<Pool> {
        require_threads(count)?;
        let pool = ThreadPoolBuilder::new().num_threads(count).build().map_err(|error| {
            io::Error::other(format!("{count} threads cannot be spawned: {error}; choose fewer --workers"))
        })?;
        Ok(Pool { pool, permits: Arc::new(Semaphore::new(count + LENGTH)) })
    }

    /// Tests a number once a thread is free, first come first served. If this is dropped, the test stops at the end of its
    /// slice, or never begins.
    ///
    /// # Errors
    /// The test has panicked.
    pub(crate) async fn compute(&self, test: Test) -> io::Result<Verdict> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(io::Error::other)?;
        let (job, computed) = workers::job(test, permit);
        self.pool.spawn(job);
        computed.await
    }
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
    async fn no_more_tests_run_than_there_are_threads_and_one_that_is_dropped_makes_room() {
        let pool = Pool::new(1).unwrap();
        let mut huge = Box::pin(pool.compute(Test::new(HUGE)));
        assert!(timeout(Duration::from_millis(20), &mut huge).await.is_err());
        let mut small = Box::pin(pool.compute(Test::new(7)));
        assert!(timeout(Duration::from_millis(100), &mut small).await.is_err(), "the thread is busy");
        drop(huge);
        assert_eq!(timeout(PATIENCE, small).await.unwrap().unwrap(), Verdict::Prime);
    }

    #[tokio::test]
    async fn one_that_leaves_the_queue_is_never_tested() {
        static SECOND_HAS_BEGUN: AtomicBool = AtomicBool::new(false);
        let pool = Pool::new(1).unwrap();
        let mut first = Box::pin(pool.compute(Test::new(HUGE)));
        let watched = Test::new(HUGE).watched(|_, _| SECOND_HAS_BEGUN.store(true, SeqCst));
        let mut second = Box::pin(pool.compute(watched));
        assert!(timeout(Duration::from_millis(20), &mut first).await.is_err());
        assert!(timeout(Duration::from_millis(20), &mut second).await.is_err());
        let third = pool.compute(Test::new(9));
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
        let pool = Arc::new(Pool::new(1).unwrap());
        let compute = |test| {
            let pool = Arc::clone(&pool);
            async move { pool.compute(test).await }
        };
        let mut huge = Box::pin(compute(Test::new(HUGE)));
        assert!(timeout(Duration::from_millis(20), &mut huge).await.is_err());
        let mut waiting = Vec::new();
        for number in 0..2 * LENGTH as u64 {
            let mut one = Box::pin(compute(Test::new(number).watched(note)));
            let has_come = poll_fn(|context| Poll::Ready(one.as_mut().poll(context).is_pending())).await;
            assert!(has_come, "the thread is busy");
            waiting.push(tokio::spawn(one));
        }
        drop(huge);
        for one in waiting {
            timeout(PATIENCE, one).await.unwrap().unwrap().unwrap();
        }
        assert!(BEGUN.lock().unwrap().iter().copied().eq(0..2 * LENGTH as u64), "{BEGUN:?}");
    }
}
