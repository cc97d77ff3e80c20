//! The part of a blocking connection that its thread and the drain thread share.

use std::net::Shutdown as Direction;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use conversation::{DrainStep, Tick};

use super::handshake::Handshake;
use crate::wire::{TcpStream, Wire};

#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) stream: TcpStream,
    pub(crate) handshake: Handshake,
    /// A clock, not a signal: nothing depends on its order.
    last_activity: AtomicU32,
}

impl Socket {
    pub(crate) fn new(stream: TcpStream, now: Tick) -> Socket {
        Socket { stream, handshake: Handshake::default(), last_activity: AtomicU32::new(now.millis()) }
    }

    /// Notes that a byte has been received or sent.
    pub(crate) fn touch(&self, now: Tick) {
        self.last_activity.store(now.millis(), Relaxed);
    }

    pub(crate) fn last_activity(&self) -> Tick {
        Tick::from_millis(self.last_activity.load(Relaxed))
    }

    /// Takes the connection's next step of a drain. Steps repeat until the connection is gone, so it does
    /// no harm that the peer may have closed already and a call fails.
    pub(crate) fn drain(&self, step: DrainStep) {
        match step {
            // On Linux what has arrived can still be read after this, and only then `recv` returns 0. A
            // thread that is blocked in `send` must not be cut short so: what its client sent before may
            // still be on the way.
            DrainStep::Close if self.handshake.is_receiving() => {
                self.handshake.close();
                self.stream.shut(Direction::Read);
            }
            DrainStep::Answer | DrainStep::Close => {}
            DrainStep::Discard => self.handshake.discard(),
            DrainStep::Linger => {
                if self.handshake.stop() {
                    self.stream.shut(Direction::Write);
                }
            }
            DrainStep::Cut { owed } => {
                self.handshake.cut(owed);
                self.stream.shut(Direction::Both);
            }
        }
    }
}
