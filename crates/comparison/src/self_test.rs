//! The test of the instrument: does it claim a difference where there is none, and does it find one of known size?
//!
//! ```text
//!  runs of   floor · its twin · the same program    nothing may be claimed
//!  runs of   floor · its twin · a slowed one        its cost must be claimed to be higher
//! ```
//!
//! Each run is one of `compare --pin --only ping-pong`, with a candidate beside the floor and its twin. The slowed program
//! burns CPU time for each message, so much that a message costs a certain share more. That is more than the share itself:
//! a busier server finds more to do at each wake-up and sleeps less often. So a few runs before the second half burn just the
//! share, and the second half as many times more as these runs fell short.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use loadgen::Handle;
use observe::{Machine, ServerCommand};
use serde::{Deserialize, Serialize};
use text::markdown::{line, words};

use crate::analysis::{Claim, Interval, Metric, Pair, analyse, median};
use crate::group::groups;
use crate::measure;
use crate::plan::plan;
use crate::progress::expected;
use crate::record::{Comparison, Run};
use crate::recorded::RESULTS;
use crate::request::Request;
use crate::servers::{Place, Server, Servers, Service};
use crate::subject::{Layout, Role, Subject};

/// The file of an outcome, in the folder that it is written to.
pub const FILE: &str = "self-test.json";
/// The scenario of all runs: the one with the least work for each message.
const SCENARIO: &str = "ping-pong";
/// The share of CPU time that is planted.
const SLOWDOWN: f64 = 0.05;
/// The runs that show what burned time costs.
const TO_CALIBRATE: u32 = 4;
/// How many times the share is burned at most: what costs still less is not understood.
const MOST_BURNED: f64 = 4.0;
/// The share of slowed runs in which the slowdown must be found.
const FOUND: f64 = 0.95;
/// The candidate's name.
const CANDIDATE: &str = "candidate";

/// What is to be tested.
#[derive(Clone, Copy)]
pub struct SelfTest<'test> {
    /// The servers, with the floor among them.
    pub servers: &'test Servers,
    /// The floor's name.
    pub floor: &'test str,
    /// The command of the same floor that burns this much more CPU time for each message.
    pub slowed: &'test dyn Fn(Duration) -> Result<ServerCommand>,
    /// Runs with the same program, and as many with the slowed one.
    pub runs: u32,
    /// Rounds of each run; as the default profile says if absent.
    pub rounds: Option<u32>,
    /// Ends the test early.
    pub stop: &'test Handle,
}

/// The outcome of a test, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// When it began, RFC 3339, UTC.
    pub started: String,
    /// This program's version.
    pub version: String,
    /// The machine that everything ran on.
    pub machine: Machine,
    /// The CPUs of the server and the load generator.
    pub layout: Layout,
    /// Rounds in each run.
    pub rounds: u32,
    /// How long a run took on average, in seconds.
    pub seconds_per_run: f64,
    /// The share of CPU time that was planted in the slowed runs.
    pub slowdown: f64,
    /// What was burned for each message to that end, in nanoseconds.
    pub burned_ns: f64,
    /// The runs with the same program.
    pub same: Vec<Trial>,
    /// The runs with the slowed one.
    pub slowed: Vec<Trial>,
}

/// One run of a test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// CPU time for each message, the candidate's divided by the floor's: the mean over the rounds.
    pub cost: f64,
    /// Its interval of 95 %; absent with too few valid rounds.
    pub interval: Option<(f64, f64)>,
    /// Whether the candidate is claimed to cost more.
    pub is_found: bool,
    /// Every claim of the run, one sentence each.
    pub claims: Vec<String>,
    /// How often a group of trials was disturbed and made again.
    pub repeated: u32,
}

