//! A client handed from the thread that accepts to the one that serves: it is counted once, and its place is
//! given back, whatever comes between.

use std::collections::VecDeque;

use chassis::sync::{Arc, Mutex};
use conversation::DrainStep;
use loom::sync::Condvar;
use loom::thread;

use super::{GREETING, OPEN, PANIC, admit, converse, ended, explore, server};
use crate::blocking::{Client as Served, Shared};
use crate::wire::{Client, TcpStream, connect};

/// A stand-in for a pool's channel, with room for one.
#[derive(Default)]
struct Queue {
    state: Mutex<(VecDeque<Served>, bool)>,
    changed: Condvar,
}

impl Queue {
    fn send(&self, connection: Served) {
        let mut state = self.state.lock().unwrap();
        while !state.0.is_empty() {
            state = self.changed.wait(state).unwrap();
        }
        state.0.push_back(connection);
        self.changed.notify_all();
    }

    fn close(&self) {
        self.state.lock().unwrap().1 = true;
        self.changed.notify_all();
    }

    /// `None` once it is closed and empty.
    fn take(&self) -> Option<Served> {
        let mut state = self.state.lock().unwrap();
        while state.0.is_empty() && !state.1 {
            state = self.changed.wait(state).unwrap();
        }
        let connection = state.0.pop_front();
        self.changed.notify_all();
        connection
    }
}

/// What a pool's main thread does with clients that wait at the listener: those that it never accepts are closed
/// with the listener.
fn accept(shared: &Arc<Shared>, streams: Vec<TcpStream>, queue: &Queue) {
    for stream in streams {
        if shared.shutdown.is_requested() {
            break;
        }
        if let Some(connection) = admit(shared, stream, 2) {
            queue.send(connection);
        }
    }
    queue.close();
}

/// What each worker of a pool does.
fn work(queue: &Queue) {
    while let Some(connection) = queue.take() {
        connection.run(converse);
    }
}

/// Clients that have sent these bytes, and their FIN.
fn clients<const N: usize>(sent: [u8; N]) -> (Vec<TcpStream>, Vec<Client>) {
    sent.into_iter()
        .map(|byte| {
            let (stream, client) = connect(2);
            client.send(&[OPEN, byte]);
            client.close();
            (stream, client)
        })
        .unzip()
}

/// Whether a client was greeted; if so it must have its whole reply, and in any case its end.
fn was_greeted(client: &Client, reply: &[u8]) -> bool {
    let state = client.state();
    assert!(state.write_shut, "left open: {state:?}");
    let whole = [&[GREETING], reply].concat();
    assert!(state.replies.is_empty() || state.replies == whole, "{state:?}");
    !state.replies.is_empty()
}

#[test]
fn client_is_counted_once_when_shutdown_meets_the_queue() {
    explore(|| {
        let shared = server();
        let queue = Arc::new(Queue::default());
        let (streams, clients) = clients(*b"ab");
        let worker = thread::spawn({
            let queue = Arc::clone(&queue);
            move || work(&queue)
        });
        let requester = thread::spawn({
            let shutdown = shared.shutdown.clone();
            move || shutdown.request()
        });
        accept(&shared, streams, &queue);
        worker.join().unwrap();
        requester.join().unwrap();
        let summary = ended(&shared);
        let greeted = [was_greeted(&clients[0], b"b"), was_greeted(&clients[1], b"c")];
        let greeted = greeted.into_iter().map(u64::from).sum();
        assert_eq!((summary.completed, summary.rejected), (greeted, summary.accepted - greeted));
    });
}

#[test]
fn two_workers_serve_each_client_once() {
    explore(|| {
        let shared = server();
        let queue = Arc::new(Queue::default());
        let (streams, clients) = clients(*b"ab");
        let workers =
            [Arc::clone(&queue), Arc::clone(&queue)].map(|queue| thread::spawn(move || work(&queue)));
        accept(&shared, streams, &queue);
        for worker in workers {
            worker.join().unwrap();
        }
        assert_eq!(ended(&shared).completed, 2);
        assert!(was_greeted(&clients[0], b"b") && was_greeted(&clients[1], b"c"));
    });
}

#[test]
fn panic_costs_one_client_and_no_worker() {
    explore(|| {
        let shared = server();
        let queue = Arc::new(Queue::default());
        let (streams, clients) = clients([PANIC, b'b']);
        let worker = thread::spawn({
            let queue = Arc::clone(&queue);
            move || work(&queue)
        });
        accept(&shared, streams, &queue);
        worker.join().unwrap();
        let summary = ended(&shared);
        assert_eq!((summary.errors, summary.completed), (1, 1));
        assert!(was_greeted(&clients[0], b"") && was_greeted(&clients[1], b"c"));
    });
}

#[test]
fn no_more_clients_than_the_limit_are_open_and_a_place_comes_back() {
    explore(|| {
        let shared = server();
        let (streams, clients) = clients(*b"ab");
        let threads: Vec<_> = streams
            .into_iter()
            .map(|stream| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || {
                    let connection = admit(&shared, stream, 1);
                    let mut open = 0;
                    shared.for_each_open(|_| open += 1);
                    assert!(open <= 1, "{open} are open where 1 may be");
                    if let Some(connection) = connection {
                        connection.run(converse);
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        let greeted = u64::from(was_greeted(&clients[0], b"b")) + u64::from(was_greeted(&clients[1], b"c"));
        let summary = ended(&shared);
        assert!(greeted > 0);
        assert_eq!((summary.completed, summary.rejected), (greeted, 2 - greeted));
    });
}

#[test]
fn client_whose_thread_cannot_be_spawned_is_rejected_beside_others() {
    explore(|| {
        let shared = server();
        let (mut streams, clients) = clients(*b"ab");
        let served = admit(&shared, streams.remove(0), 2).unwrap();
        let serving = thread::spawn(move || served.run(converse));
        drop(admit(&shared, streams.remove(0), 2).unwrap());
        serving.join().unwrap();
        let summary = ended(&shared);
        assert_eq!((summary.completed, summary.rejected), (1, 1));
        assert!(was_greeted(&clients[0], b"b") && !was_greeted(&clients[1], b"c"));
    });
}

/// A client that waits to be told is found by the drain's first walk, or it is never greeted.
#[test]
fn drain_finds_whoever_was_greeted_before_the_request() {
    explore(|| {
        let shared = server();
        let (stream, client) = connect(2);
        let serving = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                if let Some(connection) = admit(&shared, stream, 1) {
                    connection.run(converse);
                }
            }
        });
        let draining = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                shared.shutdown.wait_readable();
                assert!(shared.shutdown.is_requested());
                shared.for_each_open(|socket| socket.drain(DrainStep::Linger));
            }
        });
        shared.shutdown.request();
        // Waits for ever if it is forgotten.
        while client.receive().is_some() {}
        client.close();
        serving.join().unwrap();
        draining.join().unwrap();
        let greeted = u64::from(was_greeted(&client, b""));
        let summary = ended(&shared);
        assert_eq!((summary.completed, summary.rejected), (greeted, 1 - greeted));
    });
}
