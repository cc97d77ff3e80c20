//! Servers with one deliberate fault each, for the case that checks the checker.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use protocol::{GREETING, Session};

/// The fault of such a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No fault: the server must pass.
    Nothing,
    DropsAByte,
    DoublesAByte,
    SwapsTwoBytes,
    SendsAByteTooMany,
    AddsWithoutWrapping,
    DoesNotGreet,
    EndsTooEarly,
    Stalls,
}

impl Fault {
    pub(crate) const ALL: [Fault; 8] = [
        Fault::DropsAByte,
        Fault::DoublesAByte,
        Fault::SwapsTwoBytes,
        Fault::SendsAByteTooMany,
        Fault::AddsWithoutWrapping,
        Fault::DoesNotGreet,
        Fault::EndsTooEarly,
        Fault::Stalls,
    ];
}

/// Serves one client after the other until this is dropped.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) address: SocketAddr,
    stop: Arc<AtomicBool>,
}

impl Broken {
    pub(crate) fn start(fault: Fault) -> io::Result<Broken> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        thread::Builder::new().spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let _ = serve(&stream, fault); // an error ends only this client
            }
        })?;
        Ok(Broken { address, stop })
    }
}

impl Drop for Broken {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address); // wakes the accept
    }
}

fn serve(mut stream: &TcpStream, fault: Fault) -> io::Result<()> {
    // Longer than any client of the checker is silent.
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    if fault != Fault::DoesNotGreet {
        stream.write_all(&[GREETING])?;
    }
    let mut session = Session::new();
    let mut buffer = [0; 4096];
    loop {
        let received = match stream.read(&mut buffer)? {
            0 => break,
            received => received,
        };
        let mut reply = Vec::new();
        for &byte in &buffer[..received] {
            let wraps = byte == 0xFF && fault == Fault::AddsWithoutWrapping;
            reply.extend(session.step(byte).map(|output| if wraps { byte } else { output }));
        }
        match fault {
            Fault::DropsAByte => drop(reply.pop()),
            Fault::DoublesAByte => reply.extend(reply.last().copied()),
            Fault::SwapsTwoBytes if reply.len() >= 2 => reply.swap(0, 1),
            Fault::EndsTooEarly => reply.truncate(reply.len() / 2),
            Fault::Stalls => reply.clear(),
            _ => {}
        }
        stream.write_all(&reply)?;
        if fault == Fault::EndsTooEarly {
            return Ok(());
        }
    }
    if fault == Fault::SendsAByteTooMany { stream.write_all(b"!") } else { Ok(()) }
}
