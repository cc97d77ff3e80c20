//! Lanes to draw, from the events of a run.

use std::time::Duration;

use script::{Event, EventKind, Report, Script};

/// One run of the clients against one model.
#[derive(Clone, Debug)]
pub(super) struct Chart {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) elapsed: Duration,
    /// In the order in which the server began to serve the clients.
    pub(super) lanes: Vec<Lane>,
}

/// What happened to one client. All times are since the run began.
#[derive(Clone, Debug, Default)]
pub(super) struct Lane {
    pub(super) client: String,
    /// The connection was established, and the wait for the greeting began.
    pub(super) arrived: Duration,
    /// The greeting arrived; `None` if it never did.
    pub(super) greeted: Option<Duration>,
    pub(super) sent: Vec<Duration>,
    pub(super) received: Vec<Duration>,
    /// From when it sent until its whole reply was there.
    pub(super) owed: Vec<(Duration, Duration)>,
    pub(super) ended: Duration,
    pub(super) failure: Option<String>,
}

impl Chart {
    pub(super) fn new(name: &str, title: &str, script: &Script, report: &Report) -> Self {
        let mut lanes: Vec<Lane> = (0..report.outcomes.len())
            .map(|connection| Lane { client: format!("conn{connection}"), ..Lane::default() })
            .collect();
        let mut received = vec![0; lanes.len()];
        for event in &report.events {
            let (lane, received) = (&mut lanes[event.connection], &mut received[event.connection]);
            let was_owed = *received < script.owed_after(lane.sent.len());
            if let EventKind::Received(bytes) = &event.kind {
                *received += bytes.len();
            }
            lane.note(event);
            match (was_owed, *received < script.owed_after(lane.sent.len())) {
                (false, true) => lane.owed.push((event.at, event.at)),
                (true, _) => {
                    if let Some((_, until)) = lane.owed.last_mut() {
                        *until = event.at;
                    }
                }
                (false, false) => {}
            }
        }
        // Clients that were served at the same time keep their order: differences below a hundredth of the drawing
        // are chance, and cannot be seen.
        let visible = (report.elapsed / 100).max(Duration::from_nanos(1)).as_nanos();
        lanes.sort_by_key(|lane| lane.served_from().as_nanos() / visible);
        Chart { name: name.to_owned(), title: title.to_owned(), elapsed: report.elapsed, lanes }
    }

    /// When the last client of any of these runs was done: the end of their shared axis, never zero.
    pub(super) fn end_of_all(charts: &[Chart]) -> Duration {
        let ends = charts.iter().flat_map(|chart| &chart.lanes).map(|lane| lane.ended);
        ends.max().unwrap_or_default().max(Duration::from_nanos(1))
    }
}

impl Lane {
    fn note(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Connected => self.arrived = event.at,
            EventKind::Greeted => self.greeted = Some(event.at),
            EventKind::Sending(_) => self.sent.push(event.at),
            EventKind::Received(_) => self.received.push(event.at),
            EventKind::Disconnecting => {}
            EventKind::Failed(failure) => self.failure = Some(failure.to_string()),
        }
        self.ended = event.at;
    }

    /// How long the client waited until the server began to serve it.
    pub(super) fn waited(&self) -> Duration {
        self.served_from().saturating_sub(self.arrived)
    }

    /// The longest wait for a reply.
    pub(super) fn longest_owed(&self) -> Duration {
        self.owed.iter().map(|(from, until)| until.saturating_sub(*from)).max().unwrap_or_default()
    }

    /// When the server began to serve this client; the client's end if it never did.
    pub(super) fn served_from(&self) -> Duration {
        self.greeted.unwrap_or(self.ended).max(self.arrived)
    }
}

/// A time as both drawings write it.
pub(super) fn seconds(duration: Duration) -> String {
    format!("{:.3} s", duration.as_secs_f64())
}
