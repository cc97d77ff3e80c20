//! How the parts of a load are shared out.

use std::time::Instant;

use super::*;
use crate::kind::{Kind, Numbers};
use crate::open_loop::OpenLoop;
use crate::scenario::Dialect;

fn kind(name: &str, numbers: Vec<u64>, share: Share) -> Kind {
    Kind { name: name.to_owned(), numbers: Numbers::Given(numbers), share, cached: false }
}

fn scenario(load: Load, kinds: Vec<Kind>) -> Scenario {
    Scenario { dialect: Dialect::Primes, load, kinds, ..Scenario::default() }
}

fn open(rate: u64) -> Load {
    Load::Open { rate, arrivals: Arrivals::Uniform, seed: 7 }
}

#[test]
fn kinds_with_a_weight_share_a_rate_and_others_have_their_own() {
    let rate = Share::Rate { rate: 5, connections: 2, arrivals: Arrivals::Uniform };
    let kinds = vec![
        kind("small", vec![1], Share::Weight(95)),
        kind("clients", vec![2], Share::Clients(3)),
        kind("own", vec![3], rate),
        kind("big", vec![4], Share::Weight(5)),
    ];
    let scenario = scenario(open(10), kinds);
    assert_eq!(scenario.lanes().collect::<Vec<usize>>(), [50, 0, 3, 2, 0]);
    assert_eq!(scenario.by_clock(), [true, false, false, true, false]);
    let minute = Duration::from_secs(60);
    let alone = ScheduleShare { index: 0, of: 1 };
    let due = |clock: &Clock| (clock.kind, clock.lane, clock.schedule(0, alone, minute).count());
    // 9.5, 5 and 0.5 a second.
    assert_eq!(scenario.clocks().iter().map(due).collect::<Vec<_>>(), [(0, 0, 570), (2, 3, 300), (3, 0, 30)]);
}

#[test]
fn kinds_have_schedules_that_do_not_depend_on_each_other() {
    let load = Load::Open { rate: 200, arrivals: Arrivals::Poisson, seed: 7 };
    let kinds = vec![kind("a", vec![1], Share::Weight(1)), kind("b", vec![2], Share::Weight(1))];
    let alone = ScheduleShare { index: 0, of: 1 };
    let due = |clock: &Clock| clock.schedule(0, alone, Duration::from_secs(60)).collect::<Vec<Duration>>();
    let [a, b] = scenario(load, kinds).clocks().iter().map(due).collect::<Vec<_>>().try_into().unwrap();
    assert!(a.iter().all(|time| !b.contains(time)), "both follow one schedule");
}

#[test]
fn kinds_that_are_due_at_fixed_intervals_are_not_due_at_the_same_moments() {
    let alone = ScheduleShare { index: 0, of: 1 };
    for weights in [&[1, 1][..], &[95, 5], &[2, 1], &[1, 4], &[1, 1, 1], &[6, 3, 2, 1]] {
        let kinds = weights.iter().enumerate();
        let kinds = kinds.map(|(place, weight)| kind(&format!("k{place}"), vec![7], Share::Weight(*weight)));
        let clocks = scenario(open(100), kinds.collect()).clocks();
        let due = clocks.iter().flat_map(|clock| clock.schedule(0, alone, Duration::from_secs(60)));
        let mut due: Vec<Duration> = due.collect();
        due.sort_unstable();
        let closest = due.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).min().unwrap();
        let shortest = clocks.iter().map(|clock| clock.rate.gap()).min().unwrap();
        let apart = shortest / u32::try_from(weights.len()).unwrap();
        assert!(closest + Duration::from_micros(1) > apart, "{weights:?}: {closest:?} of {apart:?}");
    }
}

#[test]
fn a_load_without_kinds_has_one_lane_and_the_clock_of_its_load() {
    let closed = Scenario::default();
    assert_eq!(closed.lanes().collect::<Vec<usize>>(), [50]);
    assert_eq!((closed.clocks().len(), closed.by_clock()), (0, vec![false]));
    let open = Scenario { load: open(9), ..closed };
    assert_eq!((open.clocks().len(), open.by_clock()), (1, vec![true]));
}

#[test]
fn in_a_closed_loop_kinds_are_drawn_by_their_weight() {
    let kinds = vec![
        kind("small", vec![1], Share::Weight(95)),
        kind("clients", vec![2], Share::Clients(3)),
        kind("big", vec![4], Share::Weight(5)),
    ];
    let scenario = scenario(Load::Closed, kinds);
    let questions = crate::kind::question::questions(&scenario.kinds);
    let mut asking = Asking::new(&scenario, &questions, 0).unwrap();
    let mut drawn = [0; 3];
    (0..20_000).for_each(|_| drawn[asking.drawn()] += 1);
    // The standard deviation is 31.
    assert!(drawn[1] == 0 && (1_000_i32 - drawn[2]).abs() < 200, "{drawn:?}");
    assert_eq!(drawn.iter().sum::<i32>(), 20_000);
}

#[test]
fn workers_ask_different_numbers_and_count_those_that_they_ask_again() {
    let scenario = Scenario {
        threads: 2,
        ..scenario(Load::Closed, vec![kind("a", (0..5).collect(), Share::Weight(1))])
    };
    let questions = crate::kind::question::questions(&scenario.kinds);
    let asked = |worker, count: usize| {
        let mut asking = Asking::new(&scenario, &questions, worker).unwrap();
        let numbers: Vec<u64> = (0..count).map(|_| asking.sources[0].take().number()).collect();
        (numbers, asking.repeated().sum::<u64>())
    };
    assert_eq!(asked(0, 3), (vec![0, 2, 4], 0));
    assert_eq!(asked(1, 2), (vec![1, 3], 0));
    assert_eq!(asked(1, 4).1, 2);
}

#[test]
fn a_message_keeps_its_kind_and_the_moment_at_which_it_was_due_however_late_it_is_taken_up() {
    let kinds = vec![kind("a", vec![1], Share::Clients(1)), kind("b", vec![2], Share::Weight(1))];
    let clock = scenario(open(10), kinds).clocks().remove(0);
    let mut open_loop = OpenLoop::new(clock, 1);
    let start = Instant::now();
    let at = |milliseconds| start + Duration::from_millis(milliseconds);
    open_loop.join(0, start);
    open_loop.follow(clock.schedule(0, ScheduleShare { index: 0, of: 1 }, Duration::from_secs(1)), start);
    let first = open_loop.next_due(0).unwrap();
    let taken_up = open_loop.take_up(first, at(350));
    assert_eq!((taken_up.kind, taken_up.due, taken_up.late), (1, start, Duration::from_millis(350)));
    let left: Vec<(usize, Instant)> =
        open_loop.backlog(0, at(900)).map(|stamp| (stamp.kind, stamp.due)).collect();
    assert_eq!(left, (1..10).map(|index| (1, at(100 * index))).collect::<Vec<_>>());
}
