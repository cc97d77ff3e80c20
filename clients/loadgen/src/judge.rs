//! Judges whose limit a run found: the server's, the client's, neither's, or whether the run is invalid.
//!
//! A saturated client measures itself, and neither its throughput nor its percentiles show that. So the client
//! records its own use (CPU time of its threads, their waiting for a CPU, steal time of the machine), and the
//! run is judged from that. A caller that has also measured the server adds its CPU use with
//! [`Verdict::with_server`]. The bounds are chosen, not derived; each has its reason beside it.

use std::time::Duration;

use observe::others::Others;

use crate::load::Load;
use crate::outcome::{Bound, ClientThread, Outcome, Verdict};
use crate::scenario::Scenario;

/// A thread that is busy or waits for a CPU for this share of the window is saturated.
const SATURATED: f64 = 0.9;
/// A thread that waits for a CPU for this share of the window shares it with others.
const CROWDED: f64 = 0.3;
/// Below this share a thread mostly sleeps and waits for events.
const AT_EASE: f64 = 0.7;
/// With this many messages in flight per client thread, a server that has a CPU always has work.
const PLENTY_IN_FLIGHT: u64 = 8;
/// The highest share of steal time in a valid run.
pub const MAX_STEAL: f64 = 0.02;
/// The largest share of the CPUs that other programs may take of a valid window. METHODOLOGY.md gives the reason.
pub const MAX_OTHERS: f64 = 0.1;
/// The highest deviation from Little's law in a valid run.
const LITTLE_TOLERANCE: f64 = 0.1;
/// Little's law holds for long windows: each place in flight must have been used this many times.
const LITTLE_TURNS: u64 = 20;
/// An open loop whose server completes less than this share of what is due is falling behind.
const KEEPING_UP: f64 = 0.99;

impl Verdict {
    /// Refines the judgement with the server's CPU use within the measured window: the client alone cannot
    /// distinguish a server at its limit from one that waits for messages.
    ///
    /// `server_load` is its CPU time, user and system, in seconds for each second of the window;
    /// `server_can_use` is how many CPUs it can keep busy: 1 if it is single-threaded, else those of the machine or
    /// of its affinity mask. *Neither* becomes server-bound if it used at least nine tenths of them. Any other
    /// verdict stays: a client at its own limit has not reached the server's, however near that is.
    ///
    /// ```
    /// use loadgen::{Bound, Outcome, Verdict};
    ///
    /// let verdict = Verdict { bound: Bound::Neither, reason: "the client was busy 75 % of the time".to_owned() };
    /// let refined = verdict.with_server(&Outcome::default(), 0.97, 1);
    /// assert_eq!(refined.bound, Bound::Server);
    /// assert!(refined.reason.contains("97 %"));
    /// ```
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "no machine has 2^53 CPUs")]
    pub fn with_server(self, outcome: &Outcome, server_load: f64, server_can_use: usize) -> Verdict {
        let cpus = server_can_use.max(1);
        let share = server_load / cpus as f64;
        if self.bound != Bound::Neither || share.is_nan() || share < SATURATED {
            return self;
        }
        let of = if cpus == 1 { "the one CPU".to_owned() } else { format!("the {cpus} CPUs") };
        Verdict {
            bound: Bound::Server,
            reason: format!(
                "the server used {:.0} % of {of} it can use, and the busiest client thread was busy {:.0} % of \
                 the time",
                100.0 * share,
                100.0 * busiest(outcome)
            ),
        }
    }
}

impl Verdict {
    /// The verdict on a window in which other programs took this much of the CPUs: invalid, if that is too much. If it is
    /// invalid already, that may be the cause.
    #[must_use]
    pub fn with_others(self, others: Option<Others>) -> Verdict {
        let Some(others) = others.filter(|others| others.share > MAX_OTHERS) else { return self };
        let taken = format!("other programs took {others}");
        let reason = if self.bound == Bound::Invalid { format!("{}; {taken}", self.reason) } else { taken };
        Verdict { bound: Bound::Invalid, reason }
    }
}

/// The load of the busiest client thread.
fn busiest(outcome: &Outcome) -> f64 {
    outcome.client_threads.iter().map(ClientThread::load).fold(0.0, f64::max)
}

/// What to say of a client that mostly waited for a CPU: its own work is not what filled the time.
fn crowded_out(outcome: &Outcome) -> String {
    let waited = outcome.client_threads.iter().map(ClientThread::waiting).fold(0.0, f64::max);
    if waited < CROWDED {
        return String::new();
    }
    format!(
        "; {:.0} % it waited while the server or other programs had the CPUs: end those, or use a machine with more CPUs",
        100.0 * waited
    )
}

