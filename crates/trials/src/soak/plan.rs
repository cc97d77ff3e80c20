//! How much hostile load a model gets at once. More would starve its good clients, which is its lesson, not a fault.

use std::time::Duration;

use conformance::{Concurrency, Service};

use super::dialect::Dialect;

/// Short, so that the server drops many clients in a run; long enough for a good client on a busy machine.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(5);
/// A client that never reads blocks a worker for this long.
pub(super) const WRITE_TIMEOUT: Duration = Duration::from_secs(1);
/// The longest wait of a good client: several times what all hostile clients before it in the queue of the slowest
/// model take.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Numbers of clients.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// What is said.
    pub(super) dialect: Dialect,
    /// Simultaneous hostile clients, each a thread here; every other one holds its connection for a while.
    pub(super) crew: usize,
    /// Connections of one idle crowd.
    pub(super) crowd: usize,
    /// Whether a crowd may stay until the idle timeout.
    pub(super) crowd_may_stay: bool,
    /// Connections of the verified load.
    pub(super) verified: usize,
    /// How long a hostile client stays silent; with a server of one client at a time all others wait that long.
    pub(super) sit: Duration,
}

impl Plan {
    pub(super) fn of(service: Service, concurrency: Concurrency) -> Self {
        let dialect = Dialect(service);
        match concurrency {
            // Each client delays all clients behind it in the queue, so these are few and short.
            Concurrency::One => Plan {
                dialect,
                crew: 2,
                crowd: 3,
                crowd_may_stay: false,
                verified: 1,
                sit: Duration::from_millis(100),
            },
            // Crowds occupy at most a quarter of the workers.
            Concurrency::Workers(workers) => Plan {
                dialect,
                crew: 4,
                crowd: (workers / 8).max(1),
                crowd_may_stay: true,
                verified: (workers / 8).clamp(1, 8),
                sit: Duration::from_millis(800),
            },
            Concurrency::Many => Plan {
                dialect,
                crew: 6,
                crowd: 100,
                crowd_may_stay: true,
                verified: 8,
                sit: Duration::from_millis(800),
            },
        }
    }
}
