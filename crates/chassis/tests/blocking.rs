//! The blocking half of the chassis, driven by the smallest server that can be built on it: raw echo with
//! a thread per client. Every wait for the server is a wait for something that must happen; the only
//! limit is the read timeout of the test's own sockets, far beyond any machine's slowness.
#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown as Direction, SocketAddr, TcpListener, TcpStream};
use std::num::NonZeroUsize;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use chassis::{Acceptor, Connection, Connections, Options, Shutdown, Summary, Timeout, listen};

struct Server {
    address: SocketAddr,
    shutdown: Shutdown,
    thread: JoinHandle<io::Result<Summary>>,
}

impl Server {
    fn start(options: Options, converse: fn(&mut Connection) -> io::Result<()>) -> Server {
        let listener = listen(([127, 0, 0, 1], 0).into()).unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = Shutdown::new().unwrap();
        let for_server = shutdown.clone();
        let thread = thread::spawn(move || serve(listener, &options, &for_server, converse));
        Server { address, shutdown, thread }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    }

    fn stop(self) -> Summary {
        self.shutdown.request();
        self.thread.join().unwrap().unwrap()
    }
}

fn serve(
    listener: TcpListener,
    options: &Options,
    shutdown: &Shutdown,
    converse: fn(&mut Connection) -> io::Result<()>,
) -> io::Result<Summary> {
    let connections = Connections::new(options, shutdown)?;
    let mut acceptor = Acceptor::new(listener, shutdown)?;
    thread::scope(|scope| {
        while let Some(client) = acceptor.next_client()? {
            if let Some(connection) = connections.admit(client) {
                scope.spawn(move || connection.run(converse));
            }
        }
        drop(acceptor);
        io::Result::Ok(())
    })?;
    Ok(connections.finish())
}

fn echo(connection: &mut Connection) -> io::Result<()> {
    let mut buffer = vec![0; 4096];
    loop {
        match connection.receive(&mut buffer, false)? {
            0 => return Ok(()),
            received => connection.send_all(&buffer[..received])?,
        }
    }
}

/// Sends for ever, whether or not the client reads.
fn flood(connection: &mut Connection) -> io::Result<()> {
    let noise = vec![0; 65_536];
    loop {
        connection.send_all(&noise)?;
    }
}

fn ask(stream: &mut TcpStream, bytes: &[u8]) -> Vec<u8> {
    stream.write_all(bytes).unwrap();
    let mut reply = vec![0; bytes.len()];
    stream.read_exact(&mut reply).unwrap();
    reply
}

/// How the stream ends, after anything that still comes.
fn end_of(mut stream: TcpStream) -> Result<Vec<u8>, ErrorKind> {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).map(|_| rest).map_err(|error| error.kind())
}

#[test]
fn a_half_closed_client_gets_its_whole_reply_and_then_the_end() {
    let server = Server::start(Options::default(), echo);
    let mut client = server.connect();
    client.write_all(b"last words").unwrap();
    client.shutdown(Direction::Write).unwrap();
    assert_eq!(end_of(client), Ok(b"last words".to_vec()));
    let summary = server.stop();
    assert_eq!((summary.accepted, summary.completed, summary.answered_bytes), (1, 1, 10));
}

#[test]
fn shutdown_wakes_a_thread_that_waits_for_an_idle_client() {
    let server = Server::start(Options::default(), echo);
    let mut client = server.connect();
    assert_eq!(ask(&mut client, b"x"), b"x");
    server.shutdown.request();
    assert_eq!(end_of(client), Ok(vec![]));
    assert_eq!(server.stop().completed, 1);
}

#[test]
fn shutdown_is_seen_by_a_server_without_clients() {
    let server = Server::start(Options::default(), echo);
    assert_eq!(server.stop(), Summary::default());
}

