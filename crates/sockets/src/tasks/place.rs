//! The table of tasks, and each one's place in it.

use std::mem;
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use std::time::Duration;

use chassis::{Options, Outcome};
use conversation::{Moment, Watch};
use slab::Slab;

use crate::clock::now;
use crate::ready::Shared;

/// Descriptors that each further loop takes at most: its listener, its poller, and what wakes it.
const DESCRIPTORS: usize = 5;

/// What all tasks share. Its owner makes the heart [beat](Tasks::beat) when it is [due](Tasks::time_left).
#[derive(Debug)]
pub struct Tasks {
    /// Options and counters.
    pub shared: Shared,
    /// Counts the heartbeats; wraps, and then begins with 1 again.
    beats: AtomicU16,
    table: Mutex<Table>,
}

#[derive(Debug)]
struct Table {
    /// One for each client that is connected.
    wakers: Slab<Waker>,
    watch: Watch,
    /// The moment of the last heartbeat.
    moment: Option<Moment>,
}

impl Tasks {
    /// No clients yet.
    #[must_use]
    pub fn new(options: &Options) -> Tasks {
        Tasks::for_loops(options, 1)
    }

    /// The same for the tasks of several loops.
    #[must_use]
    pub fn for_loops(options: &Options, loops: usize) -> Tasks {
        let shared = Shared::with_descriptors(options, DESCRIPTORS * loops.saturating_sub(1));
        let table = Table { wakers: Slab::new(), watch: Watch::new(options, now()), moment: None };
        Tasks { shared, beats: AtomicU16::new(1), table: Mutex::new(table) }
    }

    /// Counts a client that has been accepted, and gives it a place unless `--max-conns` are taken.
    pub fn admit(self: &Arc<Self>) -> Option<Place> {
        let mut table = self.table();
        let key = u32::try_from(table.wakers.vacant_key()).ok()?;
        self.shared.admits_one_more().then(|| {
            table.wakers.insert(Waker::noop().clone());
            Place { tasks: Arc::clone(self), key, beat_seen: 0, must_yield: false, outcome: None }
        })
    }

    /// How long until the next heartbeat is due; `None` if none is needed.
    pub fn time_left(&self) -> Option<Duration> {
        self.table().watch.time_left(now())
    }

    /// Wakes every task for a look, if it is time.
    pub fn beat(&self) {
        let mut table = self.table();
        if let Some(moment) = table.watch.due(now()) {
            table.moment = Some(moment);
            // Nobody else changes it: the table is locked.
            self.beats.store(self.beats.load(Relaxed).wrapping_add(1).max(1), Relaxed);
            table.wakers.iter().for_each(|(_, task)| task.wake_by_ref());
        }
    }

    /// From now on clients are brought to their end.
    pub fn begin_drain(&self) {
        self.table().watch.begin_drain(now());
    }

    /// Whether no client is connected.
    pub fn are_gone(&self) -> bool {
        self.table().wakers.is_empty()
    }

    /// A panic elsewhere leaves the table whole: inserting and removing are single steps.
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client's place among those that are connected. When it is dropped, it is given back, and how the client ended is
/// counted. Each waiting task pays for it: 16 bytes.
#[derive(Debug)]
pub struct Place {
    tasks: Arc<Tasks>,
    /// Its number in the table.
    key: u32,
    /// The last heartbeat that its task has looked at; 0 before its first wait.
    beat_seen: u16,
    /// Its client has used up a buffer: the other tasks come first.
    pub must_yield: bool,
    /// How the conversation has ended; `None` until then, and for ever if its task panics.
    pub outcome: Option<Outcome>,
}

impl Place {
    /// Options and counters.
    pub fn shared(&self) -> &Shared {
        &self.tasks.shared
    }

    /// All tasks of this server.
    pub fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// The moment of the last heartbeat, if the task has not looked at it. The first time, the task leaves its waker.
    #[inline]
    pub fn feel_beat(&mut self, context: &Context<'_>) -> Option<Moment> {
        let beat = self.tasks.beats.load(Relaxed);
        if self.beat_seen == beat {
            return None;
        }
        let mut table = self.tasks.table();
        let seen_before = mem::replace(&mut self.beat_seen, beat);
        if seen_before != 0 {
            return table.moment;
        }
        if let Some(waker) = table.wakers.get_mut(self.key as usize) {
            waker.clone_from(context.waker());
        }
        // The last beat may be from long before this client came.
        None
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // In this order: whoever sees that all are gone reads the figures.
        self.tasks.shared.close(self.outcome.unwrap_or(Outcome::Error));
        self.tasks.table().wakers.try_remove(self.key as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newcomer_has_missed_no_heartbeat() {
        let idle_timeout = chassis::Timeout::after(Duration::from_millis(80));
        let tasks = Arc::new(Tasks::new(&Options { idle_timeout, ..Options::default() }));
        let context = Context::from_waker(Waker::noop());
        let beat = || {
            std::thread::sleep(tasks.time_left().unwrap_or_default() + Duration::from_millis(20));
            tasks.beat();
        };
        beat();
        let mut place = tasks.admit().unwrap();
        assert!(place.feel_beat(&context).is_none(), "that one was before it came");
        beat();
        assert!(place.feel_beat(&context).is_some());
        assert!(place.feel_beat(&context).is_none(), "it has looked");
    }

    #[test]
    fn whoever_sees_that_all_are_gone_sees_how_each_ended() {
        let tasks = Arc::new(Tasks::new(&Options::default()));
        let (places, dropped) = std::sync::mpsc::sync_channel::<Place>(0);
        std::thread::scope(|scope| {
            scope.spawn(move || dropped.into_iter().for_each(drop));
            for round in 1..=5_000 {
                places.send(tasks.admit().unwrap()).unwrap();
                while !tasks.are_gone() {
                    std::hint::spin_loop();
                }
                assert_eq!(tasks.shared.counters.summary().errors, round);
            }
            drop(places);
        });
    }

    #[test]
    fn a_place_is_16_bytes_and_is_given_back() {
        assert_eq!(size_of::<Place>(), 16);
        let tasks = Arc::new(Tasks::new(&Options {
            max_conns: std::num::NonZeroUsize::new(1),
            ..Options::default()
        }));
        let place = tasks.admit().unwrap();
        assert!(tasks.admit().is_none(), "--max-conns are taken");
        drop(place);
        assert!(tasks.are_gone());
        let summary = tasks.shared.counters.summary();
        assert_eq!((summary.accepted, summary.rejected, summary.errors), (2, 1, 1));
    }
}
