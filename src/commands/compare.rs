//! `compare`: all models side by side, in rounds.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::builder::PossibleValuesParser;
use comparison::measure::measure;
use comparison::record::{Comparison, Run};
use comparison::request::{Request, Size};
use comparison::scenario::EMBEDDED;
use comparison::show::{Shown, read_baseline};
use comparison::store::{self, Store};
use text::output;

use crate::models;

/// Arguments of `compare`.
#[derive(Clone, Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch on the command line")]
#[command(after_help = "\
Examples:
  concurrent-servers compare                       with intervals, in less than 4 minutes
  concurrent-servers compare mio tokio             two of them, beside the floors
  concurrent-servers compare --quick               a first look, in less than 40 s
  concurrent-servers compare --only ping-pong      one scenario
  concurrent-servers compare --resume runs/2026…   continues an interrupted run
  concurrent-servers compare --from runs/2026…     shows a recorded run
  concurrent-servers compare --baseline runs/2026… exits with 1 on a regression since then

Exit codes: 0 every reply was right, 1 a reply was wrong or missing, a model did not start, there
is a regression, or the run cannot be made, 2 wrong arguments. Clients that a model starves are a
result, not an error.")]
pub struct Arguments {
    /// The models to compare [default: all]
    #[arg(value_name = "MODEL", value_parser = PossibleValuesParser::new(models::names()), hide_possible_values = true)]
    models: Vec<String>,

    /// A first look, in less than 40 s: few scenarios, too few rounds for intervals
    #[arg(long, conflicts_with = "full")]
    quick: bool,

    /// As for a recorded run: all scenarios, long windows, many rounds; about 25 minutes
    #[arg(long)]
    full: bool,

    /// Run only these scenarios, such as ping-pong,churn
    #[arg(long, value_name = "NAME,NAME", value_delimiter = ',')]
    only: Vec<String>,

    /// Use the scenarios of this file instead of the built-in ones (see --print-scenarios)
    #[arg(long, value_name = "FILE")]
    scenarios: Option<PathBuf>,

    /// Print the built-in scenarios and measure nothing
    #[arg(long)]
    print_scenarios: bool,

    /// Put the server on one CPU and the load generator on another
    #[arg(long)]
    pin: bool,

    /// Seed for the order of trials and the arrivals of open loops [default: the time]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Folder for the run [default: runs/ and the time]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,

    /// Resume the interrupted run in this folder
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["models", "quick", "full", "only", "scenarios", "pin", "seed", "out"])]
    resume: Option<PathBuf>,

    /// Show tables and report of the run in this folder and measure nothing
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["models", "quick", "full", "only", "scenarios", "pin", "seed", "out", "resume"])]
    from: Option<PathBuf>,

    #[command(flatten)]
    show: Show,
}

/// Measures every model and prints the results.
///
/// # Errors
/// The arguments are contradictory or impossible here, or the results cannot be written. A model's failure is not an
/// error, but part of the results.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    if arguments.print_scenarios {
        output::print(EMBEDDED)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(folder) = &arguments.from {
        let comparison = store::load(folder)?;
        let baseline = arguments.show.baseline(&comparison.run)?;
        return arguments.show.show(folder, &comparison, baseline.as_ref());
    }
    let servers = models::servers()?;
    let (mut store, mut comparison, baseline) = if let Some(folder) = &arguments.resume {
        let (store, comparison) = Store::resume(folder)?;
        let baseline = arguments.show.baseline(&comparison.run)?;
        (store, comparison, baseline)
    } else {
        let run = arguments.request().run(&servers)?;
        // Refused before a folder is made.
        let baseline = arguments.show.baseline(&run)?;
        let folder = Path::new("runs").join(run.started.replace(':', "-"));
        let folder = arguments.out.as_ref().unwrap_or(&folder);
        (Store::create(folder, &run)?, Comparison { run, records: Vec::new() }, baseline)
    };
    let folder = store.folder().display();
    anstream::eprintln!(
        "results are written to {folder} after each trial; if interrupted, continue with compare --resume {folder}"
    );
    measure(&servers, &mut store, &mut comparison)?;
    arguments.show.show(store.folder(), &comparison, baseline.as_ref())
}

impl Arguments {
    fn request(&self) -> Request {
        let size = match (self.quick, self.full) {
            (true, _) => Size::Quick,
            (_, true) => Size::Full,
            _ => Size::Default,
        };
        Request {
            models: self.models.clone(),
            size,
            only: self.only.clone(),
            scenarios: self.scenarios.clone(),
            pin: self.pin,
            seed: self.seed,
        }
    }
}

/// Arguments about how a run is shown.
#[derive(Clone, Debug, clap::Args)]
struct Show {
    /// Also compare with the run in this folder, and exit with 1 on a regression
    #[arg(long, value_name = "FOLDER")]
    baseline: Option<PathBuf>,

    /// How much worse than in the baseline a model may be, in percent of its multiple of the floor
    #[arg(long, value_name = "PERCENT", default_value = "10", value_parser = percent, requires = "baseline")]
    bound: f64,

    /// Print medians, intervals, ratios and claims as JSON instead of tables
    #[arg(long)]
    json: bool,
}

impl Show {
    /// Reads the baseline, if there is one, and rejects it before anything is measured.
    fn baseline(&self, run: &Run) -> Result<Option<Comparison>> {
        self.baseline.as_deref().map(|folder| read_baseline(folder, run)).transpose()
    }

    /// Prints the analysis of the records and writes the report into the run's folder. The exit code is 0 if all
    /// replies were right and there is no regression.
    fn show(
        &self,
        folder: &Path,
        comparison: &Comparison,
        baseline: Option<&Comparison>,
    ) -> Result<ExitCode> {
        let shown = Shown::of(comparison, baseline, self.bound)?;
        output::print(&if self.json { shown.json()? } else { shown.tables() })?;
        let report = shown.write_report(folder)?;
        // Not to standard output: that may be JSON for another program.
        anstream::eprintln!("report: {}", report.display());
        Ok(if shown.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn percent(text: &str) -> Result<f64, String> {
    let percent: f64 = text.parse().map_err(|_| "this must be a number, such as 10 or 2.5".to_owned())?;
    if (0.0..100.0).contains(&percent) {
        Ok(percent)
    } else {
        Err("this must be at least 0 and below 100".to_owned())
    }
}
