//! The order of trials: balanced, complete, and reproducible.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::*;
use crate::example;

#[test]
fn in_as_many_rounds_as_subjects_each_takes_every_place_and_follows_every_other() {
    for count in [2, 4, 8, 10] {
        let rows: Vec<Vec<usize>> = (0..count).map(|round| order(count as usize, round, 7)).collect();
        let mut places = HashSet::new();
        let mut followers = HashSet::new();
        for row in &rows {
            places.extend(row.iter().copied().enumerate());
            followers.extend(row.windows(2).map(|pair| (pair[0], pair[1])));
        }
        let count = count as usize;
        assert_eq!(places.len(), count * count, "{rows:?}");
        assert_eq!(followers.len(), count * (count - 1), "{rows:?}");
    }
}

#[test]
fn with_an_odd_number_of_subjects_each_still_takes_every_place() {
    let rows: Vec<Vec<usize>> = (0..5).map(|round| order(5, round, 3)).collect();
    let places: HashSet<(usize, usize)> =
        rows.iter().flat_map(|row| row.iter().copied().enumerate().collect::<Vec<_>>()).collect();
    assert_eq!(places.len(), 25, "{rows:?}");
}

#[test]
fn a_new_square_is_drawn_after_each_and_the_same_seed_draws_the_same() {
    let squares: HashSet<Vec<usize>> = (0..8).map(|square| order(6, square * 6, 1)).collect();
    assert!(squares.len() > 1);
    assert_eq!(order(6, 13, 1), order(6, 13, 1));
}

#[test]
fn a_scenario_with_fewer_rounds_is_spread_over_the_run() {
    let rounds = |asked| (1..=8).filter(|&round| takes_part(round, asked, 8).is_some()).collect::<Vec<u32>>();
    assert_eq!(rounds(8), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(rounds(2), [4, 8]);
    assert_eq!(rounds(1), [8]);
    assert_eq!(rounds(3).len(), 3);
    assert_eq!((takes_part(4, 2, 8), takes_part(8, 2, 8)), (Some(0), Some(1)));
}

#[test]
fn every_scenario_runs_as_often_as_its_profile_says_with_all_eligible_subjects() {
    for profile in ["quick", "default", "full"] {
        let run = example::run(profile);
        let mut counts: BTreeMap<(&str, Point, &str), u32> = BTreeMap::new();
        for trial in plan(&run, &example::servers()) {
            *counts.entry((&trial.scenario.name, trial.point, &trial.subject.name)).or_default() += 1;
        }
        for ((scenario, point, subject), count) in &counts {
            assert_eq!(*count, run.profile.rounds[*scenario], "{scenario} {point:?} {subject}");
        }
        for scenario in &run.scenarios {
            for model in example::servers().models {
                let takes_part =
                    counts.keys().any(|(name, _, subject)| *name == scenario.name && *subject == model.name);
                let fewest_idle = match scenario.name.as_str() {
                    "many-idle" => 10_000,
                    "idle-clients" => 10,
                    _ => 0,
                };
                let starves = fewest_idle > 0 && !model.serves(fewest_idle + 1);
                let takes_no_options =
                    !scenario.variants.is_empty() && !model.options.contains(&"--write-policy".to_owned());
                assert_eq!(takes_part, !starves && !takes_no_options, "{} in {}", model.name, scenario.name);
            }
        }
    }
}

#[test]
fn among_more_and_more_idle_clients_only_those_take_part_that_serve_others_and_floors_of_their_kind() {
    let mut run = example::run_of("full", &["idle-clients"]);
    let taking_part = |run: &Run, point| {
        let trials = plan(run, &example::servers());
        let at_point = trials.iter().filter(|trial| trial.point == point && trial.round == 1);
        at_point.map(|trial| trial.subject.name.clone()).collect::<BTreeSet<String>>()
    };
    assert!(taking_part(&run, Point::Idle(10)).contains("thread-pool"));
    let most = taking_part(&run, Point::Idle(10_000));
    assert!(!most.contains("thread-pool") && most.contains("floor-threads again"), "{most:?}");
    run.subjects.retain(|subject| subject.role != Role::Model || subject.name == "mio");
    let most = taking_part(&run, Point::Idle(10_000));
    assert_eq!(most.iter().collect::<Vec<_>>(), ["floor-epoll", "floor-epoll again", "mio"]);
}

#[test]
fn a_subject_divided_by_a_floor_runs_in_the_same_round_as_the_floor() {
    let run = example::run("default");
    let trials = plan(&run, &example::servers());
    let mut divided = 0;
    for trial in &trials {
        let Some(floor) = trial.divided_by else { continue };
        divided += 1;
        assert!(trials.iter().any(|other| {
            other.subject.name == floor
                && (other.round, &other.scenario.name, other.point)
                    == (trial.round, &trial.scenario.name, trial.point)
        }));
    }
    assert!(divided > 0);
}

#[test]
fn a_model_of_one_client_is_divided_by_a_floor_with_one_client() {
    let run = example::run("full");
    let trials = plan(&run, &example::servers());
    let floor_of = |scenario: &str| {
        let trial =
            trials.iter().find(|trial| trial.scenario.name == scenario && trial.subject.name == "sequential");
        trial.unwrap().divided_by
    };
    assert_eq!(floor_of("ping-pong"), Some("floor-threads, 1 client"));
    assert_eq!(floor_of("churn"), Some("floor-threads"), "all are served in turn");
    assert_eq!(floor_of("script"), None);
    assert_eq!(floor_of("ramp"), None);
}
