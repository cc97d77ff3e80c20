//! The executor: tasks, and a queue of those that have been woken.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use slab::Slab;

/// Polls those futures that have been woken, and no others.
pub(crate) struct Executor<F> {
    tasks: Slab<Task<F>>,
    woken: Arc<Queue>,
}

struct Task<F> {
    future: Pin<Box<F>>,
    alarm: Arc<Alarm>,
}

/// What stands behind a task's waker.
struct Alarm {
    key: usize,
    /// Woken twice, a task is polled once.
    is_queued: AtomicBool,
    queue: Arc<Queue>,
}

#[derive(Default)]
struct Queue(Mutex<VecDeque<usize>>);

impl Queue {
    /// A panic elsewhere leaves the queue whole.
    fn lock(&self) -> MutexGuard<'_, VecDeque<usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakers may go to other threads, though none does here: that is their contract.
impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_queued.swap(true, Relaxed) {
            self.queue.lock().push_back(self.key);
        }
    }
}

impl<F: Future<Output = ()>> Executor<F> {
    pub(crate) fn new() -> Executor<F> {
        Executor { tasks: Slab::new(), woken: Arc::default() }
    }

    /// Starts a task: polls it for the first time.
    pub(crate) fn spawn(&mut self, future: F) {
        let place = self.tasks.vacant_entry();
        let (key, queue) = (place.key(), Arc::clone(&self.woken));
        let alarm = Arc::new(Alarm { key, is_queued: AtomicBool::new(false), queue });
        place.insert(Task { future: Box::pin(future), alarm });
        self.poll(key);
    }

    /// Whether no task has been woken.
    pub(crate) fn is_idle(&self) -> bool {
        self.woken.lock().is_empty()
    }

    /// Polls each task that has been woken so far. Those that are woken meanwhile have their turn next time.
    pub(crate) fn poll_woken(&mut self) {
        let woken = self.woken.lock().len();
        for _ in 0..woken {
            let Some(key) = self.woken.lock().pop_front() else { break };
            self.poll(key);
        }
    }

    /// A panic in a task ends this task only. A task that has got the place of another one may be polled for its sake:
    /// to be polled without need is allowed.
    fn poll(&mut self, key: usize) {
        let Some(Task { future, alarm }) = self.tasks.get_mut(key) else { return };
        alarm.is_queued.store(false, Relaxed);
        let waker = Waker::from(Arc::clone(alarm));
        let mut context = Context::from_waker(&waker);
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut context)));
        if !matches!(polled, Ok(Poll::Pending)) {
            self.tasks.remove(key);
        }
    }
}
