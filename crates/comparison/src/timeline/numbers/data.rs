//! What became of the numbers, for programs: all times are seconds since the first one was sent.

use serde::Serialize;

use super::clients::Visit;
use super::lanes::Chart;
use crate::timeline::data::Model;

/// A client, which sent one number.
#[derive(Debug, Serialize)]
pub(super) struct Asked {
    number: u64,
    sent: f64,
    done: f64,
    /// How long the number's test takes where nobody else computes.
    alone: f64,
    failure: Option<String>,
}

impl Chart {
    pub(super) fn data(&self) -> Model<Asked> {
        Model {
            name: self.name.clone(),
            seconds: self.elapsed.as_secs_f64(),
            lanes: self.visits.iter().map(asked).collect(),
        }
    }
}

fn asked(visit: &Visit) -> Asked {
    Asked {
        number: visit.number.value,
        sent: visit.sent.as_secs_f64(),
        done: visit.ended.as_secs_f64(),
        alone: visit.number.alone.as_secs_f64(),
        failure: visit.failure.clone(),
    }
}
