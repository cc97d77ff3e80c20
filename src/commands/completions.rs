//! `completions SHELL`: a completion script for the user's shell.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Command};
use clap_complete::{Shell, generate};

use text::output;

/// Arguments of `completions`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  concurrent-servers completions bash > ~/.local/share/bash-completion/completions/concurrent-servers
  concurrent-servers completions zsh  > \"${fpath[1]}/_concurrent-servers\"
  concurrent-servers completions fish > ~/.config/fish/completions/concurrent-servers.fish")]
pub struct Arguments {
    /// The shell to write for
    shell: Shell,
}

/// Prints the script for `command`, the whole launcher.
pub fn run(arguments: &Arguments, command: &mut Command) -> Result<ExitCode> {
    let mut script = Vec::new();
    generate(arguments.shell, command, "concurrent-servers", &mut script);
    output::print(&String::from_utf8(script).context("the completion script is not UTF-8")?)?;
    Ok(ExitCode::SUCCESS)
}
