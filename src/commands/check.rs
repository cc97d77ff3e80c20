//! `check`: runs the conformance catalogue against a model, or any server that speaks the protocol.

mod first_look;
pub(super) mod program;
mod progress;
mod promises;
pub(crate) mod subject;
mod table;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};
use chassis::Sending;
use conformance::{Case, Concurrency, Options, Service, Target};
use observe::child::this_program;
use text::{output, terminal};
use trials::Launcher;

use crate::commands::{interrupts, refused};
use crate::models::Form;
use program::Program;
use progress::{NamedReport, Plan, Progress};
use promises::Promises;
use subject::{Subject, parse_case, parse_subject};

/// Arguments of `check`.
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  concurrent-servers check mio                         every case, against servers that it starts
  concurrent-servers check sequential --only A,F6      one group and one case
  concurrent-servers check mio --write-policy per-byte --nagle
                                                       replies sent byte by byte
  concurrent-servers check tokio --runtime per-core    a runtime and a listener for each core
  concurrent-servers check --list                      what the cases require and need
  concurrent-servers check 127.0.0.1:9090 --concurrency 64 --idle-timeout 2s
                                                       your own server, and what it promises
  concurrent-servers check prime-queue                 the cases of the other service
  concurrent-servers check prime-queue --cache 127.0.0.1:6380
                                                       the same in front of a cache
  concurrent-servers check -- ./server --port {port}   the same, started and stopped by the cases

All cases take a little more than a minute for a model, in release. After every case a new
client must still be served. A case that does not apply to a server is skipped, with the
reason. A server that is gone, or speaks another protocol, ends the run: before the first
case it must greet, and answer `^a$` with `b` within 10 s.

A program is started many times, each time on a free port of 127.0.0.1: {port} stands for
the port, {addr} for 127.0.0.1 and the port. It must be the server itself and not a
program that starts it. It is ready when it greets, and is stopped with SIGTERM and, after
5 s, with SIGKILL. Cases that need an option which only our servers have are skipped.

Exit codes: 0 every case that ran passed, 1 at least one failed, or the server does not
speak the protocol or was gone, 2 wrong arguments, 3 no case could run, 130 after Ctrl-C,
when the results so far are printed.")]
pub struct Arguments {
    /// A model, or the address of a running server
    #[arg(value_name = "MODEL|ADDR", value_parser = parse_subject, required_unless_present_any = ["list", "program"])]
    subject: Option<Subject>,

    /// A program to start, with {port} or {addr} among its arguments
    #[arg(last = true, value_name = "PROGRAM", conflicts_with = "subject")]
    program: Vec<OsString>,

    /// Run only these cases (by id) or groups (by letter)
    #[arg(long, value_name = "A,B3,…", value_delimiter = ',', value_parser = parse_case)]
    only: Vec<String>,

    /// Stop at the first case that fails
    #[arg(long)]
    fail_fast: bool,

    /// Run cases at full size, such as 8 GiB over one connection: takes minutes
    #[arg(long)]
    long: bool,

    /// Seed of the random choices: the same seed repeats another run
    #[arg(long, value_name = "NUMBER", default_value_t = Options::default().seed)]
    seed: u64,

    /// Print the result as JSON
    #[arg(long)]
    json: bool,

    /// Print the cases instead of running them
    #[arg(long, conflicts_with_all = ["subject", "program", "fail_fast", "json", "long", "seed", "Form", "Sending", "Promises"])]
    list: bool,

    #[command(flatten, next_help_heading = "Another form of a model")]
    form: Form,

    #[command(flatten, next_help_heading = "What a server at an address or a program promises")]
    promises: Promises,
}

/// How long a case waits for servers that send byte by byte: one thread answers 64 clients that all send at full speed, with a
/// system call for each byte.
const SLOW_SENDING: Duration = Duration::from_secs(60);

