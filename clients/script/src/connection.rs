//! One connection: a thread that sends and pauses, and a thread that receives.
//!
//! Only the receiver verifies what arrives and enforces the timeout. The sender follows its progress and stops
//! at once when the receiver has failed, even in the middle of a pause.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use observe::Pulse;
use protocol::Verifier;
use text::addresses::Addresses;

use crate::event::{Event, EventKind};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::steps::Script;

/// Enough for both threads: the deepest calls format a line of text. The default of 2 MiB or more would waste
/// address space with thousands of threads.
const STACK_BYTES: usize = 128 * 1024;

/// Scripted replies are short; one read takes everything that has arrived.
const RECEIVE_BYTES: usize = 1024;

/// A builder for a thread of connection `index`.
pub(crate) fn thread(index: usize) -> thread::Builder {
    thread::Builder::new().name(format!("conn{index}")).stack_size(STACK_BYTES)
}

/// Where a connection reports its events.
#[derive(Clone)]
pub(crate) struct Log {
    connection: usize,
    started: Instant,
    events: Sender<Event>,
}

impl Log {
    pub(crate) fn new(connection: usize, started: Instant, events: Sender<Event>) -> Self {
        Log { connection, started, events }
    }

    pub(crate) fn report(&self, kind: EventKind) {
        let (at, wall) = (self.started.elapsed(), SystemTime::now());
        // The run receives until the last log is dropped; sending fails only if it panicked.
        let _ = self.events.send(Event { connection: self.connection, at, wall, kind });
    }
}

/// One connection that is not opened yet.
pub(crate) struct Connection<'run> {
    addresses: &'run Addresses,
    script: &'run Script,
    timeout: Duration,
    pulse: &'run Pulse,
    log: Log,
}

impl<'run> Connection<'run> {
    pub(crate) fn new(
        addresses: &'run Addresses,
        script: &'run Script,
        timeout: Duration,
        pulse: &'run Pulse,
        log: Log,
    ) -> Self {
        Connection { addresses, script, timeout, pulse, log }
    }

    /// Plays the script to its end or to its first failure, which it reports.
    pub(crate) fn play(&self) {
        if let Err(failure) = self.converse() {
            self.log.report(EventKind::Failed(failure));
        }
    }

    fn converse(&self) -> Result<(), Failure> {
        let stream = self.connect()?;
        self.log.report(EventKind::Connected);
        let progress = Progress::default();
        thread::scope(|scope| {
            thread(self.log.connection)
                .spawn_scoped(scope, || progress.end(self.receive_all(&stream, &progress)))
                .map_err(|error| Failure::Thread { cause: error.to_string() })?;
            let outcome = self.send(&stream, &progress);
            if outcome.is_err() {
                // Wakes the receiver if it still waits. The connection may be closed already.
                let _ = stream.shutdown(Shutdown::Both);
            }
            outcome
        })
    }

    fn connect(&self) -> Result<TcpStream, Failure> {
        let (_, stream) = self.addresses.try_each(self.time_left(), |address, within| {
            let stream = TcpStream::connect_timeout(&address, within)?;
            // The script decides when each buffer is sent.
            stream.set_nodelay(true)?;
            stream.set_write_timeout(Some(self.time_left()))?;
            Ok(stream)
        })?;
        Ok(stream)
    }

    /// The sending thread.
    fn send(&self, mut stream: &TcpStream, progress: &Progress) -> Result<(), Failure> {
        progress.wait(None, |now| now.greeted)?;
        for (step, owed) in self.script.steps_with_owed() {
            self.log.report(EventKind::Sending(step.buffer.clone()));
            progress.update(|now| now.owed = owed as u64);
            if let Err(error) = stream.write_all(&step.buffer) {
                return Err(self.ended_early(progress.lock().received, &error));
            }
            progress.wait(Some(step.pause), |_| false)?;
        }
        progress.wait(None, |now| now.received == self.script.reply().len() as u64)?;
        self.log.report(EventKind::Disconnecting);
        progress.update(|now| now.disconnecting = true);
        // Fails only if the server has closed already, which the receiver reports.
        let _ = stream.shutdown(Shutdown::Write);
        progress.wait(None, |_| false)
    }

    /// The receiving thread: runs until the server closes or violates the protocol.
    fn receive_all(&self, mut stream: &TcpStream, progress: &Progress) -> Result<(), Failure> {
        let mut verifier = Verifier::new(self.script.reply());
        verifier.owe(1);
        let mut buffer = [0; RECEIVE_BYTES];
        loop {
            let read =
                stream.set_read_timeout(Some(self.time_left())).and_then(|()| stream.read(&mut buffer));
            match read {
                Ok(0) if progress.lock().disconnecting => return Ok(()),
                Ok(0) => {
                    let end = io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed it");
                    return Err(self.ended_early(verifier.received(), &end));
                }
                Ok(length) => self.receive(&buffer[..length], &mut verifier, progress)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    if self.log.started.elapsed() >= self.timeout() {
                        return Err(self.timed_out(&awaited(&verifier)));
                    }
                }
                Err(error) => return Err(self.ended_early(verifier.received(), &error)),
            }
        }
    }

    /// Reports what arrived, then verifies it, so that a wrong byte appears in the transcript, too.
    fn receive(&self, bytes: &[u8], verifier: &mut Verifier<'_>, progress: &Progress) -> Result<(), Failure> {
        let mut reply = bytes;
        if !verifier.greeted() && bytes.first() == Some(&protocol::GREETING) {
            self.log.report(EventKind::Greeted);
            reply = &bytes[1..];
        }
        if !reply.is_empty() {
            self.log.report(EventKind::Received(reply.to_vec()));
        }
        verifier.check(bytes)?;
        let (received, owed) = (verifier.received(), progress.lock().owed);
        if received > owed {
            return Err(Failure::Unasked { received, owed });
        }
        progress.update(|now| {
            now.greeted = true;
            now.received = received;
        });
        Ok(())
    }

    /// The timeout, longer by the time in which this process was stopped: that is not the server's silence.
    fn timeout(&self) -> Duration {
        self.timeout + self.pulse.lost()
    }

    /// What is left of the connection's time; never zero, which sockets reject as a timeout.
    fn time_left(&self) -> Duration {
        self.timeout().saturating_sub(self.log.started.elapsed()).max(Duration::from_millis(1))
    }

    fn timed_out(&self, awaited: &str) -> Failure {
        Failure::Timeout { after: self.timeout, awaited: awaited.to_owned() }
    }

    fn ended_early(&self, received: u64, cause: &io::Error) -> Failure {
        let owed = self.script.reply().len() as u64;
        Failure::EndedEarly { received, owed, cause: cause.to_string() }
    }
}

/// What the client still waits for, as text.
fn awaited(verifier: &Verifier<'_>) -> String {
    let (received, outstanding) = (verifier.received(), verifier.outstanding());
    if !verifier.greeted() {
        "the server has not greeted with '*'".to_owned()
    } else if outstanding > 0 {
        format!("only {received} of {} reply bytes have arrived", received + outstanding)
    } else {
        "the whole reply has arrived, but the server has not closed its side after the client did".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_awaited_depends_on_what_has_arrived() {
        let mut verifier = Verifier::new(b"bcd");
        verifier.owe(1);
        assert_eq!(awaited(&verifier), "the server has not greeted with '*'");
        verifier.check(b"*bc").unwrap();
        assert_eq!(awaited(&verifier), "only 2 of 3 reply bytes have arrived");
        verifier.check(b"d").unwrap();
        assert!(awaited(&verifier).ends_with("the server has not closed its side after the client did"));
    }
}
