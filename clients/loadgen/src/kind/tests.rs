//! Which numbers a kind has, what they cost, and which kinds are refused.

use std::collections::HashSet;

use super::primality::primes_from;
use super::question::Question;
use super::*;

fn near(name: &str, size: u64, count: usize, cached: bool) -> Kind {
    let numbers = Numbers::Near { size, count, seed: 0 };
    Kind { name: name.to_owned(), numbers, share: Share::default(), cached }
}

fn scenario(kinds: Vec<Kind>) -> Scenario {
    Scenario { dialect: Dialect::Primes, kinds, ..Scenario::default() }
}

/// The divisions that trial division needs: the loop of a server, counted.
fn divisions(number: u64) -> u64 {
    let divisors = (3..).step_by(2).take_while(|divisor| *divisor <= number / divisor);
    let mut count = 0;
    for divisor in divisors {
        count += 1;
        if number.is_multiple_of(divisor) {
            break;
        }
    }
    count
}

#[test]
fn numbers_near_a_size_are_distinct_cost_what_its_primes_cost_and_are_prime_half_of_the_time() {
    for (size, count, dearest) in [(1_000_000, 400, 2.0), (10_000_000_000, 100, 1.02)] {
        let questions = questions(&[near("some", size, count, false)]).remove(0);
        let distinct: HashSet<u64> = questions.iter().map(Question::number).collect();
        assert_eq!((questions.len(), distinct.len()), (count, count));
        let primes = questions.iter().filter(|question| question.answer() == Verdict::Prime).count();
        assert_eq!(primes, count / 2);
        let least = divisions(primes_from(size).next().unwrap());
        for question in &questions {
            let cost = divisions(question.number());
            #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
            let times = cost as f64 / least as f64;
            assert!((1.0..dearest).contains(&times), "{}: {times} times as much", question.number());
        }
        // Both answers come in an order that a server cannot have by accident.
        let changes = questions.windows(2).filter(|pair| pair[0].answer() != pair[1].answer()).count();
        assert!((count / 4..count * 3 / 4).contains(&changes), "{changes} changes in {count}");
    }
}

#[test]
fn another_seed_gives_other_numbers() {
    let with_seed = |seed| {
        let numbers = Numbers::Near { size: 1_000_000, count: 1_000, seed };
        let kind = Kind { numbers, ..near("some", 1_000_000, 1, false) };
        let questions = questions(&[kind]).remove(0);
        questions.iter().map(Question::number).collect::<HashSet<u64>>()
    };
    assert_eq!(with_seed(1), with_seed(1));
    assert!(with_seed(0).is_disjoint(&with_seed(1)));
    assert!(with_seed(1).is_disjoint(&with_seed(2)));
}

#[test]
fn what_a_cache_holds_is_known_before_and_no_other_kind_has_it() {
    let given = Kind { numbers: Numbers::Given(vec![7, 8, 7]), ..near("given", 1_000, 1, true) };
    let kinds = vec![near("misses", 1_000, 200, false), near("hits", 1_000, 100, true), given];
    let scenario = scenario(kinds);
    scenario.validate().unwrap();
    let cached = scenario.cached_numbers();
    assert_eq!(cached, scenario.cached_numbers());
    assert_eq!(cached.len(), 102);
    assert_eq!(&cached[..2], [(7, Verdict::Prime), (8, Verdict::Composite)]);
    let cached: HashSet<u64> = cached.into_iter().map(|(number, _)| number).collect();
    let misses = &questions(&scenario.kinds)[0];
    assert_eq!(misses.len(), 200);
    assert!(misses.iter().all(|question| !cached.contains(&question.number())));
}

#[test]
fn a_request_is_its_number_on_a_line() {
    for (number, line) in [(0, "0\n"), (7, "7\n"), (u64::MAX, "18446744073709551615\n")] {
        let question = Question::new(number);
        assert_eq!((question.line(), question.number()), (line.as_bytes(), number));
    }
}

#[test]
fn the_form_of_a_kind_survives_a_round_trip_and_an_old_scenario_has_none() {
    let rate = Share::Rate { rate: 5, connections: 2, arrivals: Arrivals::Poisson };
    let kinds = [Share::Weight(5), Share::Clients(0), rate]
        .map(|share| Kind { share, ..near("some", 1_000_000, 10, true) });
    let text = serde_json::to_string(&kinds).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Kind>>(&text).unwrap(), kinds);
    let old = serde_json::to_string(&Scenario::default()).unwrap();
    assert!(!old.contains("kinds"), "records stay as they were: {old}");
}

#[test]
fn kinds_out_of_bounds_are_refused_by_name() {
    let with = |change: fn(&mut Kind)| {
        let mut kind = near("some", 1_000_000, 10, false);
        change(&mut kind);
        scenario(vec![kind])
    };
    let some = || near("some", 1_000_000, 10, false);
    for (reason, scenario) in [
        ("needs kinds of requests", scenario(Vec::new())),
        ("two kinds are named \"some\"", scenario(vec![some(), some()])),
        ("kinds are for the dialect", Scenario { kinds: vec![some()], ..Scenario::default() }),
        ("not in churn", Scenario { load: Load::Churn, ..scenario(vec![some()]) }),
        ("small letters", with(|kind| kind.name = "a,b".to_owned())),
        ("needs a weight", with(|kind| kind.share = Share::Clients(3))),
        ("weight must be", with(|kind| kind.share = Share::Weight(0))),
        ("clients may be", with(|kind| kind.share = Share::Clients(MAX_CONNECTIONS + 1))),
        (
            "rate must be",
            with(|kind| {
                kind.share = Share::Rate { rate: 0, connections: 1, arrivals: Arrivals::Uniform };
            }),
        ),
        ("numbers must be given", with(|kind| kind.numbers = Numbers::Given(Vec::new()))),
        ("size of numbers", with(|kind| kind.numbers = Numbers::near(999))),
        ("count of numbers", with(|kind| kind.numbers = Numbers::Near { size: 1_000, count: 0, seed: 0 })),
        ("seed of numbers", with(|kind| kind.numbers = Numbers::Near { size: 1_000, count: 1, seed: 1_001 })),
    ] {
        let message = scenario.validate().unwrap_err().to_string();
        assert!(message.contains(reason), "{reason}: {message}");
    }
}
