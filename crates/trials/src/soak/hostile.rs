//! The hostile behaviours, each a small client that is bounded in time and bytes.
//!
//! Some of them only look hostile: garbage, single bytes, an early half-close and a window that opens late
//! must still be answered, so these verify every byte.

mod rude;
mod slow;
#[cfg(test)]
mod tests;
mod whole;

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::Ordering;

use socket2::{Domain, SockRef, Socket, Type};
use text::connecting::Cause;

use super::behaviour::Behaviour;
use super::plan::{PATIENCE, Plan};
use super::tally::Tally;

/// A hostile client, again and again.
#[derive(Debug)]
pub(super) struct Visitor<'run> {
    pub(super) address: SocketAddr,
    pub(super) plan: &'run Plan,
    pub(super) tally: &'run Tally,
    pub(super) random: fastrand::Rng,
}

impl Visitor<'_> {
    /// One turn of this behaviour. The tally counts errors, except those of clients that disconnect by themselves.
    pub(super) fn behave(&mut self, behaviour: Behaviour) {
        let turn = match behaviour {
            Behaviour::Reset => self.reset(),
            Behaviour::Vanish => self.vanish(),
            Behaviour::Deaf => self.deaf(),
            Behaviour::NeverRead => self.never_read(),
            Behaviour::ResetBlocked => self.reset_blocked(),
            Behaviour::Trickle => self.trickle(),
            Behaviour::IdleCrowd => self.idle_crowd(),
            Behaviour::Garbage => self.garbage(),
            Behaviour::Pieces => self.pieces(),
            Behaviour::HalfClose => self.half_close(),
            Behaviour::LeaveAtWork => self.leave_at_work(),
            Behaviour::HugeLine => self.huge_line(),
            Behaviour::Window => self.window(),
            Behaviour::LateReader => self.late_reader(),
        };
        match turn {
            // A shortage of ports or descriptors is ours, not the server's.
            Err(error) if Cause::of(&error, self.address).is_ours() => {
                self.tally.not_made.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => self.tally.failed(1, || format!("{}: {error}", behaviour.title())),
            Ok(()) => {}
        }
    }

    fn connect(&self, behaviour: Behaviour) -> io::Result<TcpStream> {
        let stream = TcpStream::connect_timeout(&self.address, PATIENCE)?;
        self.tally.connected(behaviour);
        Ok(stream)
    }

    /// A connection with small buffers and segments as on Ethernet, so that the server soon gets backpressure when this
    /// client does not read.
    fn connect_narrow(&self, behaviour: Behaviour) -> io::Result<TcpStream> {
        let socket = Socket::new(Domain::for_address(self.address), Type::STREAM, None)?;
        socket.set_recv_buffer_size(4 << 10)?;
        socket.set_send_buffer_size(64 << 10)?;
        socket.set_tcp_mss(1460)?;
        socket.connect_timeout(&self.address.into(), PATIENCE)?;
        self.tally.connected(behaviour);
        Ok(socket.into())
    }
}

/// Ends a connection by a reset instead of a FIN.
fn reset(stream: TcpStream) {
    // This fails only if the connection is already gone, which has the same effect.
    let _ = SockRef::from(&stream).set_linger(Some(std::time::Duration::ZERO));
    drop(stream);
}
