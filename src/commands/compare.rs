//! `compare`: all models side by side, in rounds.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Error, Result};
use clap::builder::PossibleValuesParser;
use clap::value_parser;
use comparison::Servers;
use comparison::coverage::Coverage;
use comparison::measure::{self, End};
use comparison::record::{Comparison, Run};
use comparison::request::{Request, Size, WrongOnly};
use comparison::scenario::{EMBEDDED, MAX_ROUNDS};
use comparison::show::{Shown, read_baseline};
use comparison::store::{self, Store};
use text::{output, terminal};

mod foreign;
mod own;
mod self_test;

use self::foreign::Foreign;
use self::own::Own;
use super::{refused, scorecard};
use crate::models;
use loadgen::Interrupts;

/// Arguments of `compare`.
#[derive(Clone, Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch on the command line")]
#[command(after_help = "\
Examples:
  concurrent-servers compare                       with intervals, in less than 8 minutes
  concurrent-servers compare mio tokio             two of them and the floors, less than 3 minutes
  concurrent-servers compare mio --command 'other=./server --port {port}'
  concurrent-servers compare --quick               a first look, in less than 40 s
  concurrent-servers compare --only ping-pong      one scenario
  concurrent-servers compare --only write-policy   replies sent byte by byte, and the cure
  concurrent-servers compare select poll epoll --full --only idle-clients
                                                   what idle clients cost those that send
  concurrent-servers compare --only behind-a-big-number
                                                   models of the prime service: who stalls whom;
                                                   so waiting, both, mostly-idle, style, offload
  concurrent-servers compare --only waiting --latency 20ms --clients 3000 prime-threads prime-queue
                                                   such a question with figures of one's own
  concurrent-servers compare --resume runs/2026…   continues an interrupted run
  concurrent-servers compare --from runs/2026…     shows a recorded run
  concurrent-servers compare --baseline runs/2026… exits with 1 on a regression since then
  concurrent-servers compare --self-test           what is claimed where the answer is known

Exit codes: 0 every reply was right, 1 a reply was wrong or missing, a model did not start, was
never measured or never answered, no window is valid and other programs disturbed none of them,
there is a regression, the self-test failed, something could not be judged against the baseline,
or the run cannot be made, 2 wrong arguments, 130 after Ctrl-C (143 after SIGTERM), which says how
to continue. Clients that a model starves are a result, not an error. Windows that other programs
disturbed do not fail a run, even if none is valid: they are marked. With --baseline, a model that
has no valid window could not be judged.")]
pub struct Arguments {
    /// The models to compare [default: all that the scenarios are about]
    #[arg(value_name = "MODEL", value_parser = PossibleValuesParser::new(models::names_of_both()), hide_possible_values = true)]
    models: Vec<String>,

    /// A further server, which runs already: its rates and times are measured, its CPU time is not. Can be given several times
    #[arg(long, value_name = "NAME=ADDR", value_parser = foreign::at_address)]
    address: Vec<Foreign>,

    /// A further server, somebody's program: {port} or {addr} stands where its address belongs. Can be given several times
    #[arg(long, value_name = "NAME=PROGRAM", value_parser = foreign::by_command)]
    command: Vec<Foreign>,

    /// A first look, in less than 40 s: few scenarios, too few rounds for intervals
    #[arg(long, conflicts_with = "full")]
    quick: bool,

    /// As for a recorded run: all scenarios, long windows, many rounds; about an hour
    #[arg(long)]
    full: bool,

    /// Run only these scenarios, such as ping-pong,churn
    #[arg(long, value_name = "NAME,NAME", value_delimiter = ',')]
    only: Vec<String>,

    /// Figures of one's own for the chosen scenarios.
    #[command(flatten)]
    own: Own,

    /// Make this many rounds of each scenario, 1 to 100 [default: as the profile says]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..=i64::from(MAX_ROUNDS)))]
    rounds: Option<u32>,

    /// Use the scenarios of this file instead of the built-in ones (see --print-scenarios)
    #[arg(long, value_name = "FILE")]
    scenarios: Option<PathBuf>,

    /// Print the built-in scenarios and measure nothing
    #[arg(long)]
    print_scenarios: bool,

    /// Put the server on one CPU and the load generator on another
    #[arg(long)]
    pin: bool,

    /// Test the instrument itself: runs in which nothing may be claimed, then runs in which 5 % must be found
    #[arg(long, conflicts_with_all = ["models", "address", "command", "quick", "full", "only", "scenarios", "pin", "seed", "resume", "from", "baseline", "json"])]
    self_test: bool,

    /// How many runs of each kind --self-test makes
    #[arg(long, value_name = "N", requires = "self_test", default_value = "20", value_parser = value_parser!(u32).range(1..=1_000))]
    runs: u32,

    /// Seed for the order of trials and the arrivals of open loops [default: the time]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Folder for the run [default: runs/ and the time], or for the outcome of --self-test [default: runs/]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,

    /// Resume the interrupted run in this folder
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["models", "address", "command", "quick", "full", "only", "rounds", "scenarios", "pin", "seed", "out"])]
    resume: Option<PathBuf>,

    /// Show tables and report of the run in this folder and measure nothing
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["models", "address", "command", "quick", "full", "only", "rounds", "scenarios", "pin", "seed", "out", "resume"])]
    from: Option<PathBuf>,

    #[command(flatten)]
    show: Show,
}

