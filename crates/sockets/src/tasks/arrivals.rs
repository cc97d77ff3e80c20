//! Accepting by a loop of one's own: some clients at a time, each with a place among the tasks.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::time::Duration;

use chassis::{Options, Summary};

use super::{Place, Tasks};
use crate::ready::Batches;

/// Where clients come from, until the server stops.
#[derive(Debug)]
pub struct Arrivals {
    batches: Batches,
    tasks: Arc<Tasks>,
}

impl Arrivals {
    /// Takes over a bound listener.
    ///
    /// # Errors
    /// The listener cannot be made non-blocking.
    pub fn new(listener: TcpListener, options: &Options) -> io::Result<Arrivals> {
        Ok(Arrivals { batches: Batches::new(listener)?, tasks: Arc::new(Tasks::new(options)) })
    }

    /// Whether the server has been asked to stop and nobody is left.
    pub fn are_gone(&self) -> bool {
        self.batches.are_over() && self.tasks.are_gone()
    }

    /// How long the loop may sleep if nothing happens; `None` for ever.
    pub fn time_left(&self) -> Option<Duration> {
        let beat = self.tasks.time_left().filter(|_| !self.tasks.are_gone());
        [self.batches.time_left(), beat].into_iter().flatten().min()
    }

    /// The poller has reported the listener.
    pub fn clients_wait(&mut self) {
        self.batches.clients_wait();
    }

    /// Wakes every task for a look, if it is time.
    pub fn beat(&self) {
        self.tasks.beat();
    }

    /// The next batch is the last one, and then all are brought to their end.
    pub fn stop(&mut self) {
        self.batches.stop();
    }

    /// Accepts a bounded number of clients, so that those that are connected need not wait; the last time all that the
    /// kernel holds, since closing the listener resets them.
    pub fn accept_batch(&mut self, mut serve: impl FnMut(Place, TcpStream)) {
        let was_last = self.batches.take_next(|stream| {
            if let Some(place) = self.tasks.admit() {
                serve(place, stream);
            }
        });
        if was_last {
            self.tasks.begin_drain();
        }
    }

    /// Everybody is gone: the summary.
    ///
    /// # Errors
    /// The listener was broken.
    pub fn finish(self) -> io::Result<Summary> {
        self.tasks.shared.counters.finish(self.batches.ended())
    }
}

/// The listener, to be registered with the poller; -1 once the server drains.
impl AsRawFd for Arrivals {
    fn as_raw_fd(&self) -> RawFd {
        self.batches.as_raw_fd()
    }
}
