use std::sync::Arc;

use lookup::TIMEOUT;
use lookup::asynchronous::Cache;
use prime::Verdict;
use tokio::runtime::{Builder, Runtime};

use super::*;

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn cache(server: &Server) -> Arc<Cache> {
    Arc::new(Cache::of(&options(server.address)).unwrap())
}

/// So many lookups at once, each in a task.
fn all_at_once(cache: &Arc<Cache>, lookups: usize) -> Vec<Option<Verdict>> {
    runtime().block_on(async {
        let tasks: Vec<_> = (0..lookups)
            .map(|_| {
                let cache = Arc::clone(cache);
                tokio::spawn(async move { cache.get(7).await })
            })
            .collect();
        let mut found = Vec::new();
        for task in tasks {
            found.push(task.await.unwrap());
        }
        found
    })
}

#[test]
fn lookups_share_one_connection_and_none_waits_for_the_answer_to_another() {
    const LOOKUPS: usize = 200;
    let server = Server::start(with_latency(100));
    assert_eq!(server.client().answer("set primecache:7 prime"), ok());
    let cache = cache(&server);
    let (found, time) = timed(|| all_at_once(&cache, LOOKUPS));
    assert_eq!(found, [Some(Verdict::Prime); LOOKUPS]);
    assert!(time < Duration::from_secs(10), "one after the other they would take 20 s, not {time:?}");
    assert_eq!(figure(&mut server.client(), "total_connections_received"), 3, "one beside these two");
}

#[test]
fn what_is_stored_is_found_and_nothing_else() {
    let server = Server::start(with_latency(0));
    let cache = cache(&server);
    runtime().block_on(async {
        assert_eq!(cache.get(7).await, None);
        cache.store(7, Verdict::Prime).await;
        cache.store(u64::MAX, Verdict::Composite).await;
        assert_eq!(cache.get(7).await, Some(Verdict::Prime));
        assert_eq!(cache.get(u64::MAX).await, Some(Verdict::Composite));
    });
}

#[test]
fn whatever_is_wrong_nothing_is_found_and_once_it_is_over_the_cache_is_used_again() {
    for fault in FAULTS {
        let server = Server::start(with_latency(0));
        let cache = cache(&server);
        runtime().block_on(async {
            cache.store(7, Verdict::Prime).await;
            let mut control = server.client();
            assert_eq!(control.answer(&format!("fault {fault}")), ok());
            assert_eq!(cache.get(7).await, None, "{fault}");
            assert_eq!(control.answer("fault none"), ok());
            let deadline = Instant::now() + PATIENCE;
            while cache.get(7).await != Some(Verdict::Prime) {
                assert!(Instant::now() < deadline, "{fault}: it is never used again");
            }
        });
    }
}

#[test]
fn a_silent_cache_is_waited_for_once_by_all_and_no_longer_than_the_timeout() {
    let (_listener, options) = silent();
    let cache = Arc::new(Cache::of(&options).unwrap());
    let (found, time) = timed(|| all_at_once(&cache, 50));
    assert_eq!(found, [None; 50]);
    assert!(time >= TIMEOUT && time < 4 * TIMEOUT, "{time:?}");
}

#[test]
fn a_lookup_that_is_dropped_takes_no_answer_from_another() {
    let server = Server::start(with_latency(50));
    let mut control = server.client();
    for command in ["set primecache:7 prime", "set primecache:8 composite"] {
        assert_eq!(control.answer(command), ok());
    }
    let cache = cache(&server);
    runtime().block_on(async {
        assert_eq!(cache.get(7).await, Some(Verdict::Prime), "it is connected");
        let dropped = tokio::time::timeout(Duration::from_millis(5), cache.get(7)).await;
        assert!(dropped.is_err());
        assert_eq!(cache.get(8).await, Some(Verdict::Composite));
    });
}
