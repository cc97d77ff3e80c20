//! The result of a run.

use std::time::Duration;

use serde::Serialize;

use crate::event::{Event, EventKind};
use crate::failure::Failure;

/// What happened in one run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// From before the first connection was opened until the last one ended.
    pub elapsed: Duration,
    /// How each connection ended, by number.
    pub outcomes: Vec<Outcome>,
    /// All events, in order of time.
    pub events: Vec<Event>,
}

/// How one connection ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Which connection, from 0.
    pub connection: usize,
    /// Time of its last event since the start of the run.
    pub ended: Duration,
    /// Why it failed; `None` if exactly the whole reply arrived.
    pub failure: Option<Failure>,
}

impl Report {
    /// Sorts the events of `connections` connections and derives how each connection ended.
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

    /// The failures with the numbers of their connections.
    pub fn failures(&self) -> impl Iterator<Item = (usize, &Failure)> {
        self.outcomes.iter().filter_map(|outcome| Some((outcome.connection, outcome.failure.as_ref()?)))
    }

    /// Whether every connection got exactly its whole reply.
    pub fn all_right(&self) -> bool {
        self.failures().next().is_none()
    }
}
