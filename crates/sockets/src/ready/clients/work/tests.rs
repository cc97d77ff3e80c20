//! Clients whose answers need work, without a poller: the tests say whose turn it is.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::BorrowedFd;
use std::time::Duration;

use chassis::{Options, Shutdown, listen};
use conversation::Primes;
use prime::{Test, Verdict};
use socket2::SockRef;

use crate::ask::is_gone;
use crate::ready::{Awaited, Clients, Registry, Shared};

/// Reports nothing.
struct Silent;

impl Registry for Silent {
    const REPORTS_CHANGES: bool = true;

    fn add(&mut self, _: usize, _: BorrowedFd<'_>, _: Awaited) -> io::Result<()> {
        Ok(())
    }

    fn change(&mut self, _: usize, _: BorrowedFd<'_>, _: Awaited) -> io::Result<()> {
        Ok(())
    }
}

type Loop<'server> = Clients<'server, Silent, Primes>;

/// A loop and its listener's address.
fn with_loop(run: impl FnOnce(&mut Loop<'_>, &dyn Fn() -> TcpStream, &Shutdown)) {
    let listener: TcpListener = listen(([127, 0, 0, 1], 0).into()).unwrap();
    let address = listener.local_addr().unwrap();
    let (shared, shutdown) = (Shared::new(&Options::default()), Shutdown::new().unwrap());
    let mut clients = Clients::new(listener, &shared, &shutdown, Silent).unwrap();
    let connect = || {
        let peer = TcpStream::connect(address).unwrap();
        peer.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        peer
    };
    run(&mut clients, &connect, &shutdown);
}

/// Accepts whoever waits.
fn accept(clients: &mut Loop<'_>) {
    clients.acceptor.as_mut().unwrap().clients_wait();
    clients.accept_batch();
}

/// The client with this key takes turns until it has `waiting` clients in the queue for work.
fn turn_until(clients: &mut Loop<'_>, key: usize, waiting: usize) {
    while clients.waiting() < waiting {
        clients.take_turns(&mut vec![key]);
    }
}

fn number((key, test): (usize, Test)) -> (usize, u64) {
    (key, test.number())
}

fn reset(peer: TcpStream) {
    SockRef::from(&peer).set_linger(Some(Duration::ZERO)).unwrap();
    drop(peer);
}

/// Turns until the server has seen the client's reset.
fn turn_until_left(clients: &mut Loop<'_>, key: usize) -> Vec<usize> {
    loop {
        clients.take_turns(&mut vec![key]);
        let left = clients.take_left();
        if !left.is_empty() || clients.table.get_mut(key).is_none() {
            return left;
        }
    }
}

#[test]
fn work_is_handed_out_first_come_first_served_and_one_number_of_each_client_at_a_time() {
    with_loop(|clients, connect, _| {
        let (mut one, mut other) = (connect(), connect());
        accept(clients);
        other.write_all(b"11\n").unwrap();
        turn_until(clients, 1, 1);
        one.write_all(b"4\n5\n").unwrap();
        turn_until(clients, 0, 2);
        assert_eq!(clients.next_work().map(number), Some((1, 11)));
        assert_eq!(clients.next_work().map(number), Some((0, 4)));
        assert!(clients.next_work().is_none(), "the second number of a client waits for the first");
        clients.resume(0, Verdict::Composite);
        assert_eq!(clients.next_work().map(number), Some((0, 5)));
        clients.resume(0, Verdict::Prime);
        let mut answers = [0; 16];
        one.read_exact(&mut answers).unwrap();
        assert_eq!(&answers, b"composite\nprime\n");
    });
}

#[test]
fn a_client_that_leaves_takes_its_place_in_the_queue_along() {
    with_loop(|clients, connect, _| {
        let mut peer = connect();
        accept(clients);
        peer.write_all(b"4\n").unwrap();
        turn_until(clients, 0, 1);
        reset(peer);
        assert!(turn_until_left(clients, 0).is_empty(), "nobody has taken its work");
        assert!(clients.next_work().is_none());
    });
}

#[test]
fn who_leaves_with_work_taken_is_told_and_the_result_is_not_given_to_a_newcomer_with_its_key() {
    with_loop(|clients, connect, _| {
        let mut peer = connect();
        accept(clients);
        peer.write_all(b"4\n").unwrap();
        turn_until(clients, 0, 1);
        assert_eq!(clients.next_work().map(number), Some((0, 4)));
        reset(peer);
        assert_eq!(turn_until_left(clients, 0), [0]);
        let mut newcomer = connect();
        accept(clients);
        assert!(clients.table.get_mut(0).is_some(), "it has the key");
        clients.resume(0, Verdict::Composite);
        newcomer.write_all(b"5\n").unwrap();
        turn_until(clients, 0, 1);
        assert_eq!(clients.next_work().map(number), Some((0, 5)));
        clients.resume(0, Verdict::Prime);
        let mut answer = [0; 6];
        newcomer.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"prime\n");
    });
}

#[test]
fn a_loop_that_works_itself_learns_that_its_client_has_left_or_that_it_is_to_stop() {
    with_loop(|clients, connect, shutdown| {
        let mut peer = connect();
        accept(clients);
        peer.write_all(b"4\n").unwrap();
        turn_until(clients, 0, 1);
        assert!(clients.next_work().is_some());
        assert!(clients.still_waits(0));
        shutdown.request();
        assert!(clients.still_waits(0) && clients.watch.is_draining());
        reset(peer);
        while !is_gone(&clients.table[0]) {}
        assert!(!clients.still_waits(0));
        assert!(clients.is_done() && clients.take_left().is_empty());
    });
}
