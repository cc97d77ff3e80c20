//! Reports of runs with few records, none, or invalid figures.

use roxmltree::{Document, Node};

use super::super::super::analysis::analyse;
use super::super::super::example::{self, altered, comparison, run_of};
use super::super::super::record::Comparison;
use super::super::super::subject::Role;
use super::super::WIDTHS;
use super::{assert_is_sound, charts_of, page_of};

#[test]
fn a_run_without_a_trial_is_a_report_without_charts() {
    let page = assert_is_sound(&analyse(&Comparison { run: example::run("full"), records: Vec::new() }));
    assert!(page.contains("No trial of this run was made."));
    assert!(!page.contains("<svg"));
}

#[test]
fn one_round_and_missing_scenarios_are_reported() {
    let page = assert_is_sound(&analyse(&comparison("quick")));
    assert!(page.contains("No difference shown. Best median: ") && page.contains(": too few rounds."));
    let mut cut = comparison("full");
    cut.records.truncate(5);
    assert_is_sound(&analyse(&cut));
}

#[test]
fn a_run_without_models_shows_its_floors() {
    let mut run = run_of("full", &["ping-pong", "ramp"]);
    run.subjects.retain(|subject| subject.role != Role::Model);
    let page = assert_is_sound(&analyse(&altered(run, |_, _| {})));
    let missing = page.matches("<p class=\"finding\">No model was measured").count();
    assert_eq!(missing, 4 + 3, "CPU time, its multiple, rate and latency; the last point and both curves");
    assert!(page.contains("floor-epoll"));
}

#[test]
fn failed_trials_are_listed_at_the_top_and_not_drawn() {
    let all_failed =
        altered(example::run("full"), |_, figures| figures.error = Some("it did not start".to_owned()));
    let page = assert_is_sound(&analyse(&all_failed));
    assert!(page.contains("Failures") && page.contains("it did not start"));
    assert!(page.contains("This was not measured") && !page.contains("<svg"));
    let one_failed = altered(example::run("full"), |trial, figures| {
        figures.error = (trial.subject.name == "rayon").then(|| "it did not start".to_owned());
    });
    let page = assert_is_sound(&analyse(&one_failed));
    assert!(page.contains("failures in 12 of 12 rounds") && page.contains("no figure"));
}

#[test]
fn figures_that_are_not_numbers_are_left_out() {
    for odd in [f64::NAN, f64::INFINITY, 0.0, -1.0] {
        let mut analysis = analyse(&comparison("quick"));
        for row in analysis
            .scenarios
            .iter_mut()
            .flat_map(|scenario| &mut scenario.points)
            .flat_map(|point| point.rows.iter_mut().step_by(2))
        {
            row.latency_ns = None;
            for (_, spread) in row.metrics.iter_mut().step_by(2) {
                spread.center = odd;
                spread.values.iter_mut().for_each(|(_, value)| *value = odd);
            }
        }
        // Such values may appear in tables, but must not break charts.
        let page = page_of(&analysis);
        for svg in WIDTHS.iter().flat_map(|(_, class)| charts_of(&page, class)) {
            let document = Document::parse(svg).unwrap();
            let broken = |node: &Node| {
                node.attributes()
                    .any(|attribute| attribute.name() != "aria-label" && attribute.value().contains("NaN"))
            };
            assert!(!document.descendants().any(|node| broken(&node)), "{odd}: {svg}");
        }
    }
}
