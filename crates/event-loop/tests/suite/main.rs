//! The loop with something beside it, as a server with real clients.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use chassis::{Options, Shutdown, Summary, Timeout};
use conversation::Primes;
use event_loop::{Beside, EventLoop};
use prime::{Test, Verdict};
use sockets::ready::Receipt;

/// Long enough for a busy machine; whoever waits for longer waits in vain.
const PATIENCE: Duration = Duration::from_secs(20);

/// A number that is never answered.
const NEVER: u64 = 1_000;
/// A number whose callback panics.
const PANICS: u64 = 13;
/// A number that is answered once the socket beside is reported.
const REPORTED: u64 = 17;
/// A number that is answered after some time.
const LATER: u64 = 19;

/// What is beside the loop: it answers everything with `prime`, and says who has left.
struct Oracle {
    asked: Vec<(usize, u64)>,
    suspended: Sender<u64>,
    left: Sender<usize>,
    wire: UnixStream,
    was_reported: bool,
    due: Option<Instant>,
}

type Events = EventLoop<Primes, Oracle>;
type Client = event_loop::Client<Primes>;

impl Beside<Primes> for Oracle {
    fn reported(&mut self) {
        self.was_reported = true;
    }

    fn go_on(events: &mut Events) {
        for (key, number) in std::mem::take(&mut events.beside.asked) {
            let Oracle { was_reported, due, asked, .. } = &mut events.beside;
            match number {
                NEVER => {}
                REPORTED if !*was_reported => asked.push((key, number)),
                LATER if due.is_none_or(|due| Instant::now() < due) => {
                    due.get_or_insert(Instant::now() + Duration::from_millis(20));
                    asked.push((key, number));
                }
                PANICS => events.call_back(key, |_, _| panic!("on purpose")),
                _ => events.call_back(key, resume),
            }
        }
    }

    fn time_left(&self) -> Option<Duration> {
        self.due.map(|due| due.saturating_duration_since(Instant::now()))
    }

    fn left(&mut self, key: usize) {
        let _ = self.left.send(key);
    }
}

fn receive(events: &mut Events, mut client: Client) {
    let mut buffer = events.lend_buffer();
    match events.exchange(&mut client).receive(&mut buffer).unwrap() {
        Receipt::Chunk { length, .. } => {
            events.exchange(&mut client).answer(&mut buffer[..length]).unwrap();
            events.soon(client, receive);
        }
        Receipt::Work(test) => wait(events, client, test),
        Receipt::Nothing | Receipt::Refused => events.when_ready(client, receive),
        Receipt::End(outcome) => events.close(client, outcome),
    }
    events.give_back(buffer);
}

fn wait(events: &mut Events, client: Client, test: Test) {
    let key = events.suspend(client);
    events.beside.asked.push((key, test.number()));
    events.beside.suspended.send(test.number()).unwrap();
}

fn resume(events: &mut Events, mut client: Client) {
    events.exchange(&mut client).resume(Verdict::Prime).unwrap();
    events.soon(client, receive);
}

/// A running server: where it is, who is suspended, who has left, and the other end of the socket beside.
struct Server {
    address: SocketAddr,
    suspended: Receiver<u64>,
    left: Receiver<usize>,
    wire: UnixStream,
}

impl Server {
    /// A client that has asked for this number and is suspended.
    fn ask(&self, number: u64) -> TcpStream {
        let mut client = TcpStream::connect(self.address).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        client.write_all(format!("{number}\n").as_bytes()).unwrap();
        assert_eq!(self.suspended.recv_timeout(PATIENCE), Ok(number));
        client
    }

    fn left(&self) -> usize {
        self.left.recv_timeout(PATIENCE).unwrap()
    }
}

/// Stops the server when it is dropped.
struct Stop<'server>(&'server Shutdown);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.request();
    }
}

fn with_server(run: impl FnOnce(&Server)) -> Summary {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let ((to_test, suspended), (who, left)) = (channel(), channel());
    let (wire, beside) = UnixStream::pair().unwrap();
    let shutdown = Shutdown::new().unwrap();
    // Without timeouts the loop wakes for nothing of its own.
    let options = Options {
        drain_timeout: Duration::from_secs(1),
        idle_timeout: Timeout::OFF,
        write_timeout: Timeout::OFF,
        progress_timeout: Timeout::OFF,
        ..Options::default()
    };
    thread::scope(|scope| {
        let serving = scope.spawn(|| {
            let events = EventLoop::new(listener, &options, &shutdown).unwrap();
            let oracle = Oracle {
                asked: Vec::new(),
                suspended: to_test,
                left: who,
                wire: beside,
                was_reported: false,
                due: None,
            };
            let events = events.with(oracle);
            events.watch_beside(&events.beside.wire).unwrap();
            events.run(receive)
        });
        // Also if a test fails, which would wait for its server for ever.
        let _stop = Stop(&shutdown);
        run(&Server { address, suspended, left, wire });
        shutdown.request();
        serving.join().unwrap().unwrap()
    })
}

fn line(client: &TcpStream) -> String {
    let mut line = String::new();
    BufReader::new(client).read_line(&mut line).unwrap();
    line
}

#[test]
fn a_client_that_is_suspended_is_called_back_by_its_key() {
    with_server(|server| {
        let first = server.ask(NEVER);
        let second = server.ask(7);
        assert_eq!(line(&second), "prime\n");
        drop((first, second));
    });
}

#[test]
fn whoever_is_beside_hears_that_a_suspended_client_has_left_before_another_gets_its_key() {
    let summary = with_server(|server| {
        let client = server.ask(NEVER);
        socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
        drop(client);
        assert_eq!(server.left(), 0);
        let next = server.ask(7);
        assert_eq!(line(&next), "prime\n");
        drop(next);
        assert_eq!(server.left(), 0, "the key was free");
    });
    assert_eq!((summary.completed, summary.errors), (1, 1));
}

#[test]
fn a_panic_in_what_is_called_back_ends_that_client_only() {
    let summary = with_server(|server| {
        let other = server.ask(LATER);
        assert_eq!(line(&server.ask(PANICS)), "");
        assert_eq!(server.left(), 1);
        assert_eq!(line(&other), "prime\n");
    });
    assert_eq!((summary.completed, summary.errors), (1, 1));
}

#[test]
fn the_loop_wakes_for_the_socket_beside() {
    with_server(|server| {
        let client = server.ask(REPORTED);
        (&server.wire).write_all(b"!").unwrap();
        assert_eq!(line(&client), "prime\n");
    });
}
