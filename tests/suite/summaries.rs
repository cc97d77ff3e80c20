//! Every model in this process: the counts that `serve` returns must add up, which a child process cannot show.

use std::io::{self, Read, Write};
use std::net::{Shutdown as Direction, SocketAddr, TcpStream};
use std::num::NonZeroUsize;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use chassis::{Options, Runtime, Serve, Shutdown, Summary, Timeout, listen};
use concurrent_servers::models;

use crate::owed::on_every_model;

struct Server {
    address: SocketAddr,
    shutdown: Shutdown,
    thread: JoinHandle<io::Result<Summary>>,
}

impl Server {
    fn start(serve: Serve, options: Options) -> Server {
        let listener = listen(([127, 0, 0, 1], 0).into()).unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = Shutdown::new().unwrap();
        let for_server = shutdown.clone();
        let thread = thread::spawn(move || serve(listener, &options, &for_server));
        Server { address, shutdown, thread }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        // Far beyond any machine's slowness: a hanging server fails the test instead of hanging it.
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    }

    fn greeted(&self) -> TcpStream {
        let mut stream = self.connect();
        expect(&mut stream, b"*");
        stream
    }

    fn stop(self) -> Summary {
        self.shutdown.request();
        self.thread.join().unwrap().unwrap()
    }
}

fn expect(stream: &mut TcpStream, bytes: &[u8]) {
    let mut got = vec![0; bytes.len()];
    stream.read_exact(&mut got).unwrap();
    assert_eq!(got, bytes);
}

fn expect_end(mut stream: TcpStream) {
    assert_eq!(stream.read_to_end(&mut Vec::new()).unwrap(), 0);
}

/// Three frames and an orderly end.
fn converse(server: &Server) {
    let mut client = server.greeted();
    client.write_all(b"^abc$ignored^d").unwrap();
    expect(&mut client, b"bcde");
    client.write_all(b"ef$").unwrap();
    expect(&mut client, b"fg");
    client.shutdown(Direction::Write).unwrap();
    expect_end(client);
}

/// Resets the connection in the middle of a frame, before the server can be stopped.
fn reset(server: &Server) {
    let mut client = server.greeted();
    client.write_all(b"^a").unwrap();
    expect(&mut client, b"b");
    socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
}

fn one_of_each_kind_adds_up(name: &str, serve: Serve, options: Options) {
    let server = Server::start(serve, options);
    converse(&server);
    reset(&server);
    converse(&server);
    let summary = server.stop();
    assert_eq!(summary.accepted, 3, "{name}: {summary}");
    assert_eq!((summary.completed, summary.errors), (2, 1), "{name}: {summary}");
    assert_eq!((summary.timeouts, summary.rejected, summary.dropped), (0, 0, 0), "{name}: {summary}");
    assert_eq!(summary.answered_bytes, 7 + 2 + 7, "{name}: {summary}");
}

#[test]
fn every_model_counts_each_client_once_and_each_byte() {
    on_every_model(|model| one_of_each_kind_adds_up(model.name, model.serve, Options::default()));
}

#[test]
fn tokio_counts_the_same_on_one_thread_as_on_several() {
    let serve = models::find("tokio").unwrap().serve;
    let options = Options { runtime: Some(Runtime::CurrentThread), ..Options::default() };
    one_of_each_kind_adds_up("tokio on one thread", serve, options);
    let options = Options { workers: NonZeroUsize::new(3), ..Options::default() };
    one_of_each_kind_adds_up("tokio on three threads", serve, options.clone());
    if cfg!(target_os = "linux") {
        let options = Options { runtime: Some(Runtime::PerCore), ..options };
        one_of_each_kind_adds_up("tokio for each of three cores", serve, options);
    }
}

#[test]
fn every_model_counts_a_silent_client_as_a_timeout() {
    on_every_model(|model| {
        let idle_timeout = Timeout::after(Duration::from_millis(50));
        let server = Server::start(model.serve, Options { idle_timeout, ..Options::default() });
        expect_end(server.greeted());
        let summary = server.stop();
        assert_eq!((summary.accepted, summary.timeouts), (1, 1), "{}: {summary}", model.name);
    });
}

#[test]
fn every_model_greets_a_client_before_it_stops_or_counts_it_as_rejected() {
    on_every_model(|model| {
        let server = Server::start(model.serve, Options::default());
        let mut clients = [server.connect(), server.connect(), server.connect()];
        expect(&mut clients[0], b"*");
        server.shutdown.request();
        let mut greetings = Vec::new();
        for mut client in clients {
            // A FIN, or a reset if the client was never accepted.
            let _ = client.read_to_end(&mut greetings);
        }
        let summary = server.stop();
        assert_eq!(summary.answered_bytes, 1 + greetings.len() as u64, "{}: {summary}", model.name);
        let ended = summary.completed + summary.rejected;
        assert_eq!(summary.accepted, ended, "{}: {summary}", model.name);
    });
}

#[test]
fn every_model_counts_clients_over_the_limit_as_rejected() {
    on_every_model(|model| {
        if !model.concurrency.serves(2) {
            return;
        }
        let options = Options { max_conns: NonZeroUsize::new(1), ..Options::default() };
        let server = Server::start(model.serve, options);
        let first = server.greeted();
        expect_end(server.connect());
        drop(first);
        let summary = server.stop();
        assert_eq!((summary.accepted, summary.rejected), (2, 1), "{}: {summary}", model.name);
    });
}

#[test]
#[cfg(debug_assertions)]
fn every_model_counts_a_panic_as_an_error_of_that_client() {
    on_every_model(|model| {
        let options = Options { panic_on: Some("boom".to_owned()), ..Options::default() };
        let server = Server::start(model.serve, options);
        let mut victim = server.greeted();
        victim.write_all(b"^boom$").unwrap();
        expect_end(victim);
        converse(&server);
        let summary = server.stop();
        assert_eq!((summary.errors, summary.completed), (1, 1), "{}: {summary}", model.name);
    });
}

#[test]
fn every_model_ends_with_the_reason_when_its_listener_is_broken() {
    on_every_model(|model| {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        // Bound, but not listening.
        let ended = (model.serve)(socket.into(), &Options::default(), &Shutdown::new().unwrap());
        let reason = ended.unwrap_err().to_string();
        assert!(reason.contains("the listening socket is broken"), "{}: {reason}", model.name);
    });
}
