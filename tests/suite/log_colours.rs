//! Colours in the log: the conventions that the output of every command follows, too.

use std::io::Read;
use std::process::Stdio;

use rustix::process::Signal;

use crate::process::{Server, serve};
use crate::terminal::Terminal;

/// Whether the log of a server has colours, with this environment and nothing else.
fn has_colours(on_terminal: bool, environment: &[(&str, &str)], arguments: &[&str]) -> bool {
    let mut command = serve("mio", arguments);
    command.env_clear().envs(environment.iter().copied());
    let log = if on_terminal {
        let terminal = Terminal::open();
        command.stderr(terminal.other_end());
        let mut server = Server::start(command);
        server.signal(Signal::TERM);
        server.wait();
        terminal.text_so_far()
    } else {
        let mut server = Server::start({
            command.stderr(Stdio::piped());
            command
        });
        server.signal(Signal::TERM);
        let mut log = String::new();
        server.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        log
    };
    assert!(log.contains("serving") && log.contains("accepted"), "{log:?}");
    log.contains('\x1b')
}

#[test]
fn a_log_on_a_terminal_has_colours_unless_somebody_does_not_want_them() {
    assert!(has_colours(true, &[("TERM", "xterm")], &[]));
    assert!(has_colours(true, &[("TERM", "xterm"), ("NO_COLOR", "")], &[]), "an empty NO_COLOR says nothing");
    for unwanted in [
        [("TERM", "xterm"), ("NO_COLOR", "1")],
        [("TERM", "xterm"), ("CLICOLOR", "0")],
        [("TERM", "dumb"), ("LANG", "C")],
        [("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")],
    ] {
        assert!(!has_colours(true, &unwanted, &[]), "{unwanted:?}");
    }
}

#[test]
fn a_log_elsewhere_has_no_colours_unless_they_are_forced() {
    assert!(!has_colours(false, &[("TERM", "xterm")], &[]));
    assert!(!has_colours(false, &[("TERM", "xterm"), ("CLICOLOR", "1")], &[]));
    assert!(has_colours(false, &[("CLICOLOR_FORCE", "1")], &[]));
}

#[test]
fn a_log_for_programs_has_no_colours() {
    assert!(!has_colours(true, &[("TERM", "xterm"), ("CLICOLOR_FORCE", "1")], &["--log-format", "json"]));
}
