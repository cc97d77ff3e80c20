//! What work behind messages does to those who wait: when threads are enough, when async pays, and when work must leave the
//! loop.

use super::best::{Best, best};
use super::contest::models;
use super::decide::Decision;
use super::{Answer, Sentence};
use crate::analysis::{Analysis, Crossing, Knee, Metric, PointAnalysis, Row, ScenarioAnalysis, knee};
use crate::numbers;
use crate::scenario::{Point, divisions};
use text::units;

/// Below this share of the offered rate a model has fallen behind.
const KEEPS_UP: f64 = 0.95;

/// An answer for each scenario with work behind its messages, in the run's order.
pub(super) fn answers(analysis: &Analysis) -> Vec<Answer> {
    let of_scenario = |scenario: &ScenarioAnalysis| {
        let place = &scenario.scenario.name;
        let sentences = sentences(scenario).into_iter();
        let sentences: Vec<Sentence> =
            sentences.map(|text| Sentence { place: place.clone(), text }).collect();
        (!sentences.is_empty()).then(|| Answer { question: scenario.scenario.question.clone(), sentences })
    };
    of_work(analysis).filter_map(of_scenario).collect()
}

/// The scenarios with work behind their messages.
pub(crate) fn of_work(analysis: &Analysis) -> impl Iterator<Item = &ScenarioAnalysis> {
    analysis.scenarios.iter().filter(|scenario| !scenario.scenario.service.is_echo())
}

/// What answers the question of such a scenario.
pub(crate) fn sentences(scenario: &ScenarioAnalysis) -> Vec<String> {
    let Some(last) = scenario.points.last() else { return Vec::new() };
    match last.point {
        Point::Big(_) => stalling(scenario).into_iter().collect(),
        Point::Number(_) => scenario.crossings.iter().map(handing_over).collect(),
        _ => {
            let figures = figures(scenario).iter().map(|&metric| {
                let Best { text, .. } = of_figure(scenario, last, metric);
                let at =
                    if last.point == Point::Only { String::new() } else { format!("At {}: ", last.point) };
                format!("{at}{text}")
            });
            falling_behind(scenario).into_iter().chain(figures).chain(allocations(scenario)).collect()
        }
    }
}

/// The figures that answer the question of a scenario without a knee and a crossing.
fn figures(scenario: &ScenarioAnalysis) -> &'static [Metric] {
    let load = scenario.scenario.load.clone().unwrap_or_default();
    match load.load {
        loadgen::Load::Open { .. } => &[Metric::P99, Metric::PeakMemory, Metric::CpuPerMessage],
        _ => &[Metric::CpuPerMessage, Metric::MessagesPerSecond],
    }
}

/// The best model in a figure, of those that answer as many requests as are due: who falls behind does less.
fn of_figure(scenario: &ScenarioAnalysis, point: &PointAnalysis, metric: Metric) -> Best {
    let mut point = point.clone();
    point.rows.retain(|row| offered(scenario).is_none_or(|rate| keeps_up(row, rate)));
    let verb = match metric {
        Metric::P99 => "has the lowest 99th percentile",
        Metric::PeakMemory => "has the lowest peak of memory",
        Metric::MessagesPerSecond => "answers the most requests",
        _ => "needs the least CPU time per request",
    };
    best(&point, metric, |name, figure| format!("{name} {verb}: {figure}"))
}

/// The models by their knees; `None` if nothing can be claimed of any.
fn stalling(scenario: &ScenarioAnalysis) -> Option<String> {
    let knees = knees(scenario);
    let mut groups: Vec<(Knee, Vec<&str>)> = Vec::new();
    for (name, knee) in knees.iter().filter_map(|(name, knee)| Some((*name, (*knee)?))) {
        match groups.iter_mut().find(|(known, _)| *known == knee) {
            Some((_, names)) => names.push(name),
            None => groups.push((knee, vec![name])),
        }
    }
    let groups: Vec<String> =
        groups.iter().map(|(knee, names)| format!("{} {}", names.join(", "), in_words(*knee))).collect();
    let open = knees.iter().filter(|(_, knee)| knee.is_none()).map(|(name, _)| *name);
    let open: Vec<&str> = open.collect();
    let open = if open.is_empty() {
        String::new()
    } else {
        format!(" Nothing is shown for {}: too few rounds.", open.join(", "))
    };
    (!groups.is_empty()).then(|| {
        format!(
            "Small requests stall behind big ones: {}.{open} A stall is a 99th percentile above half of the time that a \
             big request takes alone.",
            groups.join("; ")
        )
    })
}

/// The knee of each model that was measured.
fn knees(scenario: &ScenarioAnalysis) -> Vec<(&str, Option<Knee>)> {
    let mut names: Vec<&str> = Vec::new();
    for row in scenario.points.iter().flat_map(models) {
        if !names.contains(&row.subject.name.as_str()) {
            names.push(&row.subject.name);
        }
    }
    names.into_iter().map(|name| (name, knee(scenario, name))).collect()
}

fn in_words(knee: Knee) -> String {
    match knee {
        Knee::At(count) => format!("from {count} in work on"),
        Knee::Between(free, stalled) => format!("not with {free} in work, and with {stalled}"),
        Knee::AtMost(count) => format!("with {count} in work"),
        Knee::Beyond(most) => format!("not with {most} in work, the most that were measured"),
        Knee::NotShownBeyond(most) => format!("not with {most} in work; beyond that nothing is shown"),
    }
}

