//! The conformance catalogue on every model, the cases of its service: one trial for each pair, such as `mio::A3`, with a
//! server process of its own. A new row in the registry adds its trials. Then the cases about bytes on the models that can
//! send replies in other ways, such as `mio --write-policy=per-byte --nagle::A3`, and all on tokio with a runtime for each core.
//! Models of the prime service run theirs once more in front of a cache.

mod skips;

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use chassis::{Knob, Runtime, Sending, Shutdown, WritePolicy};
use concurrent_servers::models::{Form, MODELS, Model, PRIMES, find};
use conformance::{Case, Options, Outcome, cases_of, run};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use trials::{Launcher, Subject};

/// Cases mostly wait: for timeouts, slow readers or the other side. So a dozen can share two cores;
/// many more would slow each other down so much that they look idle.
const THREADS: usize = 12;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    let as_it_is =
        |model: &'static Model| cases_of(model.service).map(move |case| trial(model, &Form::default(), case));
    let mut trials: Vec<Trial> = MODELS.iter().chain(PRIMES).flat_map(as_it_is).collect();
    for model in MODELS.iter().filter(|model| model.knobs.contains(&Knob::WritePolicy)) {
        for sending in OTHER_WAYS {
            let cases = OF_BYTES.iter().flat_map(|name| conformance::find(name));
            trials.extend(cases.map(|case| trial(model, &Form { sending, ..Form::default() }, case)));
        }
    }
    if cfg!(target_os = "linux") {
        let tokio = find("tokio").expect("a row of the registry");
        trials.extend(cases_of(tokio.service).map(|case| trial(tokio, &PER_CORE, case)));
    }
    let cached = Form { cache: Some(start_cache().into()), ..Form::default() };
    for model in PRIMES.iter().filter(|model| model.knobs.contains(&Knob::Cache)) {
        trials.extend(cases_of(model.service).map(|case| {
            let subject = model.subject_as(&program(), &cached);
            // Its port is another one each time.
            let subject = Subject { name: format!("{} with a cache", model.name), ..subject };
            trial_of(model, Launcher { subject }, case)
        }));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The stand-in for Redis, without latency, until this process ends.
fn start_cache() -> SocketAddr {
    let listener = chassis::listen((Ipv4Addr::LOCALHOST, 0).into()).expect("any port is free");
    let address = listener.local_addr().expect("it listens");
    let settings =
        cache::Settings { latency: Duration::ZERO, jitter: Duration::ZERO, memory: 1 << 26, faults: false };
    let shutdown = Shutdown::new().expect("descriptors are left");
    thread::spawn(move || cache::serve(listener, &chassis::Options::default(), &settings, &shutdown));
    address
}

/// tokio on a runtime for each core, whose clients come through several listening sockets: two, even on one CPU.
const PER_CORE: Form = Form {
    runtime: Some(Runtime::PerCore),
    workers: NonZeroUsize::new(2),
    rings: None,
    cache: None,
    framing: None,
    sending: Sending { write_policy: None, nagle: false },
};

/// The ways of sending replies that no model has by default.
const OTHER_WAYS: [Sending; 2] = [
    Sending { write_policy: Some(WritePolicy::PerByte), nagle: false },
    Sending { write_policy: Some(WritePolicy::PerByte), nagle: true },
];

/// Cases that see the difference: exact bytes, orderly ends, slow readers, a shutdown. Not those with many replies, each of
/// which may wait for an acknowledgement. `check` runs all.
const OF_BYTES: &[&str] =
    &["A3", "B1", "B2", "B4", "C1", "C3", "C5", "C6", "C7", "D1", "D2", "D3", "H3", "I3", "I4"];

fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_concurrent-servers"))
}

fn trial(model: &'static Model, form: &Form, case: &'static Case) -> Trial {
    trial_of(model, Launcher { subject: model.subject_as(&program(), form) }, case)
}

fn trial_of(model: &'static Model, launcher: Launcher, case: &'static Case) -> Trial {
    let name = format!("{}::{}", launcher.subject.name, case.id);
    Trial::ignorable_test(name, move || model.missing().map_or_else(|| held(&launcher, case), skips::skip))
}

fn held(launcher: &Launcher, case: &'static Case) -> Result<Completion, Failed> {
    // With long patience: a dozen cases share the cores, and other processes may be busy too.
    let options = Options { patience: Duration::from_secs(30), ..Options::default() };
    let mut report = run(&launcher.target(), &[case], &options, &mut |_| ());
    match report.cases.remove(0).outcome {
        Outcome::Passed => Ok(Completion::Completed),
        Outcome::Skipped { reason } => skips::skip(reason),
        failed => Err(format!("{}: {failed}", case.title).into()),
    }
}
