//! `compare` of requests that wait: real servers, and a real cache beside each.

use std::fs;

use comparison::record::Observed;
use comparison::store;
use tempfile::TempDir;

use crate::compare::{compare, stderr, text};

const LATENCY_MS: u64 = 5;
const CLIENTS: u64 = 4;

/// One round, in which each request waits for the cache.
const WAITING: &str = r#"
[profiles.quick]
about = "as short as possible"
warm_up_ms = 5
window_ms = 20
slices = { passes = 2, warm_up_ms = 20, window_ms = 100 }
greeting_wait_ms = 200
primes = { warm_up_ms = 20, window_ms = 100 }
rounds = { asks = 1 }

[[scenario]]
name = "asks"
title = "4 clients, one request in flight each, which the cache answers after 5 ms"
question = "Who waits with how many connections?"
service = "primes"
cache = { latency_ms = 5 }
load = { connections = 4, kinds = [{ name = "hit", numbers = { near = { size = 1000000, count = 8 } }, cached = true }] }
"#;

#[test]
fn where_requests_wait_for_a_cache_the_pool_of_each_model_is_counted() {
    let folder = TempDir::new().unwrap();
    let (scenarios, run) = (folder.path().join("waiting.toml"), folder.path().join("run"));
    fs::write(&scenarios, WAITING).unwrap();
    let arguments = ["prime-threads", "prime-inline", "--quick", "--scenarios", text(&scenarios)];
    let output = compare(&[&arguments[..], &["--out", text(&run)]].concat());
    assert!(output.status.success(), "{}", stderr(&output));

    let comparison = store::load(&run).unwrap();
    assert_eq!(comparison.records.len(), 3, "two models, and the first one again");
    for record in &comparison.records {
        let Observed::Load { outcome, connections_to_cache: Some(connections), .. } = &record.observed else {
            panic!("{}: {:?}", record.subject, record.observed)
        };
        assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
        let fastest = outcome.latency.as_ref().unwrap().p50_ns;
        assert!(fastest >= LATENCY_MS * 1_000_000, "{} answers after {fastest} ns", record.subject);
        let expected = if record.subject == "prime-inline" { 1..=1 } else { 2..=CLIENTS };
        assert!(expected.contains(connections), "{}: {connections} connections", record.subject);
    }
}
