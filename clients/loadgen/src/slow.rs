//! Slow clients: those with a think time, and slow readers.

use anyhow::ensure;
use serde::{Deserialize, Serialize};

/// One minute: a longer pause makes an idle connection.
pub(crate) const MAX_PAUSE_MS: u64 = 60_000;
/// The size of the read buffer.
pub(crate) const MAX_READ_BYTES: usize = 64 * 1024;
/// Far above what any kernel grants.
pub(crate) const MAX_RECEIVE_BUFFER_BYTES: usize = 1 << 30;

/// In which ways the clients are slow; by default they are not.
///
/// The server does not notice a slow reader until the socket buffers of both sides are full: choose a small
/// `receive_buffer_bytes` and large messages. When the window has ended, all clients read as fast as they can,
/// so that replies still held by the server are verified, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Slow {
    /// Closed loop: time from a reply to the next message.
    pub think_ms: u64,
    /// The most that one read takes; 0 for no limit. Needs a pause.
    pub read_bytes: usize,
    /// Pause between two reads of a connection.
    pub read_pause_ms: u64,
    /// Size of the sockets' receive buffers (`SO_RCVBUF`; Linux doubles it); 0 for the kernel's choice.
    pub receive_buffer_bytes: usize,
}

impl Slow {
    pub(crate) fn validate(&self, scenario: &str) -> anyhow::Result<()> {
        for (field, value) in [("think_ms", self.think_ms), ("read_pause_ms", self.read_pause_ms)] {
            ensure!(
                value <= MAX_PAUSE_MS,
                "scenario {scenario:?}: {field} may be at most {MAX_PAUSE_MS} (one minute), but is {value}"
            );
        }
        for (field, value, most) in [
            ("read_bytes", self.read_bytes, MAX_READ_BYTES),
            ("receive_buffer_bytes", self.receive_buffer_bytes, MAX_RECEIVE_BUFFER_BYTES),
        ] {
            ensure!(value <= most, "scenario {scenario:?}: {field} may be at most {most}, but is {value}");
        }
        ensure!(
            self.read_bytes == 0 || self.reads_slowly(),
            "scenario {scenario:?}: read_bytes needs a read_pause_ms: without pauses nobody reads slowly"
        );
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
            ("read_pause_ms", Slow { read_bytes: 8, ..Slow::default() }),
            ("receive_buffer_bytes", Slow { receive_buffer_bytes: usize::MAX, ..Slow::default() }),
        ] {
            let message = slow.validate("test").unwrap_err().to_string();
            assert!(message.contains(field), "{message}");
        }
    }
}
