//! A synthetic run for tests: the embedded scenarios, a fictitious machine, and figures drawn
//! around chosen values. Everything is a pure function of the profile.
//!
//! What is chosen: every model costs a fixed multiple of its floor ([`COSTS`]), in CPU time and in rate, twins
//! cost exactly 1, each trial is off by up to [`JITTER`], and each round by a drift that all its
//! trials share and that is larger than most differences. A correct analysis recovers the multiples.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures are small, positive and invented"
)]

use ease::card::{self, Card, Row};
use fastrand::Rng;
use hdrhistogram::Histogram;
use loadgen::{Bound, Latency, Load, OfKind, Outcome, Share, Verdict};

use crate::plan::{Trial, plan};
use crate::record::{Comparison, FORMAT, Observed, Record, Run};
use crate::scenario::{Catalogue, EMBEDDED};
use crate::servers::{Place, Server, Servers, Service};
use crate::subject::{Layout, Role, Subject, subjects};
use crate::variant::add_variants;
use observe::usage::{CpuClock, Usage};
use observe::{Machine, ServerCommand};

/// Fewer than in the embedded profiles, so that tests are fast and independent of changes to those.
pub(crate) const MOST_ROUNDS: u32 = 12;

/// What a message costs as a multiple of the floor's.
pub(crate) const COSTS: [(&str, f64); 6] = [
    ("sequential", 1.02),
    ("thread-per-conn", 1.10),
    ("thread-pool", 1.25),
    ("rayon", 1.30),
    ("mio", 1.16),
    ("tokio", 1.50),
];

/// How long a big request takes alone.
pub(crate) const BIG_NS: f64 = 36e6;

/// How far a trial may be off, both ways, as a fraction.
pub(crate) const JITTER: f64 = 0.015;

/// Latencies in each trial.
pub(crate) const SAMPLES: u64 = 300;

/// Those of its own that a model takes.
fn options(name: &str) -> Vec<String> {
    let options: &[&str] = match name {
        "sequential" | "thread-per-conn" | "mio" => &["--write-policy", "--nagle"],
        "thread-pool" | "rayon" | "tokio" => &["--workers"],
        _ => &[],
    };
    options.iter().map(|&option| option.to_owned()).collect()
}

/// How easy they are to write; of each another figure.
pub(crate) fn card() -> Card {
    let row = |(index, (name, _)): (usize, &(&str, f64))| Row {
        name: (*name).to_owned(),
        service: "echo".to_owned(),
        alone: card::Figures { lines: 40 + index, complexity: 3 + 4 * index, ..card::Figures::default() },
        whole: card::Figures::default(),
        stands_on: Vec::new(),
        direct: 2,
        total: 20,
        program_bytes: 1 << 20,
        step: None,
        cases: None,
        faults: None,
    };
    let models = COSTS.iter().enumerate().map(row).collect();
    Card { compiler: "rustc".to_owned(), sources: String::new(), files: Vec::new(), models }
}

/// Servers that are never started.
pub(crate) fn servers() -> Servers {
    let server = |name: &str, at_once, floor: Option<&str>| Server {
        name: name.to_owned(),
        title: format!("the model {name}"),
        service: Service::Echo,
        at_once,
        floor: floor.map(str::to_owned),
        options: options(name),
        place: Place::Ours(ServerCommand::new(name, "no-such-program", [name])),
    };
    let (threads, epoll) = (Some("floor-threads"), Some("floor-epoll"));
    Servers {
        models: vec![
            server("sequential", 1, threads),
            server("thread-per-conn", usize::MAX, threads),
            server("thread-pool", 64, threads),
            server("rayon", 64, threads),
            server("mio", usize::MAX, epoll),
            server("tokio", usize::MAX, epoll),
        ],
        floors: vec![server("floor-threads", usize::MAX, None), server("floor-epoll", usize::MAX, None)],
        cache: None,
    }
}

/// As many as the launcher has: eight more models than above, and one more floor.
pub(crate) fn crowd() -> Servers {
    let mut servers = servers();
    let named =
        |name: &str, like: &Server| Server { name: name.to_owned(), options: options(name), ..like.clone() };
    let further = ["coroutines", "select", "poll", "epoll", "callbacks", "futures", "reactors", "io-uring"];
    servers.models.extend(further.map(|name| named(name, &servers.models[4])));
    servers.floors.push(named("floor-io-uring", &servers.floors[1]));
    servers
}

/// A run of these scenarios with fourteen models, the floors and their twins.
pub(crate) fn crowded_run_of(profile: &str, scenarios: &[&str]) -> Run {
    Run { subjects: subjects(&crowd(), &[], &[Service::Echo], 50), ..run_of(profile, scenarios) }
}

/// A run of all models of the echo service with this profile.
pub(crate) fn run(profile: &str) -> Run {
    of_service(profile, Service::Echo, &servers())
}

/// A run of all models of the prime service with the profile of a recorded run.
pub(crate) fn run_of_work(scenarios: &[&str]) -> Run {
    let mut run = of_service("full", Service::Primes, &workers());
    run.scenarios.retain(|scenario| scenarios.contains(&scenario.name.as_str()));
    run.profile.keep(&run.scenarios);
    run
}

