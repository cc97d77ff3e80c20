use super::*;
use crate::analysis::analyse;
use crate::example::{self, Figures, altered, run_of};
use crate::plan::Trial;
use crate::record::{Observed, Run};
use crate::scenario::Point;
use crate::subject::Role;

fn of(run: Run, alter: impl Fn(&Trial, &mut Figures)) -> Vec<Answer> {
    answers(&analyse(&altered(run, alter)))
}

fn ping_pong(alter: impl Fn(&Trial, &mut Figures)) -> Vec<Answer> {
    of(run_of("full", &["ping-pong"]), alter)
}

/// All sentences of the answer to a question.
fn text(answers: &[Answer], question: &str) -> String {
    let answer = answers.iter().find(|answer| answer.question == question);
    let answer = answer.unwrap_or_else(|| panic!("{question:?} is not answered: {answers:#?}"));
    answer.sentences.iter().map(|of| format!("{}: {}\n", of.place, of.text)).collect()
}

const CHEAPEST: &str = "Which needs the least CPU time per message?";
const KINDS: &str = "Threads or async?";
const GROWING: &str = "Whose message costs more the more clients are idle?";
const STARVING: &str = "Who starves whom?";

#[test]
fn a_claimed_difference_is_a_sentence_with_its_interval() {
    let answers = ping_pong(|_, _| {});
    let cheapest = text(&answers, CHEAPEST);
    // Chosen costs: 1.10 against 1.16 and up, all of the same floor's 4 µs.
    assert!(cheapest.starts_with("ping-pong: thread-per-conn needs the least: 4."), "{cheapest}");
    assert!(cheapest.contains("% less than mio (95 % interval 4."), "{cheapest}");
    assert!(cheapest.contains("% less than tokio (95 % interval 2"), "{cheapest}");
    assert!(!cheapest.contains("No difference shown"), "{cheapest}");
}

#[test]
fn without_a_claimed_difference_the_sentence_says_so_and_names_no_choice() {
    let alike = |trial: &Trial, figures: &mut Figures| {
        let cost = example::COSTS.iter().find(|(name, _)| *name == trial.subject.model);
        figures.cpu_ns_per_message /= cost.map_or(1.0, |(_, cost)| *cost);
    };
    let answers = ping_pong(alike);
    let cheapest = text(&answers, CHEAPEST);
    assert!(cheapest.contains("No difference shown. Best median: "), "{cheapest}");
    assert!(!cheapest.contains(" less than "), "{cheapest}");
    let kinds = text(&answers, KINDS);
    assert!(
        kinds.contains("Claimed to be better: threads in 0 of 1 figures, async in 0 of 1 figures (")
            && kinds.contains("No difference is shown in 1.")
    );
    assert!(kinds.contains("CPU time per message: no difference shown between "), "{kinds}");
    let decisions = decide::decisions(&analyse(&altered(run_of("full", &["ping-pong"]), alike)));
    assert_eq!(decisions[0].picks, Vec::<String>::new());
}

#[test]
fn models_that_are_not_shown_to_be_worse_stand_with_the_best() {
    let as_cheap = |trial: &Trial, figures: &mut Figures| {
        if trial.subject.name == "mio" {
            figures.cpu_ns_per_message *= 1.10 / 1.16;
        }
    };
    let analysis = analyse(&altered(run_of("full", &["ping-pong"]), as_cheap));
    let cheapest = text(&answers(&analysis), CHEAPEST);
    assert!(cheapest.contains(" No difference shown from: "), "{cheapest}");
    let mut picks = decide::decisions(&analysis)[0].picks.clone();
    picks.sort();
    assert_eq!(picks, ["mio", "thread-per-conn"]);
    assert_eq!(
        versus::claimed_best(&analysis.scenarios[0].points[0], crate::analysis::Metric::CpuPerMessage),
        None
    );
}

#[test]
fn too_few_rounds_claim_nothing() {
    let answers = of(run_of("quick", &["ping-pong", "churn"]), |_, _| {});
    let cheapest = text(&answers, CHEAPEST);
    assert!(cheapest.contains("No difference shown.") && cheapest.contains(": too few rounds."));
    assert!(text(&answers, "Whose connection is the cheapest?").contains("No difference shown."));
}

#[test]
fn one_model_alone_is_compared_with_nothing() {
    let mut run = run_of("full", &["ping-pong"]);
    run.subjects.retain(|subject| subject.role != Role::Model || subject.name == "mio");
    let answers = of(run, |_, _| {});
    let cheapest = text(&answers, CHEAPEST);
    assert!(cheapest.starts_with("ping-pong: Nothing to compare: only mio was measured"), "{cheapest}");
    assert!(answers.iter().all(|answer| answer.question != KINDS));
}

#[test]
fn a_run_without_a_valid_window_is_not_answered() {
    let mut comparison = altered(run_of("full", &["ping-pong"]), |_, _| {});
    example::disturb(&mut comparison, |_| true);
    let answers = answers(&analyse(&comparison));
    let cheapest = text(&answers, CHEAPEST);
    assert!(cheapest.starts_with(
        "ping-pong: No model is named as the best: no window was valid (such as: other programs"
    ));
}

