//! What a loop does beside its clients.

use std::time::Duration;

use conversation::Service;

use crate::EventLoop;

/// Where the callbacks of a loop get what they need from elsewhere, such as a worker thread or another server. `()` is
/// nothing.
pub trait Beside<S: Service>: Sized {
    /// The socket that is [watched](EventLoop::watch_beside) can be read or written.
    fn reported(&mut self) {}

    /// At the end of each round: calls [back](EventLoop::call_back) those whose answers have come, and takes on what
    /// the callbacks of this round have asked for.
    fn go_on(events: &mut EventLoop<S, Self>) {
        let _ = events;
    }

    /// How long until the next round is due although nothing is reported; `None` for ever.
    fn time_left(&self) -> Option<Duration> {
        None
    }

    /// This client has gone: nobody waits for what it has asked for, and another client may get its key.
    fn left(&mut self, key: usize) {
        let _ = key;
    }
}

impl<S: Service> Beside<S> for () {}
