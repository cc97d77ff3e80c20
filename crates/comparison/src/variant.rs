//! A model with options: what a scenario measures beside the model as it is.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use crate::scenario::Scenario;
use crate::servers::{Server, Servers};
use crate::subject::{Role, Subject};

/// Options of a model, under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// The name, which follows the model's in tables and records.
    pub name: String,
    /// The options that the model is started with, as `--option` or `--option=value`.
    pub options: Vec<String>,
}

impl Variant {
    /// Whether the server takes all of these options.
    fn suits(&self, server: &Server) -> bool {
        self.options.iter().all(|option| server.takes(option))
    }

    fn of(&self, model: &Subject) -> Subject {
        Subject {
            name: format!("{}, {}", model.name, self.name),
            role: Role::Variant,
            options: self.options.clone(),
            ..model.clone()
        }
    }
}

/// Adds the variants that these scenarios measure, each behind its model.
pub(crate) fn add_variants(
    subjects: Vec<Subject>,
    scenarios: &[Scenario],
    servers: &Servers,
) -> Vec<Subject> {
    let mut with_variants: Vec<Subject> = Vec::new();
    for subject in subjects {
        let server = servers.find(&subject.model).filter(|_| subject.role == Role::Model);
        let asked = scenarios.iter().flat_map(|scenario| &scenario.variants);
        let taken = asked.filter(|variant| server.is_some_and(|server| variant.suits(server)));
        let variants: Vec<Subject> = taken.map(|variant| variant.of(&subject)).collect();
        with_variants.push(subject);
        for variant in variants {
            if !with_variants.contains(&variant) {
                with_variants.push(variant);
            }
        }
    }
    with_variants
}

/// The models that take the options of a variant of this scenario.
pub(crate) fn takers<'servers>(scenario: &Scenario, servers: &'servers Servers) -> Vec<&'servers str> {
    let takes = |server: &&Server| scenario.variants.iter().any(|variant| variant.suits(server));
    servers.models.iter().filter(takes).map(|server| server.name.as_str()).collect()
}

impl Scenario {
    /// Whether this subject takes part in a scenario with variants: one of them, the model of one, or the floor of one and its
    /// twin.
    pub(crate) fn compares(&self, subject: &Subject, all: &[Subject]) -> bool {
        let is_asked = |subject: &Subject| {
            subject.role == Role::Variant
                && self.variants.iter().any(|variant| variant.options == subject.options)
        };
        let is_floor_of = |variant: &Subject| {
            let floor = all.iter().find(|other| Some(&other.name) == variant.floor.as_ref());
            floor.is_some_and(|floor| floor.model == subject.model)
        };
        let is_beside = |variant: &Subject| variant.model == subject.name || is_floor_of(variant);
        is_asked(subject) || all.iter().any(|other| is_asked(other) && is_beside(other))
    }

    /// What is wrong with the variants.
    pub(crate) fn validate_variants(&self) -> Result<()> {
        if self.variants.is_empty() {
            return Ok(());
        }
        ensure!(self.load.is_some() && self.vary.is_none(), "`variants` are for a `load` without `vary`");
        for (place, Variant { name, options }) in self.variants.iter().enumerate() {
            ensure!(!name.is_empty(), "a variant needs a name");
            let is_known = self.variants[..place].iter().any(|other| other.name == *name);
            ensure!(!is_known, "variant {name:?} is defined twice; rename one");
            ensure!(
                !options.is_empty() && options.iter().all(|option| option.starts_with("--")),
                "variant {name:?} needs options of the form --option or --option=value"
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::example;
    use crate::plan::plan;
    use crate::scenario::{Catalogue, EMBEDDED};
    use crate::subject::Role;

    #[test]
    fn the_variants_of_a_model_stand_behind_it_if_it_takes_their_options() {
        let run = example::run_of("full", &["write-policy"]);
        let names: Vec<&str> = run.subjects.iter().map(|subject| subject.name.as_str()).collect();
        let place = names.iter().position(|name| *name == "mio").unwrap();
        assert_eq!(names[place + 1..place + 4], ["mio, per-byte", "mio, per-byte + nagle", "mio, nagle"]);
        assert!(!names.iter().any(|name| name.starts_with("tokio,")), "{names:?}");
        let variant = run.subjects.iter().find(|subject| subject.name == "mio, nagle").unwrap();
        assert_eq!(
            (variant.model.as_str(), variant.options.as_slice()),
            ("mio", &["--nagle".to_owned()][..])
        );
    }

    #[test]
    fn only_a_scenario_with_variants_measures_them_and_only_beside_their_models() {
        let run = example::run_of("full", &["ping-pong", "write-policy"]);
        let trials = plan(&run, &example::servers());
        let subjects = |scenario: &'static str| {
            trials.iter().filter(move |trial| trial.scenario.name == scenario).map(|trial| trial.subject)
        };
        assert!(subjects("ping-pong").all(|subject| subject.role != Role::Variant));
        assert!(subjects("write-policy").any(|subject| subject.name == "mio, per-byte"));
        assert!(subjects("write-policy").any(|subject| subject.name == "mio"));
        assert!(subjects("write-policy").all(|subject| subject.model != "tokio"));
    }

    #[test]
    fn of_the_floors_those_take_part_that_a_variant_is_divided_by() {
        let floors = |models: &[&str]| {
            let mut run = example::run_of("full", &["write-policy"]);
            run.subjects.retain(|of| of.is_raw_echo() || models.contains(&of.model.as_str()));
            let trials = plan(&run, &example::servers());
            let mut floors: Vec<&str> = trials.iter().map(|trial| trial.subject.model.as_str()).collect();
            floors.retain(|model| model.starts_with("floor"));
            floors.sort_unstable();
            floors.dedup();
            floors.iter().map(|&floor| floor.to_owned()).collect::<Vec<String>>()
        };
        assert_eq!(floors(&["mio"]), ["floor-epoll"]);
        assert_eq!(floors(&["mio", "sequential"]), ["floor-epoll", "floor-threads"]);
    }

    #[test]
    fn variants_that_cannot_be_measured_are_refused() {
        for (from, to, expected) in [
            ("name = \"nagle\"", "name = \"per-byte\"", "variant \"per-byte\" is defined twice"),
            ("[\"--nagle\"]", "[]", "variant \"nagle\" needs options"),
            ("[\"--nagle\"]", "[\"nagle\"]", "variant \"nagle\" needs options"),
            ("name = \"nagle\"", "name = \"\"", "a variant needs a name"),
        ] {
            let text = EMBEDDED.replacen(from, to, 1);
            assert_ne!(text, EMBEDDED, "{from}");
            let error = format!("{:#}", Catalogue::parse(&text).unwrap_err());
            assert!(error.contains(expected), "{to}: {error}");
        }
    }
}
