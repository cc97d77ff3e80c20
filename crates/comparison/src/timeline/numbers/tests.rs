//! The drawings are functions of what clients and server have seen, so they can be tested without either.

use charts::Phase;
use prime::Verdict;

use super::clients::Visit;
use super::*;

/// The clock when the first number was sent.
const ZERO: Duration = Duration::from_secs(1000);

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn visit(value: u64, sent: u64, ended: u64, alone: u64) -> Visit {
    let number = Number { value, verdict: Verdict::Prime, alone: ms(alone) };
    Visit { number, sent: ZERO + ms(sent), ended: ZERO + ms(ended), failure: None }
}

/// A line of a server's file for each: milliseconds, event, number, thread.
fn events(of: &[(u64, &str, u64, usize)]) -> String {
    let line = |(at, event, number, thread): &(u64, &str, u64, usize)| {
        format!("{} {event} {number} {thread}\n", (ZERO + ms(*at)).as_nanos())
    };
    of.iter().map(line).collect()
}

/// A loop that computes: the 7 is not even read before the big number is done.
fn inline() -> Chart {
    let events = events(&[
        (0, "received", 97, 0),
        (0, "begun", 97, 0),
        (800, "computed", 97, 0),
        (900, "received", 7, 0),
        (900, "begun", 7, 0),
        (1000, "computed", 7, 0),
    ]);
    let visits = [visit(97, 0, 800, 800), visit(7, 200, 1000, 0)];
    Chart::new("inline", "computes", &visits, &events::parse(&events).unwrap())
}

/// A loop with one worker: the 7 is read at once, and waits in the queue.
fn queue() -> Chart {
    // Threads write at the same time: their lines need not be in order.
    let events = events(&[
        (0, "received", 97, 0),
        (200, "received", 7, 0),
        (900, "begun", 7, 1),
        (1000, "computed", 7, 1),
        (0, "begun", 97, 1),
        (800, "computed", 97, 1),
    ]);
    let visits = [visit(97, 0, 800, 800), visit(7, 200, 1000, 0)];
    Chart::new("queue", "hands over", &visits, &events::parse(&events).unwrap())
}

/// The text without colours.
fn text(charts: &[Chart], columns: usize) -> String {
    anstream::adapter::strip_str(&rows::draw(charts, columns)).to_string()
}

#[test]
fn one_sees_who_waits_unread_who_waits_in_the_queue_and_who_computes() {
    assert_eq!(
        text(&[inline(), queue()], 60),
        "\
· sent, not read yet   ░ read, waits for a turn or a cache
━ is tested; or the thread is busy   ✗ failed

inline  1.000 s
  7 waited for 0.800 s beside its own test; computes
  97  0.800 s        ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
  7  0.800 s                ···························━━━━━
  loop  0.900 s      ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━   ━━━━━

queue  1.000 s
  7 waited for 0.800 s beside its own test; hands over
  97  0.800 s        ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
  7  0.800 s                ░░░░░░░░░░░░░░░░░░░░░░░░░░░━━━━━
  loop  0.000 s      ━      ━
  worker 1  0.900 s  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━   ━━━━━

                     ┬──────────────────┬──────────────────┬
                     0.0 s              0.5 s
"
    );
}

#[test]
fn threads_that_read_are_told_from_those_that_only_compute() {
    let of = |threads: [usize; 4]| {
        let [first, second, third, fourth] = threads;
        let events = events(&[
            (0, "received", 97, first),
            (0, "begun", 97, second),
            (1, "computed", 97, second),
            (1, "received", 7, third),
            (1, "begun", 7, fourth),
            (1, "computed", 7, fourth),
        ]);
        let visits = [visit(97, 0, 2, 2), visit(7, 1, 2, 0)];
        let chart = Chart::new("", "", &visits, &events::parse(&events).unwrap());
        chart.lanes[2..].iter().map(|lane| lane.label.clone()).collect::<Vec<_>>()
    };
    assert_eq!(of([0, 0, 0, 0]), ["loop"]);
    assert_eq!(of([0, 4, 0, 6]), ["loop", "worker 1", "worker 2"]);
    assert_eq!(of([4, 4, 6, 6]), ["thread 1", "thread 2"]);
    assert_eq!(of([4, 6, 4, 4]), ["thread 1", "worker 1"]);
}