#[test]
fn a_client_that_never_falls_quiet_is_told_at_half_time_and_keeps_the_tail_of_its_reply() {
    let options = Options { drain_timeout: Duration::from_secs(2), ..Options::default() };
    let server = Server::start(options, echo);
    let mut client = server.connect();
    assert_eq!(ask(&mut client, b"x"), b"x");
    server.shutdown.request();
    // It goes on talking until it hears the end, and everything that was answered must be the echo.
    let mut talker = client.try_clone().unwrap();
    let reader = thread::spawn(move || end_of(client));
    while talker.write_all(b"y").is_ok() && !reader.is_finished() {
        thread::yield_now();
    }
    drop(talker);
    let rest = reader.join().unwrap().expect("an orderly end, no reset");
    assert!(rest.iter().all(|&byte| byte == b'y'));
    let summary = server.stop();
    assert_eq!((summary.completed, summary.dropped), (1, 0));
}

#[test]
fn a_reply_that_nobody_takes_is_dropped_at_the_drain_deadline_and_counted() {
    let options = Options { drain_timeout: Duration::from_millis(300), ..Options::default() };
    let server = Server::start(options, flood);
    let mut client = server.connect();
    client.read_exact(&mut [0]).unwrap();
    let summary = server.stop();
    assert_eq!((summary.accepted, summary.dropped), (1, 1));
}

#[test]
fn an_idle_client_is_closed_in_good_order_and_counted_as_a_timeout() {
    let options = Options { idle_timeout: Timeout::after(Duration::from_millis(50)), ..Options::default() };
    let server = Server::start(options, echo);
    assert_eq!(end_of(server.connect()), Ok(vec![]));
    assert_eq!(server.stop().timeouts, 1);
}

#[test]
fn a_client_that_does_not_read_is_cut_after_the_write_timeout() {
    let options = Options { write_timeout: Timeout::after(Duration::from_millis(50)), ..Options::default() };
    let server = Server::start(options, flood);
    let mut client = server.connect();
    client.read_exact(&mut [0]).unwrap();
    // Long before the drain deadline would drop it.
    let summary = server.stop();
    assert_eq!((summary.timeouts, summary.dropped), (1, 0));
}

#[test]
fn clients_over_the_limit_are_closed_without_a_byte_and_counted() {
    let options = Options { max_conns: NonZeroUsize::new(1), ..Options::default() };
    let server = Server::start(options, echo);
    let mut first = server.connect();
    assert_eq!(ask(&mut first, b"x"), b"x");
    assert_eq!(end_of(server.connect()), Ok(vec![]));
    assert_eq!(ask(&mut first, b"y"), b"y");
    drop(first);
    let summary = server.stop();
    assert_eq!((summary.accepted, summary.rejected, summary.completed), (2, 1, 1));
}

#[test]
fn a_panic_in_one_conversation_costs_that_client_only() {
    fn touchy(connection: &mut Connection) -> io::Result<()> {
        let mut buffer = [0; 1];
        while connection.receive(&mut buffer, false)? > 0 {
            assert_ne!(buffer, *b"!", "this panic is part of the test");
            connection.send_all(&buffer)?;
        }
        Ok(())
    }
    let server = Server::start(Options::default(), touchy);
    let mut victim = server.connect();
    let mut other = server.connect();
    victim.write_all(b"!").unwrap();
    assert_eq!(end_of(victim), Ok(vec![]));
    assert_eq!(ask(&mut other, b"x"), b"x");
    drop(other);
    let summary = server.stop();
    assert_eq!((summary.errors, summary.completed), (1, 1));
}

#[test]
fn a_port_in_use_is_refused_with_the_address_and_what_to_do() {
    let taken = listen(([127, 0, 0, 1], 0).into()).unwrap();
    let address = taken.local_addr().unwrap();
    let message = listen(address).unwrap_err().to_string();
    assert!(message.starts_with(&format!("cannot listen on {address}: ")), "{message}");
    assert!(message.ends_with("choose another --addr"), "{message}");
}
