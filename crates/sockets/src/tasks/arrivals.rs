//! Accepting by a loop of one's own: some clients at a time, each with a place among the tasks.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::sync::Arc;
use std::time::Duration;

use chassis::{BACKLOG, Options, Summary};

use super::{Place, Tasks};
use crate::ready::Acceptor;

/// Clients accepted in one go before those that are connected get their turn again.
const ACCEPT_BATCH: usize = 64;

/// Where clients come from, until the server stops.
#[derive(Debug)]
pub struct Arrivals {
    /// `None` once the server drains.
    acceptor: Option<Acceptor>,
    /// Whether the next batch is the last one.
    is_to_stop: bool,
    tasks: Arc<Tasks>,
    ended: io::Result<()>,
}

impl Arrivals {
    /// Takes over a bound listener.
    ///
    /// # Errors
    /// The listener cannot be made non-blocking.
    pub fn new(listener: TcpListener, options: &Options) -> io::Result<Arrivals> {
        let tasks = Arc::new(Tasks::new(options));
        Ok(Arrivals { acceptor: Some(Acceptor::new(listener)?), is_to_stop: false, tasks, ended: Ok(()) })
    }

    /// Whether the server has been asked to stop and nobody is left.
    pub fn are_gone(&self) -> bool {
        self.acceptor.is_none() && self.tasks.are_gone()
    }

    /// How long the loop may sleep if nothing happens; `None` for ever.
    pub fn time_left(&self) -> Option<Duration> {
        let accept = self.acceptor.as_ref().and_then(Acceptor::time_left);
        let beat = self.tasks.time_left().filter(|_| !self.tasks.are_gone());
        [accept, beat].into_iter().flatten().min()
    }

    /// The poller has reported the listener.
    pub fn clients_wait(&mut self) {
        self.acceptor.iter_mut().for_each(Acceptor::clients_wait);
    }

    /// Wakes every task for a look, if it is time.
    pub fn beat(&self) {
        self.tasks.beat();
    }

    /// The next batch is the last one, and then all are brought to their end.
    pub fn stop(&mut self) {
        self.is_to_stop = true;
        self.clients_wait();
    }

    /// Accepts a bounded number of clients, so that those that are connected need not wait; the last time all that the
    /// kernel holds, since closing the listener resets them.
    pub fn accept_batch(&mut self, mut serve: impl FnMut(Place, TcpStream)) {
        let most = if self.is_to_stop { BACKLOG.unsigned_abs() as usize } else { ACCEPT_BATCH };
        for _ in 0..most {
            match self.acceptor.as_mut().map(Acceptor::next_client) {
                None | Some(Ok(None)) => break,
                Some(Ok(Some(stream))) => {
                    if let Some(place) = self.tasks.admit() {
                        serve(place, stream);
                    }
                }
                Some(Err(error)) => {
                    self.ended = Err(error);
                    self.is_to_stop = true;
                    break;
                }
            }
        }
        if self.is_to_stop && self.acceptor.take().is_some() {
            self.tasks.begin_drain();
        }
    }

    /// Everybody is gone: the summary.
    ///
    /// # Errors
    /// The listener was broken.
    pub fn finish(self) -> io::Result<Summary> {
        self.tasks.shared.counters.finish(self.ended)
    }
}

/// The listener, to be registered with the poller; -1 once the server drains.
impl AsRawFd for Arrivals {
    fn as_raw_fd(&self) -> RawFd {
        self.acceptor.as_ref().map_or(-1, |acceptor| acceptor.as_fd().as_raw_fd())
    }
}
