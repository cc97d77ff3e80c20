//! What options of a model change: each variant beside the model as it is.

use super::contest::models;
use super::versus::why_not;
use super::{Answer, Sentence};
use crate::analysis::{Analysis, Metric, PointAnalysis, Row, ScenarioAnalysis};
use crate::numbers;
use crate::subject::Role;

/// The answers to the questions about variants.
pub(super) fn variants(analysis: &Analysis) -> impl Iterator<Item = Answer> {
    analysis.scenarios.iter().filter_map(|scenario| {
        let texts = sentences(scenario);
        let explanation = scenario
            .scenario
            .explanation
            .iter()
            .map(|text| Sentence { place: String::new(), text: text.clone() });
        (!texts.is_empty()).then(|| Answer {
            question: scenario.scenario.question.clone(),
            sentences: explanation
                .chain(texts.into_iter().map(|text| Sentence { place: scenario.scenario.name.clone(), text }))
                .collect(),
        })
    })
}

/// A sentence for each model that was measured with variants: how long a message takes with each.
pub(crate) fn sentences(scenario: &ScenarioAnalysis) -> Vec<String> {
    scenario
        .points
        .iter()
        .flat_map(|point| models(point).filter_map(|model| sentence(point, model)))
        .collect()
}

/// `mio answers in 21 µs; per-byte: 120 µs, 5.7 times as long; …`.
fn sentence(point: &PointAnalysis, model: &Row) -> Option<String> {
    let own = model.median(Metric::P50).filter(|own| *own > 0.0)?;
    let is_variant =
        |row: &&Row| row.subject.role == Role::Variant && row.subject.model == model.subject.name;
    let variants = point.rows.iter().filter(is_variant).filter_map(|row| {
        let median = row.median(Metric::P50)?;
        let name = row.subject.name.strip_prefix(&model.subject.name)?.trim_start_matches([',', ' ']);
        Some(format!("{name}: {}{}", write(median), multiple(point, model, row, median / own)))
    });
    let variants: Vec<String> = variants.collect();
    (!variants.is_empty())
        .then(|| format!("{} answers in {}; {}.", model.subject.name, write(own), variants.join("; ")))
}

/// How many times as long, with the claim. In a closed loop the rate says the same as the median round trip, and it is the
/// rate that is compared within rounds.
fn multiple(point: &PointAnalysis, model: &Row, variant: &Row, times: f64) -> String {
    let pair = point.pair(&variant.subject.name, &model.subject.name, Metric::MessagesPerSecond);
    let times = format!(", {} times as long", numbers::times(times));
    match pair.map(|pair| why_not(pair.claim)) {
        Some(None) => times,
        Some(Some(reason)) => format!("{times} (no difference claimed: {reason})"),
        None => format!("{times} (not compared in any round)"),
    }
}

fn write(nanoseconds: f64) -> String {
    numbers::with_unit(Metric::P50, nanoseconds)
}

#[cfg(test)]
mod tests {
    use crate::analysis::analyse;
    use crate::answers::answers;
    use crate::example;

    #[test]
    fn each_model_with_variants_has_a_sentence_below_the_explanation() {
        let run = example::run_of("full", &["write-policy"]);
        let analysis = analyse(&example::altered(run, |trial, figures| {
            if trial.subject.name.ends_with("per-byte + nagle") {
                figures.median_latency_ns *= 1_000.0;
                figures.messages_per_second /= 1_000.0;
            }
        }));
        let answers = answers(&analysis);
        let answer = answers.iter().find(|answer| answer.question.contains("byte by byte")).unwrap();
        let text = |place: usize| answer.sentences[place].text.as_str();
        assert!(text(0).starts_with("Cause: ") && text(0).contains("Cure: "), "{answer:?}");
        assert!(text(1).starts_with("sequential answers in "), "{answer:?}");
        assert!(
            text(1).contains("; per-byte + nagle: ") && text(1).contains(" times as long; nagle: "),
            "{answer:?}"
        );
        assert!(text(1).contains("nagle: ") && text(1).contains("(no difference claimed: "), "{answer:?}");
        assert_eq!(answer.sentences.len(), 4, "sequential, thread-per-conn and mio");
    }

    #[test]
    fn a_scenario_about_variants_does_not_decide_which_model_is_the_best() {
        let analysis = analyse(&example::comparison("full"));
        assert!(
            super::super::asked::asked(&analysis).iter().all(|asked| asked
                .scenario
                .scenario
                .variants
                .is_empty())
        );
    }
}
