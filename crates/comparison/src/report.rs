//! The report: one page that answers each question with a sentence, a chart and the data below, and needs no
//! other file, no network and no script.
//!
//! Everything in it is generated from an [`Analysis`]; no figure is typed. Each chart is included twice, laid out for
//! a page and for a phone; the style sheet shows one of them.

mod about;
mod answers;
mod boxed;
mod changes;
mod curves;
mod dots;
mod ease;
mod figure;
mod figures;
mod findings;
mod flaws;
mod matrix;
mod reading;
mod spectrum;
mod subjects;
mod summary;
mod verdicts;
mod work;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::analysis::{Analysis, ScenarioAnalysis};
use crate::baseline::Changes;
use crate::coverage::Coverage;
use ::ease::Card;
use boxed::boxed;
use charts::Chart;
use figure::{Figure, Table};
use figures::figures;
use subjects::Subjects;

const STYLE: &str = include_str!("report/page.css");

/// The widths of charts in CSS pixels, on a page and on a phone.
const WIDTHS: [(f64, &str); 2] = [(760.0, "wide"), (328.0, "narrow")];
/// The largest number of charts in a separate file.
const PANELS: usize = 2;

/// The report's file in the folder of a run.
pub const FILE: &str = "report.html";

/// The whole report: what is missing, how to read it, the answers, a chart for each question, all pairs, the tables. With a score
/// card also how easy the models are to write.
pub fn html(
    analysis: &Analysis,
    coverage: &Coverage,
    changes: Option<&Changes>,
    card: Option<&Card>,
) -> String {
    let run = &analysis.run;
    let heading = "Concurrency models for network servers, compared";
    let subjects = Subjects::of(run);
    let card = card.map(|card| ease::of_run(card, analysis)).filter(|card| !card.models.is_empty());
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (heading) ", " (run.started) }
                style { (PreEscaped(charts::STYLE)) (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#content" { "Skip to the results" }
                header {
                    h1 { (heading) }
                    p.quiet { (run.machine) ". " (run.profile_name) " profile: " (run.profile.about) ". " time datetime=(run.started) { (run.started) } }
                    (contents(analysis, changes, card.is_some()))
                }
                main #content {
                    (verdicts::failures(analysis))
                    (verdicts::disturbance(analysis, coverage))
                    (verdicts::missing(coverage))
                    (reading::reading(analysis))
                    (answers::answers(analysis))
                    @if let Some(changes) = changes { (changes::changes(changes)) }
                    (answers::decide(analysis))
                    @for scenario in &analysis.scenarios { (section(scenario, &subjects)) }
                    @if analysis.scenarios.is_empty() { p { "No trial of this run was made." } }
                    @if let Some(card) = &card { (ease::section(analysis, card, &subjects)) }
                    (matrix::matrices(analysis))
                    (summary::summary(analysis))
                    (verdicts::verdicts(analysis))
                    (about::about(analysis))
                }
            }
        }
    };
    // Remove characters that HTML cannot represent, which may come from a failure's text.
    let is_odd = |letter: char| letter.is_control() && letter != '\n';
    page.into_string().replace(is_odd, "\u{FFFD}")
}

/// Messages a second by model, as a picture in its own file.
pub fn throughput_svg(analysis: &Analysis) -> String {
    standalone(analysis, "Messages a second", dots::rate)
}

/// CPU time per message as a multiple of the floor's, as a picture in its own file.
pub fn cost_svg(analysis: &Analysis) -> String {
    standalone(analysis, "CPU time per message, as a multiple of the floor's", dots::cost)
}

/// How easy the models are to write, against what they cost, as a picture in its own file.
pub fn scatter_svg(analysis: &Analysis, card: &Card) -> String {
    let figures = ease::figures(analysis, card, &Subjects::without_twins(&analysis.run));
    let charts: Vec<&dyn Chart> = figures.iter().filter_map(|figure| figure.chart.as_deref()).collect();
    charts::column("Scalability against ease", &charts)
}

