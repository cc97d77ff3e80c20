//! Faults while a server serves: one at a time at every call, for some seconds, and in pairs.

use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use conformance::Service;

use super::clients::{CLIENTS, CROWD, Ends, Manner, visit_all};
use super::plan::{CLOSE, Expected, Fault, PLAN, Repeat, Row, Scope, Stage};
use super::report::Line;
use super::server::{Attached, Server, last_line};
use super::thoroughness::Thoroughness;
use crate::subject::Subject;
use observe::strace::{Injection, Trace};

/// A thread is not observed beyond this many calls per trial; the clients' script causes fewer.
const MOST_PLACES: u32 = 64;
/// How often accept may fail per second while a resource is short.
const FAILED_ACCEPTS_PER_SECOND: u64 = 10;
/// The first pauses are shorter, and so are those after a signal.
const FIRST_FAILED_ACCEPTS: u64 = 10;

/// Sweeps over the servers of one model.
#[derive(Debug)]
pub(super) struct Sweep<'run> {
    pub(super) subject: &'run Subject,
    pub(super) folder: &'run Path,
    pub(super) thoroughness: &'run Thoroughness,
    random: fastrand::Rng,
    server: Server,
}

impl<'run> Sweep<'run> {
    pub(super) fn begin(
        subject: &'run Subject,
        folder: &'run Path,
        thoroughness: &'run Thoroughness,
    ) -> Result<Self> {
        let random = fastrand::Rng::with_seed(thoroughness.seed);
        let server = Server::start(subject, folder)?;
        Ok(Sweep { subject, folder, thoroughness, random, server })
    }

    /// The server that has survived all faults so far.
    pub(super) fn into_server(self) -> Server {
        self.server
    }

    /// Where to inject: at the first call of a thread, at the second, … up to the last one observed. Of operations the
    /// first is among them, since the last one may have been left over from what came before.
    pub(super) fn places(&mut self, row: &Row, most_calls: u32) -> Vec<u32> {
        let mut places: Vec<u32> = (1..=most_calls.min(MOST_PLACES)).collect();
        if let Some(sample) = self.thoroughness.sample.filter(|&sample| sample < places.len()) {
            self.random.shuffle(&mut places);
            places.truncate(sample);
            places.sort_unstable();
        }
        if let Some(first) = places.first_mut().filter(|_| row.is_operation()) {
            *first = 1;
        }
        places
    }

    /// One row of the plan, one line for each of its faults.
    pub(super) fn serving(&mut self, row: &Row, finished: &mut dyn FnMut(Line)) -> Result<()> {
        let most_calls = self.calibrate(row)?;
        for &fault in row.faults {
            let mut line = Line::new(row, fault);
            for &repeat in row.repeats {
                let places = match repeat {
                    Repeat::Each if row.expected == Expected::EndsTheServer => vec![1],
                    Repeat::Each => self.places(row, most_calls),
                    _ => vec![1],
                };
                // A call that the model does not make cannot be tested.
                for place in places.into_iter().filter(|_| most_calls > 0) {
                    let when = repeat.when(place);
                    let (fired, outcome) = if row.expected == Expected::EndsTheServer {
                        self.end_server(row, fault, &when)?
                    } else {
                        self.try_faults(&[(row, fault, when.clone())], repeat)?
                    };
                    line.add(fired, outcome, &format!("at {when}"));
                }
            }
            finished(line);
        }
        Ok(())
    }

    /// Pairs of faults at the same time, all in one line.
    pub(super) fn pairs(&mut self) -> Result<Line> {
        let mut line = Line::of_pairs();
        for _ in 0..self.thoroughness.pairs {
            let (name, fired, outcome) = self.pair()?;
            line.add(fired, outcome, &name);
        }
        Ok(line)
    }

    /// Two different faults at once, drawn from the seed.
    fn pair(&mut self) -> Result<(String, u64, Result<()>)> {
        let rows: Vec<&Row> = PLAN
            .iter()
            .filter(|row| row.stage == Stage::Serving && row.scope == Scope::AllThreads)
            .filter(|row| row.is_operation() == self.subject.hands_over)
            // If one fault ends a connection and another prevents its close, its client would never see the end.
            .filter(|row| row.expected != Expected::EndsTheServer && row.calls != CLOSE)
            .collect();
        let one = self.random.usize(..rows.len());
        let other = (one + self.random.usize(1..rows.len())) % rows.len();
        let mut faults = Vec::new();
        for row in [rows[one], rows[other]] {
            let fault = row.faults[self.random.usize(..row.faults.len())];
            // If each thread makes few calls, later places would rarely be reached.
            faults.push((row, fault, self.random.u32(1..=6).to_string()));
        }
        let name: Vec<_> = faults
            .iter()
            .map(|(row, fault, when)| format!("{} {} at {when}", row.calls.replace('?', ""), fault.name()))
            .collect();
        let (fired, outcome) = self.try_faults(&faults, Repeat::Each)?;
        Ok((name.join(" and "), fired, outcome))
    }

