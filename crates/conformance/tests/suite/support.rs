//! A small server, correct or with one planted fault: a thread per connection.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use conformance::{Case, Options, Outcome, Settings, TOO_BUSY, Target, run};
use protocol::Session;

/// The fault of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "processes are observed from outside on Linux only")
)]
pub(crate) enum Fault {
    Nothing,
    DropsAByte,
    DoublesAByte,
    SwapsTwoBytes,
    SendsAnExtraByte,
    AddsWithoutWrapping,
    DoesNotGreet,
    ForgetsTheStateBetweenReads,
    OpensAgainAtAnInnerStart,
    ClosesAfterOneMessage,
    DiesAfterAReset,
    ResetsInsteadOfAFin,
    ServesOneAtATime,
    StoresReplies,
    IgnoresTimeouts,
    LeaksDescriptors,
    LeaksMemory,
    KeepsMegabytes,
    LeaksThreads,
    Spins,
    WakesTooOften,
    ServesLate,
    Miscounts,
    HandlesNoSignals,
    KeepsTheMask,
    TakesEintrForAnError,
    ForgetsTheEdge,
    PausesTooShort,
    AcceptsOncePerEvent,
    HasATableOf1000,
    LosesWorkers,
    DiesOfAPanic,
}

/// A message with this text makes a handler panic.
pub(crate) const PANIC_TEXT: &str = "panic, please";

/// Listens at this address or on a free port, with a backlog for all clients of a burst; std's default is too short.
pub(crate) fn listen(address: Option<SocketAddr>) -> io::Result<TcpListener> {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
    socket.bind(&address.unwrap_or((Ipv4Addr::LOCALHOST, 0).into()).into())?;
    socket.listen(4096)?;
    Ok(socket.into())
}

/// The state that all connections of one server share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) fault: Fault,
    settings: Settings,
    pub(crate) stop: Arc<AtomicBool>,
    counts: Arc<Counts>,
}

/// How many clients were accepted, and how they ended.
#[derive(Default)]
struct Counts {
    accepted: AtomicUsize,
    completed: AtomicUsize,
    errors: AtomicUsize,
}

impl Shared {
    pub(crate) fn new(fault: Fault, settings: Settings) -> Self {
        Shared { fault, settings, stop: Arc::default(), counts: Arc::default() }
    }

    pub(crate) fn accept(&self, listener: &TcpListener) {
        if matches!(self.fault, Fault::Spins | Fault::WakesTooOften) {
            let (stop, pause) = (Arc::clone(&self.stop), self.fault == Fault::WakesTooOften);
            thread::spawn(move || burn_cpu(&stop, pause));
        }
        for stream in listener.incoming() {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            match stream {
                Ok(stream) if self.fault == Fault::ServesOneAtATime => self.serve_to_the_end(stream),
                Ok(stream) => self.serve_on_a_thread(stream),
                Err(_) if self.fault == Fault::PausesTooShort => thread::sleep(Duration::from_millis(24)),
                Err(_) => {}
            }
        }
    }

    pub(crate) fn serve_on_a_thread(&self, stream: TcpStream) {
        let shared = self.clone();
        thread::spawn(move || shared.serve_to_the_end(stream));
    }

    /// Serves one client and counts how it ended.
    pub(crate) fn serve_to_the_end(&self, stream: TcpStream) {
        let Counts { accepted, completed, errors } = &*self.counts;
        // Before the own client is counted: whoever has ended by then was counted as accepted.
        let ended = completed.load(Ordering::SeqCst) + errors.load(Ordering::SeqCst);
        let open = accepted.fetch_add(1, Ordering::SeqCst) - ended;
        if self.fault == Fault::HasATableOf1000 && open >= 1_000 {
            completed.fetch_add(1, Ordering::SeqCst);
            return;
        }
        let served = self.serve(&stream);
        if served.is_ok() { completed } else { errors }.fetch_add(1, Ordering::SeqCst);
        let is_reset = served.is_err_and(|error| {
            matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe)
        });
        if is_reset && self.fault == Fault::DiesAfterAReset {
            std::process::exit(1); // before the descriptor is closed
        }
        match self.fault {
            Fault::LeaksDescriptors => std::mem::forget(stream),
            Fault::LeaksMemory => std::mem::forget(vec![1_u8; 1024]),
            Fault::KeepsMegabytes => std::mem::forget(vec![1_u8; 32 << 20]),
            Fault::LeaksThreads => thread::sleep(Duration::from_secs(600)),
            _ => {}
        }
    }

    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "only a child process has a log"))]
    /// The last line of a server's log. A client that is still connected counts as dropped.
    pub(crate) fn summary(&self) -> String {
        let Counts { accepted, completed, errors } = &*self.counts;
        let (completed, errors) = (completed.load(Ordering::Relaxed), errors.load(Ordering::Relaxed));
        let accepted = accepted.load(Ordering::Relaxed);
        let dropped = accepted - completed - errors;
        let counted = if self.fault == Fault::Miscounts { accepted + 1 } else { accepted };
        format!(
            "accepted {counted}, completed {completed}, errors {errors}, timeouts 0, rejected 0, dropped {dropped}"
        )
    }

    fn serve(&self, stream: &TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        if self.fault != Fault::IgnoresTimeouts {
            stream.set_read_timeout(self.settings.idle_timeout)?;
            stream.set_write_timeout(self.settings.write_timeout)?;
        }
        match self.fault {
            // Only with a timeout does Linux interrupt a `recv` when the process is stopped and continued.
            Fault::TakesEintrForAnError => stream.set_read_timeout(Some(Duration::from_secs(600)))?,
            Fault::ServesLate => thread::sleep(Duration::from_millis(1_100)),
            _ => {}
        }
        if self.fault != Fault::DoesNotGreet {
            (&*stream).write_all(b"*")?;
        }
        let storing = (self.fault == Fault::StoresReplies).then(|| store_and_forward(stream)).transpose()?;
        let mut replies = Replies { fault: self.fault, session: Session::new(), sent: 0 };
        let mut buffer = vec![0; 16 << 10];
        loop {
            let count = match (&*stream).read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break, // idle
                Err(error)
                    if error.kind() == io::ErrorKind::Interrupted
                        && self.fault != Fault::TakesEintrForAnError =>
                {
                    continue;
                }
                Err(error) => return Err(error),
            };
            if memmem(&buffer[..count], PANIC_TEXT.as_bytes()) {
                if self.fault == Fault::DiesOfAPanic {
                    std::process::abort();
                }
                panic!("requested by the client");
            }
            let (reply, is_open) = replies.to(&buffer[..count]);
            match &storing {
                Some(store) => drop(store.send(reply)),
                None => write_all(stream, &reply)?,
            }
            if !is_open {
                break;
            }
        }
        if let Some(store) = storing {
            drop(store);
            return Ok(());
        }
        match self.fault {
            Fault::SendsAnExtraByte => (&*stream).write_all(b"!")?,
            Fault::ResetsInsteadOfAFin => socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO))?,
            _ => {}
        }
        if self.fault == Fault::ResetsInsteadOfAFin { Ok(()) } else { stream.shutdown(Shutdown::Write) }
    }
}

