//! No server outlives the launcher that has started it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

#[test]
fn servers_end_with_the_launcher_even_if_it_is_killed() {
    let mut launcher = Command::new(env!("CARGO_BIN_EXE_concurrent-servers"))
        // The second case takes ten seconds on the server that the first one has left running.
        .args(["check", "mio", "--only", "A2,F1"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(launcher.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("ok"), "{line}");
    let servers: Vec<_> =
        children_of(launcher.id()).map(|pid| pidfd_open(pid, PidfdFlags::empty())).collect();
    assert_eq!(servers.len(), 1, "one server is running");

    launcher.kill().unwrap();
    launcher.wait().unwrap();
    for server in servers {
        let patience = Timespec { tv_sec: 20, tv_nsec: 0 };
        let server = server.unwrap();
        // A process descriptor becomes readable when the process ends.
        let ended = poll(&mut [PollFd::new(&server, PollFlags::IN)], Some(&patience)).unwrap();
        // If it has not, this test must not leave it behind either.
        let _ = pidfd_send_signal(&server, Signal::KILL);
        assert_eq!(ended, 1, "the server still runs");
    }
}

/// The processes that this one has started, from `/proc/PID/stat`: the parent is the second field behind
/// the program's name, which stands in parentheses and may hold anything.
fn children_of(parent: u32) -> impl Iterator<Item = Pid> {
    fs::read_dir("/proc").unwrap().filter_map(move |entry| {
        let pid = entry.ok()?.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (_, fields) = stat.rsplit_once(')')?;
        let its_parent: u32 = fields.split_ascii_whitespace().nth(1)?.parse().ok()?;
        (its_parent == parent).then_some(Pid::from_raw(pid)?)
    })
}
