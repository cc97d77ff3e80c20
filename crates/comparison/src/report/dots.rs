//! Charts with one figure for each subject: rounds as marks, with median and interval.

use loadgen::Load;

use super::figure::{Figure, Table, absent, nothing, only};
use super::findings::finding;
use super::flaws;
use super::subjects::{Subjects, notes};
use crate::analysis::{Better, Metric, Pair, PointAnalysis, Row, ScenarioAnalysis, Spread};
use crate::answers::contest::{Contest, models};
use crate::answers::versus;
use crate::numbers;
use crate::subject::Role;
use charts::{Domain, Dot, DotRow, Dots, Key, Reference};
use text::units;

/// Messages, or in churn connections, a second.
pub(super) fn rate(scenario: &ScenarioAnalysis, subjects: &Subjects) -> Figure {
    let is_churn = scenario.scenario.load.as_ref().is_some_and(|load| load.load == Load::Churn);
    if is_churn {
        amount(
            scenario,
            subjects,
            Metric::ConnectionsPerSecond,
            "Connections a second",
            "Most connections a second",
        )
    } else {
        amount(scenario, subjects, Metric::MessagesPerSecond, "Messages a second", "Most messages a second")
    }
}

/// CPU time per message, or in churn per connection.
pub(super) fn least_cpu(scenario: &ScenarioAnalysis, subjects: &Subjects) -> Figure {
    let is_churn = scenario.scenario.load.as_ref().is_some_and(|load| load.load == Load::Churn);
    let (heading, lead) = if is_churn {
        ("CPU time per connection", "Least CPU time per connection")
    } else {
        ("CPU time per message", "Least CPU time per message")
    };
    amount(scenario, subjects, Metric::CpuPerMessage, heading, lead)
}

/// CPU time per message as a multiple of the floor's.
pub(super) fn cost(scenario: &ScenarioAnalysis, subjects: &Subjects) -> Figure {
    let heading = "CPU time per message, as a multiple of the floor's";
    let Some(point) = scenario.points.first() else { return nothing(heading) };
    let mut rows: Vec<&Row> = subjects
        .sorted(point, cost_spread, Better::Lower)
        .into_iter()
        .filter(|row| row.subject.floor.is_some())
        .collect();
    // Multiples of different floors are not in one order.
    rows.sort_by_key(|row| (row.subject.role == Role::Twin, row.subject.floor.clone()));
    let spreads = || rows.iter().filter_map(|row| cost_spread(row));
    let noise = point.resolution(Metric::CpuPerMessage).map(|of| of.noise);
    let band = noise.map(|noise| (1.0 / noise, noise));
    let with_reference =
        extent(spreads()).chain([1.0]).chain(band.into_iter().flat_map(|(low, high)| [low, high]));
    if spreads().next().is_none() {
        return without_ratio(point, &rows).map_or_else(|| nothing(heading), |why| only(heading, &why));
    }
    let domain = Domain::by_quotients(with_reference);
    let finding = against_floors(point);
    let mut legend = vec![
        (Key::Interval, "trimmed geometric mean and its 95 % interval".to_owned()),
        (Key::Reference, "the floor that the row names".to_owned()),
    ];
    let caption = match noise {
        Some(noise) => {
            legend.push((Key::Band, "what two runs of the same floor differ by".to_owned()));
            format!(
                "The grey band is {} wide on each side. Of a model within it, or whose interval reaches 1, no \
                 difference from its floor is shown. Multiples of different floors cannot be compared with each \
                 other: the floors themselves differ.",
                numbers::percent_above(noise)
            )
        }
        None => format!(
            "{}, so how far two runs of the same program differ is unknown, and no difference is claimed.",
            point.invalid_twins().unwrap_or_else(|| "Too few rounds".to_owned())
        ),
    };
    let dot_rows: Vec<DotRow> = rows
        .iter()
        .map(|row| {
            let ratio = row.cost_ratio.as_ref();
            let note = ratio.map(|ratio| format!("of {}", ratio.right)).unwrap_or_default();
            let spread = ratio.map(|ratio| &ratio.spread);
            dot_row(row, subjects, spread, (1.0, numbers::times), (note, String::new()))
        })
        .collect();
    legend.extend(flaws_of(&dot_rows));
    let chart = Dots {
        title: format!("{}: {}", scenario.scenario.name, scenario.scenario.title),
        finding: finding.clone(),
        axis: "times the CPU time of the floor, per message".to_owned(),
        domain,
        format: units::short,
        reference: Some(Reference { at: 1.0, band }),
        rows: dot_rows,
        legend,
    };
    let table = by_round(&rows, cost_spread, numbers::times);
    Figure { heading: heading.to_owned(), finding, caption, chart: Some(Box::new(chart)), table }
}

