//! One loop with clients of its own, on a poller made of `poll`.

use std::io::Read;
use std::num::NonZeroUsize;
use std::time::Instant;

use chassis::{Options, listen};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::{Domain, Socket, Type};

use super::*;
use crate::ready::NoRegistry;

/// Far beyond any machine's slowness.
const PATIENCE: Duration = Duration::from_secs(20);

fn few(max_conns: usize) -> Options {
    let drain_timeout = Duration::from_secs(60);
    Options { max_conns: NonZeroUsize::new(max_conns), drain_timeout, ..Options::default() }
}

fn listener() -> TcpListener {
    listen(([127, 0, 0, 1], 0).into()).unwrap()
}

/// One round of a loop.
fn round(clients: &mut Clients<NoRegistry>) {
    let mut list: Vec<PollFd> = clients
        .sockets()
        .map(|(_, socket, awaited)| {
            let flags = if awaited == Awaited::Room { PollFlags::OUT } else { PollFlags::IN };
            PollFd::from_borrowed_fd(socket, flags)
        })
        .collect();
    let most = clients.time_left().unwrap_or(PATIENCE);
    poll(&mut list, Some(&Timespec::try_from(most).unwrap())).unwrap();
    let reported = clients.sockets().zip(&list).filter(|(_, entry)| !entry.revents().is_empty());
    let mut ready = reported.map(|((key, ..), _)| key).collect();
    clients.take_turns(&mut ready);
    clients.accept_batch();
    clients.look_if_due();
}

/// Rounds until it is so, or the test fails.
fn rounds<'server>(
    clients: &mut Clients<'server, NoRegistry>,
    is_so: impl Fn(&Clients<'server, NoRegistry>) -> bool,
) {
    let start = Instant::now();
    while !is_so(clients) {
        assert!(start.elapsed() < PATIENCE, "the loop goes on and on");
        round(clients);
    }
}

#[test]
fn each_round_begins_with_another_one_and_leaves_nobody_out() {
    let orders: Vec<Vec<usize>> = (0..4).map(|round| rotated(&[7, 8, 9], round).collect()).collect();
    assert_eq!(orders, [[7, 8, 9], [8, 9, 7], [9, 7, 8], [7, 8, 9]]);
    assert_eq!(rotated(&[], 5).count(), 0);
}

#[test]
fn whoever_has_connected_when_a_loop_is_asked_to_stop_is_greeted_and_not_reset() {
    let (shared, shutdown) = (Shared::new(&few(1_000)), Shutdown::new().unwrap());
    let listener = listener();
    let address = listener.local_addr().unwrap();
    let mut clients = Clients::new(listener, &shared, &shutdown, NoRegistry).unwrap();
    // More than one batch, and the request comes before the loop has looked at its listener.
    let mut peers: Vec<TcpStream> =
        (0..2 * ACCEPT_BATCH).map(|_| TcpStream::connect(address).unwrap()).collect();
    for peer in &peers {
        peer.shutdown(std::net::Shutdown::Write).unwrap();
    }
    shutdown.request();
    rounds(&mut clients, Clients::is_done);
    for peer in &mut peers {
        let mut heard = Vec::new();
        peer.read_to_end(&mut heard).unwrap();
        assert_eq!(heard, b"*");
    }
    assert_eq!(clients.finish().unwrap().completed, peers.len() as u64);
}

#[test]
fn two_loops_together_keep_to_max_conns_and_a_place_that_is_left_is_free_for_the_other() {
    let (shared, shutdown) = (Shared::new(&few(1)), Shutdown::new().unwrap());
    let listeners = [listener(), listener()];
    let [one, other] = listeners.each_ref().map(|listener| listener.local_addr().unwrap());
    let mut loops = listeners.map(|listener| Clients::new(listener, &shared, &shutdown, NoRegistry).unwrap());
    let heard = |mut peer: TcpStream| {
        // A client that is wrongly kept fails the test instead of hanging it.
        peer.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut heard = Vec::new();
        // A client that is rejected may be reset.
        let _ = peer.read_to_end(&mut heard);
        heard
    };
    let stays = TcpStream::connect(one).unwrap();
    round(&mut loops[0]);
    let second = TcpStream::connect(other).unwrap();
    round(&mut loops[1]);
    assert_eq!(heard(second), b"", "one client is connected to the other loop");
    stays.shutdown(std::net::Shutdown::Write).unwrap();
    rounds(&mut loops[0], |clients| clients.table.is_empty());
    assert_eq!(heard(stays), b"*");
    let third = TcpStream::connect(other).unwrap();
    round(&mut loops[1]);
    assert_eq!(loops[1].table.len(), 1);
    drop(third);
    let summary = shared.counters.summary();
    assert_eq!((summary.accepted, summary.rejected), (3, 1));
}

#[test]
fn a_broken_listener_stops_every_loop_of_its_server() {
    let (shared, shutdown) = (Shared::new(&few(10)), Shutdown::new().unwrap());
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let mut clients = Clients::new(socket.into(), &shared, &shutdown, NoRegistry).unwrap();
    rounds(&mut clients, Clients::is_done);
    assert!(shutdown.is_requested());
    assert!(clients.finish().is_err());
}
