//! A connection's thread and the drain.

use conversation::DrainStep;
use loom::thread;

use super::{GREETING, admit, converse, ended, explore, server};
use crate::wire::connect;

/// Room for whatever is sent.
const AMPLE: usize = 100;

/// However the thread and the drain meet, the client is told by one FIN, after the whole reply to whatever the
/// thread has taken up, and no reset destroys that.
#[test]
fn stopped_connection_always_says_fin_and_never_before_its_replies() {
    explore(|| {
        let shared = server();
        let (stream, client) = connect(AMPLE);
        let connection = admit(&shared, stream, 1).unwrap();
        let serving = thread::spawn(move || connection.run(converse));
        let talking = thread::spawn(move || {
            client.send(b"^ab");
            client.send(b"c");
            // Waits for ever if nobody says FIN.
            let heard: Vec<u8> = std::iter::from_fn(|| client.receive()).collect();
            client.close();
            assert!(b"*bcd".starts_with(&heard), "{heard:?}");
            client
        });
        shared.for_each_open(|socket| socket.drain(DrainStep::Linger));
        let client = talking.join().unwrap();
        serving.join().unwrap();
        let state = client.state();
        assert!(!state.sent_into_shut, "a reply met a socket that was shut");
        assert!(!state.reset, "closed before the client was");
        assert_eq!(ended(&shared).completed, 1);
    });
}

/// A client that has not taken its reply in time is answered no more, and gets its FIN later.
#[test]
fn client_that_is_first_discarded_gets_its_fin_in_the_end() {
    explore(|| {
        let shared = server();
        let (stream, client) = connect(AMPLE);
        let connection = admit(&shared, stream, 1).unwrap();
        let serving = thread::spawn(move || connection.run(converse));
        client.send(b"^a");
        shared.for_each_open(|socket| socket.drain(DrainStep::Discard));
        client.send(b"b");
        shared.for_each_open(|socket| socket.drain(DrainStep::Linger));
        // Waits for ever if nobody sends FIN.
        let heard: Vec<u8> = std::iter::from_fn(|| client.receive()).collect();
        client.close();
        serving.join().unwrap();
        let state = client.state();
        assert!(b"*bc".starts_with(&heard), "{heard:?}");
        assert!(!state.sent_into_shut && !state.reset, "{state:?}");
        assert_eq!(ended(&shared).completed, 1);
    });
}

/// `Close` wakes a thread that waits.
#[test]
fn idle_connection_is_closed_after_what_came_before() {
    explore(|| {
        let shared = server();
        let (stream, client) = connect(AMPLE);
        let connection = admit(&shared, stream, 1).unwrap();
        let serving = thread::spawn(move || connection.run(converse));
        let talking = thread::spawn(move || {
            client.send(b"^a");
            client.receive();
            client.receive();
            client.close();
            client
        });
        shared.for_each_open(|socket| socket.drain(DrainStep::Close));
        let client = talking.join().unwrap();
        serving.join().unwrap();
        let state = client.state();
        assert!(!state.sent_into_shut);
        assert!(state.replies.len() >= state.sent_in_time, "what came in time is answered: {state:?}");
        assert_eq!(state.replies[0], GREETING);
        assert_eq!(ended(&shared).completed, 1);
    });
}

/// `Close` leaves a thread alone that is about to send: more may be on the way from its client.
#[test]
fn thread_that_sends_is_not_closed_as_idle() {
    explore(|| {
        let shared = server();
        let (stream, client) = connect(1);
        client.send(b"^a");
        let connection = admit(&shared, stream, 1).unwrap();
        let serving = thread::spawn(move || connection.run(converse));
        client.wait_until_full();
        shared.for_each_open(|socket| socket.drain(DrainStep::Close));
        assert_eq!([client.receive(), client.receive()], [Some(GREETING), Some(b'b')]);
        client.send(b"b");
        assert_eq!(client.receive(), Some(b'c'));
        client.close();
        serving.join().unwrap();
        assert_eq!(ended(&shared).completed, 1);
    });
}

/// However far its thread has come: what the kernel still holds at the deadline is dropped.
#[test]
fn cut_counts_as_dropped_if_the_kernel_still_holds_a_reply() {
    explore(|| {
        let shared = server();
        let (stream, client) = connect(1);
        let connection = admit(&shared, stream, 1).unwrap();
        let serving = thread::spawn(move || connection.run(converse));
        shared.for_each_open(|socket| socket.drain(DrainStep::Cut { owed: true }));
        serving.join().unwrap();
        drop(client);
        assert_eq!(ended(&shared).dropped, 1);
    });
}

/// A client that takes no reply ends with the deadline, and is counted as what it is.
#[test]
fn cut_ends_a_thread_that_sends_and_counts_its_client_as_dropped() {
    explore(|| {
        let shared = server();
        let (stream, client) = connect(1);
        client.send(b"^ab");
        let connection = admit(&shared, stream, 1).unwrap();
        let serving = thread::spawn(move || connection.run(converse));
        // Nobody takes the greeting, which fills the buffer.
        shared.for_each_open(|socket| socket.drain(DrainStep::Cut { owed: false }));
        serving.join().unwrap();
        let (state, summary) = (client.state(), ended(&shared));
        assert_eq!((summary.dropped, summary.completed), if state.sent_into_shut { (1, 0) } else { (0, 1) });
    });
}
