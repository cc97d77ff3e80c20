//! Small servers, each on a port of its own, and runs of the client against them.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::num::NonZeroU32;
use std::thread;
use std::time::Duration;

use protocol::Session;
use script::{Options, Report, Script, run};

/// The script of the series, shortened to some 22 ms.
pub(crate) fn fast_script() -> Script {
    Script::series().faster(NonZeroU32::new(100).unwrap())
}

/// Plays the fast script on `connections` connections, with a timeout that expires only if something hangs.
pub(crate) fn play(address: SocketAddr, connections: usize) -> Report {
    play_within(address, connections, Duration::from_secs(60))
}

pub(crate) fn play_within(address: SocketAddr, connections: usize, timeout: Duration) -> Report {
    let options = Options { connections, script: fast_script(), timeout: Some(timeout) };
    run(&address.into(), &options, |_| {}).unwrap()
}

/// Plays the fast script with a long pause after one step, which only a failure ends early. So whatever the
/// server does after that step happens during the pause, however busy the machine is.
pub(crate) fn play_with_long_pause(address: SocketAddr, step: usize) -> Report {
    let minute = Duration::from_secs(60);
    let mut steps = fast_script().steps().to_vec();
    steps[step].pause = minute;
    let options = Options { connections: 1, script: Script::new(steps), timeout: Some(minute) };
    run(&address.into(), &options, |_| {}).unwrap()
}

/// Serves `connections` connections, one after the other, and then no more.
pub(crate) fn sequential(
    connections: usize,
    serve: impl Fn(TcpStream) -> io::Result<()> + Send + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().take(connections) {
            // Errors on the server's side are not under test.
            let _ = serve(stream.unwrap());
        }
    });
    address
}

/// Serves `connections` connections at once, with a thread for each.
pub(crate) fn concurrent(
    connections: usize,
    serve: impl Fn(TcpStream) -> io::Result<()> + Clone + Send + 'static,
) -> SocketAddr {
    sequential(connections, move |stream| {
        let serve = serve.clone();
        thread::spawn(move || serve(stream));
        Ok(())
    })
}

/// A correct server.
pub(crate) fn right(mut stream: TcpStream) -> io::Result<()> {
    stream.write_all(b"*")?;
    answer(stream, |reply| reply)
}

/// Answers until the client closes its side, with each reply changed by `distort`.
pub(crate) fn answer(mut stream: TcpStream, distort: impl Fn(Vec<u8>) -> Vec<u8>) -> io::Result<()> {
    let mut session = Session::new();
    let mut buffer = [0; 64];
    loop {
        let length = stream.read(&mut buffer)?;
        if length == 0 {
            return Ok(());
        }
        let mut reply = Vec::new();
        session.append_reply(&buffer[..length], &mut reply);
        stream.write_all(&distort(reply))?;
    }
}

/// A port without a listener. It is the local port of an open connection, so that no other test can bind it in
/// the meantime.
pub(crate) struct ClosedPort {
    end: TcpStream,
    _listener: TcpListener,
}

impl ClosedPort {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let end = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        ClosedPort { end, _listener: listener }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.end.local_addr().unwrap()
    }
}
