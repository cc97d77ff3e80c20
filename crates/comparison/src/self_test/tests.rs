//! The judgement on runs whose figures are known.

use super::*;
use crate::example;

/// A run in which the candidate costs this many times as much as the floor.
fn trial(cost: f64, rounds: u32) -> Trial {
    let mut run = example::run_of("full", &[SCENARIO]);
    run.subjects = subjects("floor-epoll", "floor-epoll");
    run.profile.rounds.values_mut().for_each(|of_scenario| *of_scenario = rounds);
    let comparison = example::altered(run, |trial, figures| {
        if trial.subject.name == CANDIDATE {
            figures.cpu_ns_per_message *= cost;
        }
    });
    judged(&comparison, "floor-epoll").unwrap()
}

fn outcome(same: Vec<Trial>, slowed: Vec<Trial>) -> Outcome {
    Outcome {
        started: "2026-01-02T03:04:05Z".to_owned(),
        version: "0.0.0".to_owned(),
        machine: Machine::example(),
        layout: Layout::Pinned { server: 0, client: 1 },
        rounds: 12,
        seconds_per_run: 12.0,
        slowdown: SLOWDOWN,
        burned_ns: 150.0,
        same,
        slowed,
    }
}

#[test]
fn nothing_is_claimed_of_the_same_program_and_a_slowdown_is_found() {
    let same = trial(1.0, 12);
    assert_eq!((same.is_found, same.claims.as_slice()), (false, &[][..]), "{same:?}");
    let slowed = trial(1.05, 12);
    assert!(slowed.is_found && (1.03..1.07).contains(&slowed.cost), "{slowed:?}");
    let sentence = "server CPU per message of candidate is 1.0";
    assert!(slowed.claims.iter().any(|claim| claim.starts_with(sentence)), "{slowed:?}");
    // Too few rounds for an interval: nothing can be found.
    assert!(!trial(1.05, 3).is_found);
}

#[test]
fn a_test_is_good_if_nothing_false_is_claimed_and_nineteen_of_twenty_are_found() {
    let (same, slowed) = (trial(1.0, 12), trial(1.05, 12));
    let of = |wrong: usize, missed: usize| {
        let mut halves = [vec![same.clone(); 20], vec![slowed.clone(); 20]];
        halves[0][..wrong].fill(slowed.clone());
        halves[1][..missed].fill(same.clone());
        let [same, slowed] = halves;
        outcome(same, slowed)
    };
    assert!(of(0, 0).is_good() && of(0, 1).is_good());
    assert!(!of(1, 0).is_good() && !of(0, 2).is_good());
    let rows = of(2, 3).markdown();
    assert!(rows.contains("| the same program | 20 | 2 | 2 | 1.0"), "{rows}");
    assert!(rows.contains("| 5 % more CPU time | 20 | 17 | 17 | 1.0"), "{rows}");
}

#[test]
fn more_is_burned_where_the_share_itself_costs_less() {
    let half = |cost: f64| Half { trials: vec![trial(cost, 12); 3], costs_ns: Vec::new() };
    let fell_short = |cost: f64| half(cost).fell_short();
    assert!((1.6..2.5).contains(&fell_short(1.025)), "{}", fell_short(1.025));
    // As much as it should, or more: the share alone is burned. Nothing at all: not for ever more.
    assert!(fell_short(1.06) <= 1.0 && fell_short(0.99) >= MOST_BURNED && fell_short(0.99) <= MOST_BURNED);
}

#[test]
fn an_outcome_is_read_back_and_none_is_none() {
    let project = tempfile::tempdir().unwrap();
    assert_eq!(recorded(project.path()).unwrap(), None);
    let outcome = outcome(vec![trial(1.0, 12)], vec![trial(1.05, 12)]);
    fs::create_dir(project.path().join("results")).unwrap();
    let path = project.path().join("results").join(FILE);
    fs::write(&path, serde_json::to_string(&outcome).unwrap()).unwrap();
    assert_eq!(recorded(project.path()).unwrap(), Some(outcome.clone()));
    let (before, after) = (block(None), block(Some(&outcome)));
    assert!(before.contains("compare --self-test --out results"), "{before}");
    assert!(
        after.contains(&outcome.markdown()) && after.contains("12 rounds in each run, 12 s a run"),
        "{after}"
    );
    fs::write(&path, "{}").unwrap();
    assert!(format!("{:#}", recorded(project.path()).unwrap_err()).contains(FILE));
}