#[test]
fn a_model_without_a_valid_window_is_named_and_not_ranked() {
    let mut comparison = altered(run_of("full", &["ping-pong"]), |_, _| {});
    example::disturb(&mut comparison, |record| record.subject == "thread-per-conn");
    let cheapest = text(&answers(&analyse(&comparison)), CHEAPEST);
    assert!(cheapest.starts_with("ping-pong: mio needs the least: 4."), "{cheapest}");
    assert!(cheapest.ends_with(" Not ranked, because no window was valid: thread-per-conn.\n"), "{cheapest}");
}

#[test]
fn a_model_that_starves_clients_is_named_and_never_the_best() {
    let answers = ping_pong(|trial, figures| {
        if trial.subject.name == "sequential" {
            figures.cpu_ns_per_message /= 10.0;
        }
    });
    assert!(!text(&answers, CHEAPEST).contains("sequential"));
    let starving = text(&answers, STARVING);
    assert!(
        starving.contains("sequential serves 1 of 50 clients in ping-pong. The others wait"),
        "{starving}"
    );
    assert!(starving.contains("No client starves under: thread-per-conn, thread-pool, rayon, mio, tokio."));
    let fed = ping_pong(|trial, figures| {
        figures.served = trial.scenario.load_at(trial.point, None).unwrap().connections as u64;
    });
    assert!(text(&fed, STARVING).contains("No client starves under: sequential, thread-per-conn"));
}

#[test]
fn threads_and_async_are_compared_model_against_model() {
    let answers = ping_pong(|trial, figures| {
        if trial.subject.name == "mio" {
            figures.cpu_ns_per_message /= 2.0;
        }
    });
    let kinds = text(&answers, KINDS);
    assert!(
        kinds.contains("Claimed to be better: async in 1 of 1 figures, threads in 0 of 1 figures ("),
        "{kinds}"
    );
    assert!(kinds.contains("threads: sequential, thread-per-conn, thread-pool, rayon; async: mio, tokio."));
    assert!(
        kinds.contains("CPU time per message: mio (async) 47 % less than thread-per-conn (95 % interval 4")
    );
    assert!(kinds.contains(" Of all 6 pairs across the kinds, 3 are claimed in this direction."), "{kinds}");
}

#[test]
fn every_question_of_the_embedded_scenarios_is_answered_with_its_place() {
    let answers = answers(&analyse(&example::comparison("full")));
    let questions: Vec<&str> = answers.iter().map(|answer| answer.question.as_str()).collect();
    let expected: Vec<&str> = asked::Question::ALL.iter().map(|question| question.words()).collect();
    let of_variants = "What happens if a server sends its reply byte by byte?";
    assert_eq!(questions, [&[KINDS], expected.as_slice(), &[GROWING, STARVING, of_variants]].concat());
    assert!(text(&answers, "Which holds the most clients per GiB?").contains(" a GiB. That is "));
    let waits = text(&answers, "Which has the lowest 99th percentile at a common rate?");
    assert_eq!(waits.matches("open-loop at ").count(), 3, "{waits}");
    assert!(
        text(&answers, STARVING).contains(" under sequential, ")
            && text(&answers, STARVING).contains(" times as long")
    );
}

#[test]
fn the_models_that_grow_with_idle_clients_are_named_and_so_are_those_that_are_not_shown_to() {
    let grown = altered(run_of("full", &["idle-clients"]), |trial, figures| {
        if trial.subject.name == "mio" && trial.point == Point::Idle(10_000) {
            figures.cpu_ns_per_message *= 50.0;
        }
    });
    let growing = text(&answers(&analyse(&grown)), GROWING);
    let lead = "idle-clients: From 10 to 10,000 idle clients the CPU time per message multiplies: mio ";
    assert!(growing.starts_with(lead), "{growing}");
    assert!(
        growing.contains("No difference shown for thread-per-conn ") && growing.contains(", tokio "),
        "{growing}"
    );
    assert_eq!(growing.matches("mio").count(), 1, "{growing}");
    let level = answers(&analyse(&altered(run_of("full", &["idle-clients"]), |_, _| {})));
    assert!(text(&level, GROWING).contains("no model is shown to need another CPU time"), "{level:?}");
}

#[test]
fn what_no_run_measures_is_said_not_to_be_measured() {
    let analysis = analyse(&example::comparison("full"));
    let decisions = decide::decisions(&analysis);
    let about = |words: &str| decisions.iter().find(|decision| decision.condition.contains(words)).unwrap();
    for open in ["each message computes", "many cores", "a network", "for days"] {
        assert!(about(open).reason.starts_with("Not measured: "), "{open}");
        assert!(about(open).picks.is_empty() && about(open).place.is_empty());
    }
    assert!(about("several clients stay connected").reason.starts_with("Not sequential: it serves 1 of 50"));
    assert_eq!(about("come and go").place, "CPU time per connection in churn");
}

#[test]
fn a_run_of_nothing_answers_nothing() {
    let mut comparison = example::comparison("quick");
    comparison.records.clear();
    assert_eq!(answers(&analyse(&comparison)), Vec::new());
    let mut failed = example::comparison("quick");
    for record in &mut failed.records {
        record.observed = Observed::Failed { error: "it did not start".to_owned() };
    }
    let cheapest = text(&answers(&analyse(&failed)), CHEAPEST);
    assert!(cheapest.lines().all(|line| line.ends_with(": No model was measured.")), "{cheapest}");
}
