//! Lanes to draw, from what clients and server have seen.

use std::collections::BTreeSet;
use std::time::Duration;

use charts::Phase;

use super::clients::Visit;
use super::events::{Event, Kind};
use crate::timeline::lanes::seconds;

/// The numbers at one model. All times are since the first number was sent.
#[derive(Clone, Debug)]
pub(super) struct Chart {
    pub(super) name: String,
    /// How long a number waited at most, and what the model is.
    pub(super) note: String,
    pub(super) elapsed: Duration,
    /// What became of each number, in the order in which they were sent.
    pub(super) visits: Vec<Visit>,
    /// The clients, in the order in which they sent; then the threads.
    pub(super) lanes: Vec<Lane>,
}

/// A client or a thread.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    pub(super) label: String,
    /// From when to when, and what was done.
    pub(super) spans: Vec<(Duration, Duration, Phase)>,
    /// How long a client took, or a thread computed.
    pub(super) figure: String,
    /// What happened, in words.
    pub(super) about: String,
    pub(super) failure: Option<String>,
}

impl Chart {
    pub(super) fn new(name: &str, title: &str, visits: &[Visit], events: &[Event]) -> Chart {
        let zero = visits.iter().map(|visit| visit.sent).min().unwrap_or_default();
        let mut events = events.to_vec();
        events.sort_by_key(|event| event.at);
        let since = |at: Duration| at.saturating_sub(zero);
        for event in &mut events {
            event.at = since(event.at);
        }
        let visits: Vec<Visit> = visits
            .iter()
            .map(|visit| Visit { sent: since(visit.sent), ended: since(visit.ended), ..visit.clone() })
            .collect();
        let latest = visits.iter().max_by_key(|visit| late(visit));
        let note = latest.map_or_else(String::new, |visit| {
            format!("{} waited for {} beside its own test; ", visit.number.value, seconds(late(visit)))
        });
        let lanes = visits.iter().map(|visit| client(visit, &events)).chain(threads(&events)).collect();
        Chart {
            name: name.to_owned(),
            note: format!("{note}{title}"),
            elapsed: visits.iter().map(|visit| visit.ended).max().unwrap_or_default(),
            visits,
            lanes,
        }
    }

    /// The end of the axis that these charts share.
    pub(super) fn end_of_all(charts: &[Chart]) -> Duration {
        charts.iter().map(|chart| chart.elapsed).max().unwrap_or_default()
    }
}

/// How much longer a number took than it takes alone.
fn late(visit: &Visit) -> Duration {
    visit.ended.saturating_sub(visit.sent).saturating_sub(visit.number.alone)
}

fn client(visit: &Visit, events: &[Event]) -> Lane {
    let Visit { number, sent, ended, failure } = visit;
    let first = |kind| {
        events.iter().find(|event| event.kind == kind && event.number == number.value).map(|event| event.at)
    };
    // An answer from a cache takes no test.
    let received = first(Kind::Received).unwrap_or(*ended);
    let begun = first(Kind::Begun).unwrap_or(*ended);
    let computed = first(Kind::Computed).unwrap_or(*ended);
    let served = if failure.is_some() { Phase::Failed } else { Phase::Served };
    let spans = vec![
        (*sent, received, Phase::Waits),
        (received, begun, Phase::Queued),
        (begun, computed, served),
        // It is stored in the cache, or waits for the loop to send it.
        (computed, *ended, Phase::Queued),
    ];
    let [unread, queued, computing] = [(received, *sent), (begun, received), (computed, begun)]
        .map(|(to, from)| seconds(to.saturating_sub(from)));
    Lane {
        label: number.value.to_string(),
        spans: spans.into_iter().filter(|(from, to, _)| from < to).collect(),
        figure: seconds(ended.saturating_sub(*sent)),
        about: format!(
            "{}: {unread} until it was read, {queued} until its test began, {computing} of test, which takes {} alone",
            number.value,
            seconds(number.alone)
        ),
        failure: failure.clone(),
    }
}

/// The threads that were seen: those that read, and those that only compute.
fn threads(events: &[Event]) -> Vec<Lane> {
    let of = |kind| -> BTreeSet<usize> {
        events.iter().filter(|event| event.kind == kind).map(|event| event.thread).collect()
    };
    let readers = of(Kind::Received);
    let workers: BTreeSet<usize> = of(Kind::Begun).difference(&readers).copied().collect();
    let readers = readers.iter().zip(1..).map(|(thread, place)| {
        let name = if *thread == 0 { "loop".to_owned() } else { format!("thread {place}") };
        lane(name, *thread, events)
    });
    let workers =
        workers.iter().zip(1..).map(|(thread, place)| lane(format!("worker {place}"), *thread, events));
    readers.chain(workers).collect()
}

/// A thread: when it read a number, and when it computed.
fn lane(label: String, thread: usize, events: &[Event]) -> Lane {
    let mut spans = Vec::new();
    let mut computed = Duration::ZERO;
    for event in events.iter().filter(|event| event.thread == thread) {
        match event.kind {
            Kind::Received => spans.push((event.at, event.at, Phase::Served)),
            Kind::Begun => {}
            Kind::Computed => {
                let begun = |other: &&Event| other.kind == Kind::Begun && other.number == event.number;
                if let Some(begun) = events.iter().find(begun) {
                    computed += event.at.saturating_sub(begun.at);
                    spans.push((begun.at, event.at, Phase::Served));
                }
            }
        }
    }
    let figure = seconds(computed);
    let about = format!("{label} computed for {figure}");
    Lane { label, spans, figure, about, failure: None }
}
