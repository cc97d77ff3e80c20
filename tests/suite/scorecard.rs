//! The score card is of the code as it is. Measuring is done elsewhere, because it builds every model's program; this is cheap.

use std::path::Path;

use concurrent_servers::commands::scorecard::card;
use concurrent_servers::models::{MODELS, PRIMES, find};
use ease::difference::changed;
use ease::sources::fingerprint;

const AGAIN: &str = "measure again: cargo run --manifest-path book/Cargo.toml -p scorecard";

#[test]
fn the_card_was_measured_on_the_code_as_it_is() {
    let card = card().unwrap();
    let now = fingerprint(Path::new(env!("CARGO_MANIFEST_DIR")), &card.files);
    let now = now.unwrap_or_else(|error| panic!("{error}; {AGAIN}"));
    assert_eq!(card.sources, now, "a model, or what it stands on, has changed since; {AGAIN}");
    for model in MODELS.iter().chain(PRIMES) {
        assert!(
            card.files.iter().any(|file| file == model.page.path),
            "{} was not measured",
            model.page.path
        );
    }
}

/// On other systems some models are missing, and others then come from another one.
#[test]
#[cfg(target_os = "linux")]
fn the_card_has_a_row_for_each_model_and_its_steps_are_those_that_diff_shows() {
    let card = card().unwrap();
    let names = MODELS.iter().chain(PRIMES).map(|model| model.name);
    assert!(card.models.iter().map(|row| row.name.as_str()).eq(names), "{AGAIN}");
    for row in &card.models {
        let model = find(&row.name).unwrap();
        let step = row.step.as_ref().map(|step| (step.from.as_str(), (step.added, step.removed)));
        let expected = model
            .rung
            .and_then(find)
            .map(|before| (before.name, changed(before.page.code(), model.page.code())));
        assert_eq!(step, expected, "{}; {AGAIN}", row.name);
    }
}
