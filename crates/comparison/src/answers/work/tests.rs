use super::*;
use crate::analysis::analyse;
use crate::example::{self, BIG_NS, Figures};
use crate::plan::Trial;

fn said(scenario: &str, alter: impl Fn(&Trial, &mut Figures)) -> String {
    let analysis = analyse(&example::altered(example::run_of_work(&[scenario]), alter));
    sentences(&analysis.scenarios[0]).join(" ")
}

#[test]
fn models_are_grouped_by_the_knee_of_each() {
    let text = said("behind-a-big-number", |trial, figures| {
        let big = if let Point::Big(big) = trial.point { big } else { 0 };
        let stalls = match trial.subject.model.as_str() {
            "prime-inline" => big > 0,
            "prime-queue" => big >= 4,
            _ => false,
        };
        figures.median_latency_ns = if stalls { BIG_NS } else { 1e6 };
    });
    assert!(
        text.starts_with(
            "Small requests stall behind big ones: prime-threads not with 8 in work, the most that were measured; \
             prime-inline from 1 in work on; prime-queue from 4 in work on. A stall is"
        ),
        "{text}"
    );
}

#[test]
fn who_falls_behind_is_named_with_what_it_answers_and_takes_no_part_in_the_contest() {
    let text = said("waiting", |trial, figures| {
        let is_inline = trial.subject.model == "prime-inline";
        figures.messages_per_second = if is_inline { 199.0 } else { 1_000.0 };
        figures.median_latency_ns = if is_inline { 1e6 } else { 5e6 };
    });
    assert!(
        text.starts_with(
            "Of 1,000 requests a second that are due, fewer are answered by prime-inline 199/s. Where a loop blocks on each \
             lookup, it answers 1 / 5 ms = 200 a second at most. At 5000 connections: "
        ),
        "{text}"
    );
    assert_eq!(text.matches("prime-inline").count(), 1, "{text}");
}

#[test]
fn where_two_models_are_equally_fast_is_said_in_divisions_and_in_time() {
    let text = said("offload", |trial, figures| {
        let Point::Number(number) = trial.point else { panic!("{:?}", trial.point) };
        let work_ns = 2.5 * size(Point::Number(number));
        let is_queue = trial.subject.model == "prime-queue";
        let takes_ns = if is_queue { f64::midpoint(work_ns, 10_000.0) } else { work_ns };
        figures.messages_per_second = 1e9 / takes_ns * (1.0 + example::JITTER * f64::from(trial.turn) / 9.0);
        figures.cpu_ns_per_message = work_ns;
    });
    assert!(text.starts_with("prime-queue is as fast as prime-inline at 4,000 ("), "{text}");
    assert!(
        text.contains("divisions, which take 10.0 µs. prime-inline is claimed to be faster up to "),
        "{text}"
    );
}

#[test]
fn where_the_style_is_the_question_it_is_said_where_allocations_are_counted() {
    let says_so = |scenario| said(scenario, |_, _| {}).contains("`cargo bench --bench allocations` prints");
    assert_eq!(["style", "both", "offload"].map(says_so), [true, false, false]);
}

#[test]
fn if_work_is_measured_nothing_says_that_it_was_not() {
    let conditions = |comparison| {
        let decisions = crate::answers::decide::decisions(&analyse(&comparison)).into_iter();
        decisions.map(|decision| decision.condition).collect::<Vec<String>>()
    };
    let not_measured = "If each message computes, or waits for a file or another server".to_owned();
    assert!(conditions(example::comparison("quick")).contains(&not_measured));
    let run =
        example::run_of_work(&["behind-a-big-number", "waiting", "both", "mostly-idle", "style", "offload"]);
    let of_work = conditions(example::altered(run, |_, _| {}));
    assert!(!of_work.contains(&not_measured));
    for condition in [
        "If some requests compute for long, and others must not wait for them",
        "If each request waits for another server, with 5,000 clients",
        "If most requests wait, and some compute",
        "If 9,950 clients are idle, and the requests of a few wait",
        "If only the style of the code is to be chosen",
        "If it is to be decided whether work must leave the loop",
    ] {
        assert!(of_work.iter().any(|of| of == condition), "{condition}: {of_work:?}");
    }
}
