//! Every signal that may end a server, and what a parent process may leave to it.

use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use concurrent_servers::models::here;
use rustix::process::Signal;

use crate::process::{Server, serve, serve_after};

/// The server stops like this: it sends FIN to a client that is idle, counts it and exits with 0.
fn expect_drained(model: &str, command: Command, signal: Signal) {
    let server = started(command);
    let mut client = server.greeted().unwrap();
    server.signal(signal);
    assert_eq!(client.read(&mut [0]).unwrap(), 0, "{model}: FIN after {signal:?}");
    drop(client);
    let (status, log) = server.end();
    assert_eq!(status.code(), Some(0), "{model}, {signal:?}: {status}; {log}");
    assert!(log.contains("completed 1,"), "{model}, {signal:?}: {log}");
    assert!(log.contains("stopping signal=\"SIG"), "{model}, {signal:?}: {log}");
}

fn started(mut command: Command) -> Server {
    command.stderr(Stdio::piped());
    Server::start(command)
}

#[test]
fn every_signal_that_ends_a_process_without_a_core_dump_drains_a_server() {
    let signals = [
        Signal::TERM,
        Signal::INT,
        Signal::HUP,
        Signal::USR1,
        Signal::USR2,
        Signal::ALARM,
        Signal::VTALARM,
        Signal::IO,
        Signal::XCPU,
        Signal::POWER,
    ];
    thread::scope(|scope| {
        for signal in signals {
            scope.spawn(move || expect_drained("mio", serve("mio", &[]), signal));
        }
    });
}

#[test]
fn a_terminal_that_is_closed_drains_every_model() {
    thread::scope(|scope| {
        for model in here() {
            scope.spawn(move || expect_drained(model.name, serve(model.name, &[]), Signal::HUP));
        }
    });
}

#[test]
fn a_server_that_was_started_with_ignored_signals_obeys_them() {
    for signal in [Signal::TERM, Signal::INT] {
        expect_drained("mio", serve_after("trap '' TERM INT", "mio", &[]), signal);
    }
}

#[test]
fn under_nohup_a_server_survives_the_end_of_its_terminal() {
    let server = started(serve_after("trap '' HUP", "mio", &[]));
    // An ignored signal is discarded as it is sent.
    server.signal(Signal::HUP);
    server.visit().unwrap();
    server.signal(Signal::TERM);
    let (status, log) = server.end();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("SIGTERM") && !log.contains("SIGHUP"), "{log}");
}

#[test]
fn a_quit_dumps_core_as_it_should() {
    let mut server = started(serve_after("ulimit -c 0", "mio", &[]));
    server.signal(Signal::QUIT);
    assert_eq!(server.wait().signal(), Some(Signal::QUIT.as_raw()));
}

#[test]
fn the_repeated_signal_of_a_limit_on_cpu_time_ends_no_drain() {
    let server = started(serve("mio", &[]));
    let _client = server.greeted().unwrap();
    server.signal(Signal::XCPU);
    let (status, log) = thread::scope(|scope| {
        let process = server.process();
        // Until it has ended; its client makes that take longer than the pause of a second signal.
        scope.spawn(move || {
            while process.has_ended() == Some(false) && process.signal(Signal::XCPU).is_ok() {
                thread::sleep(Duration::from_millis(20));
            }
        });
        server.end()
    });
    assert_eq!(status.code(), Some(0), "{status}: {log}");
}

#[test]
fn a_command_whose_parent_ignores_the_end_of_children_still_learns_how_its_servers_end() {
    let program = env!("CARGO_BIN_EXE_concurrent-servers");
    // A shell cannot ignore SIGCHLD for others, but GNU env can.
    let output = Command::new("env")
        .args(["--ignore-signal=CHLD", program, "check", "mio", "--only", "H1"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
}

/// As from GNU `timeout`, which signals its child and then the child's process group. Different signals here, since two of
/// one kind are one if both are pending.
#[test]
fn two_signals_at_the_same_moment_drain_every_model() {
    thread::scope(|scope| {
        for model in here() {
            scope.spawn(|| {
                let server = started(serve(model.name, &[]));
                let mut client = server.greeted().unwrap();
                server.signal(Signal::INT);
                server.signal(Signal::TERM);
                assert_eq!(client.read(&mut [0]).unwrap(), 0, "{}: FIN", model.name);
                drop(client);
                let (status, log) = server.end();
                assert_eq!(status.code(), Some(0), "{}: {status}; {log}", model.name);
                assert!(log.contains("completed 1,"), "{}: {log}", model.name);
            });
        }
    });
}
