use anstream::adapter::strip_str;

use super::*;
use crate::example::{self, Figures};
use crate::plan::Trial;
use crate::subject::Layout;

const SCENARIOS: [&str; 3] = ["ping-pong", "pipelined", "churn"];

/// A run with newly drawn jitter, in which figures may be altered.
fn run(seed: u64, alter: impl Fn(&Trial, &mut Figures)) -> Comparison {
    let mut run = example::run_of("full", &SCENARIOS);
    run.seed = seed;
    example::altered(run, alter)
}

fn compared(before: &Comparison, after: &Comparison, bound_percent: f64) -> Result<Changes> {
    compare(before, after, bound_percent, &example::servers())
}

fn regressions(changes: &Changes) -> Vec<(&str, &str, Quantity)> {
    let found = changes.changes.iter().filter(|change| change.judgement == Judgement::Regression);
    found.map(|change| (change.scenario.as_str(), change.model.as_str(), change.quantity)).collect()
}

#[test]
fn two_runs_of_the_same_have_no_regression_and_no_improvement() {
    let before = run(1, |_, _| {});
    for seed in 2..4 {
        let changes = compared(&before, &run(seed, |_, _| {}), 10.0).unwrap();
        assert_eq!(changes.changes.len(), SCENARIOS.len() * 6 * 2 - 2, "sequential has no ratio in churn");
        for change in &changes.changes {
            assert!((change.factor - 1.0).abs() < 0.03, "{change:?}");
            let is_silent = matches!(change.judgement, Judgement::NoChange | Judgement::WithinNoise);
            assert!(is_silent, "{change:?}");
        }
        assert!(!changes.has_regression() && changes.warnings.is_empty());
        assert!(!draw::draw(&changes, 100).contains("are not detected"));
    }
}

