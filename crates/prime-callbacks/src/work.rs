//! What the callbacks ask for: a test by the workers. And who is called when it is done.

use std::collections::HashMap;
use std::io;
use std::thread::Scope;

use conversation::Primes;
use event_loop::Beside;
use poller::Waker;
use prime::{Test, Verdict};
use sockets::ready::Queue as Line;
use workers::{Answered, Queue, make};

use crate::{Client, Events};

/// What is called with a verdict.
type OnVerdict = Box<dyn FnOnce(&mut Events, Client, Verdict)>;

/// What is in work, and for whom.
pub(crate) struct Work {
    queue: Queue,
    /// Who waits for room in the queue, first come first served.
    waiting: Line,
    /// By the client's key: its number, and what to call.
    tests: HashMap<usize, (Test, OnVerdict)>,
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
    ) -> io::Result<Work> {
        let queue = Queue::start(scope, workers, waker, || make)?;
        Ok(Work { queue, waiting: Line::default(), tests: HashMap::new() })
    }

    /// Hands over what fits.
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

/// Has a worker test the number of this client, and then calls this function.
pub(crate) fn compute(
    events: &mut Events,
    client: Client,
    test: Test,
    on_verdict: impl FnOnce(&mut Events, Client, Verdict) + 'static,
) {
    let key = events.suspend(client);
    let Work { tests, waiting, .. } = &mut events.beside;
    tests.insert(key, (test, Box::new(on_verdict)));
    waiting.push(key);
}

impl Beside<Primes> for Work {
    fn go_on(events: &mut Events) {
        while let Some(Answered { key, verdict, .. }) = events.beside.queue.next_verdict() {
            if let Some((_, on_verdict)) = events.beside.tests.remove(&key) {
                events.call_back(key, |events, client| on_verdict(events, client, verdict));
            }
        }
        events.beside.hand_over();
    }

    fn left(&mut self, key: usize) {
        self.tests.remove(&key);
        self.queue.cancel(key);
    }
}
