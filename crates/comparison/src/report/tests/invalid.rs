//! What the report says where windows are invalid.

use super::*;

const REASON: &str = "no window was valid (such as: other programs took 1.7 of 2 CPUs)";

fn disturbed(profile: &str, scenario: &str, is_chosen: impl Fn(&Record) -> bool) -> String {
    let mut comparison = altered(run_of(profile, &[scenario]), |_, _| {});
    example::disturb(&mut comparison, is_chosen);
    assert_is_sound(&analyse(&comparison))
}

#[test]
fn no_model_is_best_where_no_window_is_valid() {
    let page = disturbed("quick", "ping-pong", |_| true);
    assert!(!page.contains("aria-label=\"best\""));
    for lead in ["Most messages a second", "Lowest 99th percentile", "Least CPU time"] {
        assert!(!page.contains(lead), "{lead}");
    }
    assert!(page.contains(&format!("No model is named as the best: {REASON}.")));
    assert!(
        page.contains("Not claimed: sequential, thread-per-conn, thread-pool, rayon, mio, tokio: no window")
    );
    assert!(
        page.contains("8 of 8 windows of the twins and their floors were invalid (such as: other programs")
    );
    assert!(!page.contains("enough rounds") && !page.to_lowercase().contains("too few rounds"));
}

#[test]
fn a_ratio_that_no_valid_window_allows_does_not_pass_for_one_that_was_not_measured() {
    let is_floor = |record: &Record| record.subject.starts_with("floor");
    for page in [disturbed("quick", "ping-pong", |_| true), disturbed("quick", "ping-pong", is_floor)] {
        assert!(
            page.contains(&format!(
                "There is no ratio, because for each subject, or for its floor, {REASON}."
            ))
        );
        assert!(!page.contains("This was not measured"));
    }
    let in_turn = disturbed("full", "ping-pong", |record| is_floor(record) == (record.round > 6));
    assert!(
        in_turn
            .contains("There is no ratio: in no round did a subject and its floor both have a valid window")
    );
}

#[test]
fn a_curve_compares_no_figures_of_invalid_windows() {
    let page = disturbed("full", "open-loop", |_| true);
    assert!(page.contains(&format!("No model is named as the best: {REASON}.")));
    let last = |record: &Record| matches!(record.point, Point::Rate(rate) if rate > 20_000);
    let page = disturbed("full", "open-loop", last);
    assert!(page.contains(&format!("No model is named as the best: {REASON}.")));
    let first =
        disturbed("full", "open-loop", |record| matches!(record.point, Point::Rate(rate) if rate <= 5_000));
    assert!(
        first.contains("No difference shown. Best median: ")
            && !first.contains("times its figure at 5,000 messages/s")
    );
}