fn standalone(
    analysis: &Analysis,
    heading: &str,
    figure: impl Fn(&ScenarioAnalysis, &Subjects) -> Figure,
) -> String {
    let subjects = Subjects::without_twins(&analysis.run);
    let scenarios = analysis.scenarios.iter().filter(|scenario| figures::is_closed_loop(scenario));
    let figures: Vec<Figure> = scenarios
        .map(|scenario| figure(scenario, &subjects))
        .filter(|figure| figure.chart.is_some())
        .collect();
    let charts: Vec<&dyn Chart> =
        figures.iter().filter_map(|figure| figure.chart.as_deref()).take(PANELS).collect();
    charts::standalone(heading, &charts)
}

fn contents(analysis: &Analysis, changes: Option<&Changes>, has_card: bool) -> Markup {
    html! {
        nav aria-label="Contents" {
            ul {
                li { a href="#reading" { "How to read this page" } }
                li { a href="#answers" { "Answers" } }
                @if changes.is_some() { li { a href="#baseline" { "Since the baseline" } } }
                li { a href="#decide" { "Which one for what" } }
                @for scenario in &analysis.scenarios {
                    li { a href={ "#" (anchor(&scenario.scenario.name)) } { (scenario.scenario.name) } }
                }
                @if has_card { li { a href="#ease" { "Is it easy to write?" } } }
                li { a href="#pairs" { "Every pair of models" } }
                li { a href="#summary" { "Tables" } }
                li { a href="#verdicts" { "Verdicts: whose limit it was" } }
                li { a href="#about" { "How this was measured" } }
            }
        }
    }
}

/// One question and its answers.
fn section(scenario: &ScenarioAnalysis, subjects: &Subjects) -> Markup {
    let name = anchor(&scenario.scenario.name);
    let figures = figures(scenario, subjects);
    let headings: Vec<&str> = figures.further.iter().map(|figure| figure.heading.as_str()).collect();
    html! {
        section aria-labelledby=(name) {
            h2 id=(name) { (scenario.scenario.question) }
            p.quiet { b { (scenario.scenario.name) } ": " (scenario.scenario.title) ". " (figures::rounds(scenario)) }
            @for figure in &figures.main { (show(figure)) }
            @if !figures.further.is_empty() {
                details {
                    summary { "Further charts: " (headings.join("; ")) }
                    @for figure in &figures.further { (show(figure)) }
                }
            }
            (details("All figures of this scenario", &figures::everything(scenario)))
        }
    }
}

fn show(figure: &Figure) -> Markup {
    html! {
        h3 { (figure.heading) }
        p.finding { (figure.finding) }
        @if let Some(chart) = &figure.chart {
            figure tabindex="0" aria-label=(figure.heading) {
                @for (width, class) in WIDTHS { (PreEscaped(charts::inline(chart.as_ref(), &figure.heading, width, class))) }
                @if !figure.caption.is_empty() { figcaption { (figure.caption) } }
            }
            (details(&format!("Data: {}", figure.heading), &figure.table))
        }
    }
}

/// A table behind a line that opens it; nothing if the table is empty.
fn details(title: &str, table: &Table) -> Markup {
    html! {
        @if !table.rows.is_empty() {
            details {
                summary { (title) }
                (boxed(title, &html! {
                    thead { tr { @for cell in &table.head { th scope="col" { (cell) } } } }
                    tbody {
                        @for row in &table.rows {
                            tr {
                                @for (index, cell) in row.iter().enumerate() {
                                    @if index == 0 { th scope="row" { (cell) } } @else { td { (cell) } }
                                }
                            }
                        }
                    }
                }))
            }
        }
    }
}

/// A scenario's name as the anchor of its section.
fn anchor(name: &str) -> String {
    let letters = name.chars().map(|letter| if letter.is_alphanumeric() { letter } else { '-' });
    letters.fold("scenario-".to_owned(), |mut anchor, letter| {
        anchor.push(letter);
        anchor
    })
}

#[cfg(test)]
mod tests;
