//! `completions SHELL`: a completion script for the user's shell.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::builder::PossibleValuesParser;
use clap::{Args, Command};
use clap_complete::{Shell, generate};

use text::output;

use crate::models;

/// Arguments of `completions`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  concurrent-servers completions bash \\
    > ~/.local/share/bash-completion/completions/concurrent-servers
  concurrent-servers completions zsh  > \"${fpath[1]}/_concurrent-servers\"
  concurrent-servers completions fish > ~/.config/fish/completions/concurrent-servers.fish")]
pub struct Arguments {
    /// The shell to write for
    shell: Shell,
}

/// Prints the script for `command`, the whole launcher.
pub fn run(arguments: &Arguments, command: &Command) -> Result<ExitCode> {
    output::print(&script(arguments.shell, command)?)?;
    Ok(ExitCode::SUCCESS)
}

fn script(shell: Shell, command: &Command) -> Result<String> {
    // `check` takes addresses, too, and parses by itself; what can be completed are the models.
    let models = PossibleValuesParser::new(models::names_of_both());
    let mut command = command
        .clone()
        .mut_subcommand("check", |check| check.mut_arg("subject", |subject| subject.value_parser(models)));
    let mut script = Vec::new();
    generate(shell, &mut command, "concurrent-servers", &mut script);
    let mut script = String::from_utf8(script).context("the completion script is not UTF-8")?;
    match shell {
        // clap_complete writes the name in two ways if it has a hyphen, so that nothing is completed behind a verb
        // (https://github.com/clap-rs/clap/issues/6421).
        Shell::Bash => script = script.replace("concurrent__subcmd__servers", "concurrent__servers"),
        Shell::Fish => script += &positional_values_for_fish(&command)?,
        _ => {}
    }
    Ok(script)
}

/// `clap_complete` leaves out the values of arguments without a name.
fn positional_values_for_fish(command: &Command) -> Result<String> {
    let mut script = String::new();
    for verb in command.get_subcommands() {
        let values = verb.get_positionals().flat_map(clap::Arg::get_possible_values);
        let values: Vec<String> = values.map(|value| value.get_name().to_owned()).collect();
        if !values.is_empty() {
            let (verb, values) = (verb.get_name(), values.join(" "));
            writeln!(
                script,
                "complete -c concurrent-servers -n \"__fish_concurrent_servers_using_subcommand {verb}\" -f -a \"{values}\""
            )?;
        }
    }
    Ok(script)
}