#[test]
fn one_model_that_became_slower_is_found_and_nothing_else() {
    let after = run(2, |trial, figures| {
        if trial.subject.name == "mio" && trial.scenario.name == "pipelined" {
            figures.cpu_ns_per_message *= 1.3;
            figures.messages_per_second /= 1.3;
        }
    });
    let changes = compared(&run(1, |_, _| {}), &after, 10.0).unwrap();
    assert_eq!(
        regressions(&changes),
        [("pipelined", "mio", Quantity::Cost), ("pipelined", "mio", Quantity::Rate)]
    );
    let change = changes.changes.iter().find(|change| change.judgement == Judgement::Regression).unwrap();
    assert!((change.factor / 1.3 - 1.0).abs() < 0.03, "{change:?}");
    assert!(changes.has_regression());
    let text = strip_str(&draw::draw(&changes, 100)).to_string();
    assert!(text.contains("Regression past 10 %: mio in pipelined."), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");

    // The other way round it is an improvement.
    let changes = compared(&after, &run(1, |_, _| {}), 10.0).unwrap();
    assert_eq!(regressions(&changes), []);
    let better = changes.changes.iter().filter(|change| change.judgement == Judgement::Better);
    assert_eq!(better.map(|change| change.model.as_str()).collect::<Vec<_>>(), ["mio", "mio"]);
}

#[test]
fn what_the_bound_allows_is_worse_but_no_regression() {
    let after = run(2, |trial, figures| {
        if trial.subject.name == "mio" {
            figures.cpu_ns_per_message *= 1.15;
        }
    });
    let before = run(1, |_, _| {});
    let judgements = |bound: f64| {
        let changes = compared(&before, &after, bound).unwrap().changes;
        let of_mio =
            changes.into_iter().filter(|change| change.model == "mio" && change.quantity == Quantity::Cost);
        of_mio.map(|change| change.judgement).collect::<Vec<_>>()
    };
    assert_eq!(judgements(20.0), [Judgement::Worse; 3]);
    assert_eq!(judgements(10.0), [Judgement::Regression; 3]);
}

#[test]
fn a_slower_machine_is_no_change() {
    let after = run(2, |_, figures| {
        figures.cpu_ns_per_message *= 1.7;
        figures.messages_per_second /= 1.7;
    });
    let changes = compared(&run(1, |_, _| {}), &after, 10.0).unwrap();
    assert_eq!(regressions(&changes), []);
}

#[test]
fn what_the_twins_of_either_run_show_is_no_regression() {
    let slower = |trial: &Trial, figures: &mut Figures| {
        if trial.subject.name == "mio" {
            figures.cpu_ns_per_message *= 1.3;
        }
    };
    let noisy = |trial: &Trial, figures: &mut Figures| {
        if trial.subject.name == "floor-threads again" {
            figures.cpu_ns_per_message *= if trial.round.is_multiple_of(2) { 1.4 } else { 1.0 };
        }
    };
    let both = |trial: &Trial, figures: &mut Figures| {
        slower(trial, figures);
        noisy(trial, figures);
    };
    for (before, after) in [(run(1, noisy), run(2, slower)), (run(1, |_, _| {}), run(2, both))] {
        let changes = compared(&before, &after, 10.0).unwrap();
        assert_eq!(regressions(&changes), []);
        assert!(draw::draw(&changes, 100).contains("are not detected"));
        let silenced = changes.changes.iter().filter(|change| change.model == "mio");
        assert_eq!(
            silenced.filter(|change| change.judgement == Judgement::WithinNoise).count(),
            SCENARIOS.len()
        );
    }
}

#[test]
fn too_few_rounds_are_reported_and_judge_nothing() {
    let quick = |seed| {
        let mut run = example::run_of("quick", &["ping-pong"]);
        run.seed = seed;
        example::altered(run, |_, _| {})
    };
    let changes = compared(&quick(1), &quick(2), 10.0).unwrap();
    assert!(changes.changes.iter().all(|change| change.judgement == Judgement::TooFewRounds));
    assert!(draw::draw(&changes, 100).contains("of 0 figures that can be judged"));
    assert!(changes.unjudged[0].starts_with("no figure at all") && !changes.is_good(), "{changes:?}");
}

#[test]
fn runs_that_measured_something_else_are_rejected_with_a_remedy() {
    let before = example::run("full");
    let refused = |alter: &dyn Fn(&mut Run)| {
        let mut after = before.clone();
        alter(&mut after);
        check(&before, &after).unwrap_err().to_string()
    };
    let layout = refused(&|run| run.layout = Layout::Pinned { server: 0, client: 1 });
    assert!(layout.contains("server on CPU 0 alone") && layout.contains("--pin"), "{layout}");
    let window = refused(&|run| {
        run.profile.window_ms = 200;
        run.profile_name = "default".to_owned();
    });
    assert!(window.contains("windows of 200 ms") && window.contains("profile default"), "{window}");
    let slices = refused(&|run| run.profile.slices = None);
    assert!(slices.contains("in the baseline, 2 slices") && slices.contains("here, windows of"), "{slices}");
    let load = refused(&|run| run.scenarios[1].load.as_mut().unwrap().payload_bytes += 1);
    assert!(load.contains("\"ping-pong\"") && load.contains("--only"), "{load}");
    let none = refused(&|run| run.scenarios.iter_mut().for_each(|scenario| scenario.name.push('!')));
    assert!(none.contains("no scenario in common"), "{none}");
    assert!(check(&before, &before).unwrap().is_empty());
}

/// What was not judged, and the text.
fn unjudged(before: &Comparison, after: &Comparison) -> (Vec<String>, String) {
    let changes = compared(before, after, 10.0).unwrap();
    assert_eq!(changes.is_good(), changes.unjudged.is_empty());
    let text = strip_str(&draw::draw(&changes, 100)).to_string();
    (changes.unjudged, text)
}

#[test]
fn a_model_that_failed_was_not_measured_or_was_never_valid_is_not_judged() {
    let whole = run(1, |_, _| {});
    let failed = run(2, |trial, figures| {
        if trial.subject.name == "tokio" && trial.scenario.name == "churn" {
            figures.error = Some("it did not start".to_owned());
        }
    });
    let invalid = run(2, |trial, figures| {
        if trial.subject.name == "tokio" {
            figures.verdict = loadgen::Bound::Invalid;
        }
    });
    let mut missing = run(2, |_, _| {});
    missing.records.retain(|record| record.subject != "tokio");
    for (part, reason, places) in [
        (&failed, "it has no valid round", 1),
        (&invalid, "it has no valid round", 3),
        (&missing, "it was not measured", 3),
    ] {
        for (before, after, place) in [(&whole, part, "in this run"), (part, &whole, "in the baseline")] {
            let (unjudged, text) = unjudged(before, after);
            assert_eq!(unjudged.len(), places, "{unjudged:?}");
            assert!(unjudged.iter().all(|sentence| sentence.starts_with("tokio in ")), "{unjudged:?}");
            assert!(unjudged[0].ends_with(&format!("{reason} {place}")), "{unjudged:?}");
            assert!(text.contains("NOT JUDGED: tokio in churn"), "{text}");
        }
    }
    assert_eq!(unjudged(&missing, &missing).0.len(), 3, "missing in both is missing, too");
}

#[test]
fn a_run_that_measured_nothing_judges_nothing() {
    let whole = run(1, |_, _| {});
    let mut empty = run(2, |_, _| {});
    empty.records.clear();
    for (before, after) in [(&whole, &empty), (&empty, &whole), (&empty, &empty)] {
        let (unjudged, text) = unjudged(before, after);
        assert!(
            unjudged.iter().any(|sentence| sentence.starts_with("mio in ping-pong: it was not")),
            "{text}"
        );
        assert!(text.contains("nothing can be compared"), "{text}");
    }
}

#[test]
fn a_model_whose_floor_was_never_valid_is_not_judged() {
    let before = run(1, |_, _| {});
    let after = run(2, |trial, figures| {
        if trial.subject.name == "floor-epoll" && trial.scenario.name == "ping-pong" {
            figures.verdict = loadgen::Bound::Invalid;
        }
    });
    let expected = ["mio", "tokio"]
        .map(|model| format!("{model} in ping-pong: floor-epoll has no valid round in this run"));
    assert_eq!(unjudged(&before, &after).0, expected);
}

#[test]
fn what_one_run_did_not_ask_for_needs_no_judgement() {
    let before = run(1, |_, _| {});
    let mut after = run(2, |_, _| {});
    after.run.subjects.retain(|subject| subject.name != "tokio");
    after.records.retain(|record| record.subject != "tokio");
    assert_eq!(unjudged(&before, &after).0, Vec::<String>::new());
    assert_eq!(unjudged(&after, &before).0, Vec::<String>::new());
}

#[test]
fn a_run_compared_with_itself_says_so() {
    let run = run(1, |_, _| {});
    assert_eq!(
        compared(&run, &run, 10.0).unwrap().warnings,
        ["the baseline is this very run, so nothing can differ"]
    );
}

#[test]
fn the_table_fits_a_narrow_terminal_with_all_its_figures() {
    let mut after = run(2, |trial, figures| {
        if trial.subject.name == "tokio" {
            figures.cpu_ns_per_message *= 1.3;
        }
    });
    after.run.machine.cores = 4;
    after.run.command = "cargo run --release -- compare --full".to_owned();
    let changes = compared(&run(1, |_, _| {}), &after, 10.0).unwrap();
    let plain = |width| strip_str(&draw::draw(&changes, width)).to_string();
    let figures = |text: &str| text.split_whitespace().filter(|word| word.contains('.')).count();
    for width in [60, 80] {
        let text = plain(width);
        assert!(text.lines().all(|line| line.chars().count() <= width), "{text}");
        assert_eq!(figures(&text), figures(&plain(100)), "{text}");
    }
}

#[test]
fn another_machine_or_compiler_is_a_warning() {
    let before = run(1, |_, _| {});
    let mut after = run(2, |_, _| {});
    after.run.machine.cores = 4;
    after.run.machine.compiler = "rustc 2.0.0".to_owned();
    let changes = compared(&before, &after, 10.0).unwrap();
    let text = strip_str(&draw::draw(&changes, 100)).to_string();
    assert!(text.contains("warning: the machines differ") && text.contains("4 cores"), "{text}");
    assert!(text.contains("warning: the compilers differ") && text.contains("rustc 2.0.0"), "{text}");
}
