//! H, second part: how a server starts.

use std::net::{Ipv4Addr, TcpListener};
use std::process::Stdio;

use rustix::process::Signal;

use crate::case::{Case, Needs};
use crate::context::Context;
use crate::failure::{CaseResult, During, Failure, Stop, require};
use crate::groups::timing::{Stopwatch, fastest, require_at_once};
use crate::process::Process;
use crate::program::{Program, command};
use crate::started::Started;
use crate::target::{Launch, Settings};

pub(super) const CASES: &[Case] = &[
    Case::new("H7", "a server can be restarted at once at the same address", h7_again).needs(Needs::Program),
    Case::new("H8", "a port in use is reported at once, without a panic", h8_port_in_use)
        .needs(Needs::Program),
    Case::new("H9", "wrong arguments are rejected with exit code 2 and advice", h9_wrong_arguments)
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
        let watch = Stopwatch::start(None);
        let mut program =
            Program::run(command(context.launch()?, address, &Settings::NONE)?, context.is_foreign())?;
        program.wait_for_end(context.patience);
        let took = watch.read(Process::new(program.id()));
        let status = program.expect_exit(context.patience)?;
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