/// The servers of both services.
pub(crate) fn everything() -> Servers {
    let models = [servers().models, workers().models].concat();
    Servers { models, ..servers() }
}

/// Models of the prime service.
pub(crate) fn workers() -> Servers {
    let server = |name: &str| Server {
        name: name.to_owned(),
        service: Service::Primes,
        floor: None,
        options: vec!["--cache".to_owned(), "--workers".to_owned()],
        ..servers().models.remove(1)
    };
    let names = ["prime-threads", "prime-inline", "prime-queue"];
    Servers { models: names.map(server).to_vec(), ..Servers::default() }
}

fn of_service(profile: &str, service: Service, servers: &Servers) -> Run {
    let catalogue = Catalogue::parse(EMBEDDED).unwrap();
    let mut chosen = catalogue.profile(profile).unwrap().clone();
    for rounds in chosen.rounds.values_mut() {
        *rounds = (*rounds).min(MOST_ROUNDS);
    }
    let mut scenarios = catalogue.scenarios_of(&chosen);
    scenarios.retain(|scenario| scenario.service == service);
    chosen.keep(&scenarios);
    let subjects = add_variants(subjects(servers, &[], &[service], 50), &scenarios, servers);
    Run {
        format: FORMAT,
        version: "0.0.0".to_owned(),
        program: None,
        command: "concurrent-servers compare".to_owned(),
        started: "2026-01-02T03:04:05Z".to_owned(),
        seed: 1,
        layout: Layout::Shared,
        machine: Machine::example(),
        profile_name: profile.to_owned(),
        scenarios,
        profile: chosen,
        subjects,
    }
}

/// Such a run of these scenarios only: fewer records make faster tests.
pub(crate) fn run_of(profile: &str, scenarios: &[&str]) -> Run {
    let mut run = run(profile);
    run.scenarios.retain(|scenario| scenarios.contains(&scenario.name.as_str()));
    run.profile.rounds.retain(|name, _| scenarios.contains(&name.as_str()));
    let asks = |subject: &Subject| run.scenarios.iter().any(|of| of.compares(subject, &[]));
    run.subjects.retain(|subject| subject.role != Role::Variant || asks(subject));
    run
}

/// The records of a whole run.
pub(crate) fn comparison(profile: &str) -> Comparison {
    altered(run(profile), |_, _| {})
}

/// The records of a run in which the figures of some trials were altered.
pub(crate) fn altered(run: Run, alter: impl Fn(&Trial, &mut Figures)) -> Comparison {
    let records = plan(&run, &everything()).into_iter().map(|trial| {
        let mut random = Rng::with_seed(seed(&trial, run.seed));
        let mut figures = Figures::chosen(&trial, &mut random);
        alter(&trial, &mut figures);
        record(&trial, &figures, &mut random)
    });
    let records = records.collect();
    Comparison { run, records }
}

/// Makes the chosen windows invalid as those in which other programs took most of the CPUs.
pub(crate) fn disturb(comparison: &mut Comparison, is_chosen: impl Fn(&Record) -> bool) {
    for record in comparison.records.iter_mut().filter(|record| is_chosen(record)) {
        if let Observed::Load { others, outcome, .. } = &mut record.observed {
            *others = Some(0.85);
            let reason = "other programs took 1.7 of 2 CPUs".to_owned();
            outcome.verdict = Some(Verdict { bound: Bound::Invalid, reason });
        }
    }
}

/// Everything that a trial is drawn from.
#[derive(Clone, Debug)]
pub(crate) struct Figures {
    pub(crate) messages_per_second: f64,
    pub(crate) cpu_ns_per_message: f64,
    pub(crate) median_latency_ns: f64,
    /// Of big requests, if there are some.
    pub(crate) big_latency_ns: f64,
    pub(crate) threads: u64,
    pub(crate) served: u64,
    pub(crate) verdict: Bound,
    /// If set, the trial could not be made, and there are no figures.
    pub(crate) error: Option<String>,
}

impl Figures {
    fn chosen(trial: &Trial, random: &mut Rng) -> Self {
        let subject = trial.subject;
        let load = trial.scenario.load_at(trial.point, Some(100_000.0)).unwrap_or_default();
        let asked = load.connections.min(subject.clients.unwrap_or(usize::MAX)) as u64;
        let cost = COSTS.iter().find(|(name, _)| *name == subject.model).map_or(1.0, |(_, cost)| *cost);
        let kilobytes = load.payload_bytes as f64 / 1e3;
        let shared = if load.depth > 1 { 0.2 } else { 1.0 };
        let floor_ns =
            4_000.0 * shared + 200.0 * kilobytes + if load.load == Load::Churn { 40e3 } else { 0.0 };
        // All trials of a round share the drift, so it must cancel in ratios.
        let drift = 1.0 + 0.1 * f64::from(trial.round).sin();
        let mut off = || 1.0 + JITTER * (2.0 * random.f64() - 1.0);
        let cpu_ns_per_message = floor_ns * cost * drift * off();
        let messages_per_second = match load.load {
            Load::Open { rate, .. } => rate as f64,
            Load::Closed | Load::Churn => 0.8e9 / (floor_ns * cost * drift) * off(),
        };
        let is_sequential = subject.model == "sequential";
        let is_threaded = subject.model.contains("thread") || subject.model == "rayon";
        Figures {
            messages_per_second,
            cpu_ns_per_message,
            median_latency_ns: asked as f64 * 1e9 / messages_per_second,
            big_latency_ns: BIG_NS,
            threads: if is_threaded { 1 + asked } else { 2 },
            served: if is_sequential { 1 } else { asked + load.idle as u64 },
            verdict: if matches!(load.load, Load::Open { .. }) { Bound::Neither } else { Bound::Server },
            error: None,
        }
    }
}

