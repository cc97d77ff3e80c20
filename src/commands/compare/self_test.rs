//! `compare --self-test`: the instrument tested with differences that are known.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use comparison::self_test::{self, FILE, SelfTest, Trial};
use loadgen::Interrupts;
use text::{files, output};

use crate::models;

/// Makes the runs, prints the table, and writes the outcome into this folder.
///
/// # Errors
/// The runs cannot be made, or the outcome cannot be written.
pub(super) fn run(runs: u32, rounds: Option<u32>, folder: Option<&PathBuf>) -> Result<ExitCode> {
    let folder = folder.map_or(Path::new("runs"), PathBuf::as_path);
    fs::create_dir_all(folder).with_context(|| {
        format!("cannot create the folder {}; name another one with --out", folder.display())
    })?;
    let servers = models::servers()?;
    let interrupts = Interrupts::install()?;
    let test = SelfTest {
        servers: &servers,
        floor: models::SLOWED,
        slowed: &models::slowed,
        runs,
        rounds,
        stop: interrupts.stop(),
    };
    output::note(&format!(
        "{runs} runs with the same program, then {runs} with a slowed one: about {}",
        text::units::time_left(test.expected()?)
    ));
    let Some(outcome) = self_test::run(test, |what, trial| {
        output::note(&format!("{what}: {}", described(trial)));
    })?
    else {
        output::note("interrupted: nothing is written");
        return Ok(interrupts.exit_code().unwrap_or(ExitCode::FAILURE));
    };
    let path = folder.join(FILE);
    let json = serde_json::to_string_pretty(&outcome)? + "\n";
    files::replace(&path, json.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
    output::print(&outcome.markdown())?;
    output::note(&format!("outcome: {}", path.display()));
    Ok(if outcome.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn described(trial: &Trial) -> String {
    let interval = trial
        .interval
        .map_or("too few valid rounds".to_owned(), |(low, high)| format!("{low:.3} to {high:.3}"));
    let claims = if trial.claims.is_empty() { "nothing claimed".to_owned() } else { trial.claims.join("; ") };
    format!("cost {:.3} ({interval}), {claims}", trial.cost)
}
