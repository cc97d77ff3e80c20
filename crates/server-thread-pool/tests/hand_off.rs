//! The hand-off from accept to worker on real threads, with a shutdown at any moment.
//!
//! What happens on the way in blocking connections is checked in every order by `crates/sockets/loom`; the channels and rayon cannot
//! run there. Here random clients come and go, and the server is told to stop in the middle: whatever happens,
//! it must end, and its figures must fit what the clients saw. Nothing sleeps. A clock fails only a server that
//! does not end at all, and excuses clients that a busy machine has kept waiting.
#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use std::io::{self, Read, Write};
use std::net::{Shutdown as Direction, SocketAddr, TcpListener, TcpStream};
use std::num::NonZeroUsize;
use std::panic;
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use chassis::{Options, Serve, Shutdown, Summary, listen};
use fastrand::Rng;
use protocol::GREETING;
use server_thread_pool::on_rayon;

/// Servers with clients of their own, some at a time: a drain waits 500 ms for the clients to fall quiet.
const SEEDS: u64 = 192;
const AT_A_TIME: u64 = 16;

/// A server that has not ended by now never will: its drain takes at most 10 s.
const FOREVER: Duration = Duration::from_secs(120);

/// A client that sends this makes its handler panic, in debug builds.
const PANIC: &str = "panic!";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// Asks, and stays until the server ends the connection.
    Stays,
    /// Asks, says FIN and waits for the end.
    Leaves,
    /// Asks and closes without having read a byte, which may reset the connection.
    Vanishes,
    /// Makes its handler panic.
    Panics,
}

/// Whoever was greeted and says nothing for 500 ms may be closed as idle, and what it says then resets the
/// connection. A client that this machine kept from talking for half of that may be such a one.
const SLOW: Duration = Duration::from_millis(100);

/// What a client saw: how it behaved, all that the server sent, and whether the end was in good order.
struct Witness {
    manner: Manner,
    replies: Vec<u8>,
    ended_well: bool,
    /// It knows whether it was served: it has looked, and nothing of it can have come too late.
    knows: bool,
}

impl Witness {
    fn was_greeted(&self) -> bool {
        self.replies.first() == Some(&GREETING)
    }
}

/// One client; `None` if it came too late to connect.
fn client(address: SocketAddr, manner: Manner) -> Option<Witness> {
    let began = Instant::now();
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(FOREVER)).unwrap();
    let mut replies = Vec::new();
    let message = if manner == Manner::Panics { PANIC.as_bytes() } else { b"^ab$" };
    // What cannot be sent meets a server that has closed already.
    let mut ended = stream.write_all(message);
    let knows = manner != Manner::Vanishes && began.elapsed() < SLOW;
    if manner == Manner::Leaves {
        ended = ended.and_then(|()| stream.shutdown(Direction::Write));
    }
    if manner != Manner::Vanishes {
        ended = ended.and_then(|()| stream.read_to_end(&mut replies).map(drop));
    }
    Some(Witness { manner, replies, ended_well: ended.is_ok(), knows })
}

#[cfg(debug_assertions)]
fn options() -> Options {
    Options { panic_on: Some(PANIC.to_owned()), ..Options::default() }
}

#[cfg(not(debug_assertions))]
fn options() -> Options {
    Options::default()
}

/// A loopback address that no other server has, where there are more than one: a client that comes after the shutdown
/// must not be greeted by a server that has got the port meanwhile.
fn own_loopback() -> [u8; 4] {
    static NEXT: AtomicU16 = AtomicU16::new(1);
    let [high, low] = NEXT.fetch_add(1, Relaxed).to_be_bytes();
    let process = (1 + std::process::id() % 254).to_be_bytes()[3];
    if cfg!(target_os = "linux") { [127, process, high, low] } else { [127, 0, 0, 1] }
}

