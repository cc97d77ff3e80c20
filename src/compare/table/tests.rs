use std::num::NonZeroU32;

use loadgen::{ErrorKind, Errors, Latency, Outcome};

use super::*;
use crate::machine::Machine;
use crate::process::{CpuClock, Usage};

fn script(elapsed_ns: u64) -> (Scenario, Observed) {
    (
        Scenario::Script { connections: 3, pause_divisor: NonZeroU32::new(10).unwrap() },
        Observed::Script { elapsed_ns, failures: Vec::new() },
    )
}

fn load(served: u64, messages: u32, threads: u64) -> (Scenario, Observed) {
    let outcome = Outcome {
        connections: 50,
        served,
        starved: 50 - served,
        elapsed_ns: 1_000_000_000,
        messages: messages.into(),
        messages_per_second: f64::from(messages),
        reply_bytes: 64 * u64::from(messages),
        drained: 0,
        unfinished: 0,
        latency: Some(Latency {
            samples: messages.into(),
            p50_ns: 308_991,
            p90_ns: 402_431,
            p99_ns: 1_658_943,
            p999_ns: 2_046_975,
            max_ns: 5_332_991,
        }),
        client_cpu_ns_per_message: Some(6_021.0),
        ..Outcome::default()
    };
    let usage = Usage {
        cpu_ns: 7_500 * u64::from(messages),
        cpu_clock: CpuClock::Threads,
        peak_memory_bytes: 5_452_595,
        threads,
    };
    (
        Scenario::Load(loadgen::Scenario::default()),
        Observed::Load { outcome: Box::new(outcome), usage: Some(usage) },
    )
}

fn comparison(observed: &[(&str, Kind, (Scenario, Observed))]) -> Comparison {
    let record = |(model, kind, (scenario, observed)): &(&str, Kind, (Scenario, Observed))| Record {
        model: (*model).to_owned(),
        kind: *kind,
        round: 1,
        scenario: scenario.clone(),
        observed: observed.clone(),
    };
    Comparison {
        machine: Machine { processor: Some("Some CPU".to_owned()), cores: 2, system: "linux 6.1".to_owned() },
        records: observed.iter().map(record).collect(),
    }
}

fn plain(comparison: &Comparison) -> String {
    anstream::adapter::strip_str(&draw(comparison)).to_string()
}

#[test]
fn models_stand_above_a_rule_and_floors_below_it() {
    let text = plain(&comparison(&[
        ("floor-epoll", Kind::Floor, load(50, 150_000, 1)),
        ("sequential", Kind::Model, script(662_000_000)),
        ("sequential", Kind::Model, load(1, 20_123, 2)),
        ("mio", Kind::Model, script(221_000_000)),
        ("mio", Kind::Model, load(50, 123_456, 2)),
    ]));
    assert_eq!(text, include_str!("tests/golden.txt"));
}

#[test]
fn a_table_is_no_wider_than_100_columns() {
    let widest = comparison(&[
        ("thread-per-conn", Kind::Model, script(6_612_000_000)),
        ("thread-per-conn", Kind::Model, load(50, 9_999_999, 10_000)),
        ("floor-threads", Kind::Floor, load(50, 9_999_999, 10_000)),
    ]);
    for line in plain(&widest).lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

#[test]
fn what_went_wrong_is_told_below_the_table_and_coloured_in_it() {
    let (scenario, mut observed) = load(50, 100, 2);
    if let Observed::Load { outcome, .. } = &mut observed {
        outcome.errors = Errors {
            by_kind: [(ErrorKind::WrongByte, 3), (ErrorKind::Reset, 1)].into(),
            first: Some("reply byte 17 must be 0x00, but is 0xff".to_owned()),
        };
    }
    let refused = Observed::Failed { error: "server tokio did not start".to_owned() };
    let comparison = comparison(&[
        ("mio", Kind::Model, (scenario.clone(), observed)),
        ("tokio", Kind::Model, (scenario, refused)),
    ]);
    let text = plain(&comparison);
    assert!(text.contains("3 wrong reply byte, 1 reset; the first: reply byte 17"), "{text}");
    assert!(text.contains("server tokio did not start"), "{text}");
    let coloured = draw(&comparison);
    for name in ["mio", "tokio"] {
        let line = coloured.lines().find(|line| line.contains(name)).unwrap();
        assert!(line.starts_with(&FAILED.to_string()), "{line:?}");
    }
}

#[test]
fn starved_clients_are_a_result_and_no_error() {
    assert!(comparison(&[("sequential", Kind::Model, load(1, 100, 2))]).is_right());
    let failures = vec!["conn0: wrong bytes".to_owned()];
    let failed = Observed::Script { elapsed_ns: 1, failures };
    assert!(!comparison(&[("sequential", Kind::Model, (script(1).0, failed))]).is_right());
}

#[test]
fn a_floor_that_failed_divides_nothing() {
    let (scenario, _) = load(50, 100, 2);
    let text = plain(&comparison(&[
        ("mio", Kind::Model, load(50, 100, 2)),
        ("floor-epoll", Kind::Floor, (scenario, Observed::Failed { error: "no".to_owned() })),
    ]));
    let line = text.lines().find(|line| line.starts_with("mio")).unwrap();
    assert_eq!(line.split_whitespace().filter(|cell| *cell == NOT_MEASURED).count(), 2, "{line}");
}

#[test]
fn records_survive_json() {
    let before = comparison(&[
        ("mio", Kind::Model, script(1)),
        ("mio", Kind::Model, load(50, 100, 2)),
        ("floor-epoll", Kind::Floor, (script(1).0, Observed::Failed { error: "no".to_owned() })),
    ]);
    let text = serde_json::to_string(&before).unwrap();
    assert_eq!(serde_json::from_str::<Comparison>(&text).unwrap(), before);
}
