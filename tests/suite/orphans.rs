//! No server outlives the launcher that started it.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use observe::Process;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

#[test]
fn servers_end_with_the_launcher_even_if_it_is_killed() {
    let mut launcher = Command::new(env!("CARGO_BIN_EXE_concurrent-servers"))
        // The second case takes ten seconds on the server that the first one left running.
        .args(["check", "mio", "--only", "A2,F1"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(launcher.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("ok"), "{line}");
    let servers: Vec<_> = Process::new(launcher.id())
        .unwrap()
        .children()
        .into_iter()
        .map(|server| pidfd_open(server.pid(), PidfdFlags::empty()))
        .collect();
    assert_eq!(servers.len(), 1, "one server is running");

    launcher.kill().unwrap();
    launcher.wait().unwrap();
    for server in servers {
        let patience = Timespec { tv_sec: 20, tv_nsec: 0 };
        let server = server.unwrap();
        // A process descriptor becomes readable when the process ends.
        let ended = poll(&mut [PollFd::new(&server, PollFlags::IN)], Some(&patience)).unwrap();
        // If it has not ended, this test must not leave it running.
        let _ = pidfd_send_signal(&server, Signal::KILL);
        assert_eq!(ended, 1, "the server is still running");
    }
}
