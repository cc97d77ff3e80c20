//! H, second part: how a server starts, and how it behaves if its output is not read.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::case::{Case, Needs};
use crate::context::Context;
use crate::eventually::eventually;
use crate::failure::{CaseResult, During, Failure, Stop, require};
use crate::groups::timing::{fastest, require_at_once};
use crate::program::{Program, command, free_address};
use crate::started::Started;
use crate::target::{Launch, Settings};

pub(super) const CASES: &[Case] = &[
    Case::new("H7", "a server can be restarted at once at the same address", h7_again).needs(Needs::Program),
    Case::new("H8", "a port in use is reported at once, without a panic", h8_port_in_use)
        .needs(Needs::Program),
    Case::new("H9", "wrong arguments are rejected with exit code 2 and advice", h9_wrong_arguments)
        .needs(Needs::Program),
    Case::new("H10", "a server whose output is not read continues to serve", h10_output_unread)
        .needs(Needs::Program),
];

/// A server with a client gets SIGTERM: it closes first, so the kernel keeps its end of the connection for a minute
/// (`TIME_WAIT`). Another server is started at the same address meanwhile, and serves. All models alike.
fn h7_again(context: &Context<'_>) -> CaseResult {
    let mut first = Started::start(context, Settings::NONE)?;
    let address = first.context().address;
    let mut client = first.context().greeted()?;
    first.signal(Signal::TERM)?;
    client.expect_fin()?;
    drop(client);
    first.expect_code(0, context.patience)?;
    let mut second = Started::start_at(context, address, Settings::NONE)?;
    second.context().visit()?;
    second.expect_clean_end()?;
    Ok(())
}

/// Another process listens at the address. The server exits within 100 ms with a code other than 0, and its message
/// names the address and is not a panic. All models alike.
fn h8_port_in_use(context: &Context<'_>) -> CaseResult {
    let taken =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|taken| Ok((taken.local_addr()?, taken)));
    let (address, _taken) = taken.map_err(|error| Failure::new("take a port", "one", error.to_string()))?;
    let fastest = fastest(|| {
        let start = Instant::now();
        let mut program =
            Program::run(command(context.launch()?, address, &Settings::NONE)?, context.is_foreign())?;
        let status = program.expect_exit(context.patience)?;
        let took = start.elapsed();
        let log = program.log();
        require(status.code().is_some_and(|code| code != 0), "port in use", "an error's exit code", || {
            status.to_string()
        })?;
        let names_address = log.contains(&address.to_string());
        require(names_address, "port in use", format!("a message about {address}"), || log.clone())?;
        require_no_panic(&log)?;
        Ok::<_, Stop>(took)
    })?;
    require_at_once(context, "exit", fastest)?;
    Ok(())
}

/// Commands with a wrong address, port, number or option. Each exits with code 2 and a message on standard error. Port
/// 0, however, is valid, and the server prints the port that it got.
fn h9_wrong_arguments(context: &Context<'_>) -> CaseResult {
    let commands = context.launch.map(Launch::wrong_commands).unwrap_or_default();
    if commands.is_empty() {
        return Stop::skipped("no wrong arguments are known for these servers");
    }
    context.note(format!("{} wrong commands", commands.len()));
    for mut command in commands {
        let arguments: Vec<_> =
            command.get_args().map(|argument| argument.to_string_lossy().into_owned()).collect();
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut program = Program::run(command, context.is_foreign())?;
        let status = program.expect_exit(context.patience).during(arguments.join(" "))?;
        let log = program.log();
        let rejected = status.code() == Some(2) && !log.trim().is_empty();
        require(rejected, &arguments.join(" "), "exit code 2 and a message", || {
            format!("{status} and {log:?}")
        })?;
        require_no_panic(&log).during(arguments.join(" "))?;
    }
    let mut server = Started::start(context, Settings::NONE)?;
    require(server.context().address.port() != 0, "port 0", "the port that it got", || "port 0".to_owned())?;
    server.expect_clean_end()?;
    Ok(())
}

fn require_no_panic(log: &str) -> Result<(), Failure> {
    let panicked = log.contains("panicked") || log.contains("backtrace");
    require(!panicked, "message", "no panic", || log.to_owned())
}

/// A server that logs every connection is started with standard output and error that are not read: once the readers
/// are closed, and once they have stopped reading and both streams are full before the server starts. It starts,
/// serves well-behaved clients and resets, and exits with 0 on SIGTERM. All models alike.
fn h10_output_unread(context: &Context<'_>) -> CaseResult {
    for stalled in [false, true] {
        let how = if stalled { "stalled readers" } else { "closed readers" };
        let streams = [output(stalled)?, output(stalled)?];
        serves_unread(context, &streams).during(how)?;
    }
    Ok(())
}

fn serves_unread(context: &Context<'_>, outputs: &[Output; 2]) -> CaseResult {
    let settings = Settings { verbose: true, ..Settings::NONE };
    let address = free_address()?;
    let mut command = command(context.launch()?, address, &settings)?;
    for (output, is_error) in outputs.iter().zip([false, true]) {
        let stream = output.stream.try_clone().map_err(|error| no_output(&error))?;
        let stream = Stdio::from(OwnedFd::from(stream));
        if is_error {
            command.stderr(stream)
        } else {
            command.stdout(stream)
        };
    }
    let mut program = Program::run(command, context.is_foreign())?;
    let mut ended = None;
    let up = eventually(context.patience, || {
        ended = program.expect_exit(Duration::ZERO).ok();
        ended.is_some() || std::net::TcpStream::connect(address).is_ok()
    });
    require(up && ended.is_none(), "start", "a server that listens", || format!("{ended:?}"))?;
    let mut server = Started::with(context, program, address, settings);
    for number in 0..50 {
        server.context().visit().during(format_args!("visit {number}"))?;
        server.context().greeted().during(format_args!("visit {number}, then a reset"))?.reset();
    }
    server.expect_unharmed()?;
    server.expect_clean_end()?;
    Ok(())
}

/// An output that is not read.
struct Output {
    stream: UnixStream,
    /// Kept open and never read for a stalled reader.
    _reader: Option<UnixStream>,
}

fn output(stalled: bool) -> Result<Output, Failure> {
    let make = || -> std::io::Result<Output> {
        let (mut stream, reader) = UnixStream::pair()?;
        if stalled {
            stream.set_nonblocking(true)?;
            while stream.write(&[b'.'; 4096]).is_ok() {}
            while stream.write(b".").is_ok() {}
            stream.set_nonblocking(false)?;
        }
        Ok(Output { stream, _reader: stalled.then_some(reader) })
    };
    make().map_err(|error| no_output(&error))
}

fn no_output(error: &std::io::Error) -> Failure {
    Failure::new("create a socket pair for unread output", "to succeed", error.to_string())
}
