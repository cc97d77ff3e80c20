//! Every behaviour against a small correct server, and those that verify against a faulty server.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use conformance::Concurrency;
use protocol::{GREETING, Session};

use super::*;

const VERIFYING: [Behaviour; 5] =
    [Behaviour::Garbage, Behaviour::Pieces, Behaviour::HalfClose, Behaviour::Window, Behaviour::LateReader];

/// The server's error in each client's reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Nothing,
    LosesTheFirst,
    SpoilsTheFirst,
    DoublesTheFirst,
    /// Withholds the last byte until there is another one.
    LosesTheLast,
}

/// Serves each client on a thread.
fn start(fault: Fault) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || serve(&stream, fault));
        }
    });
    address
}

fn serve(mut stream: &TcpStream, fault: Fault) -> io::Result<()> {
    stream.write_all(&[GREETING])?;
    let (mut session, mut kept, mut buffer) = (Session::new(), None, [0; 4096]);
    let mut is_first = true;
    loop {
        let received = match stream.read(&mut buffer)? {
            0 => return stream.shutdown(Shutdown::Write),
            received => received,
        };
        let mut reply: Vec<u8> = kept.take().into_iter().collect();
        session.append_reply(&buffer[..received], &mut reply);
        if fault == Fault::LosesTheLast {
            kept = reply.pop();
        } else if is_first && !reply.is_empty() {
            is_first = false;
            match fault {
                Fault::LosesTheFirst => drop(reply.remove(0)),
                Fault::SpoilsTheFirst => reply[0] ^= 1,
                Fault::DoublesTheFirst => reply.insert(0, reply[0]),
                Fault::Nothing | Fault::LosesTheLast => {}
            }
        }
        stream.write_all(&reply)?;
    }
}

fn errors(behaviour: Behaviour, fault: Fault) -> (u64, Option<String>, Tally) {
    let plan = Plan { sit: Duration::from_millis(50), crowd: 3, ..Plan::of(Concurrency::One) };
    let tally = Tally::default();
    let random = fastrand::Rng::with_seed(1);
    Visitor { address: start(fault), plan: &plan, tally: &tally, random }.behave(behaviour);
    let (count, first) = tally.errors();
    (count, first, tally)
}

#[test]
fn every_behaviour_connects_and_finds_no_fault_in_a_correct_server() {
    for behaviour in Behaviour::QUICK.into_iter().chain(Behaviour::SITTING) {
        let (count, first, tally) = errors(behaviour, Fault::Nothing);
        assert_eq!((count, first), (0, None), "{behaviour:?}");
        assert!(tally.connections()[&behaviour] > 0, "{behaviour:?}");
        let verified = tally.verified_bytes.into_inner() > 0;
        assert_eq!(verified, VERIFYING.contains(&behaviour), "{behaviour:?}");
    }
}

#[test]
fn every_behaviour_that_verifies_finds_each_fault() {
    for behaviour in VERIFYING {
        expect_found(behaviour, Fault::LosesTheFirst);
        expect_found(behaviour, Fault::SpoilsTheFirst);
        expect_found(behaviour, Fault::DoublesTheFirst);
        // A client whose window opens again has not half-closed yet, and would wait for the byte.
        if behaviour != Behaviour::Window {
            expect_found(behaviour, Fault::LosesTheLast);
        }
    }
}

fn expect_found(behaviour: Behaviour, fault: Fault) {
    let (count, first, tally) = errors(behaviour, fault);
    // A busy machine may have scheduled a slow client too late to judge.
    let judged = tally.too_slow.into_inner() == 0;
    assert!(count == 1 || !judged, "{behaviour:?} {fault:?}");
    assert!(first.is_none_or(|first| first.starts_with(behaviour.title())), "{behaviour:?} {fault:?}");
}
