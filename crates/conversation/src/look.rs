//! Looking at a connection: what the clock and a drain say of it.
//!
//! Nothing reports that a client has been silent for too long, or that it may go while the server stops. So each
//! server *looks* at its connections now and then: some times in each timeout, and every 20 ms while it drains. A
//! look is a pure function of the conversation, the moment, and what is known of the socket.

use std::fmt;
use std::time::Duration;

use chassis::{Options, Outcome, Timeout};

use crate::drain::Drain;
use crate::tick::Tick;

/// What a look found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Nothing to do.
    Wait,
    /// There may be bytes that no poller reports, or something to send: take a turn.
    Turn,
    /// The client has kept the server waiting for too long: close it.
    Late(Late),
    /// The drain ends it: close it.
    End(Outcome),
}

/// Which timeout is over. Each counts as [`Outcome::TimedOut`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Late {
    /// `--idle-timeout`
    Idle,
    /// `--write-timeout`
    Write,
    /// `--progress-timeout`
    Progress,
}

impl fmt::Display for Late {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Late::Idle => "it sent nothing for --idle-timeout",
            Late::Write => "it took nothing of its reply for --write-timeout",
            Late::Progress => "it moved less than 1 KiB in --progress-timeout",
        })
    }
}

/// How long a client may keep the server waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Without a byte from it.
    pub idle: Timeout,
    /// Without taking a byte of the reply that waits for it.
    pub write: Timeout,
    /// For each [minimum of progress](crate::MINIMUM_PROGRESS).
    pub progress: Timeout,
}

impl Timeouts {
    /// From the command line.
    #[must_use]
    pub fn new(options: &Options) -> Timeouts {
        Timeouts {
            idle: options.idle_timeout,
            write: options.write_timeout,
            progress: options.progress_timeout,
        }
    }

    /// How often to look whether one of the timeouts is over, so that none is noticed more than an eighth too
    /// late; `None` if all are off. However short they are, the looks leave time for the clients.
    #[must_use]
    pub fn look_interval(&self) -> Option<Duration> {
        const SHORTEST: Duration = Duration::from_millis(10);
        let all = [self.idle, self.write, self.progress];
        let shortest = all.iter().filter_map(|timeout| timeout.duration()).min()?;
        Some((shortest / 8).max(SHORTEST))
    }
}

/// The moment of a look, and what holds for all connections at that moment.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The time.
    pub now: Tick,
    /// How much of the time since the last look the process did not run: it was stopped, by a signal, a debugger or
    /// a full machine. It counts as nobody's silence.
    pub lost: Duration,
    /// How long a client may keep the server waiting.
    pub timeouts: Timeouts,
    /// Set while the server stops.
    pub drain: Option<Drain>,
}

/// When a server is to look at its connections.
#[derive(Debug)]
pub struct Watch {
    timeouts: Timeouts,
    drain_timeout: Duration,
    drain: Option<Drain>,
    /// From one look to the next; `None` if none is needed.
    interval: Option<Duration>,
    last_look: Tick,
}

impl Watch {
    /// The first look is due one interval from now.
    #[must_use]
    pub fn new(options: &Options, now: Tick) -> Watch {
        let timeouts = Timeouts::new(options);
        Watch {
            timeouts,
            drain_timeout: options.drain_timeout,
            drain: None,
            interval: timeouts.look_interval(),
            last_look: now,
        }
    }

    /// Starts draining. A second call changes nothing.
    pub fn begin_drain(&mut self, now: Tick) {
        if self.drain.is_none() {
            // Looks were rarer until now: what was not late for one then is no lost time now.
            let rarer = self.interval.map_or(Duration::MAX, |before| before.saturating_sub(Drain::INTERVAL));
            self.interval = Some(Drain::INTERVAL);
            self.last_look = self.last_look.shifted(rarer, now);
            self.drain = Some(Drain::begin(now, self.drain_timeout));
        }
    }

    /// Whether the server is draining.
    #[must_use]
    pub const fn is_draining(&self) -> bool {
        self.drain.is_some()
    }

    /// How long until the next look is due; `None` if none is needed.
    #[must_use]
    pub fn time_left(&self, now: Tick) -> Option<Duration> {
        Some(self.interval?.saturating_sub(now.since(self.last_look)))
    }

