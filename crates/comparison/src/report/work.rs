//! The figures of scenarios with work behind each message: what it makes others wait, and what waiting costs.

use super::curves::curve;
use super::dots::{amount, least_cpu, rate};
use super::figures::Figures;
use super::spectrum;
use super::subjects::Subjects;
use crate::analysis::{Metric, ScenarioAnalysis};
use crate::answers::work;
use crate::scenario::Point;
use loadgen::Load;

/// All figures of such a scenario. The first one has the answer to its question as its finding, if there is one.
pub(super) fn figures(scenario: &ScenarioAnalysis, subjects: &Subjects) -> Figures {
    let amount = |metric, heading, lead| amount(scenario, subjects, metric, heading, lead);
    let by = |metric, heading, lead| curve(scenario, subjects, metric, heading, lead);
    let is_open = scenario.scenario.load.as_ref().is_some_and(|load| matches!(load.load, Load::Open { .. }));
    let mut figures = match scenario.points.first().map(|point| point.point) {
        None => return Figures::default(),
        Some(Point::Big(_)) => Figures {
            main: vec![by(Metric::P99, "99th percentile of small requests, by big ones in work", "Lowest")],
            further: vec![
                by(Metric::P50, "Median of small requests, by big ones in work", "Lowest"),
                by(Metric::BigP50, "Median of the big requests", "Lowest"),
                by(Metric::CpuPerMessage, "CPU time per request", "Least CPU time"),
            ],
        },
        Some(Point::Number(_)) => Figures {
            main: vec![by(Metric::MessagesPerSecond, "Requests a second, by the size of the work", "Most")],
            further: vec![
                by(Metric::P50, "Median latency, by the size of the work", "Lowest"),
                by(Metric::CpuPerMessage, "CPU time per request, by the size of the work", "Least CPU time"),
            ],
        },
        Some(Point::Only) if is_open => Figures {
            main: vec![amount(Metric::P99, "99th percentile of the response time", "Lowest")],
            further: vec![
                least_cpu(scenario, subjects),
                amount(Metric::PeakMemory, "Peak memory", "Least memory at its peak"),
                rate(scenario, subjects),
            ],
        },
        Some(Point::Only) => Figures {
            main: vec![least_cpu(scenario, subjects)],
            further: vec![rate(scenario, subjects), spectrum::spectrum(scenario, subjects)],
        },
        Some(_) => Figures {
            main: vec![
                by(Metric::P99, "99th percentile of the response time, by clients", "Lowest"),
                by(Metric::PeakMemory, "Peak memory, by clients", "Least memory"),
            ],
            further: vec![
                by(Metric::MessagesPerSecond, "Requests a second, by clients", "Most"),
                by(Metric::SwitchesPerMessage, "Context switches per request, by clients", "Fewest"),
                by(Metric::CpuPerMessage, "CPU time per request, by clients", "Least CPU time"),
            ],
        },
    };
    let sentences = work::sentences(scenario);
    if let Some(first) = figures.main.first_mut().filter(|_| !sentences.is_empty()) {
        first.finding = sentences.join(" ");
    }
    figures
}
