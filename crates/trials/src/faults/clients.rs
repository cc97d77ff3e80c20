//! The clients of a trial: the script of the series without its pauses, every byte verified.

use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use conformance::{Service, prime_answers};
use protocol::{GREETING, Session};

/// The number of simultaneous clients of a trial.
pub(super) const CLIENTS: usize = 4;
/// More than there are cached stacks of ended threads, so that new ones are needed.
pub(super) const CROWD: usize = 24;
/// A server that has not answered after this time hangs, even on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// The interval at which clients check the time and, if they nudge, send a nudge.
const NUDGE_EVERY: Duration = Duration::from_millis(200);

/// How the clients of a trial behave, in addition to their script.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// What they ask for.
    pub(super) service: Service,
    /// How many connect at once.
    pub(super) clients: usize,
    /// While they wait, they regularly cause a change that an edge-triggered poller reports.
    pub(super) nudging: bool,
    /// They do not wait for the end of the stream: a server whose `close` fails cannot send it.
    pub(super) without_end: bool,
}

impl Manner {
    /// The usual manner with a server of this service.
    pub(super) const fn of(service: Service) -> Manner {
        Manner { service, clients: CLIENTS, nudging: false, without_end: false }
    }

    /// The buffers of the series; or some numbers, of which none takes long.
    const fn script(self) -> [&'static [u8]; 3] {
        match self.service {
            Service::Echo => [b"^abc$de^abte$f", b"xyz^123", b"25$^ab0000$abab"],
            Service::Primes => [b"7\n1000003\n", b"x\n9\n", b"1000000007\n4\n"],
        }
    }

    /// A byte that may come between two of these buffers, and is answered.
    const fn nudge(self) -> &'static [u8] {
        match self.service {
            Service::Echo => b"n",
            Service::Primes => b"\n",
        }
    }
}

/// How a client's visit ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It got its whole reply and an orderly end.
    Whole,
    /// Its connection ended early; all bytes before that were right.
    CutOff,
    /// It got a wrong byte.
    Wrong(String),
    /// It got neither more bytes nor the end.
    Hung(String),
}

/// How all visits of a trial ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Ends(Vec<End>);

impl FromIterator<End> for Ends {
    fn from_iter<I: IntoIterator<Item = End>>(ends: I) -> Ends {
        Ends(ends.into_iter().collect())
    }
}

impl Ends {
    /// Connections that ended early.
    pub(super) fn cut_off(&self) -> u64 {
        self.0.iter().filter(|end| **end == End::CutOff).count() as u64
    }

    /// What must never happen, whatever was injected.
    pub(super) fn first_fault(&self) -> Option<&End> {
        self.0.iter().find(|end| matches!(end, End::Wrong(_) | End::Hung(_)))
    }
}

impl fmt::Display for End {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Whole => formatter.write_str("a client got its whole reply"),
            End::CutOff => formatter.write_str("a client's connection ended early"),
            End::Wrong(what) => write!(formatter, "a client got {what}"),
            End::Hung(when) => write!(formatter, "a client hung {when} for {PATIENCE:?}"),
        }
    }
}

/// Runs all clients at the same time, and calls `meanwhile` as soon as they have started.
pub(super) fn visit_all<T>(address: SocketAddr, manner: Manner, meanwhile: impl FnOnce() -> T) -> (Ends, T) {
    thread::scope(|scope| {
        let visits: Vec<_> = (0..manner.clients).map(|_| scope.spawn(|| visit(address, manner))).collect();
        let done = meanwhile();
        let ends = visits
            .into_iter()
            .map(|visit| visit.join().unwrap_or_else(|_| End::Wrong("a panic of this tool".to_owned())));
        (ends.collect(), done)
    })
}

/// One visit.
pub(super) fn visit(address: SocketAddr, manner: Manner) -> End {
    match Visitor::connect(address, manner).and_then(Visitor::play) {
        Ok(()) => End::Whole,
        Err(end) => end,
    }
}

