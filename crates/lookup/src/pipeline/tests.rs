use std::time::Duration;

use super::*;

/// The moments of a test, in milliseconds.
fn moments() -> impl Fn(u64) -> Instant {
    let began = Instant::now();
    move |millis| began + Duration::from_millis(millis)
}

fn connected(at: Instant) -> Pipeline<char> {
    let mut pipeline = Pipeline::new();
    assert!(pipeline.is_down() && !pipeline.wants_connection(), "nothing is asked");
    pipeline.get(7, 'a', at);
    assert!(pipeline.wants_connection());
    pipeline.connecting();
    assert!(!pipeline.wants_connection() && pipeline.unsent().is_empty());
    pipeline.connected();
    assert_eq!(pipeline.unsent(), b"*2\r\n$3\r\nGET\r\n$12\r\nprimecache:7\r\n");
    pipeline.sent(pipeline.unsent().len());
    pipeline
}

fn done(pipeline: &mut Pipeline<char>) -> Vec<(char, Option<Verdict>)> {
    std::iter::from_fn(|| pipeline.next_done()).map(|Done { token, found }| (token, found)).collect()
}

#[test]
fn questions_stand_one_behind_the_other_and_answers_come_in_their_order_however_they_are_cut() {
    let at = moments();
    let answers = b"$5\r\nprime\r\n+OK\r\n$-1\r\n$9\r\ncomposite\r\n";
    for cut in 0..=answers.len() {
        let mut pipeline = connected(at(0));
        pipeline.store(8, Verdict::Composite, 'b', at(1));
        assert_eq!(pipeline.unsent(), b"*3\r\n$3\r\nSET\r\n$12\r\nprimecache:8\r\n$9\r\ncomposite\r\n");
        pipeline.sent(3);
        pipeline.get(9, 'c', at(2));
        pipeline.get(10, 'd', at(2));
        assert!(pipeline.unsent().starts_with(b"\n$3\r\nSET\r\n"));
        pipeline.receive(&answers[..cut], at(5));
        pipeline.receive(&answers[cut..], at(6));
        let composite = Some(Verdict::Composite);
        assert_eq!(
            done(&mut pipeline),
            [('a', Some(Verdict::Prime)), ('b', None), ('c', None), ('d', composite)]
        );
        assert_eq!(pipeline.deadline(), None);
    }
}

#[test]
fn what_is_no_verdict_brings_none_and_the_connection_stays() {
    let at = moments();
    for nonsense in
        ["$7\r\nperhaps\r\n", "$5\r\nPRIME\r\n", "-ERR no\r\n", ":7\r\n", "+prime\r\n", "*0\r\n", "*-1\r\n"]
    {
        let mut pipeline = connected(at(0));
        pipeline.receive(nonsense.as_bytes(), at(1));
        pipeline.get(8, 'b', at(2));
        pipeline.receive(b"$9\r\ncomposite\r\n", at(3));
        assert_eq!(done(&mut pipeline), [('a', None), ('b', Some(Verdict::Composite))], "{nonsense:?}");
        assert!(!pipeline.is_down());
    }
}

#[test]
fn after_what_is_no_resp_or_was_not_asked_for_the_connection_is_to_be_closed() {
    let at = moments();
    for garbage in ["prime\r\n", "$5\nprime\r\n", "$5\r\nprime\r\n+OK\r\n", "$99999\r\n", "\0"] {
        let mut pipeline = connected(at(0));
        pipeline.receive(garbage.as_bytes(), at(1));
        assert!(pipeline.is_down() && !pipeline.wants_connection(), "{garbage:?}");
        assert_eq!(done(&mut pipeline).len(), 1);
        assert_eq!(pipeline.deadline(), None);
    }
}

#[test]
fn an_answer_that_is_late_is_given_up_with_all_behind_it_and_none_before() {
    let at = moments();
    let mut pipeline = connected(at(0));
    pipeline.get(8, 'b', at(400));
    assert_eq!(pipeline.deadline(), Some(at(1_000)));
    pipeline.look(at(999));
    assert_eq!(done(&mut pipeline), []);
    pipeline.receive(b"$5\r\nprime\r\n", at(999));
    assert_eq!(pipeline.deadline(), Some(at(1_400)));
    pipeline.get(9, 'c', at(1_200));
    pipeline.look(at(1_400));
    assert_eq!(done(&mut pipeline), [('a', Some(Verdict::Prime)), ('b', None), ('c', None)]);
    assert!(pipeline.is_down());
}

#[test]
fn a_cache_that_is_away_keeps_nobody_waiting_and_is_tried_by_one_after_pauses_that_double() {
    let at = moments();
    let mut pipeline = connected(at(0));
    pipeline.broken("connection refused", at(0));
    assert_eq!(done(&mut pipeline), [('a', None)]);
    let mut now = 0;
    for pause in [50, 100, 200, 400, 800, 1_000, 1_000] {
        pipeline.get(7, 'b', at(now + pause - 1));
        assert!(!pipeline.wants_connection(), "in a pause of {pause} ms");
        assert_eq!(done(&mut pipeline), [('b', None)]);
        now += pause;
        pipeline.get(7, 'c', at(now));
        pipeline.get(7, 'd', at(now));
        assert_eq!(done(&mut pipeline), [('d', None)], "one asks, after {pause} ms");
        assert!(pipeline.wants_connection());
        pipeline.connecting();
        pipeline.broken("connection refused", at(now));
        assert_eq!(done(&mut pipeline), [('c', None)]);
    }
    now += 1_000;
    pipeline.get(7, 'e', at(now));
    pipeline.connecting();
    pipeline.connected();
    pipeline.receive(b"$5\r\nprime\r\n", at(now));
    pipeline.get(9, 'f', at(now));
    pipeline.get(9, 'g', at(now));
    assert_eq!(done(&mut pipeline), [('e', Some(Verdict::Prime))]);
    pipeline.receive(b"$-1\r\n$-1\r\n", at(now));
    assert_eq!(done(&mut pipeline), [('f', None), ('g', None)], "it is back, for all");
    pipeline.broken("connection reset", at(now));
    pipeline.get(7, 'h', at(now + 50));
    assert!(pipeline.wants_connection(), "the first pause is short again");
}