/// What is claimed about models and their floors.
fn against_floors(point: &PointAnalysis) -> String {
    let ratios: Vec<&Pair> = models(point).filter_map(|row| row.cost_ratio.as_ref()).collect();
    if ratios.is_empty() {
        return without_ratio(point, &models(point).collect::<Vec<_>>())
            .unwrap_or_else(|| "No model was measured together with its floor.".to_owned());
    }
    let (claimed, open): (Vec<&Pair>, Vec<&Pair>) =
        ratios.iter().partition(|pair| pair.claim.is_difference());
    let differences: Vec<String> =
        claimed.iter().map(|pair| format!("{} {}", pair.left, versus::difference(pair))).collect();
    let names: Vec<&str> = open.iter().map(|pair| pair.left.as_str()).collect();
    let mut sentences = Vec::new();
    if !differences.is_empty() {
        sentences.push(format!("{}.", differences.join(", ")));
    }
    if !names.is_empty() {
        sentences.push(format!("No difference from the floor is shown: {}.", names.join(", ")));
    }
    sentences.join(" ")
}

/// Why there is no ratio although CPU time was measured; `None` if it was not.
fn without_ratio(point: &PointAnalysis, rows: &[&Row]) -> Option<String> {
    let measured = rows.iter().filter(|row| row.spread(Metric::CpuPerMessage).is_some());
    let measured: Vec<&&Row> = measured.collect();
    let floor = |row: &Row| point.row(row.subject.floor.as_deref()?);
    let reason = |row: &&&Row| row.without_valid().or_else(|| floor(row)?.without_valid());
    let reasons: Vec<Option<String>> = measured.iter().map(reason).collect();
    let first = reasons.first()?;
    Some(match first.as_ref().filter(|_| reasons.iter().all(Option::is_some)) {
        Some(reason) => format!("There is no ratio, because for each subject, or for its floor, {reason}."),
        None => "There is no ratio: in no round did a subject and its floor both have a valid window with the same \
                 work."
            .to_owned(),
    })
}

fn cost_spread(row: &Row) -> Option<&Spread> {
    row.cost_ratio.as_ref().map(|ratio| &ratio.spread)
}

/// One metric, by subject.
pub(super) fn amount(
    scenario: &ScenarioAnalysis,
    subjects: &Subjects,
    metric: Metric,
    heading: &str,
    lead: &str,
) -> Figure {
    match scenario.points.first() {
        Some(point) => amount_at(scenario, point, subjects, (metric, heading, lead)),
        None => nothing(heading),
    }
}

/// The same at one point of a curve.
pub(super) fn amount_at(
    scenario: &ScenarioAnalysis,
    point: &PointAnalysis,
    subjects: &Subjects,
    (metric, heading, lead): (Metric, &str, &str),
) -> Figure {
    let rows = subjects.sorted(point, |row| row.spread(metric), metric.better());
    let spreads = || rows.iter().filter_map(|row| row.spread(metric));
    let (divisor, format) = numbers::at_axis(metric);
    let values = extent(spreads()).map(|value| value / divisor);
    let by_quotients =
        matches!(metric, Metric::MemoryPerConnection | Metric::PeakMemory | Metric::P50 | Metric::P99);
    let domain = if by_quotients { Domain::by_quotients(values) } else { Domain::from_zero(values) };
    if domain.is_none() {
        return nothing(heading);
    }
    let write = |value| numbers::plain(metric, value);
    let contest = Contest::of(point, metric);
    let finding = finding(point, metric, lead);
    let dot_rows: Vec<DotRow> = rows
        .iter()
        .map(|row| {
            let note = notes(row).into_iter().next().unwrap_or_default();
            let multiples = multiples(point, row, metric, &contest);
            dot_row(row, subjects, row.spread(metric), (divisor, write), (note, multiples))
        })
        .collect();
    let legend = [median_key(spreads())].into_iter().chain(flaws_of(&dot_rows)).collect();
    let chart = Dots {
        title: format!("{}: {}", scenario.scenario.name, scenario.scenario.title),
        finding: finding.clone(),
        axis: format!("{}{}", metric.title(), if by_quotients { " (log scale)" } else { "" }),
        domain,
        format,
        reference: None,
        rows: dot_rows,
        legend,
    };
    let table = by_round(&rows, |row| row.spread(metric), write);
    Figure {
        heading: heading.to_owned(),
        finding,
        caption: "Each mark is a round, the first one on top. Models by value, then those that are not ranked, \
                  then floors and twins. Below each figure: its multiple of the floor's and of the best model's, by \
                  medians."
            .to_owned(),
        chart: Some(Box::new(chart)),
        table,
    }
}

