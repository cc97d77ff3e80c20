//! The whole conformance catalogue on every model: one trial for each pair, such as `mio::A3`, with a
//! server process of its own. A new row in the registry adds its trials.

mod skips;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use concurrent_servers::models::{MODELS, Model};
use conformance::{Case, Options, Outcome, cases, run};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use trials::Launcher;

/// Cases mostly wait: for timeouts, slow readers or the other side. So a dozen can share two cores;
/// many more would slow each other down so much that they look idle.
const THREADS: usize = 12;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    let trials = MODELS.iter().flat_map(|model| cases().map(move |case| trial(model, case))).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial(model: &'static Model, case: &'static Case) -> Trial {
    Trial::ignorable_test(format!("{}::{}", model.name, case.id), move || held(model, case))
}

fn held(model: &'static Model, case: &'static Case) -> Result<Completion, Failed> {
    if let Some(reason) = model.missing() {
        return skips::skip(reason);
    }
    let program = PathBuf::from(env!("CARGO_BIN_EXE_concurrent-servers"));
    let launcher = Launcher { subject: model.subject(&program) };
    // With long patience: a dozen cases share the cores, and other processes may be busy too.
    let options = Options { patience: Duration::from_secs(30), ..Options::default() };
    let mut report = run(&launcher.target(), &[case], &options, &mut |_| ());
    match report.cases.remove(0).outcome {
        Outcome::Passed => Ok(Completion::Completed),
        Outcome::Skipped { reason } => skips::skip(reason),
        failed => Err(format!("{}: {failed}", case.title).into()),
    }
}