/// Uses a whole CPU, or a tenth of one.
fn burn_cpu(stop: &AtomicBool, pause: bool) {
    while !stop.load(Ordering::Relaxed) {
        let start = Instant::now();
        while pause && start.elapsed() < Duration::from_millis(1) {}
        if pause {
            thread::sleep(Duration::from_millis(9));
        }
    }
}

fn memmem(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

/// Drops a peer that reads nothing for the write timeout with a reset.
fn write_all(mut stream: &TcpStream, reply: &[u8]) -> io::Result<()> {
    stream.write_all(reply).inspect_err(|_| {
        let _ = socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO));
    })
}

/// Stores replies without limit and writes them when the peer reads.
fn store_and_forward(stream: &TcpStream) -> io::Result<Sender<Vec<u8>>> {
    let (store, stored): (_, Receiver<Vec<u8>>) = channel();
    let mut stream = stream.try_clone()?;
    thread::spawn(move || {
        for reply in stored {
            if stream.write_all(&reply).is_err() {
                return;
            }
        }
        let _ = stream.shutdown(Shutdown::Write);
    });
    Ok(store)
}

/// The replies of one connection, including faults.
struct Replies {
    fault: Fault,
    session: Session,
    sent: usize,
}

/// The position of the fault in a connection's reply.
const FAULT_POSITION: usize = 2;

impl Replies {
    /// The reply to what was read, and whether the connection stays open.
    fn to(&mut self, input: &[u8]) -> (Vec<u8>, bool) {
        if self.fault == Fault::ForgetsTheStateBetweenReads {
            self.session = Session::new();
        }
        let mut reply = Vec::with_capacity(input.len());
        if matches!(self.fault, Fault::Nothing | Fault::StoresReplies) {
            self.session.append_reply(input, &mut reply);
            return (reply, true);
        }
        for &byte in input {
            let was_in_frame = self.session.in_frame();
            let output = self.session.step(byte);
            if self.fault == Fault::ClosesAfterOneMessage && was_in_frame && output.is_none() {
                return (reply, false);
            }
            reply.extend(output.and_then(|output| match (self.fault, byte) {
                (Fault::OpensAgainAtAnInnerStart, b'^') => None,
                (Fault::AddsWithoutWrapping, 0xFF) => Some(0xFF),
                _ => Some(output),
            }));
        }
        let fault_position = FAULT_POSITION.checked_sub(self.sent).filter(|&position| position < reply.len());
        self.sent += reply.len();
        match (self.fault, fault_position) {
            (Fault::DropsAByte, Some(position)) => drop(reply.remove(position)),
            (Fault::DoublesAByte, Some(position)) => reply.insert(position, reply[position]),
            (Fault::SwapsTwoBytes, Some(position)) if position > 0 => reply.swap(position, position - 1),
            _ => {}
        }
        (reply, true)
    }
}

/// How a case ends. If it says that this machine is too busy for it, it is run again.
pub(crate) fn outcome_of(target: &Target<'_>, case: &'static Case, options: &Options) -> Outcome {
    const ATTEMPTS: usize = 10;
    let is_too_busy =
        |outcome: &Outcome| matches!(outcome, Outcome::Skipped { reason } if reason.starts_with(TOO_BUSY));
    let attempt = || run(target, &[case], options, &mut |_| ()).cases.remove(0).outcome;
    let mut outcome = attempt();
    for _ in 1..ATTEMPTS {
        if !is_too_busy(&outcome) {
            break;
        }
        outcome = attempt();
    }
    outcome
}
