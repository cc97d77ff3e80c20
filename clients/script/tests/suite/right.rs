//! What the client reports about correct servers.

use std::sync::{Arc, Barrier};
use std::time::Duration;

use script::{Event, EventKind, MOST_CONNECTIONS, Options, Report, run};
use text::addresses::Addresses;

use super::server::{ClosedPort, answer, concurrent, fast_script, play, right, sequential};

/// What one connection received, without the greeting.
fn received(report: &Report, connection: usize) -> Vec<u8> {
    let of_connection = report.events.iter().filter(|event| event.connection == connection);
    of_connection
        .flat_map(|event| match &event.kind {
            EventKind::Received(bytes) => bytes.clone(),
            _ => Vec::new(),
        })
        .collect()
}

/// The index in the report of the first event of this kind.
fn position(report: &Report, connection: usize, kind: &EventKind) -> usize {
    let is_it = |event: &Event| event.connection == connection && event.kind == *kind;
    report.events.iter().position(is_it).unwrap()
}

#[test]
fn every_connection_gets_the_whole_reply_of_the_series() {
    let report = play(concurrent(3, right), 3);
    assert!(report.all_right(), "{:?}", report.outcomes);
    for connection in 0..3 {
        assert_eq!(received(&report, connection), b"bcdbcuf23436bc1111");
    }
}

#[test]
fn a_connection_reports_each_step_in_order() {
    let report = play(sequential(1, right), 1);
    let steps: Vec<&EventKind> =
        report.events.iter().map(|event| &event.kind).filter(|kind| !is_received(kind)).collect();
    let sending = |buffer: &str| EventKind::Sending(buffer.as_bytes().to_vec());
    assert_eq!(
        steps,
        [
            &EventKind::Connected,
            &EventKind::Greeted,
            &sending("^abc$de^abte$f"),
            &sending("xyz^123"),
            &sending("25$^ab0000$abab"),
            &EventKind::Disconnecting,
        ]
    );
}

fn is_received(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Received(_))
}

#[test]
fn a_run_takes_at_least_the_pauses_of_its_script() {
    let report = play(sequential(1, right), 1);
    assert!(report.elapsed >= fast_script().duration(), "{:?}", report.elapsed);
    assert!(report.outcomes[0].ended <= report.elapsed);
}

#[test]
fn a_sequential_server_greets_each_client_after_finishing_the_previous_one() {
    let report = play(sequential(3, right), 3);
    assert!(report.all_right(), "{:?}", report.outcomes);
    let mut turns: Vec<(usize, usize)> = (0..3)
        .map(|connection| {
            let greeted = position(&report, connection, &EventKind::Greeted);
            (greeted, position(&report, connection, &EventKind::Disconnecting))
        })
        .collect();
    turns.sort_unstable();
    assert!(turns[0].1 < turns[1].0 && turns[1].1 < turns[2].0, "{turns:?}");
}

#[test]
fn a_concurrent_server_greets_all_clients_before_the_first_disconnects() {
    // The barrier delays every reply until all connections have sent something, so all were greeted.
    let all_sent = Arc::new(Barrier::new(3));
    let report = play(
        concurrent(3, move |mut stream| {
            std::io::Write::write_all(&mut stream, b"*")?;
            stream.peek(&mut [0])?;
            all_sent.wait();
            answer(stream, |reply| reply)
        }),
        3,
    );
    assert!(report.all_right(), "{:?}", report.outcomes);
    let last_greeting = (0..3).map(|index| position(&report, index, &EventKind::Greeted)).max();
    let first_disconnect = (0..3).map(|index| position(&report, index, &EventKind::Disconnecting)).min();
    assert!(last_greeting < first_disconnect);
}

#[test]
fn events_are_reported_live_and_equal_those_in_the_report() {
    let options = Options { connections: 2, script: fast_script(), timeout: None };
    let mut live = Vec::new();
    let report = run(&concurrent(2, right).into(), &options, |event| live.push(event.clone())).unwrap();
    live.sort_by_key(|event| event.at);
    assert_eq!(live, report.events);
}

#[test]
fn the_first_address_that_accepts_is_used() {
    let closed = ClosedPort::new();
    let options = Options { connections: 1, script: fast_script(), timeout: None };
    let addresses = Addresses::new("a-name:9090", [closed.address(), sequential(1, right)]).unwrap();
    let report = run(&addresses, &options, |_| {}).unwrap();
    assert!(report.all_right(), "{:?}", report.outcomes);
}

#[test]
fn the_default_timeout_is_long_enough_for_all_clients_of_a_sequential_server() {
    let options = |connections| Options { connections, script: fast_script(), timeout: None };
    for connections in [1, 3, 100, MOST_CONNECTIONS] {
        let turns = fast_script().duration() * u32::try_from(connections).unwrap();
        assert!(options(connections).default_timeout() >= turns * 2);
    }
    assert!(options(usize::MAX).default_timeout() > Duration::from_secs(1_000_000));
}

#[test]
fn a_report_can_be_serialized() {
    let report = play(sequential(1, right), 1);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["outcomes"][0]["failure"], serde_json::Value::Null);
    assert_eq!(json["events"][0]["kind"], "connected");
    assert_eq!(json["events"][2]["kind"]["sending"][0], b'^');
}
