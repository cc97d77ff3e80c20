//! The tables of a comparison for the terminal: a pure function of its analysis, at most 100 columns wide.
//!
//! A block for each scenario: a table where there is one point, a matrix where there is a curve, a line for
//! the script. Below are the noise of the twins, the claims, and the failures.

mod block;
mod column;
mod curve;
pub(crate) mod grid;
mod order;
mod remarks;
pub(crate) mod style;

use crate::analysis::{Analysis, Metric, ScenarioAnalysis};
use style::{DIM, TITLE};
use text::units::duration;

/// Draws everything, with colours that the caller may strip.
pub fn draw(analysis: &Analysis) -> String {
    let run = &analysis.run;
    let rounds: Vec<u32> = run.profile.rounds.values().copied().collect();
    let rounds = match (rounds.iter().min(), rounds.iter().max()) {
        (Some(fewest), Some(most)) if fewest < most => format!("{fewest} to {most} rounds"),
        (Some(1), _) => "1 round".to_owned(),
        (Some(all), _) => format!("{all} rounds"),
        (None, _) => "no rounds".to_owned(),
    };
    let mut text = format!("{}\n", run.machine);
    text.push_str(&format!(
        "{}; {}, windows of {} ms; profile {}\n",
        run.layout, rounds, run.profile.window_ms, run.profile_name
    ));
    for scenario in &analysis.scenarios {
        text.push('\n');
        text.push_str(&heading(scenario));
        text.push_str(&if scenario.scenario.script.is_some() {
            script(scenario)
        } else if scenario.scenario.vary.is_some() {
            curve::draw(scenario)
        } else {
            block::draw(scenario)
        });
    }
    text.push_str(&remarks::draw(analysis));
    text
}

fn heading(analysis: &ScenarioAnalysis) -> String {
    let scenario = &analysis.scenario;
    let trials =
        analysis.points.iter().flat_map(|point| &point.rows).map(|row| row.trials).max().unwrap_or(0);
    let rounds = if trials == 1 { "1 round".to_owned() } else { format!("{trials} rounds") };
    let title = grid::wrap(&format!("{}: {} ({rounds})", scenario.name, scenario.title), "  ");
    let (first, rest) = title.split_once('\n').unwrap_or((&title, ""));
    let question = grid::wrap(&format!("  {}", scenario.question), "  ");
    format!("{TITLE}{first}{TITLE:#}\n{rest}{DIM}{}{DIM:#}\n", question.trim_end())
}

/// One line of times.
fn script(analysis: &ScenarioAnalysis) -> String {
    let rows = analysis.points.iter().flat_map(|point| &point.rows);
    let times = rows.map(|row| {
        let time = row.median(Metric::ScriptTime).filter(|_| row.failures.is_empty());
        format!("{} {}", row.subject.name, time.map_or("failed".to_owned(), duration))
    });
    grid::wrap(&format!("  {}", times.collect::<Vec<String>>().join(" · ")), "  ")
}

#[cfg(test)]
mod tests;
