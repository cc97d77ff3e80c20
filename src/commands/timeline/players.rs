//! Who takes part in a timeline: models that are started, and servers that are running.

use std::collections::HashSet;
use std::ffi::OsStr;

use anyhow::Result;
use chassis::Knob;
use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::error::Error;
use clap::{Arg, Command};
use comparison::timeline::{Place, Player};
use observe::child::this_program;

use super::server_options::ServerOptions;
use crate::commands::check::subject::{Subject, parse_subject};
use crate::models::{self, MODELS, Model};

/// The models that are meant, each once and in the registry's order; all of them if nothing is named.
pub(super) fn meant(subjects: &[Subject]) -> Vec<&'static Model> {
    let names = |subject: &Subject, model: &Model| matches!(subject, Subject::Model(named) if named.name == model.name);
    let is_meant =
        |model: &&Model| subjects.is_empty() || subjects.iter().any(|subject| names(subject, model));
    MODELS.iter().filter(is_meant).collect()
}

/// The first model that is named twice.
pub(super) fn named_twice(subjects: &[Subject]) -> Option<&'static str> {
    let mut models = subjects.iter().filter_map(|subject| match subject {
        Subject::Model(model) => Some(model.name),
        Subject::Address(_) => None,
    });
    let mut seen = HashSet::new();
    models.find(|name| !seen.insert(*name))
}

/// What takes part, in the order of the arguments; all models if nothing is named. A running server takes part once.
///
/// # Errors
/// This program's file cannot be found.
pub(super) fn players(subjects: &[Subject], options: &ServerOptions) -> Result<Vec<Player>> {
    let launcher = this_program()?;
    let started = |model: &Model| {
        let own = options.of_its_own(model).join(" ");
        Player {
            name: model.name.to_owned(),
            // Who does not know the model has its name.
            title: if own.is_empty() { model.title.to_owned() } else { own },
            place: Place::Started(models::command(&launcher, model.name), options.of(model)),
        }
    };
    if subjects.is_empty() {
        return Ok(models::here().map(started).collect());
    }
    let mut players: Vec<Player> = Vec::new();
    for subject in subjects {
        let player = match subject {
            Subject::Model(model) => started(model),
            Subject::Address(addresses) => Player {
                name: addresses.to_string(),
                title: "a running server".to_owned(),
                place: Place::Running(addresses.clone()),
            },
        };
        if players.iter().all(|other| other.name != player.name) {
            players.push(player);
        }
    }
    Ok(players)
}

/// Whether a model has a use for this option.
pub(super) fn takes(model: &Model, knob: Option<Knob>) -> bool {
    knob.is_none_or(|knob| model.knobs.contains(&knob))
}

/// Reads a model's name or an address; shells complete the names.
#[derive(Clone)]
pub(super) struct SubjectParser;

impl TypedValueParser for SubjectParser {
    type Value = Subject;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<Subject, Error> {
        StringValueParser::new().try_map(|text| parse_subject(&text)).parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(models::names_of_both().map(PossibleValue::new)))
    }
}