    /// How many of these calls a thread makes in a trial without faults.
    fn calibrate(&mut self, row: &Row) -> Result<u32> {
        let (trace, _) =
            self.attached(&[row.calls], &[], row.scope, manner(self.subject.service, &[row]), None)?;
        Ok(trace.most_calls)
    }

    /// A trial on the server that all trials share. After a finding the server is replaced.
    fn try_faults(&mut self, faults: &[(&Row, Fault, String)], repeat: Repeat) -> Result<(u64, Result<()>)> {
        let calls: Vec<&str> = faults.iter().map(|(row, ..)| row.calls).collect();
        let injections: Vec<_> =
            faults.iter().map(|(row, fault, when)| injection(row, *fault, when)).collect();
        let rows: Vec<&Row> = faults.iter().map(|(row, ..)| *row).collect();
        let lasting = (repeat == Repeat::Lasting).then_some(self.thoroughness.lasting);
        let (trace, ends) =
            self.attached(&calls, &injections, rows[0].scope, manner(self.subject.service, &rows), lasting)?;
        if calls.contains(&CLOSE) {
            self.server.could_not_close(trace.fired);
        }
        let nobody_harmed = faults.iter().all(|(row, ..)| row.expected == Expected::NobodyHarmed);
        let may_end = if nobody_harmed { 0 } else { trace.fired };
        let outcome = judge(&ends, may_end)
            .and_then(|()| lasting.map_or(Ok(()), |lasting| expect_pauses(trace.most_fired, lasting)))
            .and_then(|()| self.server.expect_unharmed());
        if outcome.is_err() {
            self.server = Server::start(self.subject, self.folder)?;
        }
        Ok((trace.fired, outcome))
    }

    /// Lets the clients visit while strace is attached; a lasting fault ends while they still wait.
    fn attached(
        &mut self,
        calls: &[&str],
        injections: &[Injection],
        scope: Scope,
        manner: Manner,
        lasting: Option<Duration>,
    ) -> Result<(Trace, Ends)> {
        if scope == Scope::MainThread {
            // A server that has served several clients at once caches the stacks of their threads and maps no new ones.
            self.server = Server::start(self.subject, self.folder)?;
        }
        let strace = self.server.attach(calls, injections, scope)?;
        let mut strace = Some(strace);
        let (ends, trace) = visit_all(self.server.process().address(), manner, || {
            let lasting = lasting?;
            thread::sleep(lasting);
            strace.take().map(Attached::detach)
        });
        let trace =
            trace.or_else(|| strace.map(Attached::detach)).context("strace has ended unexpectedly")??;
        Ok((trace, ends))
    }

    /// A fault that ends the server, on a separate server.
    fn end_server(&mut self, row: &Row, fault: Fault, when: &str) -> Result<(u64, Result<()>)> {
        let victim = Server::start(self.subject, self.folder)?;
        let injections = [injection(row, fault, when)];
        let strace = victim.attach(&[row.calls], &injections, row.scope)?;
        // If a handshake completes in the instant in which its listener is closed, Linux may send no reset (seen in 1 of
        // 250 such trials with 6.18): such a client only learns that its server is gone once it sends something.
        let manner = Manner { nudging: true, ..Manner::of(self.subject.service) };
        let (ends, ()) = visit_all(victim.process().address(), manner, || ());
        let ended = victim.expect_end();
        let trace = strace.detach()?;
        let outcome = judge(&ends, u64::MAX).and_then(|()| {
            let (status, log) = ended?;
            ensure!(!status.success() && status.code().is_some(), "it ended with {status}");
            ensure!(log.contains("error: "), "it did not log why it ended; {}", last_line(&log));
            Ok(())
        });
        Ok((trace.fired, outcome))
    }
}

/// The clients that cause these calls, and that cope with what these faults do.
fn manner(service: Service, rows: &[&Row]) -> Manner {
    Manner {
        service,
        clients: if rows.iter().any(|row| row.scope == Scope::MainThread) { CROWD } else { CLIENTS },
        nudging: rows.iter().any(|row| row.is_a_lie),
        without_end: rows.iter().any(|row| row.calls == CLOSE),
    }
}

pub(super) fn injection(row: &Row, fault: Fault, when: &str) -> Injection {
    Injection { calls: row.calls, what: format!("{}:when={when}", fault.injected()) }
}

/// No byte was wrong, no client hung, and no more connections ended early than allowed.
pub(super) fn judge(ends: &Ends, may_end: u64) -> Result<()> {
    if let Some(end) = ends.first_fault() {
        anyhow::bail!("{end}");
    }
    let ended = ends.cut_off();
    ensure!(ended <= may_end, "{ended} connections ended early, but only {may_end} faults may end one each");
    Ok(())
}

/// Of one thread: each loop that has a listener of its own pauses for itself.
fn expect_pauses(failed_accepts: u64, lasting: Duration) -> Result<()> {
    let most = FAILED_ACCEPTS_PER_SECOND * lasting.as_secs() + FIRST_FAILED_ACCEPTS;
    ensure!(
        failed_accepts <= most,
        "{failed_accepts} failed accepts of one thread in {lasting:?}, the limit is {most}: accept does not pause between retries"
    );
    Ok(())
}
