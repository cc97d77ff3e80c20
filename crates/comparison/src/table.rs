//! The tables of a comparison for the terminal: a pure function of its analysis and of the terminal's width, at most
//! 100 columns wide.
//!
//! A block for each scenario: a table where there is one point, a matrix where there is a curve, a line for
//! the script, and below a table its models against each other. At the end are the noise of the twins, the claims, and
//! the failures.

mod block;
mod column;
mod curve;
pub(crate) mod grid;
mod order;
mod pairs;
mod remarks;
pub(crate) mod style;

use crate::analysis::{Analysis, Metric, ScenarioAnalysis};
use crate::answers::variants::sentences;
use crate::answers::work;
use crate::coverage::Coverage;
use style::{DIM, FAILED, TITLE, WIDEST};
use text::units::duration;

/// The width of tables in a terminal with this many columns, or without a limit.
pub(crate) fn width(columns: Option<usize>) -> usize {
    columns.unwrap_or(WIDEST).min(WIDEST)
}

/// Draws everything within this width, with colours that the caller may strip.
pub fn draw(analysis: &Analysis, coverage: &Coverage, width: usize) -> String {
    let run = &analysis.run;
    let rounds: Vec<u32> = run.profile.rounds.values().copied().collect();
    let rounds = match (rounds.iter().min(), rounds.iter().max()) {
        (Some(fewest), Some(most)) if fewest < most => format!("{fewest} to {most} rounds"),
        (Some(1), _) => "1 round".to_owned(),
        (Some(all), _) => format!("{all} rounds"),
        (None, _) => "no rounds".to_owned(),
    };
    let mut text = grid::wrap(&run.machine.to_string(), "  ", width);
    let settings = format!("{}; {rounds}; {}; profile {}", run.layout, run.profile.times(), run.profile_name);
    text.push_str(&grid::wrap(&settings, "  ", width));
    if coverage.repeated > 0 {
        let times =
            if coverage.repeated == 1 { "once".to_owned() } else { format!("{} times", coverage.repeated) };
        let repeated = format!("trials that something disturbed were discarded and made again {times}");
        text.push_str(&grid::wrap(&repeated, "  ", width));
    }
    text.push_str(&alerts(analysis, coverage, width));
    for scenario in &analysis.scenarios {
        text.push('\n');
        text.push_str(&heading(scenario, width));
        text.push_str(&if scenario.scenario.script.is_some() {
            script(scenario, width)
        } else if scenario.scenario.vary.is_some() {
            curve::draw(scenario, width)
        } else if !scenario.scenario.variants.is_empty() {
            block::draw(scenario, width) + &variants(scenario, width)
        } else {
            block::draw(scenario, width) + &pairs::draw(scenario, width)
        });
        if !scenario.scenario.service.is_echo() {
            let sentences = work::sentences(scenario).into_iter();
            text.extend(sentences.map(|sentence| grid::wrap(&format!("  {sentence}"), "  ", width)));
        }
    }
    text.push_str(&remarks::draw(analysis, width));
    text
}

/// What a reader must know before any figure: what is missing, and whether the machine was busy with something else.
fn alerts(analysis: &Analysis, coverage: &Coverage, width: usize) -> String {
    let mut alerts: Vec<String> = coverage.gaps.iter().map(|gap| format!("NOT MEASURED: {gap}")).collect();
    if coverage.made < coverage.planned {
        alerts.push(format!("Incomplete: {} of {} trials were made.", coverage.made, coverage.planned));
    }
    alerts.extend(analysis.disturbance());
    let lines: String = alerts.iter().map(|alert| grid::wrap(alert, "  ", width)).collect();
    if lines.is_empty() { lines } else { format!("{FAILED}{}{FAILED:#}\n", lines.trim_end()) }
}

fn heading(analysis: &ScenarioAnalysis, width: usize) -> String {
    let scenario = &analysis.scenario;
    let trials =
        analysis.points.iter().flat_map(|point| &point.rows).map(|row| row.trials).max().unwrap_or(0);
    let rounds = if trials == 1 { "1 round".to_owned() } else { format!("{trials} rounds") };
    let title = grid::wrap(&format!("{}: {} ({rounds})", scenario.name, scenario.title), "  ", width);
    let (first, rest) = title.split_once('\n').unwrap_or((&title, ""));
    let question = grid::wrap(&format!("  {}", scenario.question), "  ", width);
    format!("{TITLE}{first}{TITLE:#}\n{rest}{DIM}{}{DIM:#}\n", question.trim_end())
}

/// One line of times.
fn script(analysis: &ScenarioAnalysis, width: usize) -> String {
    let rows = analysis.points.iter().flat_map(|point| &point.rows);
    let times = rows.map(|row| {
        let time = row.median(Metric::ScriptTime).filter(|_| row.failures.is_empty());
        format!("{} {}", row.subject.name, time.map_or("failed".to_owned(), duration))
    });
    grid::wrap(&format!("  {}", times.collect::<Vec<String>>().join(" · ")), "  ", width)
}

/// What the options change, and why.
fn variants(analysis: &ScenarioAnalysis, width: usize) -> String {
    let texts = sentences(analysis).into_iter().chain(analysis.scenario.explanation.clone());
    texts.map(|text| grid::wrap(&format!("  {text}"), "  ", width)).collect()
}

#[cfg(test)]
mod tests;
