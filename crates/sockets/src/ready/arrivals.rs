//! What a loop around a poller of changes does beside serving: it accepts, looks at the clock, and stops.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::rc::Rc;
use std::time::Duration;

use chassis::{BACKLOG, Options, Summary};
use conversation::{Moment, Watch};

use super::{Acceptor, Shared};
use crate::clock::now;

/// Clients accepted in one go before those that are connected get their turn again.
const BATCH: usize = 64;

/// The listener of a loop, its clock, and what its clients share.
#[derive(Debug)]
pub struct Arrivals {
    /// Options and counters.
    pub shared: Rc<Shared>,
    /// `None` once the server drains.
    acceptor: Option<Acceptor>,
    /// Whether the next batch is the last one.
    is_to_stop: bool,
    watch: Watch,
    ended: io::Result<()>,
}

impl Arrivals {
    /// Takes over a bound listener.
    ///
    /// # Errors
    /// The listener cannot be made non-blocking.
    pub fn new(listener: TcpListener, options: &Options) -> io::Result<Arrivals> {
        Ok(Arrivals {
            shared: Rc::new(Shared::new(options)),
            acceptor: Some(Acceptor::new(listener)?),
            is_to_stop: false,
            watch: Watch::new(options, now()),
            ended: Ok(()),
        })
    }

    /// Whether the server stops.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.watch.is_draining()
    }

    /// How long the loop may sleep, with `open` clients, if nothing happens; `None` for ever.
    #[must_use]
    pub fn time_left(&self, open: usize) -> Option<Duration> {
        let accept = self.acceptor.as_ref().and_then(Acceptor::time_left);
        let look = self.watch.time_left(now()).filter(|_| open > 0);
        [accept, look].into_iter().flatten().min()
    }

    /// The poller has reported the listener.
    pub fn clients_wait(&mut self) {
        self.acceptor.iter_mut().for_each(Acceptor::clients_wait);
    }

    /// The next batch is the last one, and then all are brought to their end.
    pub fn stop(&mut self) {
        self.is_to_stop = true;
        self.clients_wait();
    }

    /// The next clients: a bounded number, so that those that are connected need not wait; the last time all that the
    /// kernel holds, since closing the listener resets them. To be asked after the turns of the others: a newcomer may get
    /// the key of a client that was closed in this round, and must not get its events.
    pub fn next_batch(&mut self) -> Vec<TcpStream> {
        let mut batch = Vec::new();
        let most = if self.is_to_stop { BACKLOG.unsigned_abs() as usize } else { BATCH };
        for _ in 0..most {
            match self.acceptor.as_mut().map(Acceptor::next_client) {
                None | Some(Ok(None)) => break,
                Some(Ok(Some(stream))) => {
                    if self.shared.admits_one_more() {
                        batch.push(stream);
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
            self.watch.begin_drain(now());
        }
        batch
    }

    /// The look that is due now, if one is.
    pub fn look_due(&mut self) -> Option<Moment> {
        self.watch.due(now())
    }

    /// Everybody is gone: the summary.
    ///
    /// # Errors
    /// The listener was broken.
    pub fn finish(self) -> io::Result<Summary> {
        self.shared.counters.finish(self.ended)
    }
}

/// The listener, to be registered with the poller; -1 once the server drains.
impl AsRawFd for Arrivals {
    fn as_raw_fd(&self) -> RawFd {
        self.acceptor.as_ref().map_or(-1, |acceptor| acceptor.as_fd().as_raw_fd())
    }
}
