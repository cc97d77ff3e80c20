//! Servers to measure, correct and broken: blocking, one thread per connection, each on a port of its own.
//!
//! Their threads keep running when a test ends and end with the process.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use loadgen::Scenario;
use protocol::{GREETING, Session};

/// Runs `serve` on a thread of its own for each connection; the number counts connections from 0.
pub(crate) fn start(
    serve: impl Fn(TcpStream, usize) -> io::Result<()> + Send + Sync + 'static,
) -> SocketAddr {
    let (listener, address) = listen();
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let (serve, stream) = (Arc::clone(&serve), stream.expect("a client that connects"));
            thread::spawn(move || serve(stream, number));
        }
    });
    address
}

/// A correct server.
pub(crate) fn server() -> SocketAddr {
    start(|stream, _| serve(&stream, |_| {}))
}

/// A listener on a free port of the loopback interface.
pub(crate) fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free loopback port");
    let address = listener.local_addr().expect("the address of a bound listener");
    (listener, address)
}

/// An address without a listener for as long as the other two values are kept: it belongs to one end of a connection, so
/// that no listener of another test gets its port meanwhile.
pub(crate) fn address_without_listener() -> (SocketAddr, TcpStream, TcpListener) {
    let (listener, address) = listen();
    let end = TcpStream::connect(address).expect("a listener that listens");
    (end.local_addr().expect("the address of a connected socket"), end, listener)
}

/// Serves one connection by the protocol; `distort` may change each reply before it is sent.
pub(crate) fn serve(mut stream: &TcpStream, distort: impl FnMut(&mut Vec<u8>)) -> io::Result<()> {
    stream.write_all(&[GREETING])?;
    answer(stream, distort)
}

/// What [`serve`] does after the greeting.
pub(crate) fn answer(mut stream: &TcpStream, mut distort: impl FnMut(&mut Vec<u8>)) -> io::Result<()> {
    let mut session = Session::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut reply = Vec::new();
    loop {
        let length = stream.read(&mut buffer)?;
        if length == 0 {
            return Ok(());
        }
        reply.clear();
        session.append_reply(&buffer[..length], &mut reply);
        distort(&mut reply);
        stream.write_all(&reply)?;
    }
}

/// A run with long waits, so that they time out only if the server does not act.
pub(crate) fn patient(connections: usize, duration_ms: u64) -> Scenario {
    Scenario {
        connections,
        greeting_wait_ms: 30_000,
        warm_up_ms: 0,
        duration_ms,
        drain_ms: 30_000,
        close_ms: 30_000,
        ..Scenario::default()
    }
}
