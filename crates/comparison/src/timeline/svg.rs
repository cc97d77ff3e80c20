//! The timeline as a picture in its own file.

use std::time::Duration;

use charts::{Domain, LaneGroup, Moment, Phase, Sign, Signal, Span, Timeline};

use super::lanes::{Chart, Lane, seconds};

/// Draws all charts over one time axis.
pub(super) fn draw(charts: &[Chart]) -> String {
    let clients = charts.iter().map(|chart| chart.lanes.len()).max().unwrap_or(0);
    let end = Chart::end_of_all(charts);
    let has_gap = charts.iter().flat_map(|chart| &chart.lanes).any(|lane| is_seen(lane.longest_owed(), end));
    let plural = if clients == 1 { "" } else { "s" };
    charts::picture(&Timeline {
        title: format!("{clients} scripted client{plural} at once, model by model"),
        finding: charts.iter().map(described).collect::<Vec<String>>().join(" "),
        domain: Domain::until(end),
        key: [
            (Sign::Phase(Phase::Waits), "waits for '*'"),
            (Sign::Phase(Phase::Served), "is served"),
            (Sign::Signal(Signal::Sends), "sends"),
            (Sign::Signal(Signal::Receives), "receives"),
            (Sign::Phase(Phase::Failed), "fails"),
        ]
        .into_iter()
        .chain(has_gap.then_some((Sign::Phase(Phase::Owed), "waits for a reply")))
        .map(|(sign, words)| (sign, words.to_owned()))
        .collect(),
        groups: charts.iter().map(|chart| group(chart, end)).collect(),
    })
}

/// Whether this time can be seen on an axis with this end.
fn is_seen(time: Duration, end: Duration) -> bool {
    time > end / SEEN
}

/// A shorter part of the axis is hidden behind the signals around it.
const SEEN: u32 = 50;

/// A chart in words, for readers who cannot see it.
fn described(chart: &Chart) -> String {
    let longest_wait = chart.lanes.iter().map(Lane::waited).max();
    let longest_owed = chart.lanes.iter().map(Lane::longest_owed).max();
    let failed = chart.lanes.iter().filter(|lane| lane.failure.is_some()).count();
    format!(
        "{} ({}): {} clients in {}; the longest wait for the greeting was {}, for a reply {}; {failed} failed.",
        chart.name,
        chart.title,
        chart.lanes.len(),
        seconds(chart.elapsed),
        seconds(longest_wait.unwrap_or_default()),
        seconds(longest_owed.unwrap_or_default()),
    )
}

fn group(chart: &Chart, end: Duration) -> LaneGroup {
    LaneGroup {
        label: chart.name.clone(),
        note: format!("{}, {}", chart.title, seconds(chart.elapsed)),
        lanes: chart.lanes.iter().map(|of| lane(of, end)).collect(),
    }
}

fn lane(lane: &Lane, end: Duration) -> charts::Lane {
    let span =
        |from: Duration, to: Duration, phase| Span { from: from.as_secs_f64(), to: to.as_secs_f64(), phase };
    let has_failed = lane.failure.is_some();
    let mut spans = vec![span(lane.arrived, lane.served_from(), Phase::Waits)];
    if lane.greeted.is_some() {
        let phase = if has_failed { Phase::Failed } else { Phase::Served };
        spans.push(span(lane.served_from(), lane.ended, phase));
        let gaps = lane.owed.iter().filter(|(from, until)| is_seen(until.saturating_sub(*from), end));
        spans.extend(gaps.map(|(from, until)| span(*from, *until, Phase::Owed)));
    }
    let moments = |times: &[Duration], signal| -> Vec<Moment> {
        times.iter().map(|at| Moment { at: at.as_secs_f64(), signal }).collect()
    };
    charts::Lane {
        label: lane.client.clone(),
        about: story(lane),
        spans,
        moments: [moments(&lane.sent, Signal::Sends), moments(&lane.received, Signal::Receives)].concat(),
        figure: seconds(lane.ended),
        has_failed,
    }
}

/// What happened to a client, in words.
fn story(lane: &Lane) -> String {
    let waited = seconds(lane.waited());
    match (&lane.failure, lane.greeted) {
        (Some(failure), _) => format!("{} failed: {failure}", lane.client),
        (None, Some(greeted)) => {
            let served = seconds(lane.ended.saturating_sub(greeted));
            format!("{} waited {waited} and was served for {served}", lane.client)
        }
        (None, None) => format!("{} waited {waited}", lane.client),
    }
}