/// Judges a run by its outcome; `mean_latency_ns` is the mean of what `outcome.latency` summarises.
pub(crate) fn judge(scenario: &Scenario, outcome: &Outcome, mean_latency_ns: f64) -> Verdict {
    let verdict = |bound, reason| Verdict { bound, reason };
    if let Some(reason) = invalid(scenario, outcome, mean_latency_ns) {
        return verdict(Bound::Invalid, reason);
    }
    let busiest = busiest(outcome);
    let percent = 100.0 * busiest;
    if busiest >= SATURATED {
        let reason = format!("a client thread was busy or waiting for a CPU {percent:.0} % of the time");
        return verdict(Bound::Client, reason + &crowded_out(outcome));
    }
    let open_loops = outcome.open_loops();
    for (open, messages, latency) in &open_loops {
        let late = open.generator_late.map_or(0, |latency| latency.p50_ns);
        let response = latency.map_or(0, |latency| latency.p50_ns);
        if late > response / 2 {
            let reason =
                format!("half of the messages were sent at least {} µs late by the client", late / 1_000);
            return verdict(Bound::Client, reason);
        }
        if fraction(*messages, open.due) < KEEPING_UP {
            let reason = format!("{messages} of {} messages were answered in time", open.due);
            return verdict(Bound::Server, reason);
        }
    }
    if !open_loops.is_empty() {
        return verdict(Bound::Neither, "the rate was reached and answered".to_owned());
    }
    let in_flight = (scenario.closed_places() / scenario.threads) as u64;
    if scenario.slow.is_none() && busiest < AT_EASE && in_flight >= PLENTY_IN_FLIGHT {
        let reason = format!(
            "with {in_flight} messages in flight per client thread, the busiest was busy only {percent:.0} % of \
             the time"
        );
        return verdict(Bound::Server, reason);
    }
    verdict(Bound::Neither, format!("the busiest client thread was busy {percent:.0} % of the time"))
}

fn invalid(scenario: &Scenario, outcome: &Outcome, mean_latency_ns: f64) -> Option<String> {
    // First of all: whatever else went wrong may follow from it.
    if let Some(reason) = outcome.client_stopped() {
        return Some(reason);
    }
    if !outcome.errors.is_empty() {
        let asked = Duration::from_millis(scenario.duration_ms);
        let measured = Duration::from_nanos(outcome.elapsed_ns);
        let early = if measured < asked && !outcome.interrupted {
            format!("; none was left after {:.2} of {:.2} s", measured.as_secs_f64(), asked.as_secs_f64())
        } else {
            String::new()
        };
        return Some(format!("connections failed: {}{early}", outcome.errors));
    }
    if let Some(reason) = outcome.rate_missed() {
        return Some(reason);
    }
    if outcome.messages == 0 {
        return Some("no message was answered within the window".to_owned());
    }
    if let Some(steal) = outcome.steal.filter(|steal| *steal > MAX_STEAL) {
        return Some(format!("steal time was {:.1} % of this machine's CPU time", 100.0 * steal));
    }
    let (measured, expected) = little(scenario, outcome, mean_latency_ns)?;
    // Replies that came after the window count in the mean and not in the rate: one for each place in flight at most,
    // and a server that has stalled at the end makes them late.
    let after_the_window = expected * longest_in_windows(scenario, outcome);
    let range = (1.0 - LITTLE_TOLERANCE) * expected..=(1.0 + LITTLE_TOLERANCE) * expected + after_the_window;
    (!range.contains(&measured)).then(|| {
        format!(
            "rate times mean round trip gives {measured:.1} messages in flight, but there were {expected:.1}: the \
             figures contradict each other (Little's law)"
        )
    })
}

/// Messages in flight by Little's law and by construction; `None` where the latter is not known.
#[expect(clippy::cast_precision_loss, reason = "counts of one run are far below 2^53")]
fn little(scenario: &Scenario, outcome: &Outcome, mean_latency_ns: f64) -> Option<(f64, f64)> {
    let expected = scenario.closed_places() as u64;
    let has_clock = !outcome.open_loops().is_empty();
    let is_constant =
        scenario.load == Load::Closed && !has_clock && scenario.slow.is_none() && outcome.starved == 0;
    if !is_constant || outcome.messages < LITTLE_TURNS * expected {
        return None;
    }
    Some((outcome.messages_per_second * mean_latency_ns / 1e9, expected as f64))
}

/// The longest wait for a reply, in lengths of a window; the outcome may be the sum of several.
#[expect(clippy::cast_precision_loss, reason = "a share")]
fn longest_in_windows(scenario: &Scenario, outcome: &Outcome) -> f64 {
    let longest = outcome.latency.map_or(0, |latency| latency.max_ns);
    let window = (scenario.duration_ms * 1_000_000).min(outcome.elapsed_ns);
    longest as f64 / window.max(1) as f64
}

#[expect(clippy::cast_precision_loss, reason = "counts of one run are far below 2^53")]
fn fraction(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests;
