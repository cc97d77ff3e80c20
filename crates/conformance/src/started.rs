//! A server that a case starts itself, to test how it starts, what it logs and how it exits.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitStatus;
use std::sync::Mutex;
use std::time::Duration;

use observe::child::START_TIMEOUT;
use rustix::process::Signal;

use crate::context::Context;
use crate::failure::{Failure, Stop};
use crate::oracle::{Baseline, expect_unharmed};
use crate::probe::expect_answer;
use crate::process::Process;
use crate::program::{Program, free_address};
use crate::target::{Launch, Settings};

/// A server of others that has greeted must answer its first message within this time.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// A running server, killed when this is dropped.
pub(crate) struct Started<'launch> {
    program: Program,
    context: Context<'launch>,
    baseline: Baseline,
}

impl<'launch> Started<'launch> {
    /// Starts a server on a free port.
    pub(crate) fn start(from: &Context<'launch>, settings: Settings) -> Result<Self, Stop> {
        Started::start_at(from, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), settings)
    }

    pub(crate) fn start_at(
        from: &Context<'launch>,
        address: SocketAddr,
        settings: Settings,
    ) -> Result<Self, Stop> {
        let launch = from.launch()?;
        let (program, address) = Program::serve(launch, address, &settings, from.patience)?;
        Ok(Started::with(from, program, address, settings))
    }

    /// Takes over a server that already listens at this address.
    pub(crate) fn with(
        from: &Context<'launch>,
        program: Program,
        address: SocketAddr,
        settings: Settings,
    ) -> Self {
        let context = Context {
            address,
            service: from.service,
            concurrency: from.concurrency,
            // What a program promises that takes no settings.
            settings: from.launch.and_then(Launch::fixed).unwrap_or(settings),
            process: Process::new(program.id()),
            launch: from.launch,
            long: from.long,
            seed: from.seed,
            patience: from.patience,
            notes: Mutex::default(),
        };
        let baseline = Baseline::after_warm_up(&context);
        Started { program, context, baseline }
    }

    /// The context of this server.
    pub(crate) fn context(&self) -> &Context<'launch> {
        &self.context
    }

    /// The check that runs after every case.
    pub(crate) fn expect_unharmed(&mut self) -> Result<(), Failure> {
        expect_unharmed(&self.context, &mut self.baseline)
    }

    /// As of the [program](Program::wait_for_end).
    pub(crate) fn wait_for_end(&self, within: Duration) {
        self.program.wait_for_end(within);
    }

    pub(crate) fn signal(&self, signal: Signal) -> Result<(), Failure> {
        self.context.process.map_or(Ok(()), |process| process.signal(signal))
    }

    /// Its log so far.
    pub(crate) fn log(&self) -> String {
        self.program.log()
    }

    /// Adds to a failure that the server process has ended, if it has.
    pub(crate) fn explain(&mut self, failure: Failure) -> Failure {
        self.program.explain(failure, &self.context)
    }

    /// Stops it: as [`Program::expect_clean_end`].
    pub(crate) fn expect_clean_end(&mut self) -> Result<(), Failure> {
        self.program.expect_clean_end(self.context.patience)
    }

    /// Expects it to exit by itself with this code; if the code is 0, it must have counted every client.
    pub(crate) fn expect_code(&mut self, code: i32, within: Duration) -> Result<(), Failure> {
        self.program.expect_code(code, within)
    }

    pub(crate) fn expect_exit(&mut self, within: Duration) -> Result<ExitStatus, Failure> {
        self.program.expect_exit(within)
    }
}

/// Starts a server of others once, sends it a message, and stops it.
///
/// # Errors
/// It does not start, greet or answer. The text says what it did instead.
pub fn start_once(launch: &dyn Launch) -> Result<(), String> {
    let started = || {
        let settings = launch.fixed().unwrap_or_default();
        Program::serve_foreign(launch, free_address()?, &settings)
    };
    let (mut program, client) = started().map_err(|stop| stop.to_string())?;
    expect_answer(client, ANSWERS_WITHIN)?;
    program.expect_clean_end(START_TIMEOUT).map_err(|failure| failure.to_string())
}
