//! The queue of tests, and the threads that make them.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{Builder, Scope};

use crossbeam_channel::{Receiver, Sender, bounded};
use mio::Waker;
use prime::{Test, Verdict};
use tracing::error;

/// Tests that wait for a worker. Long enough that no worker waits for the loop; more would only be a longer way for those
/// whose clients have left.
const LENGTH: usize = 64;

/// Attempts to wake the loop.
const WAKES: usize = 100;

/// A worker's stack. A test takes two registers; a lookup before it less than 40 KiB, in a debug build.
const STACK_SIZE: usize = 128 * 1024;

/// A test on its way to a worker.
#[derive(Debug)]
struct Job {
    key: usize,
    test: Test,
    is_cancelled: Arc<AtomicBool>,
}

/// What a worker has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Whose number it was.
    pub key: usize,
    /// The number.
    pub number: u64,
    /// Whether it is prime.
    pub verdict: Verdict,
}

/// The loop's end of the queue. Dropped, it cancels what is in work, and the workers end.
#[derive(Debug)]
pub struct Queue {
    jobs: Sender<Job>,
    verdicts: Receiver<(Job, Verdict)>,
    /// Whose numbers are waiting or in work: each client has one at most.
    outstanding: HashMap<usize, Arc<AtomicBool>>,
}

impl Queue {
    /// Starts the workers. Each has a `worker` of its own, which is given one test after the other and finds the verdict:
    /// [`make`], or more. It returns `None` soon after its flag says that the test is cancelled. Each verdict wakes the
    /// loop.
    ///
    /// # Errors
    /// A thread cannot be spawned.
    pub fn start<'scope, W>(
        scope: &'scope Scope<'scope, '_>,
        workers: usize,
        waker: &'scope Waker,
        mut worker: impl FnMut() -> W,
    ) -> io::Result<Queue>
    where
        W: FnMut(Test, &AtomicBool) -> Option<Verdict> + Send + 'scope,
    {
        let (jobs, of_loop) = bounded(LENGTH);
        // Workers seldom wait for the loop.
        let (to_loop, verdicts) = bounded(LENGTH + workers);
        let queue = Queue { jobs, verdicts, outstanding: HashMap::new() };
        for _ in 0..workers {
            let (jobs, verdicts) = (Receiver::clone(&of_loop), Sender::clone(&to_loop));
            let (worker, thread) =
                (worker(), Builder::new().name("worker".to_owned()).stack_size(STACK_SIZE));
            thread.spawn_scoped(scope, move || work(&jobs, &verdicts, waker, worker)).map_err(|error| {
                let advice = "choose fewer --workers";
                io::Error::new(error.kind(), format!("a worker thread cannot be spawned: {error}; {advice}"))
            })?;
        }
        Ok(queue)
    }

    /// Whether one more test fits.
    #[must_use]
    pub fn has_room(&self) -> bool {
        !self.jobs.is_full()
    }

    /// Hands a test over, if there is [room](Self::has_room).
    pub fn push(&mut self, key: usize, test: Test) {
        let is_cancelled = Arc::default();
        self.outstanding.insert(key, Arc::clone(&is_cancelled));
        let sent = self.jobs.try_send(Job { key, test, is_cancelled });
        debug_assert!(sent.is_ok(), "only the loop sends, and it has seen room");
    }

    /// Nobody waits for this client's verdict any more: its test stops, or never begins.
    pub fn cancel(&mut self, key: usize) {
        if let Some(is_cancelled) = self.outstanding.remove(&key) {
            is_cancelled.store(true, Relaxed);
        }
    }

    /// A verdict that is there and was not cancelled.
    pub fn next_verdict(&mut self) -> Option<Answered> {
        let is_wanted = |(job, _): &(Job, Verdict)| !job.is_cancelled.load(Relaxed);
        let (Job { key, test, .. }, verdict) = self.verdicts.try_iter().find(is_wanted)?;
        self.outstanding.remove(&key);
        Some(Answered { key, number: test.number(), verdict })
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.outstanding.values().for_each(|is_cancelled| is_cancelled.store(true, Relaxed));
    }
}

/// Makes a test, unless it is cancelled on the way: then it stops within a slice, about a millisecond.
pub fn make(mut test: Test, is_cancelled: &AtomicBool) -> Option<Verdict> {
    while !is_cancelled.load(Relaxed) {
        if let Some(verdict) = test.go_on() {
            return Some(verdict);
        }
    }
    None
}

