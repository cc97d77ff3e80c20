//! Who takes part in a timeline: models that are started, and servers that are running.

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

/// What takes part: first the running servers, each once, then the models.
///
/// # Errors
/// This program's file cannot be found.
pub(super) fn players(subjects: &[Subject], options: &ServerOptions) -> Result<Vec<Player>> {
    let launcher = this_program()?;
    let mut players: Vec<Player> = Vec::new();
    for subject in subjects {
        if let Subject::Address(addresses) = subject {
            let name = addresses.to_string();
            if players.iter().all(|player| player.name != name) {
                let place = Place::Running(addresses.clone());
                players.push(Player { name, title: "a running server".to_owned(), place });
            }
        }
    }
    players.extend(meant(subjects).into_iter().map(|model| Player {
        name: model.name.to_owned(),
        title: model.title.to_owned(),
        place: Place::Started(models::command(&launcher, model.name), options.of(model)),
    }));
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
        Some(Box::new(models::names().map(PossibleValue::new)))
    }
}
