//! What is counted, what is timed, and how tallies add up.

use super::*;

fn tally(round_trips_us: std::ops::Range<u64>) -> Tally {
    let mut tally = Tally::new().unwrap();
    let start = Instant::now();
    tally.window = Window::Open { since: start };
    tally.elapsed = Duration::from_secs(1);
    for microseconds in round_trips_us {
        tally.arrived(64);
        tally.completed(&Stamp::now(start), 1, start + Duration::from_micros(microseconds));
    }
    tally
}

#[test]
fn merged_tallies_equal_one_tally_of_everything() {
    let mut merged = tally(1..100);
    merged.merge(&tally(100..2_000)).unwrap();
    let whole = tally(1..2_000).into_measurement(SystemTime::UNIX_EPOCH);
    let merged = merged.into_measurement(SystemTime::UNIX_EPOCH);
    assert_eq!(merged.outcome, whole.outcome);
    assert_eq!(merged.latency_ns, whole.latency_ns);
    assert_eq!(merged.outcome.messages, 1_999);
}

#[test]
fn merged_tallies_add_errors_by_kind_and_keep_the_first_message() {
    let (mut one, mut other) = (tally(0..0), tally(0..0));
    one.failed(ErrorKind::Reset, || "first".to_owned());
    other.failed(ErrorKind::Reset, || "second".to_owned());
    other.failed(ErrorKind::Stalled, || "third".to_owned());
    one.merge(&other).unwrap();
    assert_eq!(one.errors.to_string(), "1 stalled, 2 reset");
    assert_eq!(one.errors.first.as_deref(), Some("first"));
}

#[test]
fn what_completes_in_the_window_counts_and_what_was_sent_in_it_is_timed() {
    let at = |start: Instant, milliseconds| start + Duration::from_millis(milliseconds);
    let mut tally = Tally::new().unwrap();
    let begin = Instant::now();
    let (start, stop) = (at(begin, 10), at(begin, 20));
    tally.elapsed = stop - start;
    for (window, due, now) in [
        (Window::Ahead, at(begin, 1), at(begin, 2)),
        (Window::Open { since: start }, at(begin, 3), at(begin, 11)),
        (Window::Open { since: start }, at(begin, 12), at(begin, 13)),
        (Window::Closed { since: start, until: stop }, at(begin, 14), at(begin, 44)),
    ] {
        tally.window = window;
        tally.arrived(10);
        tally.completed(&Stamp::now(due), 1, now);
    }
    let outcome = tally.into_measurement(SystemTime::UNIX_EPOCH).outcome;
    assert_eq!((outcome.messages, outcome.drained, outcome.reply_bytes), (2, 1, 20));
    assert!((outcome.messages_per_second - 200.0).abs() < 1e-9);
    let latency = outcome.latency.unwrap();
    assert_eq!(latency.samples, 2);
    assert!((30_000_000..31_000_000).contains(&latency.max_ns), "{}", latency.max_ns);
}

#[test]
fn figures_without_a_measurement_are_absent_and_not_zero() {
    let outcome = Tally::new().unwrap().into_measurement(SystemTime::UNIX_EPOCH).outcome;
    assert_eq!(outcome.latency, None);
    assert_eq!(outcome.client_cpu_ns_per_message, None);
}
