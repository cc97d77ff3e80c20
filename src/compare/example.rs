//! A run that was never made, for tests: the embedded scenarios, a machine that does not exist, and figures drawn
//! around chosen values.

use super::record::{FORMAT, Run};
use super::scenario::{Catalogue, EMBEDDED};
use super::subject::{Layout, subjects};
use crate::machine::Machine;

/// What a run of all models under this profile would be called.
pub(crate) fn run(profile: &str) -> Run {
    let catalogue = Catalogue::parse(EMBEDDED).unwrap();
    let chosen = catalogue.profile(profile).unwrap().clone();
    Run {
        format: FORMAT,
        version: "0.0.0".to_owned(),
        command: "concurrent-servers compare".to_owned(),
        started: "2026-01-02T03:04:05Z".to_owned(),
        seed: 1,
        layout: Layout::Shared,
        machine: Machine::example(),
        profile_name: profile.to_owned(),
        scenarios: catalogue.scenarios_of(&chosen),
        profile: chosen,
        subjects: subjects(&[], 50),
    }
}
