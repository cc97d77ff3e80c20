//! Every input that the fuzzer found worth keeping, played again without it.
#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use fuzz::{corpus, differential, engine, verifier};

/// Plays all inputs of a target and names the first that no longer holds.
fn replay(target: &str, check: fn(&[u8])) {
    let inputs = corpus::inputs(target).unwrap();
    assert!(inputs.len() >= 10, "{target}: only {} inputs are left of the corpus", inputs.len());
    for (path, input) in inputs {
        let held = catch_unwind(AssertUnwindSafe(|| check(&input)));
        assert!(held.is_ok(), "{} does not hold; the difference stands above", path.display());
    }
}

#[test]
fn the_engine_answers_every_kept_input_as_the_specification() {
    replay("engine", engine::check);
}

#[test]
fn the_verifier_judges_every_kept_input_as_a_whole_comparison() {
    replay("verifier", verifier::check);
}

#[test]
fn all_models_answer_every_kept_input_alike() {
    replay("differential", differential::check);
}

#[test]
fn the_corpus_stays_small() {
    let all: Vec<_> = ["engine", "verifier", "differential"]
        .iter()
        .flat_map(|target| corpus::inputs(target).unwrap())
        .collect();
    let bytes: usize = all.iter().map(|(_, input)| input.len()).sum();
    assert!(all.len() < 200, "{} inputs: minimise the corpus with `fuzz/run TARGET minimise`", all.len());
    assert!(bytes < 200 << 10, "{bytes} bytes: minimise the corpus with `fuzz/run TARGET minimise`");
}
