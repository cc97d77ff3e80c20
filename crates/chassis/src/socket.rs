//! The part of a blocking connection that its thread and the drain share.

use std::net::Shutdown as Direction;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::handshake::Handshake;
use crate::system::TcpStream;
use crate::{DrainStep, Tick};

#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) stream: TcpStream,
    pub(crate) handshake: Handshake,
    /// A clock, not a signal: nothing hangs on its order.
    last_activity: AtomicU32,
}

impl Socket {
    pub(crate) fn new(stream: TcpStream) -> Socket {
        let last_activity = AtomicU32::new(Tick::now().to_bits());
        Socket { stream, handshake: Handshake::default(), last_activity }
    }

    /// Notes that a byte has been received or sent.
    pub(crate) fn touch(&self) -> Tick {
        let now = Tick::now();
        self.last_activity.store(now.to_bits(), Relaxed);
        now
    }

    pub(crate) fn last_activity(&self) -> Tick {
        Tick::from_bits(self.last_activity.load(Relaxed))
    }

    /// Takes the connection's next step of a drain. Steps repeat until the connection is gone, so it does
    /// no harm that the peer may have closed already and a call fails.
    pub(crate) fn see_off(&self, step: DrainStep) {
        match step {
            // On Linux what has arrived can still be read after this, and only then `recv` returns 0. A
            // thread that is blocked in `send` must not be cut short so: what its client sent before may
            // still be on the way.
            DrainStep::Close if self.handshake.is_receiving() => self.shut(Direction::Read),
            DrainStep::Answer | DrainStep::Close => {}
            DrainStep::Linger => {
                if self.handshake.stop() {
                    self.shut(Direction::Write);
                }
            }
            DrainStep::Cut { owed } => {
                self.handshake.cut(owed);
                self.shut(Direction::Both);
            }
        }
    }

    /// It fails only if the client has reset the connection, and then there is nobody to tell.
    pub(crate) fn shut(&self, direction: Direction) {
        let _ = self.stream.shutdown(direction);
    }
}
