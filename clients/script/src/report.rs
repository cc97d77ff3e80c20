//! What a run leaves behind.

use std::time::Duration;

use serde::Serialize;

use crate::{Event, EventKind, Failure};

/// What happened in one run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// From before the first connection was opened until the last one was over.
    pub elapsed: Duration,
    /// How each connection ended, in the order of their names.
    pub outcomes: Vec<Outcome>,
    /// All that happened, in the order of time.
    pub events: Vec<Event>,
}

/// How one connection ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Which connection, from 0.
    pub connection: usize,
    /// When the last thing happened to it, since the run began.
    pub ended: Duration,
    /// Why it failed; none if the whole reply came, and nothing else.
    pub failure: Option<Failure>,
}

impl Report {
    /// Sorts what `connections` connections told, and reads from it how each of them ended.
    pub(crate) fn new(connections: usize, elapsed: Duration, mut events: Vec<Event>) -> Self {
        events.sort_by_key(|event| event.at);
        let mut outcomes: Vec<Outcome> = (0..connections)
            .map(|connection| Outcome { connection, ended: Duration::ZERO, failure: None })
            .collect();
        for event in &events {
            let outcome = &mut outcomes[event.connection];
            outcome.ended = event.at;
            if let EventKind::Failed(failure) = &event.kind {
                outcome.failure = Some(failure.clone());
            }
        }
        Report { elapsed, outcomes, events }
    }

    /// The failures, if any, with the connections that they befell.
    pub fn failures(&self) -> impl Iterator<Item = (usize, &Failure)> {
        self.outcomes.iter().filter_map(|outcome| Some((outcome.connection, outcome.failure.as_ref()?)))
    }

    /// Whether every connection got its whole reply, and nothing else.
    pub fn all_right(&self) -> bool {
        self.failures().next().is_none()
    }
}