/// A server with random clients and a shutdown somewhere among them.
fn round(serve: Serve, seed: u64) -> (Summary, Vec<Witness>) {
    let mut rng = Rng::with_seed(seed);
    let options = Options {
        workers: NonZeroUsize::new(rng.usize(1..=3)),
        max_conns: NonZeroUsize::new(rng.usize(1..=12)),
        ..options()
    };
    let listener: TcpListener = listen((own_loopback(), 0).into()).unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = Shutdown::new().unwrap();
    let (send_ended, ended) = mpsc::channel::<io::Result<Summary>>();
    let remote = shutdown.clone();
    // Not in the scope below, which could not end before it.
    thread::spawn(move || send_ended.send(serve(listener, &options, &remote)));
    let witnesses = thread::scope(|scope| {
        let clients: Vec<_> = (0..rng.usize(1..=10))
            .map(|_| {
                let mut rng = rng.fork();
                scope.spawn(move || {
                    dawdle(&mut rng);
                    let all = [Manner::Stays, Manner::Leaves, Manner::Vanishes, Manner::Panics];
                    client(address, *rng.choice(&all).unwrap())
                })
            })
            .collect();
        dawdle(&mut rng);
        shutdown.request();
        clients.into_iter().filter_map(|client| client.join().unwrap()).collect()
    });
    let summary = ended.recv_timeout(FOREVER).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    (summary.unwrap(), witnesses)
}

/// Leaves the processor to others for a random while.
fn dawdle(rng: &mut Rng) {
    let most = 1 << rng.u32(0..12);
    for _ in 0..rng.u32(0..most) {
        thread::yield_now();
    }
}

/// The server's figures against what its clients saw.
fn judge(seed: u64, summary: &Summary, witnesses: &[Witness]) {
    let Summary { accepted, completed, errors, timeouts, rejected, dropped, .. } = *summary;
    let count =
        |which: fn(&Witness) -> bool| witnesses.iter().filter(|witness| which(witness)).count() as u64;
    let context = format!("seed {seed}: {summary}");
    assert_eq!(accepted, completed + errors + timeouts + rejected + dropped, "{context}");
    assert_eq!((timeouts, dropped), (0, 0), "{context}");
    assert!(accepted <= witnesses.len() as u64, "{context}");

    let unknown = count(|witness| !witness.knows);
    let greeted = count(|witness| witness.knows && witness.was_greeted());
    let served = accepted - rejected;
    assert!((greeted..=greeted + unknown).contains(&served), "{greeted} say they were greeted; {context}");

    let panicked =
        count(|witness| witness.knows && witness.manner == Manner::Panics && witness.was_greeted());
    assert!(errors <= panicked + unknown, "{panicked} may have panicked; {context}");
    for witness in witnesses.iter().filter(|witness| witness.knows && witness.was_greeted()) {
        assert!(witness.ended_well, "a greeted client was reset ({:?}); {context}", witness.manner);
        // All of the reply, or nothing if the server stopped before it read the message.
        assert!(
            [b"*bc".as_slice(), b"*"].contains(&witness.replies.as_slice()),
            "{:?}; {context}",
            witness.replies
        );
    }
}

fn hold(serve: Serve) {
    quiet_asked_panics();
    for first in (0..SEEDS).step_by(AT_A_TIME.try_into().unwrap()) {
        thread::scope(|scope| {
            for seed in first..first + AT_A_TIME {
                scope.spawn(move || {
                    let (summary, witnesses) = round(serve, seed);
                    judge(seed, &summary, &witnesses);
                });
            }
        });
    }
}

/// Keeps the panics that clients ask for out of the test's output, and all others in.
fn quiet_asked_panics() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let is_asked =
            info.payload().downcast_ref::<String>().is_some_and(|message| message.contains("--panic-on"));
        if !is_asked {
            report(info);
        }
    }));
}

#[test]
fn every_client_of_the_pool_is_accounted_for_whenever_shutdown_comes() {
    hold(server_thread_pool::serve);
}

#[test]
fn every_client_of_the_pool_on_rayon_is_accounted_for_whenever_shutdown_comes() {
    hold(on_rayon::serve);
}
