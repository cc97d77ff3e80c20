//! What is drawn, for programs: all times are seconds since the run began.

use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;

use super::lanes::{Chart, Lane};

/// One run against one model.
#[derive(Debug, Serialize)]
pub(super) struct Model<L> {
    pub(super) name: String,
    pub(super) seconds: f64,
    pub(super) lanes: Vec<L>,
}

/// A scripted client.
#[derive(Debug, Serialize)]
pub(super) struct Client {
    name: String,
    arrived: f64,
    /// When its first byte came, if one did.
    served: Option<f64>,
    sent: Vec<f64>,
    received: Vec<f64>,
    done: f64,
    failure: Option<String>,
}

/// All models as JSON, with a line end.
pub(super) fn json<L: Serialize>(models: Vec<Model<L>>) -> Result<String> {
    #[derive(Serialize)]
    struct Document<L> {
        models: Vec<Model<L>>,
    }
    let text =
        serde_json::to_string_pretty(&Document { models }).context("cannot write the times as JSON")?;
    Ok(text + "\n")
}

impl Chart {
    pub(super) fn data(&self) -> Model<Client> {
        Model {
            name: self.name.clone(),
            seconds: self.elapsed.as_secs_f64(),
            lanes: self.lanes.iter().map(client).collect(),
        }
    }
}

fn client(lane: &Lane) -> Client {
    let seconds = |times: &[Duration]| times.iter().map(Duration::as_secs_f64).collect();
    Client {
        name: lane.client.clone(),
        arrived: lane.arrived.as_secs_f64(),
        served: lane.greeted.map(|at| at.as_secs_f64()),
        sent: seconds(&lane.sent),
        received: seconds(&lane.received),
        done: lane.ended.as_secs_f64(),
        failure: lane.failure.clone(),
    }
}