#[test]
fn a_number_that_is_found_without_a_test_is_drawn_until_it_is_answered() {
    let events = events(&[(0, "received", 7, 0)]);
    let chart = Chart::new("", "", &[visit(7, 0, 5, 0)], &events::parse(&events).unwrap());
    assert_eq!(chart.lanes[0].spans, [(ms(0), ms(5), Phase::Queued)]);
}

#[test]
fn a_number_waits_for_the_cache_before_its_test_and_after_it() {
    let events = events(&[(1, "received", 7, 0), (3, "begun", 7, 0), (4, "computed", 7, 0)]);
    let chart = Chart::new("", "", &[visit(7, 0, 6, 0)], &events::parse(&events).unwrap());
    let spans = [(0, 1, Phase::Waits), (1, 3, Phase::Queued), (3, 4, Phase::Served), (4, 6, Phase::Queued)];
    assert_eq!(chart.lanes[0].spans, spans.map(|(from, to, phase)| (ms(from), ms(to), phase)));
}

#[test]
fn a_client_that_failed_is_drawn_as_failed_with_its_reason() {
    let events = events(&[(0, "received", 7, 0), (0, "begun", 7, 0)]);
    let failed = Visit { failure: Some("no answer: reset".to_owned()), ..visit(7, 0, 9, 0) };
    let chart = Chart::new("name", "", &[failed], &events::parse(&events).unwrap());
    let text = text(std::slice::from_ref(&chart), 60);
    assert!(text.contains("✗✗✗") && text.contains("no answer: reset"), "{text}");
    let numbers = Numbers { charts: vec![chart] };
    assert!(!numbers.is_right());
    assert!(numbers.svg().contains("served failed"), "{}", numbers.svg());
    assert!(Numbers { charts: vec![inline()] }.is_right());
}

#[test]
fn the_picture_has_bars_of_three_heights() {
    let picture = Numbers { charts: vec![inline(), queue()] }.svg();
    let document = roxmltree::Document::parse(&picture).unwrap();
    let heights_of = |group: usize| -> Vec<&str> {
        let mut groups = document.descendants().filter(|node| node.attribute("class") == Some("group"));
        let group = groups.nth(group).unwrap();
        let lane = group.descendants().filter(|node| node.attribute("class") == Some("lane")).nth(1).unwrap();
        lane.descendants().filter_map(|node| node.attribute("height")).collect()
    };
    assert_eq!(heights_of(0), ["4.0", "16.0"], "sent and not read, then tested");
    assert_eq!(heights_of(1), ["9.0", "16.0"], "read and in the queue, then tested");
}

#[test]
fn a_file_with_something_else_in_it_is_refused_with_its_line() {
    for line in ["", "x received 7 0", "1 answered 7 0", "1 begun seven 0", "1 begun 7"] {
        let error = events::parse(&format!("1 received 7 0\n{line}\n")).unwrap_err();
        assert_eq!(error.to_string(), format!("{line:?} is no event"));
    }
}

#[test]
fn a_number_that_takes_too_long_is_refused_by_name() {
    let refusal = Number::tested(u64::MAX - 58, ms(1)).unwrap_err().to_string();
    assert_eq!(refusal, "18446744073709551557 takes longer than 1ms to test; give a smaller number");
    assert_eq!(Number::tested(7, ms(1000)).unwrap().verdict, Verdict::Prime);
}

#[test]
fn programs_get_when_each_number_was_sent_and_answered() {
    let data = serde_json::to_value(inline().data()).unwrap();
    let expected = serde_json::json!({ "name": "inline", "seconds": 1.0, "lanes": [
        { "number": 97, "sent": 0.0, "done": 0.8, "alone": 0.8, "failure": null },
        { "number": 7, "sent": 0.2, "done": 1.0, "alone": 0.0, "failure": null },
    ] });
    assert_eq!(data, expected);
}
