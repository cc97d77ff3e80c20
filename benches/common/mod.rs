//! What the bench targets share: how criterion is set up, and how a server is put under it.
//!
//! The budget: all of `cargo bench` takes at most 10 minutes on two cores, building included. There are some
//! 75 benchmarks. [`criterion`] asks for 2.5 s for each, half a second to warm up and two to measure; setting
//! up and criterion's analysis and charts take about one more. That is half of the budget, and the other
//! half is for slower and busier machines. `--warm-up-time`, `--measurement-time` and `--sample-size` on the
//! command line ask for more.
#![allow(dead_code, reason = "each bench target uses its part")]

pub(crate) mod client;

use std::panic::resume_unwind;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use concurrent_servers::models::{FLOORS, MODELS, Model, command};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion};
use observe::ServerProcess;

/// Criterion as every target runs it; the command line has the last word.
pub(crate) fn criterion() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .sample_size(20)
        // A tenth of criterion's default. Its bootstrap would take longer than the measurement, and the
        // ends of a 95 % interval over 20 samples are no sharper for it.
        .nresamples(10_000)
        .configure_from_args()
}

/// Lets this process, and the servers that it starts, open as many connections as the system allows.
pub(crate) fn allow_many_connections() {
    // Where this fails, opening too many says so.
    let _ = chassis::raise_descriptor_limit();
}

/// Everything that can be served: the models, then the floors that they are divided by.
pub(crate) fn servers() -> impl Iterator<Item = &'static Model> {
    MODELS.iter().chain(FLOORS)
}

/// The servers that serve `clients` at once. The others would leave some waiting ungreeted for as long as
/// the benchmark lasts, so they are left out, and `group` says so by name.
pub(crate) fn servers_for(clients: usize, group: &str) -> impl Iterator<Item = &'static Model> {
    servers().filter(move |model| {
        let serves = model.concurrency.serves(clients);
        if !serves {
            let at_once = model.concurrency.at_once();
            eprintln!("skipped {group}/{} with {clients} clients: it serves {at_once} at once", model.name);
        }
        serves
    })
}

/// Starts a server as a process of its own, so that it shares nothing with the client but the machine.
pub(crate) fn start(model: &Model) -> Result<ServerProcess> {
    let launcher = Path::new(env!("CARGO_BIN_EXE_concurrent-servers"));
    ServerProcess::start(&command(launcher, model.name), &[])
}

/// Puts `run` under criterion: it makes that many iterations and returns how long they took.
///
/// `set_up` starts what `run` needs, on first use: a benchmark that the command line filters out starts no
/// server. What it started is dropped, and the server with it, before the next benchmark begins.
///
/// An error of either ends the whole target: a figure for wrong replies is worth nothing.
pub(crate) fn bench<T>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: BenchmarkId,
    model: &Model,
    set_up: impl Fn(&Model) -> Result<T>,
    run: impl Fn(&mut T, u64) -> Result<Duration>,
) {
    let mut bed = None;
    group.bench_function(id, |bencher| {
        let bed = bed.get_or_insert_with(|| or_end(set_up(model), model));
        bencher.iter_custom(|iterations| or_end(run(bed, iterations), model));
    });
}

/// Unwinds rather than exits, so that the servers are stopped on the way.
fn or_end<T>(result: Result<T>, model: &Model) -> T {
    result.with_context(|| model.name).unwrap_or_else(|error| {
        // Criterion leaves its own line open.
        eprintln!("\nerror: {error:#}");
        resume_unwind(Box::new("told above"))
    })
}
