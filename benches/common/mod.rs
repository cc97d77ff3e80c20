//! What the bench targets share: the configuration of criterion, and running a benchmark against a server.
//!
//! The budget: all of `cargo bench` takes at most 10 minutes on two cores, including the build. There are some 150
//! benchmarks, six for each server. [`criterion`] takes 1.5 s for each: 0.3 s to warm up and 1.2 to measure; setup and
//! criterion's analysis and charts take about one more. That is two thirds of the budget; the rest is for slower and busier
//! machines. `--warm-up-time`, `--measurement-time` and `--sample-size` on the command line change this.
#![allow(dead_code, reason = "each bench target uses a part")]

pub(crate) mod client;
pub(crate) mod names;

use std::panic::resume_unwind;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use comparison::disturbance;
use concurrent_servers::commands::interrupts;
use concurrent_servers::models::{FLOORS, MODELS, Model, command};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion};
use observe::{ServerCommand, ServerProcess, pin};
use text::output;

/// The program that servers are started from.
pub(crate) const LAUNCHER: &str = env!("CARGO_BIN_EXE_concurrent-servers");

/// Criterion as every target configures it; the command line overrides it. Warns if other programs use the CPUs, and
/// refuses a filter that no benchmark of any target matches.
pub(crate) fn criterion() -> Criterion {
    refuse_a_filter_that_matches_nothing();
    // Criterion's own line has no end while it measures. Without the handler, Ctrl-C still ends this.
    let _ = interrupts::end_with(|| {
        "interrupted: earlier benchmarks have their results in target/criterion".to_owned()
    });
    let measures = !std::env::args().any(|argument| argument == "--test" || argument == "--list");
    if measures && let Some(warning) = disturbance::warning_before(&pin::allowed().unwrap_or_default()) {
        output::note(&warning);
    }
    Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1_200))
        .sample_size(20)
        // A tenth of criterion's default, whose bootstrap would take longer than the measurement without making
        // a 95 % interval over 20 samples more precise.
        .nresamples(10_000)
        .configure_from_args()
}

/// `cargo bench -- tokoi` would run nothing and succeed. Every target gets the filter of all, so that a target without a
/// match is no mistake; a filter without any match is one.
pub(crate) fn refuse_a_filter_that_matches_nothing() {
    let Some(filter) = names::filter(std::env::args().skip(1)) else { return };
    if !names::may_match(&filter) {
        output::note(&format!(
            "error: no benchmark matches {filter:?}; `cargo bench -- --list` shows all of them"
        ));
        std::process::exit(2);
    }
}

/// Lets this process and the servers that it starts open as many connections as the system allows.
pub(crate) fn allow_many_connections() {
    // If this fails, opening too many connections reports it.
    let _ = chassis::raise_descriptor_limit();
}

/// All servers that this machine can run: the models, then the floors that they are compared with.
pub(crate) fn servers() -> impl Iterator<Item = &'static Model> {
    MODELS.iter().chain(FLOORS).filter(|model| model.runs_here())
}

/// The servers that serve `clients` at once. The others would leave some clients waiting for the whole benchmark, so
/// they are skipped, with a message that names those that were asked for.
pub(crate) fn servers_for(clients: usize, group: &str) -> impl Iterator<Item = &'static Model> {
    servers().filter(move |model| {
        let serves = model.concurrency.serves(clients);
        if !serves {
            let at_once = model.concurrency.at_once();
            skipped(group, model, &format!("with {clients} clients: it serves {at_once} at once"));
        }
        serves
    })
}

/// Says that a benchmark is skipped, if the command line asks for it.
pub(crate) fn skipped(group: &str, model: &Model, why: &str) {
    let filter = names::filter(std::env::args().skip(1));
    let name = format!("{group}/{}", model.name);
    if filter.is_none_or(|filter| names::is_meant(&filter, &name)) {
        output::note(&format!("skipped {name} {why}"));
    }
}

/// Starts a server as a separate process, so that it shares only the machine with the client.
pub(crate) fn start(model: &Model) -> Result<ServerProcess> {
    start_with(model, &[])
}

/// The same with these options.
pub(crate) fn start_with(model: &Model, options: &[&str]) -> Result<ServerProcess> {
    ServerProcess::start(&command(Path::new(LAUNCHER), model.name), options)
}

/// Runs `run` under criterion: it makes a given number of iterations and returns their duration.
///
/// `name` is what filters match: the group and the id.
///
/// `set_up` starts what `run` needs, on first use: a benchmark that the command line filters out starts no server. The
/// server is stopped before the next benchmark starts.
///
/// An error of either ends the whole target, since a figure for wrong replies would be meaningless.
pub(crate) fn bench<T>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: BenchmarkId,
    name: &str,
    model: &Model,
    set_up: impl Fn(&Model) -> Result<T>,
    run: impl Fn(&mut T, u64) -> Result<Duration>,
) {
    assert!(names::all().any(|known| known == name), "{name} is not in benches/common/names.rs");
    let mut bed = None;
    group.bench_function(id, |bencher| {
        let bed = bed.get_or_insert_with(|| or_abort(set_up(model), model));
        bencher.iter_custom(|iterations| or_abort(run(bed, iterations), model));
    });
}

/// Starts our stand-in for a cache, which answers at once.
pub(crate) fn start_cache() -> Result<ServerProcess> {
    let parent = std::process::id().to_string();
    let arguments = ["cache", "--latency", "0ms", "--parent", &parent];
    ServerProcess::start(&ServerCommand::new("cache", LAUNCHER, arguments), &[])
}

/// Unwinds instead of exiting, so that the servers are stopped.
fn or_abort<T>(result: Result<T>, model: &Model) -> T {
    result.with_context(|| model.name).unwrap_or_else(|error| {
        // Criterion's own line has no newline yet.
        output::note(&format!("\nerror: {error:#}"));
        resume_unwind(Box::new("the error above"))
    })
}