/// Makes all runs and calls `each` after every one. `None` if it was stopped.
///
/// # Errors
/// There is only one CPU, a server cannot be started, or so much was disturbed that a run has no figure.
pub fn run(test: SelfTest, mut each: impl FnMut(&str, &Trial)) -> Result<Option<Outcome>> {
    let begun = Instant::now();
    let floor = test.servers.find(test.floor).context("there is no such floor")?;
    // Once, before this process is pinned and sees only one CPU.
    let run = test.described()?;
    let mut half = |servers: &Servers, model: &str, runs: u32, what: &str| {
        test.half(servers, &run, model, runs, |number, trial| {
            each(&format!("{what}, {number}/{runs}"), trial);
        })
    };
    let slowed_by = |burned_ns: f64| {
        let place = Place::Ours((test.slowed)(Duration::from_secs_f64(burned_ns / 1e9))?);
        let mut servers = test.servers.clone();
        servers.floors.push(Server { name: CANDIDATE.to_owned(), place, ..floor.clone() });
        anyhow::Ok(servers)
    };
    let Some(same) = half(test.servers, test.floor, test.runs, "the same program")? else { return Ok(None) };
    let share_ns = SLOWDOWN * median(&same.costs_ns).context("no message was measured")?;
    let Some(calibrated) = half(&slowed_by(share_ns)?, CANDIDATE, TO_CALIBRATE, "to calibrate")? else {
        return Ok(None);
    };
    let burned_ns = share_ns * calibrated.fell_short();
    let Some(slowed) = half(&slowed_by(burned_ns)?, CANDIDATE, test.runs, "slowed by 5 %")? else {
        return Ok(None);
    };
    Ok(Some(Outcome {
        rounds: run.profile.rounds.get(SCENARIO).copied().unwrap_or(0),
        started: run.started,
        version: run.version,
        machine: run.machine,
        layout: run.layout,
        seconds_per_run: begun.elapsed().as_secs_f64() / f64::from(2 * test.runs + TO_CALIBRATE),
        slowdown: SLOWDOWN,
        burned_ns,
        same: same.trials,
        slowed: slowed.trials,
    }))
}

/// The runs with one program.
#[derive(Default)]
struct Half {
    trials: Vec<Trial>,
    /// CPU time of the floor for each message, in each round of each run.
    costs_ns: Vec<f64>,
}

impl Half {
    /// How many times more must be burned for the slowdown to be as large as it should.
    fn fell_short(&self) -> f64 {
        let costs: Vec<f64> = self.trials.iter().map(|trial| trial.cost).collect();
        let slowdown = median(&costs).unwrap_or(1.0) - 1.0;
        (SLOWDOWN / slowdown.max(SLOWDOWN / MOST_BURNED)).max(1.0)
    }
}

impl SelfTest<'_> {
    /// The runs in which the candidate is this model.
    fn half(
        &self,
        servers: &Servers,
        run: &Run,
        model: &str,
        runs: u32,
        mut each: impl FnMut(u32, &Trial),
    ) -> Result<Option<Half>> {
        let mut half = Half::default();
        for number in 1..=runs {
            // Each run draws an order of its own.
            let seed = fastrand::u64(..1 << 48);
            let run = Run { subjects: subjects(self.floor, model), seed, ..run.clone() };
            let records = measure::in_memory(servers, &run, self.stop)?;
            if self.stop.is_stopped() {
                return Ok(None);
            }
            let of_floor = records.iter().filter(|record| record.subject == self.floor);
            half.costs_ns.extend(of_floor.filter_map(|record| record.observed.cpu_ns_per_message()));
            let trial = judged(&Comparison { run, records }, self.floor)?;
            each(number, &trial);
            half.trials.push(trial);
        }
        Ok(Some(half))
    }

    /// How long all runs are expected to take.
    ///
    /// # Errors
    /// There is only one CPU.
    pub fn expected(&self) -> Result<Duration> {
        let run = Run { subjects: subjects(self.floor, self.floor), ..self.described()? };
        let groups = groups(plan(&run, self.servers), &run.profile);
        Ok(expected(&run, &groups, self.servers) * (2 * self.runs + TO_CALIBRATE))
    }

    /// What all runs have in common.
    fn described(&self) -> Result<Run> {
        let only = vec![SCENARIO.to_owned()];
        Request { only, rounds: self.rounds, pin: true, ..Request::default() }.run(self.servers)
    }
}

/// The floor, its twin, and the candidate, which is this model.
fn subjects(floor: &str, model: &str) -> Vec<Subject> {
    let subject = |name: &str, model: &str, role, floor: Option<&str>| Subject {
        name: name.to_owned(),
        model: model.to_owned(),
        role,
        service: Service::Echo,
        floor: floor.map(str::to_owned),
        clients: None,
        foreign: None,
        options: Vec::new(),
    };
    vec![
        subject(floor, floor, Role::Floor, None),
        subject(&format!("{floor} again"), floor, Role::Twin, Some(floor)),
        // A floor, too: it echoes, and it is compared with all floors.
        subject(CANDIDATE, model, Role::Floor, None),
    ]
}

