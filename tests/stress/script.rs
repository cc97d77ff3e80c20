//! The script of one client.

use std::io::{self, Read, Write};
use std::net::{Shutdown as Direction, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicIsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use chassis::Shutdown;
use conformance::Service;
use fastrand::Rng;
use socket2::SockRef;

use crate::dialect::{greeting, message, reply, rest};
use crate::{PANIC_AT, PATIENCE};

/// The moment at which shutdown is requested: after this many steps of all clients together.
pub(crate) struct Moment {
    pub(crate) steps_left: AtomicIsize,
    pub(crate) shutdown: Shutdown,
    /// Whether steps that wait for the server also count. Otherwise only steps that cannot block count.
    pub(crate) waits_for_replies: bool,
}

impl Moment {
    pub(crate) fn steps(&self, steps: usize) {
        let steps = steps.cast_signed();
        let left = self.steps_left.fetch_sub(steps, SeqCst);
        if left > 0 && left <= steps {
            self.shutdown.request();
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pace {
    /// Sends everything, then reads.
    Eager,
    /// Reads the reply to each piece before it sends the next.
    LockStep,
    /// Sends more than the kernel buffers, and reads meanwhile.
    Flood,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Ending {
    HalfClose,
    Stay,
    Reset,
    /// Closes without reading what has arrived.
    Leave,
}

/// The script of one client.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) service: Service,
    pub(crate) pieces: Vec<Vec<u8>>,
    pub(crate) pace: Pace,
    pub(crate) ending: Ending,
    pub(crate) panics: bool,
}

/// The observations of one client.
#[derive(Debug, Default)]
pub(crate) struct Visit {
    pub(crate) received: Vec<u8>,
    /// How many of its bytes it had sent before the shutdown was requested.
    pub(crate) sent_before: usize,
    /// Whether the whole visit ended before that.
    pub(crate) ended_before: bool,
    /// How the server ended the connection, if the client waited for that.
    pub(crate) end: Option<io::Result<()>>,
}

impl Script {
    pub(crate) fn choose(service: Service, random: &mut Rng, stayers: &mut usize) -> Script {
        let pace = *random.choice(&[Pace::Eager, Pace::LockStep, Pace::LockStep, Pace::Flood]).expect("some");
        let mut ending =
            *random.choice(&[Ending::HalfClose, Ending::Stay, Ending::Reset, Ending::Leave]).expect("some");
        if ending == Ending::Stay {
            match stayers.checked_sub(1) {
                Some(left) => *stayers = left,
                None => ending = Ending::HalfClose,
            }
        }
        if pace == Pace::Flood && ending != Ending::Stay {
            ending = Ending::HalfClose;
        }
        let panics = random.u8(..8) == 0;
        let mut bytes = Vec::new();
        for _ in 0..random.usize(1..=6) {
            bytes.extend(message(service, pace == Pace::Flood, random));
        }
        bytes.extend(rest(service, random));
        if panics {
            bytes.insert(random.usize(..bytes.len()), PANIC_AT);
        }
        if ending == Ending::Reset {
            bytes.truncate(random.usize(..=bytes.len()));
        }
        let mut pieces = Vec::new();
        while !bytes.is_empty() {
            let most = if pace == Pace::Flood { bytes.len() } else { bytes.len().min(20) };
            let rest = bytes.split_off(random.usize(1..=most));
            pieces.push(std::mem::replace(&mut bytes, rest));
        }
        Script { service, pieces, pace, ending, panics: panics && cfg!(debug_assertions) }
    }

    /// The steps that count: connecting, and pieces that are sent.
    pub(crate) fn steps(&self, waits_for_replies: bool) -> usize {
        let pieces_count = waits_for_replies || self.pace == Pace::Eager;
        1 + if pieces_count { self.pieces.len() } else { 0 }
    }

    pub(crate) fn play(&self, address: SocketAddr, moment: &Moment) -> Visit {
        let mut visit = Visit::default();
        let counted = self.steps(moment.waits_for_replies);
        let mut made = 1;
        if let Ok(mut stream) = TcpStream::connect(address) {
            moment.steps(1);
            visit.end = self.talk(&mut stream, &mut visit.received, &mut |sent| {
                if !moment.shutdown.is_requested() {
                    visit.sent_before += sent;
                }
                if made < counted {
                    made += 1;
                    moment.steps(1);
                }
            });
        } else {
            made = 0; // too late: the listener is closed
        }
        visit.ended_before = !moment.shutdown.is_requested();
        moment.steps(counted - made);
        visit
    }

    /// Runs the conversation and returns how the server ended it, if the server did.
    fn talk(
        &self,
        stream: &mut TcpStream,
        received: &mut Vec<u8>,
        after_piece: &mut (dyn FnMut(usize) + Send),
    ) -> Option<io::Result<()>> {
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        stream.set_nodelay(true).ok()?; // sent bytes do not wait in the client's kernel
        let waits = matches!(self.ending, Ending::HalfClose | Ending::Stay);
        if self.pace == Pace::Flood {
            let mut writer = stream.try_clone().ok()?;
            return Some(thread::scope(|scope| {
                scope.spawn(move || {
                    self.send(&mut writer, after_piece, |_, _| true);
                });
                read_to_end(stream, received)
            }));
        }
        let mut sent = Vec::new();
        let lives = self.send(stream, after_piece, |stream, piece| {
            if self.pace == Pace::Eager {
                return true;
            }
            sent.extend_from_slice(piece);
            let owed = greeting(self.service).len() + reply(self.service, &sent, false).len();
            let owed = (owed - received.len()) as u64;
            Read::take(stream, owed).read_to_end(received).is_ok_and(|read| read as u64 == owed)
        });
        if lives && self.ending == Ending::Reset {
            SockRef::from(&*stream).set_linger(Some(Duration::ZERO)).ok();
            return None;
        }
        (waits || !lives).then(|| read_to_end(stream, received))
    }

    /// Returns whether everything has been sent and all replies read in between were right.
    fn send(
        &self,
        stream: &mut TcpStream,
        after_piece: &mut (dyn FnMut(usize) + Send),
        mut read_reply: impl FnMut(&mut TcpStream, &[u8]) -> bool,
    ) -> bool {
        for piece in &self.pieces {
            if stream.write_all(piece).is_err() {
                return false;
            }
            after_piece(piece.len());
            if !read_reply(stream, piece) {
                return false;
            }
        }
        self.ending != Ending::HalfClose || stream.shutdown(Direction::Write).is_ok()
    }
}

fn read_to_end(stream: &mut TcpStream, received: &mut Vec<u8>) -> io::Result<()> {
    stream.read_to_end(received).map(drop)
}
