//! Every model of the prime service answers small and big numbers of several kinds at once, verified by the load generator.

use std::thread;

use chassis::{Options, Shutdown, listen};
use concurrent_servers::models::{Model, PRIMES};
use loadgen::{Arrivals, Dialect, Kind, Load, Numbers, Scenario, Share};

const CLIENTS: u64 = 9;

/// Small numbers by the clock and in between them some of a millisecond; beside them clients of their own.
fn scenario() -> Scenario {
    let kind = |name: &str, size, share| Kind {
        name: name.to_owned(),
        numbers: Numbers::Near { size, count: 200, seed: 0 },
        share,
        cached: false,
    };
    Scenario {
        dialect: Dialect::Primes,
        kinds: vec![
            kind("small", 10_000, Share::Weight(9)),
            kind("big", 1_000_000_000_000, Share::Weight(1)),
            kind("clients", 1_000_000, Share::Clients(2)),
        ],
        load: Load::Open { rate: 200, arrivals: Arrivals::Poisson, seed: 1 },
        connections: 4,
        idle: 3,
        warm_up_ms: 0,
        duration_ms: 200,
        drain_ms: 30_000,
        close_ms: 30_000,
        ..Scenario::default()
    }
}

fn answers_all_kinds(model: &Model) {
    let listener = listen(([127, 0, 0, 1], 0).into()).unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = Shutdown::new().unwrap();
    thread::scope(|scope| {
        let server = scope.spawn(|| (model.serve)(listener, &Options::default(), &shutdown));
        let measurement = loadgen::run(address, &scenario(), |_| {});
        shutdown.request();
        let summary = server.join().unwrap().unwrap();
        let outcome = measurement.unwrap().outcome;
        assert!(outcome.errors.is_empty(), "{}: {outcome:?}", model.name);
        assert_eq!((outcome.starved, outcome.unfinished), (0, 0), "{}: {outcome:?}", model.name);
        for kind in &outcome.kinds {
            assert!(kind.messages + kind.drained > 0, "{}: {kind:?}", model.name);
        }
        assert_eq!((summary.accepted, summary.completed), (CLIENTS, CLIENTS), "{}: {summary}", model.name);
    });
}

#[test]
fn every_model_answers_numbers_of_all_kinds_at_once() {
    for model in PRIMES {
        answers_all_kinds(model);
    }
}
