//! Who starves whom: models that serve some clients while others wait for a greeting.

use super::contest::{models, served};
use super::{Answer, Sentence};
use crate::analysis::{Analysis, Metric, Row};
use crate::numbers;

/// How many clients are served, and the scenarios in which it is so.
type Places<'run> = Vec<(String, Vec<&'run str>)>;

/// A sentence for each model that starves clients, or one that says that none does; `None` if that was not measured.
pub(super) fn starving(analysis: &Analysis) -> Option<Answer> {
    let mut found: Vec<(&str, Places)> = Vec::new();
    let mut fed: Vec<&str> = Vec::new();
    for scenario in &analysis.scenarios {
        // Of a curve the last point stands for all.
        for row in scenario.points.last().into_iter().flat_map(models) {
            let name = row.subject.name.as_str();
            if row.median(Metric::Starved).is_some() && !fed.contains(&name) {
                fed.push(name);
            }
            let Some(served) = served(row) else { continue };
            let place = scenario.scenario.name.as_str();
            let known = found.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
                found.push((name, Vec::new()));
                found.len() - 1
            });
            let places = &mut found[known].1;
            match places.iter_mut().find(|(known, _)| *known == served) {
                Some((_, names)) => names.push(place),
                None => places.push((served, vec![place])),
            }
        }
    }
    if fed.is_empty() {
        return None;
    }
    fed.retain(|name| !found.iter().any(|(starving, _)| starving == name));
    let mut sentences: Vec<String> = found
        .iter()
        .map(|(name, places)| {
            let places = places.iter().map(|(served, names)| format!("{served} in {}", names.join(", ")));
            let places: Vec<String> = places.collect();
            format!("{name} {}. The others wait, so it is not ranked there.", places.join("; "))
        })
        .collect();
    if !fed.is_empty() {
        sentences.push(format!("No client starves under: {}.", fed.join(", ")));
    }
    sentences.extend(one_by_one(analysis));
    let sentences = sentences.into_iter().map(|text| Sentence { place: String::new(), text });
    Some(Answer { question: "Who starves whom?".to_owned(), sentences: sentences.collect() })
}

/// How long the scripted clients took under the slowest and the fastest model.
fn one_by_one(analysis: &Analysis) -> Option<String> {
    let scenario = analysis.scenarios.iter().find(|scenario| scenario.scenario.script.is_some())?;
    let time = |row: &Row| row.median(Metric::ScriptTime).filter(|_| row.failures.is_empty());
    let mut times: Vec<(&str, f64)> = scenario
        .points
        .iter()
        .flat_map(models)
        .filter_map(|row| Some((row.subject.name.as_str(), time(row)?)))
        .collect();
    times.sort_by(|one, other| one.1.total_cmp(&other.1));
    let (&(fastest, least), &(slowest, most)) = times.first().zip(times.last())?;
    (least > 0.0 && fastest != slowest).then(|| {
        let write = |time| numbers::with_unit(Metric::ScriptTime, time);
        format!(
            "The clients of {} are all served after {} under {fastest} and after {} under {slowest}, {} times \
             as long; of so few rounds no difference is claimed.",
            scenario.scenario.name,
            write(least),
            write(most),
            numbers::times(most / least)
        )
    })
}
