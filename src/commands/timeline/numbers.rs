//! The models of the prime service: what becomes of numbers that are sent at the same time.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::Result;
use comparison::timeline::numbers::{Number, Numbers, Player};
use conformance::Service;
use observe::child::this_program;
use text::{output, terminal};

use super::Arguments;
use crate::commands::check::subject::Subject;
use crate::models::{self, Model};

/// A big number, a prime, and then small ones that nobody should have to wait for.
const DEFAULT: [u64; 4] = [10_000_000_000_000_061, 7, 8, 9];
/// Between two numbers, unless `--gap` says another time.
const DEFAULT_GAP: Duration = Duration::from_millis(20);
/// A number that takes longer to test is refused.
const LONGEST_TEST: Duration = Duration::from_secs(10);
/// More lanes would be unreadable.
const MOST: usize = 64;

/// The models, if they are of the prime service.
///
/// # Errors
/// Some are and some are not, or an option is for the others; one line that says so.
pub(super) fn chosen(arguments: &Arguments) -> Result<Option<Vec<&'static Model>>, String> {
    let mut of_primes = Vec::new();
    let mut other = None;
    for subject in &arguments.subjects {
        match subject {
            Subject::Model(model) if model.service == Service::Primes => of_primes.push(*model),
            Subject::Model(model) => other = Some(model.name.to_owned()),
            Subject::Address(addresses) => other = Some(addresses.to_string()),
        }
    }
    let of_echo = [("--connections", arguments.connections.is_some()), ("--fast", arguments.fast.is_some())];
    let of_numbers = [("--numbers", arguments.numbers.is_some()), ("--gap", arguments.gap.is_some())];
    let given = |options: [(&'static str, bool); 2]| options.into_iter().find(|(_, is_given)| *is_given);
    match (of_primes.first(), other) {
        (Some(model), Some(other)) => Err(format!(
            "{} is a model of the service primes, and {other} is drawn with clients of echo; draw them in two runs",
            model.name
        )),
        (Some(model), None) => match given(of_echo) {
            Some((option, _)) => Err(format!(
                "{} has no use for {option}, which is for models of echo; leave it out",
                model.name
            )),
            None => Ok(Some(of_primes)),
        },
        (None, _) => match given(of_numbers) {
            Some((option, _)) => Err(format!(
                "{option} is for models of the service primes; name some of {}",
                models::PRIMES.iter().map(|model| model.name).collect::<Vec<_>>().join(", ")
            )),
            None => Ok(None),
        },
    }
}

/// The numbers, each tested on its own, which says how long it should take.
///
/// # Errors
/// One line about a number that cannot be drawn.
pub(super) fn numbers(arguments: &Arguments) -> Result<Vec<Number>, String> {
    let values = arguments.numbers.as_deref().unwrap_or(&DEFAULT);
    if values.len() > MOST {
        return Err(format!("give at most {MOST} numbers"));
    }
    let mut seen = HashSet::new();
    if let Some(twice) = values.iter().find(|value| !seen.insert(**value)) {
        return Err(format!("{twice} is given twice; a server's events say which number, not whose it is"));
    }
    let tested = |value: &u64| Number::tested(*value, LONGEST_TEST).map_err(|error| error.to_string());
    values.iter().map(tested).collect()
}

/// Sends the numbers to each of the models.
///
/// # Errors
/// As of [`Numbers::play`].
pub(super) fn play(arguments: &Arguments, models: &[&Model], numbers: &[Number]) -> Result<Numbers> {
    announce(numbers, models.len());
    let launcher = this_program()?;
    let player = |model: &&Model| Player {
        name: model.name.to_owned(),
        title: model.title.to_owned(),
        server: models::command(&launcher, model.name),
        arguments: arguments.server_options.of(model),
    };
    let players: Vec<Player> = models.iter().map(player).collect();
    Numbers::play(&players, numbers, arguments.gap.map_or(DEFAULT_GAP, Into::into))
}

/// What to expect: how long each number takes where nobody else computes.
fn announce(numbers: &[Number], models: usize) {
    let each: Vec<String> = numbers
        .iter()
        .map(|number| format!("{} {:.3} s", number.value, number.alone.as_secs_f64()))
        .collect();
    let all = numbers.iter().map(|number| number.alone).sum::<Duration>().as_secs_f64();
    let servers = if models == 1 {
        "the server".to_owned()
    } else {
        format!("each of {models} servers, one after the other")
    };
    let note = format!("tested alone: {}; in all {all:.3} s of computing for {servers}", each.join(", "));
    output::note(terminal::wrap(&note, "  ", terminal::columns().unwrap_or(usize::MAX)).trim_end());
}
