//! Whether the load generator ran while it measured.
//!
//! A process that is stopped (Ctrl-Z, a debugger, a paused container or virtual machine), or that gets no CPU, finds replies
//! late that the server sent in time.

use std::time::Duration;

use anyhow::Context;
use observe::Pulse;
use observe::pulse::suspended;

/// The shortest gap that counts. A busy machine may delay a thread by some 10 ms.
const SHORTEST: Duration = Duration::from_millis(100);

/// Notices gaps until it ends.
#[derive(Debug)]
pub(crate) struct Watch {
    pulse: Pulse,
    suspended: Duration,
}

impl Watch {
    /// Starts to watch.
    ///
    /// # Errors
    /// The thread for it cannot be spawned.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let pulse =
            Pulse::of_gaps(SHORTEST).context("cannot spawn a thread that watches the load generator")?;
        Ok(Watch { pulse, suspended: suspended() })
    }

    /// For how long this process did not run since the start, in gaps of 100 ms and more.
    pub(crate) fn end(self) -> Duration {
        let suspended = suspended().saturating_sub(self.suspended);
        self.pulse.lost() + if suspended >= SHORTEST { suspended } else { Duration::ZERO }
    }
}
