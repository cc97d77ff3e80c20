//! What the tasks share, and what wakes them when no socket does: the heartbeat.
//!
//! The usual tools, a `timeout` around each read and a `select!` with a shutdown signal, would be a part of
//! every waiting task and would be set anew for each message. So no task has either: the server's
//! *heartbeat* wakes all of them some times in each timeout, and each looks at the clock and at the drain for
//! itself.

use std::sync::atomic::{AtomicU16, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use chassis::{Options, Outcome};
use conversation::{Moment, Watch};
use slab::Slab;
use sockets::now;
use sockets::ready::Shared;
use tokio::{task, time};

/// What all tasks share.
pub(crate) struct Heart {
    pub(crate) shared: Shared,
    /// Wraps, and then begins with 1 again.
    beats: AtomicU16,
    tasks: Mutex<Tasks>,
}

struct Tasks {
    /// One waker for each client that is connected.
    wakers: Slab<Waker>,
    watch: Watch,
    /// When the heart last beat, and what held then.
    moment: Option<Moment>,
}

impl Heart {
    pub(crate) fn new(options: &Options) -> Heart {
        let tasks = Tasks { wakers: Slab::new(), watch: Watch::new(options, now()), moment: None };
        Heart { shared: Shared::new(options), beats: AtomicU16::new(1), tasks: Mutex::new(tasks) }
    }

    /// A place for a client that has been accepted, unless `--max-conns` are taken.
    pub(crate) fn admit(self: &Arc<Self>) -> Option<Place> {
        let mut tasks = self.tasks();
        let key = u32::try_from(tasks.wakers.vacant_key()).ok()?;
        self.shared.admits_one_more(tasks.wakers.len()).then(|| {
            tasks.wakers.insert(Waker::noop().clone());
            Place { heart: Arc::clone(self), key, beat_seen: 0, must_yield: false, outcome: None }
        })
    }

    /// Wakes every task often enough that no timeout is noticed more than an eighth too late.
    pub(crate) async fn beat(self: Arc<Self>) {
        loop {
            let Some(pause) = self.tasks().watch.time_left(now()) else { return };
            time::sleep(pause).await;
            // After a time in which the process was stopped, the timer is ahead of the sockets: the runtime
            // must report what has arrived before anybody is found to have been silent for too long.
            task::yield_now().await;
            self.beat_if_due();
        }
    }

    /// Drains all clients and returns when the last one has gone.
    pub(crate) async fn drain(&self) {
        self.tasks().watch.begin_drain(now());
        while !self.tasks().wakers.is_empty() {
            self.beat_if_due();
            let pause = self.tasks().watch.time_left(now());
            time::sleep(pause.unwrap_or_default()).await;
        }
    }

    fn beat_if_due(&self) {
        let mut tasks = self.tasks();
        if let Some(moment) = tasks.watch.due(now()) {
            tasks.moment = Some(moment);
            let beat = self.beats.load(Relaxed).wrapping_add(1).max(1); // nobody else beats
            self.beats.store(beat, Relaxed);
            tasks.wakers.iter().for_each(|(_, task)| task.wake_by_ref());
        }
    }

    /// A panic elsewhere leaves the table whole: inserting and removing are single steps.
    fn tasks(&self) -> MutexGuard<'_, Tasks> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client's place among those that are connected. When it is dropped, it is given back, and how the client ended is
/// counted. Each waiting task pays for it: 16 bytes.
pub(crate) struct Place {
    pub(crate) heart: Arc<Heart>,
    /// Its number in the table.
    key: u32,
    /// The last heartbeat that its task has looked at; 0 before its first wait.
    beat_seen: u16,
    /// Its client has used up a buffer: the other tasks come first.
    pub(crate) must_yield: bool,
    /// How the conversation has ended; `None` until then, and for ever if its task panics.
    pub(crate) outcome: Option<Outcome>,
}

impl Place {
    /// The moment of the last heartbeat, if its task has not looked at it. The first time, the task leaves its
    /// waker.
    pub(crate) fn feel_beat(&mut self, context: &Context<'_>) -> Option<Moment> {
        let beat = self.heart.beats.load(Relaxed);
        if self.beat_seen == beat {
            return None;
        }
        let mut tasks = self.heart.tasks();
        if self.beat_seen == 0
            && let Some(waker) = tasks.wakers.get_mut(self.key as usize)
        {
            waker.clone_from(context.waker());
        }
        self.beat_seen = beat;
        tasks.moment
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.heart.tasks().wakers.try_remove(self.key as usize);
        self.heart.shared.close(self.outcome.unwrap_or(Outcome::Error));
    }
}
