//! What a loop around a poller of changes does beside serving: it accepts, looks at the clock, and stops.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsRawFd, RawFd};
use std::rc::Rc;
use std::time::Duration;

use chassis::{Options, Summary};
use conversation::{Moment, Watch};

use super::{Batches, Shared};
use crate::clock::now;

/// The listener of a loop, its clock, and what its clients share.
#[derive(Debug)]
pub struct Arrivals {
    /// Options and counters.
    pub shared: Rc<Shared>,
    batches: Batches,
    watch: Watch,
}

impl Arrivals {
    /// Takes over a bound listener.
    ///
    /// # Errors
    /// The listener cannot be made non-blocking.
    pub fn new(listener: TcpListener, options: &Options) -> io::Result<Arrivals> {
        let batches = Batches::new(listener)?;
        Ok(Arrivals { shared: Rc::new(Shared::new(options)), batches, watch: Watch::new(options, now()) })
    }

    /// Whether the server stops.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.watch.is_draining()
    }

    /// How long the loop may sleep, with `open` clients, if nothing happens; `None` for ever.
    #[must_use]
    pub fn time_left(&self, open: usize) -> Option<Duration> {
        let look = self.watch.time_left(now()).filter(|_| open > 0);
        [self.batches.time_left(), look].into_iter().flatten().min()
    }

    /// The poller has reported the listener.
    pub fn clients_wait(&mut self) {
        self.batches.clients_wait();
    }

    /// The next batch is the last one, and then all are brought to their end.
    pub fn stop(&mut self) {
        self.batches.stop();
    }

    /// The next clients: a bounded number, so that those that are connected need not wait; the last time all that the
    /// kernel holds, since closing the listener resets them. To be asked after the turns of the others: a newcomer may get
    /// the key of a client that was closed in this round, and must not get its events.
    pub fn next_batch(&mut self) -> Vec<TcpStream> {
        let mut batch = Vec::new();
        let was_last = self.batches.take_next(|stream| {
            if self.shared.admits_one_more() {
                batch.push(stream);
            }
        });
        if was_last {
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
        self.shared.counters.finish(self.batches.ended())
    }
}

/// The listener, to be registered with the poller; -1 once the server drains.
impl AsRawFd for Arrivals {
    fn as_raw_fd(&self) -> RawFd {
        self.batches.as_raw_fd()
    }
}
