//! `book`: builds the book, serves it, checks it, and makes anew what it shows of the program's output.
//!
//! ```text
//!   src/*.md ── chapter ──▶ directives ──▶ Markdown ── mdBook ──▶ html/ ◀── serve
//!                               ▲                                  ▲
//!   the crates' own lines ──────┤                                  │
//!   outputs/ (what was printed)─┘◀── refresh ── the launcher ──▶ check
//! ```

mod build;
mod chapter;
mod check;
mod directives;
mod finding;
mod items;
mod launcher;
mod links;
mod outputs;
mod picture;
mod places;
mod refresh;
mod serve;
mod sources;
mod warnings;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use places::Places;

/// Builds the book, serves it, checks it, and makes anew what it shows
#[derive(Parser)]
#[command(version)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the book: seconds, and a minute or two for this program the first time
    Build {
        /// The folder to write to [default: book/html]
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Show what is missing in its place, instead of failing: for writing
        #[arg(long)]
        draft: bool,
    },
    /// Build the book and serve it on this machine until Ctrl-C
    Serve {
        /// The port on 127.0.0.1; 0 takes any free one
        #[arg(long, default_value_t = 3000)]
        port: u16,
        /// Show what is missing in its place, instead of failing: for writing
        #[arg(long)]
        draft: bool,
    },
    /// Check all that the book shows and says: some minutes
    Check {
        /// The program to run [default: built in release first]
        #[arg(long, value_name = "PATH")]
        launcher: Option<PathBuf>,
        /// Only what takes seconds: no transcript and no timeline is made again
        #[arg(long)]
        quick: bool,
    },
    /// Store what the book's commands print: seconds to minutes
    ///
    /// Without words, what is not stored yet, and what is the same each time but has changed. Transcripts and timelines
    /// differ each time: name a word of the command or of the chapter to make them anew.
    Refresh {
        /// The program to run [default: built in release first]
        #[arg(long, value_name = "PATH")]
        launcher: Option<PathBuf>,
        /// What has all of these words is made anew; `all` for everything
        #[arg(value_name = "WORD")]
        only: Vec<String>,
    },
}

fn main() -> ExitCode {
    run(CommandLine::parse().command).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn run(command: Command) -> Result<ExitCode> {
    let places = Places::of_this_repository();
    match command {
        Command::Build { out, draft } => build::run(&places, &out.unwrap_or_else(|| places.html()), draft),
        Command::Serve { port, draft } => serve::run(&places, port, draft),
        Command::Check { launcher, quick } => check::run(&places, launcher, quick),
        Command::Refresh { launcher, only } => refresh::run(&places, launcher, &only),
    }
}