/// What a run claims.
fn judged(comparison: &Comparison, floor: &str) -> Result<Trial> {
    let analysis = analyse(comparison);
    let point = analysis.scenario(SCENARIO).and_then(|scenario| scenario.points.first());
    let point = point.context("nothing was measured")?;
    let cost = point.pair(CANDIDATE, floor, Metric::CpuPerMessage).with_context(|| {
        let disturbed = analysis.disturbance().unwrap_or_else(|| "Every trial failed.".to_owned());
        format!("no round of a run is valid, so nothing can be tested. {disturbed}")
    })?;
    let of_rows = point.rows.iter().flat_map(|row| [&row.cost_ratio, &row.rate_ratio]).flatten();
    let mut claims: Vec<String> = Vec::new();
    for pair in of_rows.chain(&point.pairs).filter(|pair| pair.claim.is_difference()) {
        let claim = if pair.right == CANDIDATE { sentence(&pair.inverted()) } else { sentence(pair) };
        if !claims.contains(&claim) {
            claims.push(claim);
        }
    }
    let groups: BTreeMap<u32, u32> =
        comparison.records.iter().map(|record| (record.round, record.repeated)).collect();
    Ok(Trial {
        cost: cost.spread.center,
        interval: cost.spread.interval.map(|Interval { low, high }| (low, high)),
        is_found: cost.claim == Claim::Higher,
        claims,
        repeated: groups.values().sum(),
    })
}

fn sentence(pair: &Pair) -> String {
    format!(
        "{} of {} is {:.3} times that of {}",
        pair.metric.title(),
        pair.left,
        pair.spread.center,
        pair.right
    )
}

impl Outcome {
    /// Runs with the same program in which something was claimed.
    pub fn false_claims(&self) -> usize {
        self.same.iter().filter(|trial| !trial.claims.is_empty()).count()
    }

    /// Slowed runs in which the slowdown was found.
    pub fn found(&self) -> usize {
        self.slowed.iter().filter(|trial| trial.is_found).count()
    }

    /// Whether nothing was claimed that is not there, and the slowdown was found in 95 % of the runs.
    #[expect(clippy::cast_precision_loss, reason = "runs are few")]
    pub fn is_good(&self) -> bool {
        self.false_claims() == 0 && self.found() as f64 >= FOUND * self.slowed.len() as f64
    }

    /// Two rows: the runs with the same program, and the slowed ones.
    pub fn markdown(&self) -> String {
        let slowed = format!("{:.0} % more CPU time", 100.0 * self.slowdown);
        let mut text = words([
            "the candidate is",
            "runs",
            "something claimed",
            "found to cost more",
            "its cost, times the floor's",
        ]);
        for (what, trials) in [("the same program", &self.same), (slowed.as_str(), &self.slowed)] {
            let costs: Vec<f64> = trials.iter().map(|trial| trial.cost).collect();
            let (least, most) = costs
                .iter()
                .fold((f64::INFINITY, 0_f64), |(least, most), &cost| (least.min(cost), most.max(cost)));
            let count =
                |is_so: fn(&Trial) -> bool| trials.iter().filter(|trial| is_so(trial)).count().to_string();
            text.push_str(&line([
                what.to_owned(),
                trials.len().to_string(),
                count(|trial| !trial.claims.is_empty()),
                count(|trial| trial.is_found),
                format!("{:.3} ({least:.3} to {most:.3})", median(&costs).unwrap_or(f64::NAN)),
            ]));
        }
        text
    }
}

/// The recorded outcome, for a document.
pub fn block(recorded: Option<&Outcome>) -> String {
    let Some(outcome) = recorded else {
        return "No test is recorded yet: `compare --self-test --out results` records one.\n".to_owned();
    };
    let Outcome { machine, started, version, layout, rounds, seconds_per_run, burned_ns, .. } = outcome;
    let table = outcome.markdown();
    format!(
        "{table}\nBegun {started} with concurrent-servers {version}: {machine}; {layout}; {rounds} rounds in each run, \
         {seconds_per_run:.0} s a run; {burned_ns:.0} ns burned for each message.\n"
    )
}

/// Reads the outcome from the folder of the project's results, if one is recorded there.
///
/// # Errors
/// It cannot be read.
pub fn recorded(project: &Path) -> Result<Option<Outcome>> {
    let path = project.join(RESULTS).join(FILE);
    if !path.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text)
        .map(Some)
        .with_context(|| format!("{} is not the outcome of a self-test", path.display()))
}

#[cfg(test)]
mod tests;
