//! From `main` to exit code: what the binaries and the launcher's `serve` have in common.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;

use clap::{Args, Command, FromArgMatches};
use tracing::{info, warn};

use crate::counters::Summary;
use crate::knob::Knob;
use crate::limits::raise_descriptor_limit;
use crate::listener::listen_as;
use crate::logging::{FlushLog, complain, init_logging, print};
use crate::options::Options;
use crate::shutdown::Shutdown;

/// The face of every model: serves clients from a bound listener until shutdown is requested and every
/// connection is gone, and returns what it counted. Only a broken listener or a lack of resources at
/// start is an error; no client can cause one.
pub type Serve = fn(TcpListener, &Options, &Shutdown) -> io::Result<Summary>;

/// Exit code of a server that had to cut replies off at its drain deadline.
const DATA_DROPPED: u8 = 3;

/// The `main` of a model's own binary: parses the command line and runs the server.
///
/// Exit codes: 0 after a clean shutdown, 1 if the server could not start or continue, 2 for a wrong command
/// line, 3 if replies were cut off at the drain deadline, 128 + signal after a second signal.
pub fn main(model: &'static str, knobs: &[Knob], serve: Serve) -> ExitCode {
    if let Err(error) = signals::reset_inherited() {
        complain(&format!("cannot set up signals: {error}"));
        return ExitCode::FAILURE;
    }
    let arguments = command_line(model, knobs).get_matches();
    let options = Options::from_arg_matches(&arguments).unwrap_or_else(|error| error.exit());
    run(model, knobs, &options, serve)
}

/// The help shows what the model has a use for. The other options are parsed, too, so that [`run`] can say which models
/// take them.
fn command_line(model: &'static str, knobs: &[Knob]) -> Command {
    let about = "Serves the protocol of the \"Concurrent Servers\" series with one concurrency model";
    let unused = Knob::ALL.iter().filter(|knob| !knobs.contains(knob));
    let unused: Vec<String> =
        unused.map(|knob| knob.to_string().trim_start_matches('-').to_owned()).collect();
    Options::augment_args(Command::new(model)).about(about).mut_args(|argument| {
        let is_unused = argument.get_long().is_some_and(|long| unused.iter().any(|name| name == long));
        if is_unused { argument.hide(true) } else { argument }
    })
}

/// Runs a server in this process until shutdown is requested. Exit codes as for [`main`](fn@main).
pub fn run(
    model: &'static str,
    knobs: &[Knob],
    options: &Options,
    serve: impl FnOnce(TcpListener, &Options, &Shutdown) -> io::Result<Summary>,
) -> ExitCode {
    if let Err(error) = init_logging(options) {
        complain(&format!("the thread that writes the log cannot be spawned: {error}"));
        return ExitCode::FAILURE;
    }
    let _flush_at_the_end = FlushLog;
    if let Err(refusal) = options.check_knobs(model, knobs) {
        complain(&refusal);
        return ExitCode::from(2);
    }
    let ended = start(model, options, serve);
    options.log_faults();
    match ended {
        Ok(summary) => {
            info!("{summary}");
            if summary.dropped > 0 { ExitCode::from(DATA_DROPPED) } else { ExitCode::SUCCESS }
        }
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn start(
    model: &'static str,
    options: &Options,
    serve: impl FnOnce(TcpListener, &Options, &Shutdown) -> io::Result<Summary>,
) -> io::Result<Summary> {
    if let Err(error) = raise_descriptor_limit() {
        warn!(%error, "cannot raise the limit on open files; fewer clients fit");
    }
    if let Some(file) = &options.events {
        file.open()?;
    }
    let listener = listen_as(options)?;
    let address = listener.local_addr()?;
    let shutdown = Shutdown::on_signals()?;
    if is_reachable_from_elsewhere(address) {
        warn!(%address, "listening beyond this machine: anyone who reaches the address is served");
    }
    info!(model, %address, max_conns = options.max_connections(), "serving");
    print(format!("listening on {address}\n"))?;
    serve(listener, options, &shutdown)
        .map_err(|error| io::Error::new(error.kind(), format!("{model} cannot serve: {error}")))
}

/// Whether another machine could reach this address. Loopback addresses are those of 127.0.0.0/8 and `::1`, also where
/// an IPv4 address is written as an IPv6 one (`::ffff:127.0.0.1`).
fn is_reachable_from_elsewhere(address: SocketAddr) -> bool {
    !address.ip().to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_of_a_model_shows_what_it_has_a_use_for_and_its_command_line_takes_the_rest() {
        let mut pool = command_line("thread-pool", &[Knob::Workers]);
        pool.clone().debug_assert();
        let help = pool.render_long_help().to_string();
        let shown =
            Knob::ALL.map(|knob| help.contains(&format!("{knob} ")) || help.contains(&format!("{knob}\n")));
        assert_eq!(shown, [true, false, false, false, false, false, false, false], "{help}");
        assert!(help.starts_with("Serves the protocol") && help.contains("--max-conns"), "{help}");
        assert!(pool.try_get_matches_from(["server", "--rings", "2"]).is_ok());
    }

    #[test]
    fn only_loopback_addresses_cannot_be_reached_from_elsewhere_in_whatever_form() {
        for (address, expected) in [
            ("127.0.0.1:80", false),
            ("127.9.8.7:80", false),
            ("[::1]:80", false),
            ("[::ffff:127.0.0.1]:80", false),
            ("[::ffff:127.9.8.7]:80", false),
            ("0.0.0.0:80", true),
            ("[::]:80", true),
            ("[::ffff:0.0.0.0]:80", true),
            ("[::ffff:192.168.1.1]:80", true),
            ("[::127.0.0.1]:80", true),
            ("[fe80::1%1]:80", true),
            ("169.254.1.1:80", true),
            ("10.0.0.1:80", true),
        ] {
            assert_eq!(is_reachable_from_elsewhere(address.parse().unwrap()), expected, "{address}");
        }
    }
}
