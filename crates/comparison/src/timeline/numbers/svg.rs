//! The lanes as a picture.

use std::time::Duration;

use charts::{Domain, LaneGroup, Phase, Sign, Span, Timeline};

use super::lanes::{Chart, Lane};
use crate::timeline::lanes::seconds;

/// Draws all charts over one time axis.
pub(super) fn draw(charts: &[Chart]) -> String {
    charts::picture(&Timeline {
        title: "Numbers sent at the same time, model by model".to_owned(),
        finding: charts.iter().map(described).collect::<Vec<String>>().join(" "),
        domain: Domain::until(Chart::end_of_all(charts)),
        key: [
            (Phase::Waits, "sent, not read yet"),
            (Phase::Queued, "read, waits for a turn or a cache"),
            (Phase::Served, "is tested; or the thread is busy"),
            (Phase::Failed, "failed"),
        ]
        .map(|(phase, words)| (Sign::Phase(phase), words.to_owned()))
        .into(),
        groups: charts.iter().map(group).collect(),
    })
}

/// A chart in words, for readers who cannot see it.
fn described(chart: &Chart) -> String {
    format!("{} ({}): all answered in {}.", chart.name, chart.note, seconds(chart.elapsed))
}

fn group(chart: &Chart) -> LaneGroup {
    LaneGroup {
        label: chart.name.clone(),
        note: chart.note.clone(),
        lanes: chart.lanes.iter().map(lane).collect(),
    }
}

fn lane(lane: &Lane) -> charts::Lane {
    let span = |(from, to, phase): &(Duration, Duration, Phase)| Span {
        from: from.as_secs_f64(),
        to: to.as_secs_f64(),
        phase: *phase,
    };
    charts::Lane {
        label: lane.label.clone(),
        about: lane.about.clone(),
        spans: lane.spans.iter().map(span).collect(),
        moments: Vec::new(),
        figure: lane.figure.clone(),
        has_failed: lane.failure.is_some(),
    }
}
