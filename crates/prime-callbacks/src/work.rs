//! What callbacks wait for: the cache, on a socket of the loop, and the workers. And what is called then.

use std::collections::HashMap;
use std::io;
use std::thread::Scope;
use std::time::Duration;

use chassis::Options;
use conversation::Primes;
use event_loop::Beside;
use lookup::Done;
use lookup::nonblocking::Cache;
use poller::Waker;
use prime::{Test, Verdict};
use sockets::ready::Queue as Line;
use workers::{Answered, Queue, make};

use crate::{Client, Events};

/// What is called with what the cache knows; `None` if the number must be tested.
type OnFound = Box<dyn FnOnce(&mut Events, Client, Option<Verdict>)>;

/// What is called with a verdict.
type OnVerdict = Box<dyn FnOnce(&mut Events, Client, Verdict)>;

/// The cache, the workers, and who waits for them. A client waits for one of them at most, and is known by its key.
pub(crate) struct Work {
    /// A question is known by the client's key and its own number: the client may leave, and another get its key, before
    /// the answer comes. Nobody waits until something is stored.
    cache: Cache<Option<(usize, u64)>>,
    /// How many questions there have been.
    asked: u64,
    lookups: HashMap<usize, (u64, OnFound)>,
    queue: Queue,
    /// Who waits for room in the queue, first come first served.
    waiting: Line,
    tests: HashMap<usize, (Test, OnVerdict)>,
}

/// Looks a number up for this client, and then calls this function.
pub(crate) fn look_up(
    events: &mut Events,
    client: Client,
    number: u64,
    on_found: impl FnOnce(&mut Events, Client, Option<Verdict>) + 'static,
) {
    if !events.beside.cache.is_wanted() {
        return on_found(events, client, None);
    }
    let key = events.suspend(client);
    let work = &mut events.beside;
    work.asked += 1;
    work.lookups.insert(key, (work.asked, Box::new(on_found)));
    work.cache.get(number, Some((key, work.asked)));
}

/// Has a worker test the number of this client, and then calls this function.
pub(crate) fn compute(
    events: &mut Events,
    client: Client,
    test: Test,
    on_verdict: impl FnOnce(&mut Events, Client, Verdict) + 'static,
) {
    let key = events.suspend(client);
    events.beside.tests.insert(key, (test, Box::new(on_verdict)));
    events.beside.waiting.push(key);
}

/// Has the cache store a verdict.
pub(crate) fn store(events: &mut Events, number: u64, verdict: Verdict) {
    events.beside.cache.store(number, verdict, None);
}

impl Work {
    /// Starts the workers.
    ///
    /// # Errors
    /// A thread cannot be spawned.
    pub(crate) fn start<'scope>(
        scope: &'scope Scope<'scope, '_>,
        workers: usize,
        waker: &'scope Waker,
        options: &Options,
    ) -> io::Result<Work> {
        Ok(Work {
            cache: Cache::new(options),
            asked: 0,
            lookups: HashMap::new(),
            queue: Queue::start(scope, workers, waker, || make)?,
            waiting: Line::default(),
            tests: HashMap::new(),
        })
    }

    /// Calls back whoever waits for something that is there now.
    fn call_back(events: &mut Events) {
        while let Some(Answered { key, verdict, .. }) = events.beside.queue.next_verdict() {
            if let Some((_, on_verdict)) = events.beside.tests.remove(&key) {
                events.call_back(key, |events, client| on_verdict(events, client, verdict));
            }
        }
        while let Some(Done { token, found }) = events.beside.cache.next_done() {
            let lookups = &mut events.beside.lookups;
            if let Some((key, question)) = token
                && lookups.get(&key).is_some_and(|(asked, _)| *asked == question)
                && let Some((_, on_found)) = lookups.remove(&key)
            {
                events.call_back(key, |events, client| on_found(events, client, found));
            }
        }
    }

    /// Hands over to the workers what fits.
    fn hand_over(&mut self) {
        while self.queue.has_room()
            && let Some(key) = self.waiting.pop()
        {
            // Its client may have left.
            if let Some((test, _)) = self.tests.get(&key) {
                self.queue.push(key, *test);
            }
        }
    }
}

impl Beside<Primes> for Work {
    fn reported(&mut self) {
        self.cache.reported();
    }

    fn go_on(events: &mut Events) {
        events.beside.cache.receive();
        loop {
            Work::call_back(events);
            events.beside.hand_over();
            if events.beside.cache.connects()
                && let Err(error) = events.watch_beside(&events.beside.cache)
            {
                events.beside.cache.broken(error);
            }
            events.beside.cache.send();
            // What cannot be sent has its result at once.
            if !events.beside.cache.has_done() {
                return;
            }
        }
    }

    fn time_left(&self) -> Option<Duration> {
        self.cache.time_left()
    }

    fn left(&mut self, key: usize) {
        self.lookups.remove(&key);
        self.tests.remove(&key);
        self.queue.cancel(key);
    }
}