    /// The look that is due now, if one is.
    pub fn due(&mut self, now: Tick) -> Option<Moment> {
        let lost = now.since(self.last_look).checked_sub(self.interval?)?;
        self.last_look = now;
        if let Some(drain) = &mut self.drain {
            drain.look_was_late(lost, now);
        }
        Some(Moment { now, lost, timeouts: self.timeouts, drain: self.drain })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drain::DrainStep;
    use crate::question::{Known, Question};

    fn at(millis: u32) -> Tick {
        Tick::from_millis(millis)
    }

    fn watch(idle: Timeout) -> Watch {
        let (write_timeout, progress_timeout) = (Timeout::OFF, Timeout::OFF);
        let options = Options { idle_timeout: idle, write_timeout, progress_timeout, ..Options::default() };
        Watch::new(&options, at(0))
    }

    #[test]
    fn looks_come_eight_times_in_each_timeout_and_say_how_late_they_are() {
        let mut watch = watch(Timeout::after(Duration::from_secs(8)));
        assert_eq!(watch.time_left(at(400)), Some(Duration::from_millis(600)));
        assert!(watch.due(at(999)).is_none());
        assert_eq!(watch.due(at(1_000)).map(|moment| moment.lost), Some(Duration::ZERO));
        assert_eq!(watch.due(at(9_000)).map(|moment| moment.lost), Some(Duration::from_secs(7)));
    }

    #[test]
    fn without_timeouts_there_is_nothing_to_look_for_until_the_server_drains() {
        let mut watch = watch(Timeout::OFF);
        assert_eq!(watch.time_left(at(400)), None);
        watch.begin_drain(at(500));
        assert!(watch.due(at(520)).is_some_and(|moment| moment.drain.is_some()));
    }

    #[test]
    fn looks_that_were_rarer_before_the_drain_are_no_lost_time_and_a_stop_still_is() {
        let half_a_minute = Timeout::after(Duration::from_secs(30));
        let lost_when_drained_at = |began| {
            let mut watch = watch(half_a_minute);
            watch.begin_drain(at(began));
            watch.due(at(began + 20)).map(|moment| moment.lost)
        };
        assert_eq!(lost_when_drained_at(3_000), Some(Duration::ZERO));
        assert_eq!(lost_when_drained_at(3_750 + 10_000), Some(Duration::from_millis(10_020)));
    }

    #[test]
    fn a_drain_lasts_longer_by_the_time_that_the_process_did_not_run_and_no_longer() {
        let known = Known::default().with(Question::Unread, false).with(Question::Untaken, false);
        let mut watch = watch(Timeout::OFF);
        watch.begin_drain(at(0));
        let mut step = |now| {
            let drain = watch.due(at(now)).unwrap().drain.unwrap();
            drain.step(at(now), at(now), known).unwrap()
        };
        // Ten seconds, but for eighty milliseconds; each look comes late, as those of a busy process do.
        (0..62).for_each(|look| assert_ne!(step(160 * look + 160), DrainStep::Cut { owed: false }));
        assert_ne!(step(69_920), DrainStep::Cut { owed: false }, "a minute was lost");
        assert_ne!(step(69_960), DrainStep::Cut { owed: false });
        assert_eq!(step(69_980), DrainStep::Cut { owed: false });
    }

    #[test]
    fn the_long_turns_of_an_overloaded_loop_do_not_move_the_deadline() {
        let known = Known::default().with(Question::Unread, false).with(Question::Untaken, false);
        let mut watch = watch(Timeout::OFF);
        watch.begin_drain(at(0));
        let mut step =
            |now| watch.due(at(now)).unwrap().drain.unwrap().step(at(now), at(now), known).unwrap();
        (1..10).for_each(|look| assert_ne!(step(1_000 * look), DrainStep::Cut { owed: false }));
        assert_eq!(step(10_000), DrainStep::Cut { owed: false });
    }

    #[test]
    fn nobody_is_quiet_while_the_process_does_not_run() {
        let known = Known::default().with(Question::Unread, false).with(Question::Untaken, false);
        let mut watch = watch(Timeout::OFF);
        watch.begin_drain(at(0));
        // A byte before the stop, and the next one soon after it.
        let mut step = |now| watch.due(at(now)).unwrap().drain.unwrap().step(at(now), at(10), known);
        assert_eq!(step(3_000), Ok(DrainStep::Answer));
        assert_eq!(step(3_400), Ok(DrainStep::Answer));
        (1..4).for_each(|look| assert!(step(3_400 + 40 * look).is_ok()));
        assert_eq!(step(3_910), Ok(DrainStep::Answer), "that look was late again");
    }

    #[test]
    fn the_drain_begins_once() {
        let mut watch = watch(Timeout::OFF);
        watch.begin_drain(at(0));
        assert!((1..50).all(|look| watch.due(at(200 * look)).is_some()));
        watch.begin_drain(at(9_900));
        let drain = watch.due(at(9_990)).and_then(|moment| moment.drain).unwrap();
        assert!(
            drain.step(at(10_000), at(9_999), Known::default()).is_err(),
            "its deadline is the first one's"
        );
    }
}