/// A figure as a multiple of its floor's and of the best model's; that of a variant as a multiple of its model's.
fn multiples(point: &PointAnalysis, row: &Row, metric: Metric, contest: &Contest) -> String {
    let floor = row.cost_ratio.as_ref().map(|ratio| ratio.right.as_str()).or(row.subject.floor.as_deref());
    let floor = floor.and_then(|floor| point.row(floor));
    let best = contest.ranked.first().map(|entry| entry.row);
    let own = row.median(metric).filter(|own| *own > 0.0);
    let multiple = |of: &Row| {
        let divisor = of.median(metric).filter(|divisor| *divisor > 0.0)?;
        Some(format!("{} × {}", numbers::times(own? / divisor), of.subject.name))
    };
    let is_other = |of: &&Row| of.subject.name != row.subject.name;
    let others = match row.subject.role {
        Role::Model => [floor, best],
        Role::Variant => [point.row(&row.subject.model), None],
        Role::Floor | Role::Twin => [floor, None],
    };
    let multiples = others.into_iter().flatten().filter(is_other).filter_map(multiple);
    multiples.collect::<Vec<String>>().join(", ")
}

/// The entry of a legend for a median, with its interval if there are some.
fn median_key<'spreads>(mut spreads: impl Iterator<Item = &'spreads Spread>) -> (Key, String) {
    if spreads.any(|spread| spread.interval.is_some()) {
        (Key::Interval, "median and its 95 % interval".to_owned())
    } else {
        (Key::Median, "median".to_owned())
    }
}

/// The entries of a legend for the flaws of these rows' rounds.
fn flaws_of(rows: &[DotRow]) -> Vec<(Key, String)> {
    let dots = rows.iter().flat_map(|row| &row.dots);
    flaws::legend(dots.filter_map(|dot| dot.flaw), "a round")
}

/// A row of marks. Values are scaled for drawing, but written unscaled.
fn dot_row(
    row: &Row,
    subjects: &Subjects,
    spread: Option<&Spread>,
    (divisor, write): (f64, impl Fn(f64) -> String),
    (note, multiples): (String, String),
) -> DotRow {
    let name = &row.subject.name;
    let dots = spread.into_iter().flat_map(|spread| &spread.values).map(|&(round, value)| Dot {
        value: value / divisor,
        flaw: flaws::in_round(row, round),
        about: format!("{name}, round {round}: {}", write(value)),
    });
    DotRow {
        label: name.clone(),
        note,
        mark: subjects.mark(&row.subject),
        dots: dots.collect(),
        median: spread.map(|spread| spread.center / divisor),
        interval: spread
            .and_then(|spread| spread.interval)
            .map(|interval| (interval.low / divisor, interval.high / divisor)),
        figure: spread.map_or_else(|| "no figure".to_owned(), |spread| numbers::spread(spread, write)),
        multiples,
    }
}

/// All values of these spreads, for the axis.
fn extent<'spreads>(spreads: impl Iterator<Item = &'spreads Spread>) -> impl Iterator<Item = f64> {
    spreads.flat_map(|spread| {
        let rounds = spread.values.iter().map(|&(_, value)| value);
        let interval = spread.interval.into_iter().flat_map(|interval| [interval.low, interval.high]);
        rounds.chain(interval).chain([spread.center])
    })
}

/// A figure's rows, round by round.
fn by_round<'rows>(
    rows: &[&'rows Row],
    of: impl Fn(&'rows Row) -> Option<&'rows Spread>,
    write: impl Fn(f64) -> String,
) -> Table {
    let values = |row: &'rows Row| of(row).map(|spread| spread.values.as_slice()).unwrap_or_default();
    let mut rounds: Vec<u32> = rows.iter().flat_map(|row| values(row)).map(|&(round, _)| round).collect();
    rounds.sort_unstable();
    rounds.dedup();
    let fixed = ["", "median", "95 % interval", "notes"].map(str::to_owned);
    let rows = rows.iter().map(|row| {
        let spread = of(row);
        let interval = spread.and_then(|spread| spread.interval);
        let mut cells = vec![
            row.subject.name.clone(),
            spread.map_or_else(absent, |spread| write(spread.center)),
            interval.map_or_else(absent, |interval| {
                format!("{} to {}", write(interval.low), write(interval.high))
            }),
            notes(row).join("; "),
        ];
        cells.extend(rounds.iter().map(|round| {
            let value = values(row).iter().find(|(of, _)| of == round);
            value.map_or_else(absent, |&(_, value)| write(value))
        }));
        cells
    });
    Table {
        rows: rows.collect(),
        head: fixed.into_iter().chain(rounds.iter().map(|round| format!("round {round}"))).collect(),
    }
}
