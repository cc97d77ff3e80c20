//! The phases of a run, in order.
//!
//! [`run_at`] handles what concerns the run as a whole; a [`Worker`] is what one thread does with its share
//! of the connections. In each phase all workers run in parallel; between two phases none runs. So they start
//! and end each window together, and the load is at rest while the observer of a [`Phase`] is called.

use std::time::{Duration, Instant, SystemTime};

use anyhow::Context;

use crate::connect::Opener;
use crate::crew::{side_by_side, side_by_side_or_in_turn};
use crate::handle::Handle;
use crate::judge::judge;
use crate::kind::question::questions;
use crate::limits::make_room;
use crate::load::Load;
use crate::message::messages;
use crate::outcome::{ErrorKind, Measurement};
use crate::phase::Phase;
use crate::scenario::Scenario;
use crate::schedule::{Schedule, Share as ScheduleShare};
use crate::tally::times::nanoseconds;
use crate::watch::Watch;
use crate::worker::Worker;
use crate::worker::setup::{Active, Share, Texts};
use observe::steal::MachineUse;
use text::addresses::Addresses;

/// Added to the seed so that the two phases draw different times; the window uses the scenario's own seed.
const WINDOW: u64 = 0;
const WARM_UP: u64 = 1 << 63;

/// How long before a window its workers are started: starting a thread takes some 50 µs.
const HEAD_START: Duration = Duration::from_millis(2);

/// How many times as long as for all greetings is waited for the first one, and how long at the most.
const WAITS_FOR_THE_FIRST: u32 = 10;
const MOST_FOR_THE_FIRST: Duration = Duration::from_secs(10);

/// As [`run_until`](crate::run_until()). Of several addresses, those that were not connected to are removed.
///
/// # Errors
/// As [`run`](crate::run()).
pub(crate) fn run_at(
    addresses: &mut Addresses,
    scenario: &Scenario,
    handle: &Handle,
    mut observe: impl FnMut(Phase),
) -> anyhow::Result<Option<Measurement>> {
    scenario.validate()?;
    let room = make_room(addresses, scenario)?;
    let texts = Texts { messages: messages(scenario)?, questions: questions(&scenario.kinds) };
    handle.reset();
    observe(Phase::Connecting);
    let mut opener = Opener::new(room, scenario);
    let mut workers = connected_workers(&mut opener, scenario, &texts, handle)?;
    addresses.clone_from(opener.addresses());

    observe(Phase::Greeting);
    let wait = milliseconds(scenario.greeting_wait_ms);
    side_by_side(&mut workers, |worker| worker.await_greetings(wait))?;
    // Who still waits starves, but only beside others: if nobody is served, the machine may be busy.
    if workers.iter().all(Worker::awaits_first_greeting) {
        let for_the_first = (wait * WAITS_FOR_THE_FIRST).min(MOST_FOR_THE_FIRST);
        side_by_side(&mut workers, |worker| worker.await_first_greeting(for_the_first))?;
        if !workers.iter().all(Worker::awaits_first_greeting) {
            side_by_side(&mut workers, |worker| worker.await_greetings(wait))?;
        }
    }
    observe(Phase::WarmUp);
    let length = milliseconds(scenario.warm_up_ms);
    let start = Instant::now();
    side_by_side(&mut workers, |worker| {
        worker.warm_up(start, start + length, scenario.schedules(worker.index, WARM_UP, length))
    })?;
    if handle.is_stopped() {
        return Ok(None);
    }
    observe(Phase::Measuring);
    let watch = Watch::start()?;
    let start = Instant::now() + if scenario.threads > 1 { HEAD_START } else { Duration::ZERO };
    let length = milliseconds(scenario.duration_ms);
    let started = SystemTime::now() + start.saturating_duration_since(Instant::now());
    let before = MachineUse::now();
    side_by_side(&mut workers, |worker| {
        worker.measure(start, length, scenario.schedules(worker.index, WINDOW, length))
    })?;
    let steal = MachineUse::now().zip(before).and_then(|(after, before)| after.stolen_since(before));
    observe(Phase::Draining);
    let wait = milliseconds(scenario.drain_ms);
    side_by_side_or_in_turn(&mut workers, |worker| worker.drain_for(wait))?;
    let not_running = watch.end();
    observe(Phase::Closing);
    let anyone_served = workers.iter().any(|worker| worker.tally.served > 0);
    let wait = milliseconds(scenario.close_ms);
    side_by_side_or_in_turn(&mut workers, |worker| {
        worker.count_starved(scenario.dialect, anyone_served);
        worker.close_within(wait)
    })?;
    let mut measurement = added_up(&workers, started)?;
    let outcome = &mut measurement.outcome;
    outcome.steal = steal;
    outcome.client_not_running_ns = nanoseconds(not_running);
    outcome.verdict = Some(judge(scenario, outcome, measurement.latency_ns.mean()));
    Ok(Some(measurement))
}

/// One worker per thread; connection number `n` belongs to the worker at `n % threads`. Idle connections are
/// opened first, so that they exist before the load starts.
fn connected_workers<'run>(
    opener: &mut Opener,
    scenario: &Scenario,
    texts: &'run Texts,
    handle: &'run Handle,
) -> anyhow::Result<Vec<Worker<'run>>> {
    let mut shares: Vec<Share> = (0..scenario.threads).map(|_| Share::default()).collect();
    let idle = opener.open_all(scenario.idle, handle)?;
    let churns = scenario.load == Load::Churn;
    if churns {
        // From now on nobody waits for a connection.
        opener.settle()?;
    }
    let active = opener.open_all(if churns { 0 } else { scenario.active() }, handle)?;
    for (number, stream) in idle.streams.into_iter().enumerate() {
        shares[number % scenario.threads].idle.push(stream);
    }
    let lanes = scenario.lanes().enumerate().flat_map(|(lane, count)| std::iter::repeat_n(lane, count));
    for (number, (stream, lane)) in active.streams.into_iter().zip(lanes).enumerate() {
        shares[number % scenario.threads].active.push(Active { stream, lane });
    }
    for number in 0..scenario.active() {
        shares[number % scenario.threads].places += 1;
    }
    let mut workers = shares
        .into_iter()
        .enumerate()
        .map(|(index, share)| Worker::new(index, scenario, texts, handle, opener, share))
        .collect::<anyhow::Result<Vec<Worker>>>()?;
    let tally = &mut workers[0].tally;
    tally.connections = (scenario.idle + if churns { 0 } else { scenario.active() }) as u64;
    for failure in idle.failures.into_iter().chain(active.failures) {
        tally.failed(ErrorKind::Connect, || failure);
    }
    Ok(workers)
}

fn added_up(workers: &[Worker], started: SystemTime) -> anyhow::Result<Measurement> {
    let (first, others) = workers.split_first().context("a run has a worker")?;
    let mut total = first.tally.clone();
    for worker in others {
        total.merge(&worker.tally)?;
    }
    Ok(total.into_measurement(started))
}

impl Scenario {
    /// When a worker's messages are due in a phase of this length, by each clock.
    fn schedules(&self, worker: usize, phase: u64, length: Duration) -> Vec<Schedule> {
        let share = ScheduleShare { index: worker, of: self.threads };
        self.clocks().iter().map(|clock| clock.schedule(phase, share, length)).collect()
    }
}

const fn milliseconds(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}
