//! Every model under seeded stress: a dozen good and bad clients at the same time, random options, faults of reads and
//! writes (`--shim`), a handler that panics, and a shutdown at a random moment. This covers what no model checker
//! reaches: the readiness loop, wakers, the heartbeat, the drain, the pools.
//!
//! One trial for each model and seed, such as `tokio::17`. To repeat it: `cargo test --test stress -- --exact
//! tokio::17`.
//! `STRESS_SEEDS=2000 cargo test --test stress` tries more seeds than the default. The output ends with a
//! machine-readable line: `stress: N runs`.
//!
//! Nothing here sleeps or measures. The moment of the shutdown is a number of steps that the clients have made; each
//! client knows what it had sent before that moment, and so which reply is due.

mod dialect;
mod script;
#[path = "../seeds/mod.rs"]
mod seeds;
mod verdict;

use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::atomic::{AtomicIsize, AtomicU16, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use chassis::{Knob, Runtime, Shutdown, WritePolicy, listen};
use concurrent_servers::models::{MODELS, Model, PRIMES};
use conformance::Concurrency;
use fastrand::Rng;
use libtest_mimic::{Arguments, Completion, Failed, Trial};

use script::{Moment, Script, Visit};
use verdict::judge_all;

/// The default number of seeds for each model.
const SEEDS: u64 = 40;

/// Runs mostly wait for the quiet time of a drain, so a dozen can share two cores.
const THREADS: usize = 12;

const CLIENTS: usize = 12;

/// Longer than any machine needs: a client that waits for this long hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// At this byte a handler panics, if the build has `--panic-on`. A single byte cannot be split by a read.
const PANIC_AT: u8 = b'!';

static RUNS: AtomicUsize = AtomicUsize::new(0);

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    let seeds = match seeds::seeds("STRESS_SEEDS", SEEDS) {
        Ok(seeds) => seeds,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    hide_panics_on_request();
    let of_model = |model: &'static Model| {
        (1..=seeds).map(move |seed| {
            Trial::ignorable_test(format!("{}::{seed}", model.name), move || match model.missing() {
                Some(reason) => Ok(Completion::ignored_with(reason)),
                None => stress(model, seed).map(|()| Completion::Completed).map_err(Failed::from),
            })
        })
    };
    let conclusion = libtest_mimic::run(&arguments, MODELS.iter().chain(PRIMES).flat_map(of_model).collect());
    println!("stress: {} runs", RUNS.load(SeqCst));
    conclusion.exit_code()
}

/// They would dominate the output.
fn hide_panics_on_request() {
    let show = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let text = panic.payload().downcast_ref::<String>();
        if !text.is_some_and(|text| text.contains("--panic-on asks for a panic")) {
            show(panic);
        }
    }));
}

/// A loopback address that no other server has, where there are more than one: a client that comes after the shutdown
/// must not be greeted by a server that has got the port meanwhile.
fn own_loopback() -> [u8; 4] {
    static NEXT: AtomicU16 = AtomicU16::new(1);
    let [high, low] = NEXT.fetch_add(1, SeqCst).to_be_bytes();
    let process = (1 + std::process::id() % 254).to_be_bytes()[3];
    if cfg!(target_os = "linux") { [127, process, high, low] } else { [127, 0, 0, 1] }
}

/// One run: a server, its clients, a shutdown; then the counts must be right.
fn stress(model: &'static Model, seed: u64) -> Result<(), String> {
    let mut random = Rng::with_seed(seed);
    let (options, at_once) = choose_options(model, &mut random);
    let waits_for_replies = random.bool();
    // A client that stays keeps its place until the shutdown. If that waits for replies, one place must stay free.
    let mut stayers = if waits_for_replies { at_once.saturating_sub(1) } else { at_once };
    let scripts: Vec<_> =
        (0..CLIENTS).map(|_| Script::choose(model.service, &mut random, &mut stayers)).collect();
    let steps: usize = scripts.iter().map(|script| script.steps(waits_for_replies)).sum();

    let listener = listen((own_loopback(), 0).into()).map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let shutdown = Shutdown::new().map_err(|error| error.to_string())?;
    let moment = Moment {
        steps_left: AtomicIsize::new(random.usize(1..=steps).cast_signed()),
        shutdown: shutdown.clone(),
        waits_for_replies,
    };
    let (returned, summary) = mpsc::channel();
    let described = format!("{options:?}");
    thread::spawn(move || returned.send((model.serve)(listener, &options, &shutdown)));
    let visits: Vec<Visit> = thread::scope(|scope| {
        let moment = &moment;
        let running: Vec<_> =
            scripts.iter().map(|script| scope.spawn(move || script.play(address, moment))).collect();
        running.into_iter().map(|client| client.join().expect("a client does not panic")).collect()
    });
    RUNS.fetch_add(1, SeqCst);
    let verdict = summary
        .recv_timeout(PATIENCE)
        .map_err(|error| match error {
            RecvTimeoutError::Timeout => format!("serve has not returned {PATIENCE:?} after its last client"),
            RecvTimeoutError::Disconnected => "serve has panicked".to_owned(),
        })
        .and_then(|ended| ended.map_err(|error| format!("serve failed: {error}")))
        .and_then(|summary| judge_all(&scripts, &visits, &summary));
    verdict.map_err(|reason| format!("{}, seed {seed}: {reason}\nwith {described}", model.name))
}

/// Random options for this model, and how many clients it then serves at the same time.
fn choose_options(model: &Model, random: &mut Rng) -> (chassis::Options, usize) {
    let mut options = chassis::Options { drain_timeout: PATIENCE, ..chassis::Options::default() };
    let workers = random.usize(1..=3);
    if model.knobs.contains(&Knob::Runtime) {
        let per_core = cfg!(target_os = "linux").then_some(Runtime::PerCore);
        options.runtime = [None, per_core, Some(Runtime::CurrentThread)][random.usize(..3)];
    }
    if model.knobs.contains(&Knob::Workers) && options.runtime != Some(Runtime::CurrentThread) {
        options.workers = NonZeroUsize::new(workers);
    } else if model.knobs.contains(&Knob::Rings) {
        options.rings = NonZeroUsize::new(workers);
    }
    if random.u8(..4) == 0 {
        options.max_conns = NonZeroUsize::new(random.usize(1..=CLIENTS));
    }
    if model.knobs.contains(&Knob::WritePolicy) && random.u8(..4) == 0 {
        options.sending.write_policy = Some(WritePolicy::PerByte);
    }
    #[cfg(debug_assertions)]
    {
        options.panic_on = Some(char::from(PANIC_AT).to_string());
        options.shim = random.bool().then(|| chassis::Shim::new(random.u64(..)));
    }
    let at_once = match model.concurrency {
        Concurrency::Workers(_) => workers,
        other => other.at_once(),
    };
    (options, at_once)
}
