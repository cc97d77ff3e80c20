//! Faults while a server starts and while it stops, each on a separate server.

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use conformance::Service;

use super::clients::{CLIENTS, End, Ends, Manner, PATIENCE, Visitor, visit};
use super::plan::{Repeat, Row};
use super::report::Line;
use super::server::{Server, arguments, expect_no_panic, last_line};
use super::sweep::{Sweep, injection, judge};
use observe::child::{ended_within, terminate, wait_for_address};
use observe::strace::{self, Injection, Trace};

impl Sweep<'_> {
    /// One row of the plan for a server that stops.
    pub(super) fn draining(&mut self, row: &Row, finished: &mut dyn FnMut(Line)) -> Result<()> {
        let (trace, _) = self.drain(row, &[])?;
        for &fault in row.faults {
            let mut line = Line::new(row, fault);
            for &repeat in row.repeats {
                let places =
                    if repeat == Repeat::Each { self.places(row, trace.most_calls) } else { vec![1] };
                for place in places.into_iter().filter(|_| trace.most_calls > 0) {
                    let when = repeat.when(place);
                    let (trace, outcome) = self.drain(row, &[injection(row, fault, &when)])?;
                    line.add(trace.fired, outcome, &format!("at {when}"));
                }
            }
            finished(line);
        }
        Ok(())
    }

    /// Clients in the middle of their conversations have just sent more when the server receives SIGTERM. All of it
    /// must be answered, and the server must end.
    fn drain(&self, row: &Row, injections: &[Injection]) -> Result<(Trace, Result<()>)> {
        let server = Server::start(self.subject, self.folder)?;
        let address = server.process().address();
        let clients = CLIENTS.min(self.subject.concurrency.at_once());
        let begun: Result<Vec<Visitor>, End> = (0..clients)
            .map(|_| {
                let mut visitor = Visitor::connect(address, Manner::of(self.subject.service))?;
                visitor.begin()?;
                Ok(visitor)
            })
            .collect();
        let mut begun = begun.map_err(|end| anyhow::anyhow!("before any fault was injected, {end}"))?;
        let strace = server.attach(&[row.calls], injections, row.scope)?;
        let sent = begun.iter_mut().try_for_each(Visitor::send_more);
        server.process().ask_to_stop()?;
        let ends: Ends = thread::scope(|scope| {
            let visits: Vec<_> =
                begun.into_iter().map(|visitor| scope.spawn(|| visitor.expect_drained())).collect();
            visits
                .into_iter()
                .map(|visit| match visit.join() {
                    Ok(Ok(())) => End::Whole,
                    Ok(Err(end)) => end,
                    Err(_) => End::Wrong("a panic of this tool".to_owned()),
                })
                .collect()
        });
        let ended = server.expect_end();
        let trace = strace.detach()?;
        let outcome =
            sent.map_err(|end| anyhow::anyhow!("{end}")).and_then(|()| judge(&ends, 0)).and_then(|()| {
                let (status, log) = ended?;
                ensure!(status.success(), "it ended with {status}; {}", last_line(&log));
                Ok(())
            });
        Ok((trace, outcome))
    }

    /// One row of the plan for a server that starts.
    pub(super) fn starting(&mut self, row: &Row, finished: &mut dyn FnMut(Line)) -> Result<()> {
        let (trace, outcome) = self.start(row, &[])?;
        outcome.context("without a fault")?;
        for &fault in row.faults {
            let mut line = Line::new(row, fault);
            for place in self.places(row, trace.most_calls) {
                let when = Repeat::Each.when(place);
                let (trace, outcome) = self.start(row, &[injection(row, fault, &when)])?;
                line.add(trace.fired, outcome, &format!("at {when}"));
            }
            finished(line);
        }
        Ok(())
    }

    /// Starts a server under strace. Either it logs why it cannot start and exits with 1, or it serves and exits with
    /// 0.
    fn start(&self, row: &Row, injections: &[Injection]) -> Result<(Trace, Result<()>)> {
        let (log, traced) = (self.folder.join("start.log"), self.folder.join("start.trace"));
        let mut command = strace::around(&[row.calls], injections, Some(&traced));
        command
            .arg(self.subject.server.program())
            .args(self.subject.server.arguments())
            .args(["--addr", "127.0.0.1:0"])
            .args(arguments())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?);
        let mut child = Started(command.spawn().context("cannot start strace")?, self.subject.service);
        let outcome = child.serve_or_refuse().and_then(|status| {
            let text = fs::read_to_string(&log)?;
            match status.code() {
                Some(0) => expect_no_panic(&text),
                // An engine that panics because a thread cannot be spawned has also refused, if the model logs that.
                Some(1) => {
                    ensure!(text.contains("error: "), "it did not log why it cannot start");
                    Ok(())
                }
                _ => bail!("it ended with {status}"),
            }
        });
        let outcome = outcome.with_context(|| last_line(&fs::read_to_string(&log).unwrap_or_default()));
        drop(child);
        Ok((read_whole_trace(&traced)?, outcome))
    }
}

/// A child that is killed when this is dropped.
struct Started(Child, Service);

impl Started {
    /// Uses it if it serves and then stops it; else waits until it has exited.
    fn serve_or_refuse(&mut self) -> Result<ExitStatus> {
        if let Ok(address) = wait_for_address(self.0.stdout.take()) {
            // A fault may hit one client: what a server sets up for its first clients is part of its start.
            let ends = [(); 2].map(|()| visit(address, Manner::of(self.1)));
            if let Some(fault) = ends.iter().find(|end| matches!(end, End::Wrong(_) | End::Hung(_))) {
                bail!("it started, but {fault}");
            }
            if ends.contains(&End::Whole) {
                terminate(&self.0)?;
            }
        }
        ended_within(&mut self.0, PATIENCE)?
            .with_context(|| format!("it is still running after {PATIENCE:?}"))
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // Both fail only if it has already ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// strace ends shortly after the server. Its last line says how the server ended.
fn read_whole_trace(path: &PathBuf) -> Result<Trace> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut text = String::new();
        BufReader::new(File::open(path)?).read_to_string(&mut text)?;
        let last = text.lines().last().unwrap_or_default();
        if last.contains("+++ exited with") || last.contains("+++ killed by") {
            return Ok(strace::read_file(&text));
        }
        ensure!(Instant::now() < deadline, "strace has not written its trace");
        thread::sleep(Duration::from_millis(2));
    }
}
