//! Whose message costs more the more clients are idle.

use super::versus::{factors, why_not};
use super::{Answer, Sentence};
use crate::analysis::{Analysis, Growth, ScenarioAnalysis};
use crate::numbers;
use crate::scenario::Point;
use crate::subject::Role;
use text::units;

/// A sentence for each scenario in which idle clients vary; `None` without one.
pub(super) fn growing(analysis: &Analysis) -> Option<Answer> {
    let sentence_of = |scenario: &ScenarioAnalysis| {
        Some(Sentence { place: scenario.scenario.name.clone(), text: sentence(scenario)? })
    };
    let sentences: Vec<Sentence> = analysis.scenarios.iter().filter_map(sentence_of).collect();
    let question = "Whose message costs more the more clients are idle?".to_owned();
    (!sentences.is_empty()).then_some(Answer { question, sentences })
}

/// The models that are claimed to grow, the steepest first, and the others with the reason; `None` unless idle clients
/// vary.
pub(crate) fn sentence(scenario: &ScenarioAnalysis) -> Option<String> {
    let is_model = |growth: &&Growth| {
        let mut rows = scenario.points.iter().flat_map(|point| &point.rows);
        rows.any(|row| row.subject.name == growth.pair.left && row.subject.role == Role::Model)
    };
    let growths: Vec<&Growth> = scenario.growths.iter().filter(is_model).collect();
    let first = growths.first()?;
    let (mut claimed, open): (Vec<&Growth>, Vec<&Growth>) =
        growths.iter().partition(|growth| growth.pair.claim.is_difference());
    claimed.sort_by(|one, other| other.pair.spread.center.total_cmp(&one.pair.spread.center));
    let mut text = format!(
        "From {} to {} idle clients {}.",
        idle(first.from),
        idle(first.to),
        if claimed.is_empty() {
            "no model is shown to need another CPU time per message".to_owned()
        } else {
            format!("the CPU time per message multiplies: {}", listed(&claimed))
        }
    );
    let mut reasons: Vec<&str> = Vec::new();
    for reason in open.iter().filter_map(|growth| why_not(growth.pair.claim)) {
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    for reason in reasons {
        let is_alike = |growth: &&&Growth| why_not(growth.pair.claim) == Some(reason);
        let alike: Vec<&Growth> = open.iter().filter(is_alike).copied().collect();
        text += &format!(" No difference shown for {}: {reason}.", listed(&alike));
    }
    Some(text)
}

fn idle(point: Point) -> String {
    match point {
        Point::Idle(count) => units::whole(count),
        other => other.to_string(),
    }
}

/// `poll 210 times (190 to 230), epoll 1.01 times (0.97 to 1.05)`.
fn listed(growths: &[&Growth]) -> String {
    let times = |growth: &&Growth| {
        let interval = factors(&growth.pair).map(|interval| format!(" ({interval})")).unwrap_or_default();
        format!("{} {} times{interval}", growth.pair.left, numbers::times(growth.pair.spread.center))
    };
    growths.iter().map(times).collect::<Vec<String>>().join(", ")
}
