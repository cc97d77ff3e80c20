//! Who asks what in a load of several kinds: lanes of connections, the clocks that send on them, and the numbers.
//!
//! A lane is a set of connections. The first one is the scenario's own connections, which all kinds with a weight share;
//! each other one belongs to one kind. In a load without kinds there is the first lane only, and at most one clock.

use std::time::Duration;

use crate::connection::Connection;
use crate::kind::Share;
use crate::kind::question::Question;
use crate::load::{Arrivals, Load};
use crate::scenario::Scenario;
use crate::schedule::{Rate, Schedule, Share as ScheduleShare};
use crate::stamp::Stamp;

/// Far apart, so that the schedules of kinds have nothing to do with each other.
const SEED_STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// What makes messages due in an open loop: the schedule of one kind, or of the whole load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// The kind whose messages it sends; 0 if there are no kinds.
    pub(crate) kind: usize,
    /// The lane on which it sends them.
    pub(crate) lane: usize,
    rate: Rate,
    arrivals: Arrivals,
    seed: u64,
    /// How much later than the window it begins, if it is uniform.
    later: Duration,
}

impl Scenario {
    /// How many connections each lane has, on all workers together.
    pub(crate) fn lanes(&self) -> impl Iterator<Item = usize> {
        let own = self.kinds.iter().map(|kind| kind.share.own_connections());
        std::iter::once(self.connections).chain(own)
    }

    /// Of each lane, whether clocks send on it.
    pub(crate) fn by_clock(&self) -> Vec<bool> {
        let first = matches!(self.load, Load::Open { .. });
        let own = self.kinds.iter().map(|kind| matches!(kind.share, Share::Rate { .. }));
        std::iter::once(first).chain(own).collect()
    }

    /// The clocks, in the order of the kinds.
    pub(crate) fn clocks(&self) -> Vec<Clock> {
        let mut clocks: Vec<Clock> = if self.kinds.is_empty() {
            self.clock(0).into_iter().collect()
        } else {
            (0..self.kinds.len()).filter_map(|kind| self.clock_of(kind)).collect()
        };
        interleave(&mut clocks);
        clocks
    }

    /// The clock of the scenario's own load, for this kind.
    fn clock(&self, kind: usize) -> Option<Clock> {
        let Load::Open { rate, arrivals, seed } = self.load else { return None };
        let rate = Rate { messages: rate, seconds: 1 };
        Some(Clock { kind, lane: 0, rate, arrivals, seed: seed_of(kind, seed), later: Duration::ZERO })
    }

    fn clock_of(&self, kind: usize) -> Option<Clock> {
        match self.kinds[kind].share {
            Share::Weight(weight) => {
                let weights: u64 = self.kinds.iter().map(|kind| kind.share.weight()).sum();
                let clock = self.clock(kind)?;
                let rate = Rate { messages: clock.rate.messages * weight, seconds: weights };
                Some(Clock { rate, ..clock })
            }
            Share::Clients(_) => None,
            Share::Rate { rate, arrivals, .. } => {
                let seed = self.clock(kind).map_or_else(|| seed_of(kind, 0), |clock| clock.seed);
                let rate = Rate { messages: rate, seconds: 1 };
                Some(Clock { kind, lane: kind + 1, rate, arrivals, seed, later: Duration::ZERO })
            }
        }
    }
}

/// The seed of a kind's own arrivals.
fn seed_of(kind: usize, seed: u64) -> u64 {
    seed.wrapping_add((kind as u64).wrapping_mul(SEED_STEP))
}

/// Begins uniform clocks one after the other within the shortest interval of them. If all began at once, kinds with one rate,
/// or multiples of it, would be due at the same moments, and one of them would always be sent behind the other.
fn interleave(clocks: &mut [Clock]) {
    let mut uniform: Vec<&mut Clock> =
        clocks.iter_mut().filter(|clock| clock.arrivals == Arrivals::Uniform).collect();
    let count = u32::try_from(uniform.len()).unwrap_or(u32::MAX);
    let Some(shortest) = uniform.iter().map(|clock| clock.rate.gap()).min() else { return };
    for (place, clock) in (0..).zip(&mut uniform) {
        clock.later = shortest * place / count;
    }
}

impl Clock {
    /// When a worker's messages are due in a phase of this length. Warm-up and window draw different times from
    /// one seed.
    pub(crate) fn schedule(&self, phase: u64, share: ScheduleShare, length: Duration) -> Schedule {
        Schedule::new(self.rate, self.arrivals, self.seed ^ phase, share, length).begun_later(self.later)
    }
}

/// What one worker asks on the connections of its lanes.
#[derive(Debug)]
pub(crate) struct Asking<'run> {
    sources: Vec<Source<'run>>,
    /// Of the kinds with a weight: below which draw each one is chosen.
    weighted: Vec<(u64, usize)>,
    random: fastrand::Rng,
}

/// The questions of one kind, of which each worker asks its part.
#[derive(Debug)]
struct Source<'run> {
    questions: &'run [Question],
    next: usize,
    step: usize,
    /// How many were asked.
    asked: u64,
    /// How many of the questions this worker asks before it starts again.
    share: u64,
}

impl<'run> Asking<'run> {
    /// `None` for a load without kinds.
    pub(crate) fn new(scenario: &Scenario, questions: &'run [Vec<Question>], worker: usize) -> Option<Self> {
        let (step, mut draws) = (scenario.threads, 0);
        let sources = questions.iter().map(|questions| {
            let share = questions.len().saturating_sub(worker).div_ceil(step) as u64;
            Source { questions, next: worker, step, asked: 0, share }
        });
        let weighted = scenario.kinds.iter().enumerate().filter(|(_, kind)| kind.share.weight() > 0);
        let weighted = weighted.map(|(index, kind)| {
            draws += kind.share.weight();
            (draws, index)
        });
        (!scenario.kinds.is_empty()).then(|| Asking {
            sources: sources.collect(),
            weighted: weighted.collect(),
            random: fastrand::Rng::with_seed(worker as u64),
        })
    }

    /// Asks `messages` numbers on a connection. In a closed loop the kind of each is drawn, or the lane's own.
    pub(crate) fn ask(
        &mut self,
        connection: &mut Connection<'run>,
        messages: u64,
        stamp: Stamp,
        by_clock: bool,
    ) {
        for _ in 0..messages {
            let kind = match connection.lane {
                _ if by_clock => stamp.kind,
                0 => self.drawn(),
                lane => lane - 1,
            };
            connection.ask(self.sources[kind].take(), Stamp { kind, ..stamp });
        }
    }

    fn drawn(&mut self) -> usize {
        let draw = self.random.u64(..self.weighted.last().map_or(1, |(end, _)| *end));
        self.weighted.iter().find(|(end, _)| draw < *end).map_or(0, |(_, kind)| *kind)
    }

    /// For each kind, how many requests had a number that was asked before.
    pub(crate) fn repeated(&self) -> impl Iterator<Item = u64> {
        self.sources.iter().map(|source| source.asked.saturating_sub(source.share))
    }
}

impl<'run> Source<'run> {
    fn take(&mut self) -> &'run Question {
        let question = &self.questions[self.next % self.questions.len()];
        self.next += self.step;
        self.asked += 1;
        question
    }
}

#[cfg(test)]
mod tests;
