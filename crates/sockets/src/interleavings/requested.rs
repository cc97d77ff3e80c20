//! Whoever asks a server to stop is heard.

use chassis::Shutdown;
use loom::thread;

use super::explore;

/// As everybody waits who waits for a shutdown: looks at the flag, and sleeps at the bell while it is down.
fn wait(shutdown: &Shutdown) {
    while !shutdown.is_requested() {
        shutdown.wait_readable();
        assert!(shutdown.is_requested(), "woken, and the flag is down");
    }
}

#[test]
fn shutdown_request_is_never_lost() {
    explore(|| {
        let shutdown = Shutdown::new().unwrap();
        let waiters =
            [shutdown.clone(), shutdown.clone()].map(|shutdown| thread::spawn(move || wait(&shutdown)));
        shutdown.request();
        for waiter in waiters {
            waiter.join().unwrap();
        }
    });
}

#[test]
fn shutdown_may_be_requested_by_many_and_again() {
    explore(|| {
        let shutdown = Shutdown::new().unwrap();
        let requesters =
            [shutdown.clone(), shutdown.clone()].map(|shutdown| thread::spawn(move || shutdown.request()));
        wait(&shutdown);
        for requester in requesters {
            requester.join().unwrap();
        }
        // It stays requested, for those who ask and those who wait.
        shutdown.request();
        wait(&shutdown);
        shutdown.wait_readable();
    });
}