/// Measures every model and prints the results.
///
/// # Errors
/// The arguments are impossible here, or the results cannot be written. A model's failure is not an error, but part of
/// the results.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    if arguments.print_scenarios {
        output::print(EMBEDDED)?;
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.self_test {
        return self_test::run(arguments.runs, arguments.rounds, arguments.out.as_ref());
    }
    let is_new = arguments.from.is_none() && arguments.resume.is_none();
    let mut servers = if is_new { models::servers_here(&arguments.models)? } else { models::servers()? };
    let further: Vec<Foreign> = arguments.address.iter().chain(&arguments.command).cloned().collect();
    foreign::add(&mut servers, &further)?;
    if let Some(folder) = &arguments.from {
        let comparison = store::load(folder).with_context(|| format!("--from {}", folder.display()))?;
        let baseline = arguments.show.baseline(&comparison.run)?;
        return arguments.show.show(folder, &comparison, baseline.as_ref(), &servers);
    }
    let (mut store, mut comparison, baseline) = if let Some(folder) = &arguments.resume {
        let (store, comparison) =
            measure::resume(folder, &servers).with_context(|| format!("--resume {}", folder.display()))?;
        let baseline = arguments.show.baseline(&comparison.run)?;
        (store, comparison, baseline)
    } else {
        let run = match arguments.request(&further).run(&servers) {
            Ok(run) => run,
            Err(error) => return refused_if_wrong(error),
        };
        // Refused before a folder is made.
        let baseline = arguments.show.baseline(&run)?;
        let store = match &arguments.out {
            Some(folder) => Store::create(folder, &run),
            None => Store::create_in(Path::new("runs"), &run),
        };
        (store?, Comparison { run, records: Vec::new() }, baseline)
    };
    let folder = store.folder().display();
    let coverage = Coverage::of(&comparison, &servers);
    output::note(&if coverage.made == coverage.planned {
        format!("the run in {folder} is complete: nothing is left to measure")
    } else {
        format!(
            "results are written to {folder} after each trial; if interrupted, continue with compare --resume {folder}"
        )
    });
    let interrupts = Interrupts::install()?;
    let end = measure::measure(&servers, &mut store, &mut comparison, interrupts.stop());
    let end = end.with_context(|| {
        let made = comparison.records.len();
        format!("the run ended early; {made} trials are kept in {}", store.folder().display())
    })?;
    if let End::Stopped { made, planned } = end {
        output::note(&format!(
            "interrupted: {made} of {planned} trials are in {0}; continue with compare --resume {0}, or look at them \
             with compare --from {0}",
            store.folder().display()
        ));
        return Ok(interrupts.exit_code().unwrap_or(ExitCode::FAILURE));
    }
    arguments.show.show(store.folder(), &comparison, baseline.as_ref(), &servers)
}

/// A wrong value of `--only` is a wrong argument; any other error stays one.
fn refused_if_wrong(error: Error) -> Result<ExitCode> {
    let wrong = error.downcast::<WrongOnly>()?;
    Ok(refused(&format!("invalid value for '--only <NAME,NAME>': {wrong}")))
}

impl Arguments {
    /// With these further servers.
    fn request(&self, further: &[Foreign]) -> Request {
        let size = match (self.quick, self.full) {
            (true, _) => Size::Quick,
            (_, true) => Size::Full,
            _ => Size::Default,
        };
        Request {
            models: self.models.clone(),
            further: further.iter().map(|one| (one.name.clone(), one.option.clone())).collect(),
            size,
            only: self.only.clone(),
            own: self.own.figures(),
            rounds: self.rounds,
            scenarios: self.scenarios.clone(),
            pin: self.pin,
            seed: self.seed,
        }
    }
}

/// Arguments about how a run is shown.
#[derive(Clone, Debug, clap::Args)]
struct Show {
    /// Also compare with the run in this folder, and exit with 1 on a regression, or if a model cannot be judged
    #[arg(long, value_name = "FOLDER")]
    baseline: Option<PathBuf>,

    /// How much worse than in the baseline a model may be, in percent of its multiple of the floor
    #[arg(long, value_name = "PERCENT", default_value = "10", value_parser = percent, requires = "baseline")]
    bound: f64,

    /// Print medians, intervals, all pairs and their claims as JSON instead of tables
    #[arg(long)]
    json: bool,
}

impl Show {
    /// Reads the baseline, if there is one, and rejects it before anything is measured.
    fn baseline(&self, run: &Run) -> Result<Option<Comparison>> {
        let read = |folder: &Path| {
            read_baseline(folder, run).with_context(|| format!("--baseline {}", folder.display()))
        };
        self.baseline.as_deref().map(read).transpose()
    }

    /// Prints the analysis of the records and writes the report into the run's folder. The exit code is 0 if all
    /// replies were right, nothing is missing and there is no regression.
    fn show(
        &self,
        folder: &Path,
        comparison: &Comparison,
        baseline: Option<&Comparison>,
        servers: &Servers,
    ) -> Result<ExitCode> {
        let shown = Shown::of(comparison, baseline, self.bound, servers)?;
        output::print(&if self.json { shown.json()? } else { shown.tables(terminal::columns()) })?;
        let report = shown.write_report(folder, &scorecard::card()?)?;
        // Not to standard output: that may be JSON for another program.
        output::note(&format!("report: {}", report.display()));
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