/// From which size on handing over pays.
fn handing_over(crossing: &Crossing) -> String {
    let Crossing { here, beside, until, from, divisions, division_ns } = crossing;
    let time = |divisions: f64| division_ns.map(|each| units::duration(each * divisions));
    let size = |point: &Point| size(*point);
    let written = |divisions: f64| {
        let time = time(divisions).map(|time| format!(" ({time})")).unwrap_or_default();
        format!("{} divisions{time}", numbers::rounded(divisions))
    };
    let claimed = match (until, from) {
        (None, None) => "No difference is claimed at either end.".to_owned(),
        (Some(until), None) => format!("{here} is claimed to be faster up to {}.", written(size(until))),
        (None, Some(from)) => format!("{beside} is claimed to be faster from {} on.", written(size(from))),
        (Some(until), Some(from)) => format!(
            "{here} is claimed to be faster up to {}, and {beside} from {} on.",
            written(size(until)),
            written(size(from))
        ),
    };
    match divisions {
        Some(at) => {
            let at = numbers::spread(at, numbers::rounded);
            let time = crossing.divisions.as_ref().and_then(|at| time(at.center));
            let time = time.map(|time| format!(", which take {time}")).unwrap_or_default();
            format!("{beside} is as fast as {here} at {at} divisions{time}. {claimed}")
        }
        None => format!("The rates of {here} and {beside} do not cross between these sizes. {claimed}"),
    }
}

#[expect(clippy::cast_precision_loss, reason = "at most 2^31 divisions")]
fn size(point: Point) -> f64 {
    match point {
        Point::Number(number) => divisions(number) as f64,
        _ => 0.0,
    }
}

/// The models that do not answer as many requests as are due, with what they answer, and the bound of a loop that waits for
/// one lookup after the other.
fn falling_behind(scenario: &ScenarioAnalysis) -> Option<String> {
    let last = scenario.points.last()?;
    let rate = offered(scenario)?;
    let behind = models(last).filter(|row| !keeps_up(row, rate)).filter_map(|row| {
        let answered = units::count(row.median(Metric::MessagesPerSecond)?);
        Some(format!("{} {answered}/s", row.subject.name))
    });
    let behind: Vec<String> = behind.collect();
    let latency = scenario.scenario.cache.filter(|cache| cache.latency_ms > 0);
    let bound = latency.map(|cache| {
        format!(
            " Where a loop blocks on each lookup, it answers 1 / {} ms = {} a second at most.",
            cache.latency_ms,
            units::whole(1_000 / cache.latency_ms)
        )
    });
    (!behind.is_empty()).then(|| {
        format!(
            "Of {} requests a second that are due, fewer are answered by {}.{}",
            units::whole(rate),
            behind.join(", "),
            bound.unwrap_or_default()
        )
    })
}

/// Where to find what is not in the run: what hits in a closed loop, whose cost is that of the style, take from the allocator.
fn allocations(scenario: &ScenarioAnalysis) -> Option<String> {
    let has_hits = scenario.scenario.cache.is_some() && offered(scenario).is_none();
    has_hits.then(|| {
        "Allocations are not counted here, since an allocator that counts would change what is measured: `cargo bench \
         --bench allocations` prints those of a request for each model."
            .to_owned()
    })
}

/// The requests a second of an open loop.
fn offered(scenario: &ScenarioAnalysis) -> Option<u64> {
    match scenario.scenario.load.as_ref()?.load {
        loadgen::Load::Open { rate, .. } => Some(rate),
        _ => None,
    }
}

/// Whether it answers as many as are due. One whose rate is unknown has failed, and that is said elsewhere.
#[expect(clippy::cast_precision_loss, reason = "rates are small")]
fn keeps_up(row: &Row, rate: u64) -> bool {
    row.median(Metric::MessagesPerSecond).is_none_or(|answered| answered >= KEEPS_UP * rate as f64)
}

/// What follows from these scenarios.
pub(crate) fn decisions(analysis: &Analysis) -> Vec<Decision> {
    of_work(analysis).filter_map(decision).collect()
}

fn decision(scenario: &ScenarioAnalysis) -> Option<Decision> {
    let last = scenario.points.last()?;
    let reason = sentences(scenario).join(" ");
    let has_cache = scenario.scenario.cache.is_some_and(|cache| cache.latency_ms > 0);
    let idle = scenario.scenario.load.as_ref().map_or(0, |load| load.idle);
    let (condition, picks) = match last.point {
        Point::Big(_) => {
            let knees = knees(scenario);
            let free = knees.iter().filter(|(_, knee)| matches!(knee, Some(Knee::Beyond(_))));
            let picks = free.map(|(name, _)| (*name).to_owned()).collect();
            ("If some requests compute for long, and others must not wait for them".to_owned(), picks)
        }
        Point::Number(_) => {
            ("If it is to be decided whether work must leave the loop".to_owned(), Vec::new())
        }
        Point::Connections(count) => (
            format!("If each request waits for another server, with {} clients", units::whole(count)),
            of_figure(scenario, last, Metric::P99).picks,
        ),
        _ if idle > 0 => (
            format!("If {} clients are idle, and the requests of a few wait", units::whole(idle as u64)),
            of_figure(scenario, last, Metric::PeakMemory).picks,
        ),
        _ if has_cache => (
            "If most requests wait, and some compute".to_owned(),
            of_figure(scenario, last, Metric::P99).picks,
        ),
        _ => (
            "If only the style of the code is to be chosen".to_owned(),
            of_figure(scenario, last, Metric::CpuPerMessage).picks,
        ),
    };
    (!reason.is_empty()).then(|| Decision { condition, picks, reason, place: scenario.scenario.name.clone() })
}

#[cfg(test)]
mod tests;