/// A worker: makes one test after the other until the loop has gone.
fn work(
    jobs: &Receiver<Job>,
    verdicts: &Sender<(Job, Verdict)>,
    waker: &Waker,
    mut worker: impl FnMut(Test, &AtomicBool) -> Option<Verdict>,
) {
    for job in jobs {
        if let Some(verdict) = worker(job.test, &job.is_cancelled) {
            // It fails only once the loop has gone.
            let _ = verdicts.send((job, verdict));
            wake(waker);
        }
    }
}

/// Wakes the loop. If that fails, it is tried again: until the loop wakes for another reason, a client would wait.
fn wake(waker: &Waker) {
    for _ in 0..WAKES {
        match waker.wake() {
            Ok(()) => return,
            Err(error) => error!(%error, "the loop cannot be woken; its clients get their answers late"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Duration;

    use mio::{Events, Poll, Token};

    use super::*;

    /// Takes minutes: whoever waits for its verdict waits in vain.
    const HUGE: u64 = 18_446_744_073_709_551_557;

    /// A queue with so many workers, and waiting for a verdict.
    fn with_queue(workers: usize, run: impl FnOnce(&mut Queue, &mut dyn FnMut())) {
        let mut poll = Poll::new().unwrap();
        let waker = Waker::new(poll.registry(), Token(0)).unwrap();
        thread::scope(|scope| {
            let mut queue = Queue::start(scope, workers, &waker, || make).unwrap();
            let mut events = Events::with_capacity(1);
            run(&mut queue, &mut || poll.poll(&mut events, Some(Duration::from_secs(60))).unwrap());
        });
    }

    fn next(queue: &mut Queue, wait: &mut dyn FnMut()) -> Answered {
        loop {
            match queue.next_verdict() {
                Some(verdict) => return verdict,
                None => wait(),
            }
        }
    }

    #[test]
    fn verdicts_come_back_with_their_keys() {
        with_queue(3, |queue, wait| {
            for number in 0..40 {
                queue.push(number, Test::new(number as u64));
            }
            let mut primes: Vec<usize> = (0..40)
                .map(|_| next(queue, wait))
                .inspect(|answered| assert_eq!(answered.number, answered.key as u64))
                .filter_map(|answered| (answered.verdict == Verdict::Prime).then_some(answered.key))
                .collect();
            primes.sort_unstable();
            assert_eq!(primes, [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37]);
        });
    }

    #[test]
    fn a_test_that_is_cancelled_frees_its_worker_and_brings_no_verdict() {
        with_queue(1, |queue, wait| {
            queue.push(1, Test::new(HUGE));
            queue.push(2, Test::new(HUGE));
            queue.push(3, Test::new(7));
            // The first may be in work by now, the second waits.
            queue.cancel(2);
            queue.cancel(1);
            assert_eq!(next(queue, wait), Answered { key: 3, number: 7, verdict: Verdict::Prime });
        });
    }

    #[test]
    fn a_verdict_that_was_ready_when_its_client_left_is_not_given_to_another_with_its_key() {
        with_queue(1, |queue, wait| {
            queue.push(1, Test::new(4));
            wait();
            queue.cancel(1);
            queue.push(1, Test::new(5));
            assert_eq!(next(queue, wait), Answered { key: 1, number: 5, verdict: Verdict::Prime });
        });
    }

    #[test]
    fn it_is_full_at_its_length_and_has_room_again() {
        with_queue(1, |queue, wait| {
            queue.push(0, Test::new(HUGE));
            // The worker has taken it.
            while !queue.jobs.is_empty() {
                thread::yield_now();
            }
            let mut pushed = 0;
            while queue.has_room() {
                pushed += 1;
                queue.push(pushed, Test::new(4));
            }
            assert_eq!(pushed, LENGTH);
            queue.cancel(0);
            (0..LENGTH).for_each(|_| assert_eq!(next(queue, wait).verdict, Verdict::Composite));
            assert!(queue.has_room());
        });
    }

    #[test]
    fn the_workers_end_with_the_queue_whatever_they_are_at() {
        with_queue(2, |queue, _| (0..9).for_each(|key| queue.push(key, Test::new(HUGE))));
    }
}
