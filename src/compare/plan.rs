//! What is to be tried: every model under every scenario that suits it.

use std::num::NonZeroU32;

use loadgen::Dialect;

use super::record::{Kind, Scenario};
use crate::models::{self, FLOORS, Model};

/// What `client --fast` divides by.
const QUICK_DIVISOR: NonZeroU32 = NonZeroU32::new(10).expect("ten is not zero");

/// One model under one scenario, once.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The model or floor.
    pub model: &'static Model,
    /// Which of the two it is.
    pub kind: Kind,
    /// What it is put through.
    pub scenario: Scenario,
    /// Counted from 1.
    pub round: u32,
}

/// The trials for the models of these names, or for all if there are none, and for the floors.
pub fn plan(names: &[String], quick: bool) -> Vec<Trial> {
    let trial = |model, kind, scenario| Trial { model, kind, scenario, round: 1 };
    let models = models::chosen(names).into_iter().flat_map(|model| {
        [script(quick), load(quick, Dialect::Protocol)].map(|scenario| trial(model, Kind::Model, scenario))
    });
    let floors = FLOORS.iter().map(|floor| trial(floor, Kind::Floor, load(quick, Dialect::Echo)));
    models.chain(floors).collect()
}

/// The series' three clients, with the pauses that the series gives them or a tenth of those.
fn script(quick: bool) -> Scenario {
    let pause_divisor = if quick { QUICK_DIVISOR } else { NonZeroU32::MIN };
    Scenario::Script { connections: 3, pause_divisor }
}

/// Fifty clients with one short message in flight each: what the series' servers were made for.
fn load(quick: bool, dialect: Dialect) -> Scenario {
    Scenario::Load(loadgen::Scenario {
        dialect,
        greeting_wait_ms: if quick { 300 } else { 1_000 },
        duration_ms: if quick { 800 } else { 3_000 },
        ..loadgen::Scenario::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::MODELS;

    #[test]
    fn every_model_is_tried_under_both_scenarios_and_every_floor_under_load() {
        let trials = plan(&[], false);
        assert_eq!(trials.len(), 2 * MODELS.len() + FLOORS.len());
        for floor in trials.iter().filter(|trial| trial.kind == Kind::Floor) {
            assert!(matches!(&floor.scenario, Scenario::Load(load) if load.dialect == Dialect::Echo));
        }
    }

    #[test]
    fn named_models_are_tried_in_the_order_of_the_registry_and_once() {
        let names = ["tokio", "mio", "mio"].map(str::to_owned);
        let tried: Vec<&str> = plan(&names, true)
            .iter()
            .filter(|trial| trial.kind == Kind::Model)
            .map(|trial| trial.model.name)
            .collect();
        assert_eq!(tried, ["mio", "mio", "tokio", "tokio"]);
    }

    #[test]
    fn every_planned_load_is_valid() {
        for trial in [plan(&[], false), plan(&[], true)].concat() {
            if let Scenario::Load(load) = trial.scenario {
                load.validate().unwrap();
            }
        }
    }
}
