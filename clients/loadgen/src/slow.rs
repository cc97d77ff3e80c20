//! Slow clients: those that think before they send again, and those that read a little at a time.

use anyhow::ensure;
use serde::{Deserialize, Serialize};

/// One minute: longer than that is idle.
const MAX_PAUSE_MS: u64 = 60_000;
/// The most that is read at once anyway.
const MAX_READ_BYTES: usize = 64 * 1024;
/// Far above what any kernel grants.
const MAX_RECEIVE_BUFFER_BYTES: usize = 1 << 30;

/// How the clients are slow; the default is not at all.
///
/// A slow reader hides in the socket buffers of both sides until they are full: make `receive_buffer_bytes`
/// small and the messages large. When the window has ended, all clients read as fast as they can, so that
/// what the server still holds is verified, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Slow {
    /// Closed loop: from a reply to the next message.
    pub think_ms: u64,
    /// What one read takes at most; 0 for as much as there is.
    pub read_bytes: usize,
    /// From one read of a connection to its next.
    pub read_pause_ms: u64,
    /// Size of the sockets' receive buffers (`SO_RCVBUF`; Linux doubles it); 0 for the kernel's choice.
    pub receive_buffer_bytes: usize,
}

impl Slow {
    pub(crate) fn validate(&self, scenario: &str) -> anyhow::Result<()> {
        for (field, value) in [("think_ms", self.think_ms), ("read_pause_ms", self.read_pause_ms)] {
            ensure!(
                value <= MAX_PAUSE_MS,
                "scenario {scenario:?}: {field} may be {MAX_PAUSE_MS} (one minute) at most, but is {value}"
            );
        }
        for (field, value, most) in [
            ("read_bytes", self.read_bytes, MAX_READ_BYTES),
            ("receive_buffer_bytes", self.receive_buffer_bytes, MAX_RECEIVE_BUFFER_BYTES),
        ] {
            ensure!(value <= most, "scenario {scenario:?}: {field} may be {most} at most, but is {value}");
        }
        Ok(())
    }

    /// Whether the clients are not slow at all.
    pub(crate) fn is_none(&self) -> bool {
        *self == Slow::default()
    }

    pub(crate) fn thinks(&self) -> bool {
        self.think_ms > 0
    }

    pub(crate) fn reads_slowly(&self) -> bool {
        self.read_pause_ms > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_name_their_field() {
        for (field, slow) in [
            ("think_ms", Slow { think_ms: 60_001, ..Slow::default() }),
            ("read_pause_ms", Slow { read_pause_ms: 60_001, ..Slow::default() }),
            ("read_bytes", Slow { read_bytes: 65_537, ..Slow::default() }),
            ("receive_buffer_bytes", Slow { receive_buffer_bytes: usize::MAX, ..Slow::default() }),
        ] {
            let message = slow.validate("test").unwrap_err().to_string();
            assert!(message.contains(field), "{message}");
        }
    }
}
