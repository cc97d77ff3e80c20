//! A user's own figures in place of those of a scenario.

use loadgen::Load;

use super::WrongOnly;
use crate::scenario::{Cache, Scenario};

/// What replaces the figures of the chosen scenarios, as far as a scenario has such a figure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own {
    /// How long the cache takes for each answer, in milliseconds.
    pub latency_ms: Option<u64>,
    /// Clients, at each point; where some are idle, all together.
    pub clients: Vec<u64>,
    /// Big requests in work, at each point.
    pub big: Vec<u64>,
    /// Messages a second of an open loop.
    pub rate: Option<u64>,
}

impl Own {
    /// Puts these figures into the scenarios.
    ///
    /// # Errors
    /// No scenario has one of them.
    pub(super) fn apply(&self, scenarios: &mut [Scenario]) -> Result<(), WrongOnly> {
        for (option, is_given, apply) in self.figures() {
            let mut is_used = !is_given;
            for scenario in scenarios.iter_mut().filter(|_| is_given) {
                is_used |= apply(self, scenario).is_some();
            }
            if !is_used {
                let names: Vec<&str> = scenarios.iter().map(|scenario| scenario.name.as_str()).collect();
                return Err(WrongOnly::NoFigure { option, names: names.join(", ") });
            }
        }
        Ok(())
    }

    /// As words of a command line.
    pub(super) fn words(&self) -> Vec<String> {
        let list = |values: &[u64]| values.iter().map(u64::to_string).collect::<Vec<String>>().join(",");
        let latency = self.latency_ms.map(|latency| format!("--latency {latency}ms"));
        let clients = (!self.clients.is_empty()).then(|| format!("--clients {}", list(&self.clients)));
        let big = (!self.big.is_empty()).then(|| format!("--big {}", list(&self.big)));
        let rate = self.rate.map(|rate| format!("--rate {rate}"));
        [latency, clients, big, rate].into_iter().flatten().collect()
    }

    /// Each figure: its option, whether it is given, and how a scenario gets it; `None` if it has none such.
    fn figures(&self) -> [(&'static str, bool, Apply); 4] {
        [
            ("--latency", self.latency_ms.is_some(), |own, scenario| {
                let latency_ms = own.latency_ms?;
                scenario.cache.as_mut().map(|cache| *cache = Cache { latency_ms })
            }),
            ("--clients", !self.clients.is_empty(), Own::set_clients),
            ("--big", !self.big.is_empty(), |own, scenario| {
                let big = &mut scenario.vary.as_mut()?.big;
                (!big.is_empty()).then(|| big.clone_from(&own.big))
            }),
            ("--rate", self.rate.is_some(), |own, scenario| match &mut scenario.load.as_mut()?.load {
                Load::Open { rate, .. } => {
                    *rate = own.rate?;
                    Some(())
                }
                _ => None,
            }),
        ]
    }

    fn set_clients(&self, scenario: &mut Scenario) -> Option<()> {
        match (&mut scenario.vary, &mut scenario.load) {
            (Some(vary), _) if !vary.connections.is_empty() => vary.connections.clone_from(&self.clients),
            (None, Some(load)) => {
                let [clients] = self.clients[..] else { return None };
                let clients = usize::try_from(clients).ok()?;
                if load.idle > 0 {
                    load.idle = clients.checked_sub(load.connections)?;
                } else {
                    load.connections = clients;
                }
            }
            _ => return None,
        }
        Some(())
    }
}

type Apply = fn(&Own, &mut Scenario) -> Option<()>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Catalogue, EMBEDDED};

    fn scenario(name: &str) -> Scenario {
        let scenarios = Catalogue::parse(EMBEDDED).unwrap().scenarios;
        scenarios.into_iter().find(|scenario| scenario.name == name).unwrap()
    }

    #[test]
    fn ones_own_figures_replace_those_that_a_scenario_has() {
        let own = Own { latency_ms: Some(20), clients: vec![3_000], rate: Some(7), ..Own::default() };
        let mut scenarios = [scenario("waiting")];
        own.apply(&mut scenarios).unwrap();
        let [waiting] = scenarios;
        assert_eq!(waiting.cache.unwrap().latency_ms, 20);
        assert_eq!(waiting.vary.unwrap().connections, [3_000]);
        assert!(matches!(waiting.load.unwrap().load, Load::Open { rate: 7, .. }));
        assert_eq!(own.words(), ["--latency 20ms", "--clients 3000", "--rate 7"]);
    }

    #[test]
    fn where_some_clients_are_idle_the_number_is_of_all() {
        let mut scenarios = [scenario("mostly-idle")];
        Own { clients: vec![1_000], ..Own::default() }.apply(&mut scenarios).unwrap();
        let load = scenarios[0].load.clone().unwrap();
        assert_eq!(load.idle + load.connections, 1_000);
    }

    #[test]
    fn a_figure_that_no_chosen_scenario_has_is_refused_by_name() {
        let mut scenarios = [scenario("ping-pong")];
        let refused = Own { big: vec![3], ..Own::default() }.apply(&mut scenarios).unwrap_err().to_string();
        assert!(refused.contains("--big") && refused.contains("ping-pong"), "{refused}");
    }
}