/// A connection that knows its expected replies.
pub(super) struct Visitor {
    stream: TcpStream,
    address: SocketAddr,
    session: Session,
    owed: Vec<u8>,
    received: usize,
    manner: Manner,
    has_said_all: bool,
}

impl Visitor {
    pub(super) fn connect(address: SocketAddr, manner: Manner) -> Result<Visitor, End> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE).map_err(|_| End::CutOff)?;
        stream.set_read_timeout(Some(NUDGE_EVERY)).map_err(|_| End::CutOff)?;
        let owed = if manner.service == Service::Echo { vec![GREETING] } else { Vec::new() };
        let session = Session::new();
        Ok(Visitor { stream, address, session, owed, received: 0, manner, has_said_all: false })
    }

    fn play(mut self) -> Result<(), End> {
        self.receive_all("before the greeting")?;
        for buffer in self.manner.script() {
            self.send(buffer)?;
            self.receive_all("in its reply")?;
        }
        self.say_all()?;
        if self.manner.without_end { Ok(()) } else { self.expect_end() }
    }

    /// The first buffer and its reply: after that the connection is in the middle of its conversation.
    pub(super) fn begin(&mut self) -> Result<(), End> {
        self.receive_all("before the greeting")?;
        self.send(self.manner.script()[0])?;
        self.receive_all("in its reply")
    }

    /// Sends more, which the drain must still answer.
    pub(super) fn send_more(&mut self) -> Result<(), End> {
        self.send(self.manner.script()[1])
    }

    /// The rest of the reply, then the server's FIN, and only then its own.
    pub(super) fn expect_drained(mut self) -> Result<(), End> {
        self.receive_all("in the drain")?;
        self.expect_end()
    }

    fn say_all(&mut self) -> Result<(), End> {
        self.has_said_all = true;
        self.stream.shutdown(Shutdown::Write).map_err(|_| End::CutOff)
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), End> {
        match self.manner.service {
            Service::Echo => self.session.append_reply(bytes, &mut self.owed),
            Service::Primes => self.owed.extend(prime_answers(bytes, false)),
        }
        self.stream.write_all(bytes).map_err(|_| End::CutOff)
    }

    fn receive_all(&mut self, when: &str) -> Result<(), End> {
        let deadline = Instant::now() + PATIENCE;
        while self.received < self.owed.len() {
            if !self.receive(when, deadline)? {
                return Err(End::CutOff);
            }
        }
        Ok(())
    }

    /// The server must send nothing more.
    fn expect_end(&mut self) -> Result<(), End> {
        // The reply to a nudge may still be in flight.
        let deadline = Instant::now() + PATIENCE;
        while self.receive("before the end", deadline)? {}
        if self.received < self.owed.len() { Err(End::CutOff) } else { Ok(()) }
    }

    /// Reads what has arrived and compares it. False at the end of the stream.
    fn receive(&mut self, when: &str, deadline: Instant) -> Result<bool, End> {
        let mut buffer = [0; 256];
        match self.stream.read(&mut buffer) {
            Ok(0) => Ok(false),
            Ok(length) => {
                let got = &buffer[..length];
                let due = self.owed.get(self.received..).unwrap_or_default();
                if !due.starts_with(got) {
                    return Err(End::Wrong(format!("{:?} where {:?} was due", text(got), text(due))));
                }
                self.received += length;
                Ok(true)
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                if Instant::now() >= deadline {
                    return Err(End::Hung(when.to_owned()));
                }
                if self.manner.nudging {
                    self.nudge();
                }
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(true),
            Err(_) => Err(End::CutOff),
        }
    }

    /// Causes a change that an edge-triggered poller reports: one more byte from this client, and a new connection.
    fn nudge(&mut self) {
        // The next read reports an error here.
        if !self.has_said_all {
            let _ = self.send(self.manner.nudge());
        }
        drop(TcpStream::connect_timeout(&self.address, PATIENCE));
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