/// Runs the cases and prints the outcome of each.
///
/// # Errors
/// Nothing listens at the address, what is there speaks another protocol, or standard output cannot be written.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    if arguments.list {
        output::print(&table::list(&chosen(&arguments.only, None), columns()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let service = match &arguments.subject {
        Some(Subject::Model(model)) => model.service,
        _ => arguments.promises.service.unwrap_or_default(),
    };
    let cases = chosen(&arguments.only, Some(service));
    let progress = Arc::new(Progress::default());
    interrupts::end_with({
        let progress = Arc::clone(&progress);
        move || {
            let report = progress.interrupt();
            conformance::kill_programs();
            if let Some(report) = report {
                report.print_if_possible();
            }
            interrupts::interrupted()
        }
    })?;
    let (promises, form) = (&arguments.promises, &arguments.form);
    let concurrency = promises.concurrency.unwrap_or(Concurrency::Many);
    match &arguments.subject {
        Some(Subject::Model(model)) => {
            if promises.is_any() {
                return Ok(refused(&format!(
                    "the promises of {} are known: --service, --concurrency and the timeouts are for servers at an address and \
                     for programs; leave them out",
                    model.name
                )));
            }
            if let Err(refusal) = model.takes(form) {
                return Ok(refused(&refusal));
            }
            let launcher = Launcher { subject: model.subject_as(&this_program()?, form) };
            check(&launcher.subject.name, &launcher.target(), &cases, arguments, &progress)
        }
        _ if *form != Form::default() => Ok(refused(&form.expect_lines().err().unwrap_or_else(|| {
            "--runtime, --workers, --rings, --framing, --cache, --write-policy and --nagle are for models that are started; a \
             server at an address or a program has its own options: leave them out"
                .to_owned()
        }))),
        Some(Subject::Address(_)) if promises.drain_timeout.is_some() => {
            Ok(refused("--drain-timeout is for programs, which are shut down; leave it out"))
        }
        Some(Subject::Address(addresses)) => {
            let address = first_look::at(addresses, service)?;
            let target = Target::at_with(address, concurrency, promises.settings()).serving(service);
            check(&addresses.with(address), &target, &cases, arguments, &progress)
        }
        None if service != Service::Echo => {
            Ok(refused("--service is for servers at an address; start the program, and give its address"))
        }
        None => match Program::new(this_program()?, &arguments.program, promises.settings()) {
            Err(advice) => Ok(refused(advice)),
            Ok(program) => {
                if let Err(refusal) = program.expect_file() {
                    return Ok(refused(&refusal));
                }
                let name = program.name();
                conformance::start_once(&program).map_err(|reason| anyhow!("{name}: {reason}"))?;
                check(&name, &Target::launched(&program, concurrency), &cases, arguments, &progress)
            }
        },
    }
}

/// The columns that a line may take.
fn columns() -> usize {
    terminal::columns().unwrap_or(usize::MAX)
}

/// The named cases in the order of the catalogue; all cases of the service if `names` is empty.
fn chosen(names: &[String], service: Option<Service>) -> Vec<&'static Case> {
    let is_meant = |case: &&Case| {
        (names.is_empty() && service.is_none_or(|service| case.service() == service))
            || names.iter().any(|name| conformance::find(name).iter().any(|named| named.id == case.id))
    };
    conformance::cases().filter(is_meant).collect()
}

fn check(
    target: &str,
    place: &Target<'_>,
    cases: &[&'static Case],
    arguments: &Arguments,
    progress: &Progress,
) -> Result<ExitCode> {
    let Arguments { long, seed, fail_fast, json, .. } = *arguments;
    let usual = Options::default();
    let patience = if arguments.form.sending == Sending::default() {
        usual.patience
    } else {
        usual.patience.max(SLOW_SENDING)
    };
    let options = Options { long, seed, fail_fast, patience };
    progress.begin(Plan {
        target: target.to_owned(),
        concurrency: place.concurrency(),
        cases: cases.to_vec(),
        options,
        json,
    });
    let mut printed = Ok(());
    let report = conformance::run(place, cases, &options, &mut |case| {
        progress.add(case);
        if !json && printed.is_ok() {
            printed = output::print(&table::line(case, columns()));
        }
    });
    progress.end();
    printed?;
    let code = match (report.passed, report.failed + report.not_run) {
        (0, 0) => ExitCode::from(3),
        (_, 0) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    };
    NamedReport::new(target.to_owned(), report, json).print()?;
    Ok(code)
}
