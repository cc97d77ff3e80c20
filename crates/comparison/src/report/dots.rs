//! Charts with one figure for each subject: rounds as marks, with median and interval.

use loadgen::Load;

use super::figure::{Figure, Table, absent, nothing, only};
use super::findings::{leader, range, without_leader};
use super::numbers;
use super::subjects::{Subjects, models, notes};
use crate::analysis::{Better, Metric, PointAnalysis, Row, ScenarioAnalysis, Spread};
use charts::{Domain, Dot, DotRow, Dots, Reference};
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

/// CPU time per message as a multiple of the floor's.
pub(super) fn cost(scenario: &ScenarioAnalysis, subjects: &Subjects) -> Figure {
    let heading = "CPU time per message, as a multiple of the floor's";
    let Some(point) = scenario.points.first() else { return nothing(heading) };
    let rows: Vec<&Row> =
        subjects.rows(point).into_iter().filter(|row| row.subject.floor.is_some()).collect();
    let spreads = || rows.iter().filter_map(|row| cost_spread(row));
    let noise = point.resolution(Metric::CpuPerMessage).map(|of| of.noise);
    let band = noise.map(|noise| (1.0 / noise, noise));
    let with_reference =
        extent(spreads()).chain([1.0]).chain(band.into_iter().flat_map(|(low, high)| [low, high]));
    if spreads().next().is_none() {
        return without_ratio(point, &rows).map_or_else(|| nothing(heading), |why| only(heading, &why));
    }
    let domain = Domain::by_quotients(with_reference);
    let mut finding = leader(&models(point), cost_spread, Better::Lower).map_or_else(
        || {
            without_ratio(point, &models(point))
                .unwrap_or_else(|| "No model was measured together with its floor.".to_owned())
        },
        |leader| {
            let floor = leader.row.cost_ratio.as_ref().map_or("its floor", |ratio| ratio.right.as_str());
            leader.sentence(
                "Nearest to its floor",
                numbers::times,
                &format!(" times the CPU time of {floor}"),
            )
        },
    );
    let absolute = leader(&models(point), |row| row.spread(Metric::CpuPerMessage), Better::Lower);
    if let Some(cheapest) = absolute {
        let cost = numbers::with_unit(Metric::CpuPerMessage, cheapest.spread.center);
        finding += &format!(" Least CPU time: {}, {cost} a message.", cheapest.row.subject.name);
    }
    let caption = match noise {
        Some(noise) => format!(
            "Dashed: the floor. The band around it is what two runs of the same floor differed by, {}. A model \
             within it, or whose interval reaches 1, is not said to differ.",
            numbers::percent_above(noise)
        ),
        None => format!(
            "Dashed: the floor. {}, so how far two runs of the same thing differ is unknown, and no difference is \
             claimed.",
            point.invalid_twins().unwrap_or_else(|| "Too few rounds".to_owned())
        ),
    };
    let dot_rows = rows.iter().map(|row| {
        let ratio = row.cost_ratio.as_ref();
        let note = ratio.map(|ratio| format!("of {}", ratio.right)).unwrap_or_default();
        dot_row(row, subjects, ratio.map(|ratio| &ratio.spread), (1.0, numbers::times), note)
    });
    let chart = Dots {
        title: format!("{}: {}", scenario.scenario.name, scenario.scenario.title),
        finding: finding.clone(),
        axis: "times the CPU time of the floor, per message".to_owned(),
        domain,
        format: units::short,
        reference: Some(Reference { at: 1.0, band }),
        rows: dot_rows.collect(),
    };
    let table = by_round(&rows, cost_spread, numbers::times);
    Figure { heading: heading.to_owned(), finding, caption, chart: Some(Box::new(chart)), table }
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
    let Some(point) = scenario.points.first() else { return nothing(heading) };
    let rows = subjects.rows(point);
    let spreads = rows.iter().filter_map(|row| row.spread(metric));
    let (divisor, format) = numbers::at_axis(metric);
    let values = extent(spreads).map(|value| value / divisor);
    let is_memory = matches!(metric, Metric::MemoryPerConnection | Metric::PeakMemory);
    let domain = if is_memory { Domain::by_quotients(values) } else { Domain::from_zero(values) };
    if domain.is_none() {
        return nothing(heading);
    }
    let write = |value| numbers::plain(metric, value);
    let models = models(point);
    let mut finding = leader(&models, |row| row.spread(metric), metric.better()).map_or_else(
        || without_leader(point, "No model was measured."),
        |leader| leader.sentence(lead, |value| numbers::with_unit(metric, value), ""),
    );
    if metric.better() == Better::Lower {
        let most = range(&models, |row| row.spread(metric), |value| numbers::with_unit(metric, value));
        finding.extend(most.map(|most| format!(" {most}")));
    }
    let dot_rows = rows.iter().map(|row| {
        let note = notes(row).into_iter().next().unwrap_or_default();
        dot_row(row, subjects, row.spread(metric), (divisor, write), note)
    });
    let chart = Dots {
        title: format!("{}: {}", scenario.scenario.name, scenario.scenario.title),
        finding: finding.clone(),
        axis: format!("{}{}", metric.title(), if is_memory { " (log scale)" } else { "" }),
        domain,
        format,
        reference: None,
        rows: dot_rows.collect(),
    };
    let table = by_round(&rows, |row| row.spread(metric), write);
    Figure {
        heading: heading.to_owned(),
        finding,
        caption:
            "Each mark is a round, the first one on top; the bar is their median, the line its interval of \
                  95 %."
                .to_owned(),
        chart: Some(Box::new(chart)),
        table,
    }
}

/// A row of marks. Values are scaled for drawing, but written unscaled.
fn dot_row(
    row: &Row,
    subjects: &Subjects,
    spread: Option<&Spread>,
    (divisor, write): (f64, impl Fn(f64) -> String),
    note: String,
) -> DotRow {
    let name = &row.subject.name;
    let dots = spread.into_iter().flat_map(|spread| &spread.values).map(|&(round, value)| Dot {
        value: value / divisor,
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
