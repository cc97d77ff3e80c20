//! What all clients of an event-driven server share.

use chassis::{Counters, Options, Outcome};
use tracing::{debug, error};

/// Options, counters, and the limit on connections.
#[derive(Debug)]
pub struct Shared {
    /// How the server was started.
    pub options: Options,
    /// What it has done so far.
    pub counters: Counters,
    max_connections: usize,
}

impl Shared {
    /// A server that has no clients yet.
    #[must_use]
    pub fn new(options: &Options) -> Shared {
        Shared {
            options: options.clone(),
            counters: Counters::new(),
            max_connections: options.max_connections(),
        }
    }

    /// Counts a client that has been accepted beside `open` others. Unless `--max-conns` allows one more, it is
    /// rejected: the caller closes it without a greeting.
    #[must_use]
    pub fn admits_one_more(&self, open: usize) -> bool {
        self.counters.accept();
        let admits = open < self.max_connections;
        if !admits {
            debug!("rejected: --max-conns reached");
            self.counters.close(Outcome::Rejected);
        }
        admits
    }

    /// Counts how a client ended.
    pub fn close(&self, outcome: Outcome) {
        if outcome == Outcome::Dropped {
            error!("reply cut off at the drain deadline");
        }
        self.counters.close(outcome);
    }
}
