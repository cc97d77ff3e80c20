//! Options that are passed on to the models that are started: those of the servers themselves, with their names, their
//! help and their rules.

use chassis::Knob;
use clap::error::Error;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use super::players::takes;
use crate::models::Model;

/// Those of the servers' options that change what a timeline shows, by their ids.
const PASSED_ON: [(&str, Option<Knob>); 9] = [
    ("workers", Some(Knob::Workers)),
    ("runtime", Some(Knob::Runtime)),
    ("write_policy", Some(Knob::WritePolicy)),
    ("nagle", Some(Knob::Nagle)),
    ("cache", Some(Knob::Cache)),
    ("max_conns", None),
    ("idle_timeout", None),
    ("write_timeout", None),
    ("progress_timeout", None),
];

/// The options that were given, as arguments, each with the knob that a model needs for it.
#[derive(Clone, Debug, Default)]
pub(super) struct ServerOptions(Vec<(Option<Knob>, String)>);

impl ServerOptions {
    /// The arguments for a server of this model: without those that other models have a use for.
    pub(super) fn of(&self, model: &Model) -> Vec<String> {
        let taken = self.0.iter().filter(|(knob, _)| takes(model, *knob));
        taken.map(|(_, argument)| argument.clone()).collect()
    }

    /// Those of them that only some models have a use for.
    pub(super) fn of_its_own(&self, model: &Model) -> Vec<&str> {
        let own = self.0.iter().filter(|(knob, _)| knob.is_some() && takes(model, *knob));
        own.map(|(_, argument)| argument.as_str()).collect()
    }

    /// Refuses options that none of these models, or one of them only without another option, has a use for.
    ///
    /// # Errors
    /// One line that names the option.
    pub(super) fn check(&self, models: &[&Model]) -> Result<(), String> {
        let is_used = |knob| models.iter().any(|model| takes(model, knob));
        if let Some((knob, argument)) = self.0.iter().find(|(knob, _)| !is_used(*knob)) {
            let (option, _) = argument.split_once('=').unwrap_or((argument, ""));
            let names: Vec<&str> = models.iter().map(|model| model.name).collect();
            return Err(if names.is_empty() {
                format!(
                    "{option} is for models that are started; a running server has its own options: leave it out"
                )
            } else {
                let advice = knob.map_or("leave it out", Knob::advice);
                format!("{} has no use for {option}; {advice}", names.join(", "))
            });
        }
        for model in models {
            let arguments = std::iter::once("serve".to_owned()).chain(self.of(model));
            let parsed = all().try_get_matches_from(arguments);
            let options = parsed.and_then(|matches| chassis::Options::from_arg_matches(&matches));
            options.map_err(|error| error.to_string())?.check_knobs(model.name, model.knobs)?;
        }
        Ok(())
    }
}

/// All options of a server.
fn all() -> Command {
    chassis::Options::augment_args(Command::new("serve"))
}

impl Args for ServerOptions {
    fn augment_args(command: Command) -> Command {
        let all = all();
        let passed_on =
            PASSED_ON.iter().filter_map(|(id, _)| all.get_arguments().find(|option| option.get_id() == id));
        // Their defaults are the servers' own, and are shown in their help.
        command.args(passed_on.cloned().collect::<Vec<Arg>>())
    }

    fn augment_args_for_update(command: Command) -> Command {
        ServerOptions::augment_args(command)
    }
}

impl FromArgMatches for ServerOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut given = Vec::new();
        for (id, knob) in PASSED_ON {
            if matches.value_source(id) == Some(ValueSource::CommandLine) {
                let option = format!("--{}", id.replace('_', "-"));
                // Of a switch, clap keeps whether it was given.
                let is_switch = matches!(matches.try_get_one::<bool>(id), Ok(Some(_)));
                let typed = matches.get_raw(id).and_then(|mut values| values.next_back()?.to_str());
                given.extend(
                    typed.map(|typed| (knob, if is_switch { option } else { format!("{option}={typed}") })),
                );
            }
        }
        Ok(ServerOptions(given))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = ServerOptions::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::find;

    fn given(arguments: &[&str]) -> Result<ServerOptions, Error> {
        let command = ServerOptions::augment_args(Command::new("timeline"));
        let matches = command.try_get_matches_from(["timeline"].iter().chain(arguments))?;
        ServerOptions::from_arg_matches(&matches)
    }

    #[test]
    fn each_model_gets_the_options_that_it_has_a_use_for() {
        let options = given(&["--workers", "2", "--idle-timeout=3s"]).unwrap();
        let of = |name| options.of(find(name).unwrap());
        assert_eq!(of("thread-pool"), ["--workers=2", "--idle-timeout=3s"]);
        assert_eq!(of("mio"), ["--idle-timeout=3s"]);
        let options = given(&["--nagle", "--write-policy", "per-byte"]).unwrap();
        assert_eq!(options.of(find("mio").unwrap()), ["--write-policy=per-byte", "--nagle"]);
        let options = given(&["--nagle", "--workers", "2", "--idle-timeout=3s"]).unwrap();
        assert_eq!(options.of_its_own(find("mio").unwrap()), ["--nagle"]);
        assert_eq!(given(&[]).unwrap().of(find("mio").unwrap()), [""; 0]);
    }

    #[test]
    fn every_option_that_is_passed_on_is_one_of_the_servers() {
        let command = ServerOptions::augment_args(Command::new("timeline"));
        assert_eq!(command.get_arguments().count(), PASSED_ON.len());
    }

    #[test]
    fn options_that_nobody_has_a_use_for_are_refused_by_name() {
        let refusal = |arguments: &[&str], names: &[&str]| {
            let models: Vec<&Model> = names.iter().filter_map(|name| find(name)).collect();
            given(arguments).unwrap().check(&models).unwrap_err()
        };
        let of_others = refusal(&["--workers=2"], &["mio"]);
        assert!(of_others.starts_with("mio has no use for --workers; leave it out, or serve"), "{of_others}");
        assert!(refusal(&["--idle-timeout=2s", "--workers=2"], &[]).starts_with("--workers is for models"));
        let of_others = refusal(&["--nagle"], &["tokio"]);
        assert!(
            of_others.starts_with("tokio has no use for --nagle; leave it out, or serve a model that takes")
        );
        let one_thread = refusal(&["--runtime=current-thread", "--workers=2"], &["tokio"]);
        assert!(one_thread.contains("--runtime current-thread has one thread"), "{one_thread}");
        assert!(given(&["--workers=0"]).unwrap_err().to_string().contains("--workers"));
        assert!(
            given(&["--workers=2"]).unwrap().check(&[find("mio").unwrap(), find("rayon").unwrap()]).is_ok()
        );
    }
}