fn record(trial: &Trial, figures: &Figures, random: &mut Rng) -> Record {
    let mut load = trial.scenario.load_at(trial.point, Some(figures.messages_per_second));
    if let (Some(load), Some(clients)) = (&mut load, trial.subject.clients) {
        load.connections = load.connections.min(clients);
    }
    let observed = match (&figures.error, &load) {
        (Some(error), _) => Observed::Failed { error: error.clone() },
        (None, Some(load)) => loaded(load, trial, figures, random),
        (None, None) => {
            let one_by_one = if figures.served == 1 { 3.0 } else { 1.0 };
            let elapsed_ns = (0.22e9 * one_by_one * (1.0 + 0.02 * random.f64())) as u64;
            Observed::Script { elapsed_ns, failures: Vec::new() }
        }
    };
    crate::trial::record(trial, load, observed)
}

fn loaded(load: &loadgen::Scenario, trial: &Trial, figures: &Figures, random: &mut Rng) -> Observed {
    let messages = figures.messages_per_second as u64 / 5;
    let asked = (load.connections + load.idle) as u64;
    let mut latency_ns = Histogram::<u64>::new_with_bounds(1, 60_000_000_000, 2).unwrap();
    for _ in 0..SAMPLES {
        // Half of a message's time is fixed, the other half exponential.
        let times = 0.5 - 0.72 * (1.0 - random.f64()).ln();
        latency_ns.record((figures.median_latency_ns * times) as u64).unwrap();
    }
    let cpu_ns = (figures.cpu_ns_per_message * messages as f64) as u64;
    let ticks = cpu_ns / 10_000_000 * 10_000_000;
    let mut of_big = Histogram::<u64>::new_with_bounds(1, 60_000_000_000, 2).unwrap();
    of_big.record(figures.big_latency_ns as u64).unwrap();
    let kinds = load.kinds.iter().map(|kind| OfKind {
        name: kind.name.clone(),
        messages_per_second: figures.messages_per_second,
        latency: match kind.share {
            Share::Clients(0) => None,
            Share::Clients(_) => Latency::of(&of_big),
            _ => Latency::of(&latency_ns),
        },
        ..OfKind::default()
    });
    let churned = loadgen::Churned {
        completed: messages,
        completed_per_second: figures.messages_per_second,
        ..Default::default()
    };
    let outcome = Outcome {
        connections: asked,
        served: figures.served,
        starved: asked.saturating_sub(figures.served),
        elapsed_ns: 200_000_000,
        messages,
        messages_per_second: figures.messages_per_second,
        reply_bytes: messages * load.payload_bytes as u64,
        latency: Latency::of(&latency_ns),
        client_cpu_ns_per_message: Some(3_000.0),
        kinds: kinds.collect(),
        steal: Some(0.001),
        verdict: Some(Verdict { bound: figures.verdict, reason: "so it was chosen".to_owned() }),
        churned: (load.load == Load::Churn).then_some(churned),
        ..Outcome::default()
    };
    let per_thread = if trial.subject.is_raw_echo() { 8_000.0 } else { 9_000.0 };
    Observed::Load {
        outcome: Box::new(outcome),
        latency_histogram: Some(loadgen::histogram::encode(&latency_ns).unwrap()),
        usage: Some(Usage {
            cpu_ns,
            cpu_clock: CpuClock::Process,
            user_ns: ticks / 4,
            system_ns: ticks - ticks / 4,
            peak_memory_bytes: (3 << 20) + figures.threads * 9_000,
            threads: figures.threads,
            busy_threads: figures.threads,
            voluntary_switches: messages * figures.threads.min(4) / 4,
            involuntary_switches: messages / 100,
        }),
        others: Some(0.01),
        memory_per_connection_bytes: (load.load != Load::Churn)
            .then_some(per_thread * if figures.threads > 2 { 1.0 } else { 0.1 }),
        connections_to_cache: trial.scenario.cache.map(|_| figures.threads),
    }
}

/// A different seed for each trial, the same in every test.
fn seed(trial: &Trial, seed: u64) -> u64 {
    let text =
        format!("{seed} {} {} {} {:?}", trial.round, trial.scenario.name, trial.subject.name, trial.point);
    // FNV-1a.
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
