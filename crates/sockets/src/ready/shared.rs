//! What all clients of an event-driven server share.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use chassis::{Counters, Options, Outcome};
use tracing::{debug, error};

/// Options, counters, and the limit on connections.
#[derive(Debug)]
pub struct Shared {
    /// How the server was started.
    pub options: Options,
    /// What it has done so far.
    pub counters: Counters,
    pub(super) max_connections: usize,
    /// Clients that are connected, of all loops together.
    open: AtomicUsize,
}

impl Shared {
    /// A server that has no clients yet.
    #[must_use]
    pub fn new(options: &Options) -> Shared {
        Shared {
            options: options.clone(),
            counters: Counters::new(),
            max_connections: options.max_connections(),
            open: AtomicUsize::new(0),
        }
    }

    /// The same for several loops, of which each takes some descriptors for itself: fewer are left for clients, unless
    /// `--max-conns` says how many there may be.
    #[must_use]
    pub fn with_descriptors(options: &Options, taken: usize) -> Shared {
        let shared = Shared::new(options);
        let left = shared.max_connections.saturating_sub(taken).max(1);
        let max_connections = if options.max_conns.is_some() { shared.max_connections } else { left };
        Shared { max_connections, ..shared }
    }

    /// Counts a client that has been accepted. Unless `--max-conns` allows one more, it is rejected: the caller closes
    /// it without a greeting. Any other is to be [closed](Shared::close).
    #[must_use]
    pub fn admits_one_more(&self) -> bool {
        self.counters.accept();
        let one_more = |open| (open < self.max_connections).then_some(open + 1);
        let admits = self.open.fetch_update(Relaxed, Relaxed, one_more).is_ok();
        if !admits {
            debug!("rejected: --max-conns reached");
            self.counters.close(Outcome::Rejected);
        }
        admits
    }

    /// Counts how a client ended that was admitted.
    pub fn close(&self, outcome: Outcome) {
        self.open.fetch_sub(1, Relaxed);
        if outcome == Outcome::Dropped {
            error!("reply cut off at the drain deadline");
        }
        self.counters.close(outcome);
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;

    #[test]
    fn descriptors_that_loops_take_are_not_left_for_clients_unless_a_number_is_asked_for() {
        let options = Options::default();
        let most = Shared::new(&options).max_connections;
        assert_eq!(Shared::with_descriptors(&options, 6).max_connections, most - 6);
        assert_eq!(Shared::with_descriptors(&options, usize::MAX).max_connections, 1);
        let asked = Options { max_conns: NonZeroUsize::new(9), ..options };
        assert_eq!(Shared::with_descriptors(&asked, 6).max_connections, 9);
    }
}
