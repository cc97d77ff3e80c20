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
        let clock = match self.load {
            Load::Open { rate, arrivals, seed } => {
                Some(Clock { kind: 0, lane: 0, rate: Rate { messages: rate, seconds: 1 }, arrivals, seed })
            }
            Load::Closed | Load::Churn => None,
        };
        if self.kinds.is_empty() {
            return clock.into_iter().collect();
        }
        let weights: u64 = self.kinds.iter().map(|kind| kind.share.weight()).sum();
        let of_kind = |(kind, share): (usize, Share)| match share {
            Share::Weight(weight) => clock.map(|clock| {
                let rate = Rate { messages: clock.rate.messages * weight, seconds: weights };
                Clock {
                    kind,
                    rate,
                    seed: clock.seed.wrapping_add((kind as u64).wrapping_mul(SEED_STEP)),
                    ..clock
                }
            }),
            Share::Clients(_) => None,
            Share::Rate { rate, arrivals, .. } => {
                let seed = (kind as u64).wrapping_mul(SEED_STEP);
                Some(Clock {
                    kind,
                    lane: kind + 1,
                    rate: Rate { messages: rate, seconds: 1 },
                    arrivals,
                    seed,
                })
            }
        };
        self.kinds.iter().map(|kind| kind.share).enumerate().filter_map(of_kind).collect()
    }
}

impl Clock {
    /// When a worker's messages are due in a phase of this length. Warm-up and window draw different times from
    /// one seed.
    pub(crate) fn schedule(&self, phase: u64, share: ScheduleShare, length: Duration) -> Schedule {
        Schedule::new(self.rate, self.arrivals, self.seed ^ phase, share, length)
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
