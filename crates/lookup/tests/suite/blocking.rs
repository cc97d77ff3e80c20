use std::sync::Barrier;
use std::thread;

use lookup::TIMEOUT;
use lookup::blocking::Cache;
use prime::Verdict;

use super::*;

fn cache(server: &Server, most: usize) -> Cache {
    Cache::of(&options(server.address), most).unwrap()
}

#[test]
fn what_is_stored_is_found_and_nothing_else() {
    let server = Server::start(with_latency(0));
    let cache = cache(&server, 1);
    assert_eq!(cache.get(7), None);
    cache.store(7, Verdict::Prime);
    cache.store(u64::MAX, Verdict::Composite);
    assert_eq!((cache.get(7), cache.get(u64::MAX)), (Some(Verdict::Prime), Some(Verdict::Composite)));
    assert_eq!(figure(&mut server.client(), "total_connections_received"), 2, "the connection is kept");
}

#[test]
fn threads_that_find_all_connections_in_use_wait_for_one() {
    let server = Server::start(with_latency(20));
    let cache = cache(&server, 3);
    cache.store(7, Verdict::Prime);
    let together = Barrier::new(12);
    let ((), time) = timed(|| {
        thread::scope(|scope| {
            for _ in 0..12 {
                scope.spawn(|| {
                    together.wait();
                    assert_eq!(cache.get(7), Some(Verdict::Prime));
                });
            }
        });
    });
    assert!(time >= Duration::from_millis(4 * 20), "three at a time take four rounds, not {time:?}");
    let made = figure(&mut server.client(), "total_connections_received") - 1;
    assert!((1..=3).contains(&made), "{made}");
}

#[test]
fn whatever_is_wrong_nothing_is_found_and_once_it_is_over_the_cache_is_used_again() {
    for fault in FAULTS {
        let server = Server::start(with_latency(0));
        let cache = cache(&server, 4);
        cache.store(7, Verdict::Prime);
        let mut control = server.client();
        assert_eq!(control.answer(&format!("fault {fault}")), ok());
        assert_eq!(cache.get(7), None, "{fault}");
        assert_eq!(control.answer("fault none"), ok());
        let deadline = Instant::now() + PATIENCE;
        while cache.get(7) != Some(Verdict::Prime) {
            assert!(Instant::now() < deadline, "{fault}: it is never used again");
        }
    }
}

#[test]
fn a_silent_cache_is_waited_for_until_the_timeout_and_then_left_alone_for_a_while() {
    let (_listener, options) = silent();
    let cache = Cache::of(&options, 2).unwrap();
    let (found, time) = timed(|| cache.get(7));
    assert_eq!(found, None);
    assert!(time >= TIMEOUT, "{time:?}");
    let ((), time) = timed(|| (0..100).for_each(|_| cache.store(7, Verdict::Prime)));
    assert!(time < 50 * TIMEOUT, "if each waited, they would take 100 s, not {time:?}");
}

#[test]
fn threads_that_wait_for_a_connection_give_up_with_the_one_that_has_it() {
    let (_listener, options) = silent();
    let cache = Cache::of(&options, 1).unwrap();
    let together = Barrier::new(8);
    let ((), time) = timed(|| {
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    together.wait();
                    assert_eq!(cache.get(7), None);
                });
            }
        });
    });
    assert!(time < 4 * TIMEOUT, "one after the other they would take eight times the timeout, not {time:?}");
}
