//! Clients of threads that block, served by the smallest server that can be built on them: a thread for each. Every wait for the server is a wait for something that must happen; the only
//! limit is the read timeout of the test's own sockets, far beyond any machine's slowness.
#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown as Direction, SocketAddr, TcpListener, TcpStream};
use std::num::NonZeroUsize;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use chassis::{Options, Shutdown, Summary, Timeout, listen};
use sockets::blocking::{Acceptor, Client, Connections};

struct Server {
    address: SocketAddr,
    shutdown: Shutdown,
    thread: JoinHandle<io::Result<Summary>>,
}

impl Server {
    fn start(options: Options) -> Server {
        let listener = listen(([127, 0, 0, 1], 0).into()).unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = Shutdown::new().unwrap();
        let for_server = shutdown.clone();
        let thread = thread::spawn(move || serve(listener, &options, &for_server));
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

fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    let connections = Connections::new(options, shutdown)?;
    let mut acceptor = Acceptor::new(listener, shutdown)?;
    thread::scope(|scope| {
        while let Some(client) = acceptor.next_client()? {
            if let Some(client) = connections.admit(client) {
                scope.spawn(move || client.run(converse));
            }
        }
        drop(acceptor);
        io::Result::Ok(())
    })?;
    Ok(connections.finish())
}

fn converse(client: &mut Client) -> io::Result<()> {
    client.greet()?;
    while let Some(chunk) = client.receive()? {
        client.answer(chunk)?;
    }
    Ok(())
}

/// A client that has been greeted.
fn greeted(server: &Server) -> TcpStream {
    let mut client = server.connect();
    let mut greeting = [0];
    client.read_exact(&mut greeting).unwrap();
    assert_eq!(greeting, *b"*");
    client
}

/// Sends a byte within a message, and reads its reply.
fn ask(stream: &mut TcpStream) {
    stream.write_all(b"^x$").unwrap();
    let mut reply = [0];
    stream.read_exact(&mut reply).unwrap();
    assert_eq!(reply, *b"y");
}

/// How the stream ends, after anything that still comes.
fn end_of(mut stream: TcpStream) -> Result<Vec<u8>, ErrorKind> {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).map(|_| rest).map_err(|error| error.kind())
}

#[test]
fn a_half_closed_client_gets_its_whole_reply_and_then_the_end() {
    let server = Server::start(Options::default());
    let mut client = greeted(&server);
    client.write_all(b"^last words").unwrap();
    client.shutdown(Direction::Write).unwrap();
    assert_eq!(end_of(client), Ok(b"mbtu!xpset".to_vec()));
    let summary = server.stop();
    assert_eq!((summary.accepted, summary.completed, summary.answered_bytes), (1, 1, 11));
}

#[test]
fn shutdown_wakes_a_thread_that_waits_for_an_idle_client() {
    let server = Server::start(Options::default());
    let mut client = greeted(&server);
    ask(&mut client);
    server.shutdown.request();
    assert_eq!(end_of(client), Ok(vec![]));
    assert_eq!(server.stop().completed, 1);
}

#[test]
fn shutdown_is_seen_by_a_server_without_clients() {
    let server = Server::start(Options::default());
    assert_eq!(server.stop(), Summary::default());
}

#[test]
fn a_client_that_never_falls_quiet_is_told_at_half_time_and_keeps_the_tail_of_its_reply() {
    let options = Options { drain_timeout: Duration::from_secs(2), ..Options::default() };
    let server = Server::start(options);
    let mut client = greeted(&server);
    client.write_all(b"^").unwrap();
    server.shutdown.request();
    // It goes on talking until it reads the end, and everything that was answered must be the reply.
    let mut talker = client.try_clone().unwrap();
    let reader = thread::spawn(move || end_of(client));
    while talker.write_all(b"y").is_ok() && !reader.is_finished() {
        thread::yield_now();
    }
    drop(talker);
    let rest = reader.join().unwrap().expect("an orderly end, no reset");
    assert!(rest.iter().all(|&byte| byte == b'z'));
    let summary = server.stop();
    assert_eq!((summary.completed, summary.dropped), (1, 0));
}

#[test]
fn a_reply_that_nobody_takes_is_dropped_at_the_drain_deadline_and_counted() {
    let options = Options { drain_timeout: Duration::from_millis(300), ..Options::default() };
    let server = Server::start(options);
    let mut client = greeted(&server);
    client.write_all(b"^").unwrap();
    // More than the receive buffer of a client that does not read.
    client.write_all(&vec![0; 1 << 20]).unwrap();
    let summary = server.stop();
    assert_eq!((summary.accepted, summary.dropped), (1, 1));
}

#[test]
fn an_idle_client_is_closed_in_good_order_and_counted_as_a_timeout() {
    let options = Options { idle_timeout: Timeout::after(Duration::from_millis(50)), ..Options::default() };
    let server = Server::start(options);
    assert_eq!(end_of(server.connect()), Ok(b"*".to_vec()));
    assert_eq!(server.stop().timeouts, 1);
}

#[test]
fn a_client_that_does_not_read_is_cut_after_the_write_timeout() {
    let options = Options { write_timeout: Timeout::after(Duration::from_millis(50)), ..Options::default() };
    let server = Server::start(options);
    let mut client = greeted(&server);
    client.write_all(b"^").unwrap();
    // Far more than all buffers on the way hold: it ends when the server cuts the connection.
    let zeros = vec![0; 1 << 20];
    assert!((0..1_024).any(|_| client.write_all(&zeros).is_err()));
    let summary = server.stop();
    assert_eq!((summary.timeouts, summary.dropped), (1, 0));
}

#[test]
fn clients_over_the_limit_are_closed_without_a_byte_and_counted() {
    let options = Options { max_conns: NonZeroUsize::new(1), ..Options::default() };
    let server = Server::start(options);
    let mut first = greeted(&server);
    assert_eq!(end_of(server.connect()), Ok(vec![]));
    ask(&mut first);
    drop(first);
    let summary = server.stop();
    assert_eq!((summary.accepted, summary.rejected, summary.completed), (2, 1, 1));
}

#[cfg(debug_assertions)]
#[test]
fn a_panic_in_one_conversation_costs_that_client_only() {
    let server = Server::start(Options { panic_on: Some("!".to_owned()), ..Options::default() });
    let mut victim = greeted(&server);
    let mut other = greeted(&server);
    victim.write_all(b"!").unwrap();
    assert_eq!(end_of(victim), Ok(vec![]));
    ask(&mut other);
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
