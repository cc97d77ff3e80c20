//! How much a model can bear at once without its good clients starving: that would be its lesson, not a fault.

use std::time::Duration;

use conformance::Concurrency;

/// Short, so that the server cuts many clients in a run; long enough for a good client on a busy machine.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(5);
/// A client that never reads holds a worker for this long.
pub(super) const WRITE_TIMEOUT: Duration = Duration::from_secs(1);
/// What a good client waits for at most: all hostile ones before it in the queue of the slowest model, a few
/// times over.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Numbers of clients.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Hostile clients that act at the same time, each a thread here; every other one sits.
    pub(super) crew: usize,
    /// Connections of one crowd that says nothing.
    pub(super) crowd: usize,
    /// Whether a crowd may stay until the idle timeout.
    pub(super) crowd_may_stay: bool,
    /// Connections of the verified load.
    pub(super) verified: usize,
    /// How long a hostile client sits still; for one served at a time, all others wait so long.
    pub(super) sit: Duration,
}

impl Plan {
    pub(super) fn of(concurrency: Concurrency) -> Self {
        match concurrency {
            // Whoever is ahead in the queue delays everybody: few, and short.
            Concurrency::One => Plan {
                crew: 2,
                crowd: 3,
                crowd_may_stay: false,
                verified: 1,
                sit: Duration::from_millis(100),
            },
            // A quarter of the workers at most sits with crowds.
            Concurrency::Workers(workers) => Plan {
                crew: 4,
                crowd: (workers / 8).max(1),
                crowd_may_stay: true,
                verified: (workers / 8).clamp(1, 8),
                sit: Duration::from_millis(800),
            },
            Concurrency::Many => Plan {
                crew: 6,
                crowd: 100,
                crowd_may_stay: true,
                verified: 8,
                sit: Duration::from_millis(800),
            },
        }
    }
}
