//! Replays the committed inputs without the fuzzer.
#![expect(clippy::unwrap_used, reason = "test helpers may panic")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use fuzz::{corpus, differential, engine, primes, resp, verifier};

/// Replays all inputs of a target and names the first that fails.
fn replay(target: &str, check: fn(&[u8])) {
    let inputs = corpus::inputs(target).unwrap();
    assert!(inputs.len() >= 10, "{target}: the corpus has only {} inputs", inputs.len());
    for (path, input) in inputs {
        let held = catch_unwind(AssertUnwindSafe(|| check(&input)));
        assert!(held.is_ok(), "{} fails; the difference is printed above", path.display());
    }
}

#[test]
fn the_engine_replies_to_every_committed_input_as_the_specification() {
    replay("engine", engine::check);
}

#[test]
fn the_verifier_agrees_with_a_whole_comparison_on_every_committed_input() {
    replay("verifier", verifier::check);
}

#[test]
fn the_requests_of_every_committed_input_are_those_of_the_specification() {
    replay("primes", primes::check);
}

#[test]
fn both_decoders_of_resp_agree_with_the_specification_on_every_committed_input() {
    replay("resp", resp::check);
}

#[test]
fn all_models_reply_alike_to_every_committed_input() {
    replay("differential", differential::check);
}

#[test]
fn the_corpus_stays_small() {
    let all: Vec<_> = ["engine", "verifier", "primes", "resp", "differential"]
        .iter()
        .flat_map(|target| corpus::inputs(target).unwrap())
        .collect();
    let bytes: usize = all.iter().map(|(_, input)| input.len()).sum();
    assert!(all.len() < 200, "{} inputs: minimise the corpus with `fuzz/run TARGET minimise`", all.len());
    assert!(bytes < 200 << 10, "{bytes} bytes: minimise the corpus with `fuzz/run TARGET minimise`");
}
