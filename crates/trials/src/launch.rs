//! Servers for the conformance suite: each a child process of one subject.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use conformance::{Launch, Settings, Target};

use crate::subject::Subject;

/// Starts servers of one subject.
#[derive(Debug)]
pub struct Launcher {
    /// Whose servers.
    pub subject: Subject,
}

impl Launcher {
    /// The target of the suite: servers of this subject, and its promises.
    pub fn target(&self) -> Target<'_> {
        Target::launched(self, self.subject.concurrency).serving(self.subject.service)
    }
}

impl Launch for Launcher {
    fn command(&self, address: SocketAddr, settings: &Settings) -> Option<Command> {
        let mut command = self.serve(&[&format!("--addr={address}")]);
        command.args(arguments(settings));
        Some(command)
    }

    fn wrong_commands(&self) -> Vec<Command> {
        let wrong: &[&[&str]] = &[
            &["--addr=abc"],
            &["--addr=127.0.0.1:99999"],
            &["--addr=127.0.0.1:-1"],
            &["--workers=0"],
            &["--max-conns=-1"],
            &["--idle-timeout=7"],
            &["--no-such-option"],
            &["--quiet", "--verbose"],
            &["one argument too many"],
        ];
        wrong.iter().map(|arguments| self.serve(arguments)).collect()
    }

    fn kept_descriptors(&self) -> usize {
        self.subject.connections
    }

    fn panic_text(&self) -> Option<&'static str> {
        cfg!(debug_assertions).then_some(PANIC_TEXT)
    }
}

/// What clients send to make a handler panic, if the servers, like this program, are debug builds.
const PANIC_TEXT: &str = "panic, please";

impl Launcher {
    fn serve(&self, arguments: &[&str]) -> Command {
        let mut command = self.subject.server.command();
        command.args(arguments);
        command
    }
}

/// The settings as arguments of `serve`.
fn arguments(settings: &Settings) -> Vec<String> {
    let times = [
        ("--idle-timeout", settings.idle_timeout),
        ("--write-timeout", settings.write_timeout),
        ("--progress-timeout", settings.progress_timeout),
        ("--drain-timeout", settings.drain_timeout),
    ];
    let times = times.into_iter().filter_map(|(option, time)| Some(argument(option, time?)));
    times
        .chain(settings.max_connections.map(|limit| format!("--max-conns={limit}")))
        .chain(settings.panics.then(|| format!("--panic-on={PANIC_TEXT}")))
        .chain(settings.reads_are_requests.then(|| "--framing=read".to_owned()))
        .chain(settings.verbose.then(|| "-vv".to_owned()))
        .collect()
}

fn argument(option: &str, time: Duration) -> String {
    format!("{option}={}", humantime::format_duration(time))
}
