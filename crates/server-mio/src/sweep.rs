//! What no event reports: that a client has been silent for too long, or that it may go in a drain.

use std::time::Duration;

use chassis::{Drain, Outcome, Tick};
use tracing::debug;

use crate::EventLoop;

impl EventLoop<'_> {
    /// No more clients are accepted, and those who are there are seen off.
    pub(crate) fn begin_drain(&mut self) {
        self.acceptor = None;
        self.drain.get_or_insert_with(|| Drain::begin(self.options));
    }

    /// Whether the drain has seen everybody off.
    pub(crate) fn is_done(&self) -> bool {
        self.drain.is_some() && self.connections.is_empty()
    }

    /// How long until the next sweep; `None` if there is nobody to look at.
    pub(crate) fn time_to_sweep(&self) -> Option<Duration> {
        Some(self.sweep_interval()?.saturating_sub(Tick::now().since(self.last_sweep)))
    }

    /// Closes the connections whose time was over at `now`.
    ///
    /// Before, it tries to send what waits for a client: the poller reports room only once a third of the send
    /// buffer is free, which may take a slow reader longer than any timeout; but the kernel accepts bytes as
    /// soon as some have been taken.
    pub(crate) fn sweep_if_due(&mut self, now: Tick) {
        let Some(interval) = self.sweep_interval().filter(|&due| now.since(self.last_sweep) >= due) else {
            return;
        };
        self.last_sweep = now;
        let EventLoop { connections, unfinished, counters, drain, options, .. } = self;
        connections.retain(|key, connection| {
            let failed = connection.has_tail()
                && match connection.send_tail(options, counters) {
                    Ok(true) if !connection.is_queued => {
                        connection.is_queued = true;
                        unfinished.push_back(key); // it can be read again
                        false
                    }
                    sent => sent.is_err(),
                };
            if now.since(connection.last_activity()) < 2 * interval && connection.is_overlooked() {
                connection.is_queued = true;
                unfinished.push_back(key);
            }
            let end = failed
                .then_some(Outcome::Error)
                .or_else(|| connection.timed_out(now, options))
                .or_else(|| connection.drained(drain.as_ref()?));
            if let Some(outcome) = end {
                if outcome != Outcome::Completed {
                    debug!(?outcome, "connection ended");
                }
                counters.close(outcome);
            }
            end.is_none()
        });
    }

    /// How often timeouts are looked at: walking the table now and then costs less than a timer for each
    /// connection, and a timeout that comes an eighth late is as good.
    fn sweep_interval(&self) -> Option<Duration> {
        if self.connections.is_empty() {
            return None;
        }
        if self.drain.is_some() {
            return Some(Drain::INTERVAL);
        }
        Some(self.options.look_interval()?.min(Duration::from_secs(1)))
    }
}
