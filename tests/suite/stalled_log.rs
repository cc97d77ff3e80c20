//! Standard error and standard output that take nothing: no server waits for them, none ends, and lost lines are
//! counted.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::thread;

use concurrent_servers::models::here;
use observe::Process;
use rustix::process::{Resource, Rlimit, Signal, getrlimit, prlimit};

use crate::process::{PATIENCE, Server, serve, serve_after};
use crate::terminal::Terminal;

#[test]
fn a_server_that_cannot_start_exits_although_its_log_is_not_read() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (mut full, _reader) = UnixStream::pair().unwrap();
    full.set_nonblocking(true).unwrap();
    while full.write(&[0; 4096]).is_ok() {}
    full.set_nonblocking(false).unwrap();
    // The end of its standard output is the end of the process.
    let (output, mut end) = UnixStream::pair().unwrap();
    end.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut server = Command::new(env!("CARGO_BIN_EXE_concurrent-servers"))
        .args(["serve", "sequential", "--addr", &address])
        .stdout(OwnedFd::from(output))
        .stderr(OwnedFd::from(full))
        .spawn()
        .unwrap();
    let ended = end.read_to_end(&mut Vec::new());
    if ended.is_err() {
        server.kill().unwrap();
    }
    let code = server.wait().unwrap().code();
    assert_eq!((ended.ok(), code), (Some(0), Some(1)));
}

/// Serves some clients, and ends.
fn expect_unharmed(mut server: Server, clients: usize) {
    for number in 0..clients {
        server.visit().unwrap_or_else(|error| panic!("client {number}: {error}"));
    }
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
}

/// Each client produces some lines of some hundred characters, and a terminal buffers a few thousand.
const FLOOD: usize = 200;

#[test]
fn clients_are_served_although_the_terminal_with_the_log_is_not_read() {
    let terminal = Terminal::open();
    let mut command = serve("mio", &["-vv"]);
    command.stderr(terminal.other_end());
    expect_unharmed(Server::start(command), FLOOD);
}

#[test]
fn clients_are_served_although_the_terminal_is_not_read_and_cannot_be_opened_again() {
    thread::scope(|scope| {
        for model in here() {
            scope.spawn(|| {
                let terminal = Terminal::open();
                let end = terminal.other_end();
                let mut command = serve(model.name, &["-vv"]);
                command.stderr(end);
                let is_root = rustix::process::geteuid().is_root();
                // Root may open everything, so that it takes another user.
                let mode = if is_root { 0o600 } else { 0 };
                fs::set_permissions(&terminal.path, fs::Permissions::from_mode(mode)).unwrap();
                if is_root {
                    const NOBODY: u32 = 65534;
                    command.uid(NOBODY).gid(NOBODY);
                }
                expect_unharmed(Server::start(command), FLOOD);
            });
        }
    });
}

/// `stty tostop`: the terminal sends SIGTTOU to whoever writes to it from the background.
#[test]
fn a_server_in_the_background_is_not_stopped_by_its_terminal() {
    let terminal = Terminal::open();
    let server = serve("mio", &["-vv"]);
    let mut command = Command::new("setsid");
    // With `-m` the shell gives its background job a process group of its own. The job gets the terminal as its log.
    let script = "stty tostop; \"$0\" \"$@\" </dev/null & echo $!; wait";
    command.args(["--ctty", "--wait", "sh", "-m", "-c", script]);
    command.arg(server.get_program()).args(server.get_args());
    command.stdin(terminal.other_end()).stdout(Stdio::piped()).stderr(terminal.other_end());
    let mut shell = command.spawn().unwrap();
    let mut lines: Vec<String> =
        BufReader::new(shell.stdout.take().unwrap()).lines().take(2).map(Result::unwrap).collect();
    // The number of the process comes first, unless the shell was slow.
    lines.sort();
    assert_eq!(lines.len(), 2, "it was stopped before it printed its address: {lines:?}");
    let process = Process::new(lines[0].parse().unwrap()).unwrap();
    let address = lines[1].strip_prefix("listening on ").unwrap();
    let outcome = (0..20).try_for_each(|_| {
        let mut client = TcpStream::connect(address)?;
        client.set_read_timeout(Some(PATIENCE))?;
        client.read_exact(&mut [0])
    });
    process.signal(Signal::KILL).unwrap();
    shell.wait().unwrap();
    outcome.unwrap();
}

/// A log file and what it holds.
fn log_file(folder: &tempfile::TempDir) -> (File, impl Fn() -> String) {
    let path = folder.path().join("log");
    (File::create(&path).unwrap(), move || fs::read_to_string(&path).unwrap())
}

/// The numbers in lines about lost lines.
fn lost(log: &str) -> Vec<u64> {
    let lines = log.lines().filter_map(|line| line.split_once("log lines lost"));
    lines.map(|(_, count)| count.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap()).collect()
}

#[test]
fn a_limit_on_the_log_file_ends_no_server_and_the_lost_lines_are_told_when_there_is_room() {
    thread::scope(|scope| {
        for model in here() {
            scope.spawn(|| told_when_there_is_room(model.name, "text"));
        }
        scope.spawn(|| told_when_there_is_room("mio", "json"));
    });
}

fn told_when_there_is_room(model: &str, format: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (file, log) = log_file(&folder);
    let mut command = serve_after("ulimit -S -f 4", model, &["-vv", "--log-format", format]);
    command.stderr(file);
    let mut server = Server::start(command);
    for _ in 0..100 {
        server.visit().unwrap();
    }
    let maximum = getrlimit(Resource::Fsize).maximum;
    let unlimited = Rlimit { current: maximum, maximum };
    prlimit(Some(server.process().pid()), Resource::Fsize, unlimited).unwrap();
    server.visit().unwrap();
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0), "{model}");
    let log = log();
    let lost = lost(&log);
    assert!(lost.len() == 1 && lost[0] > 0, "{model}: {lost:?} in {log}");
    assert!(log.contains("accepted 101,"), "{model}: {log}");
    if format == "json" {
        let is_torn = |line: &&str| serde_json::from_str::<serde_json::Value>(line).is_err();
        let torn = log.lines().filter(is_torn).count();
        assert!(torn <= 1, "only the line at the limit may be torn: {log}");
    }
}

// Only debug builds have `--panic-on`.
#[cfg(debug_assertions)]
#[test]
fn lost_lines_are_told_at_the_end_even_if_only_errors_are_logged() {
    const PANICS: u64 = 20;
    let folder = tempfile::tempdir().unwrap();
    let (file, log) = log_file(&folder);
    // Each line that is logged is an error, and each is lost: the file has no room for a byte.
    let mut command = serve_after("ulimit -S -f 0", "mio", &["--quiet", "--panic-on", "boom"]);
    command.stderr(file);
    let mut server = Server::start(command);
    for _ in 0..PANICS {
        let mut client = server.greeted().unwrap();
        client.write_all(b"^boom").unwrap();
        let _ = client.read_to_end(&mut Vec::new());
    }
    let maximum = getrlimit(Resource::Fsize).maximum;
    prlimit(Some(server.process().pid()), Resource::Fsize, Rlimit { current: maximum, maximum }).unwrap();
    server.signal(Signal::TERM);
    server.wait();
    let (log, lost) = (log(), lost(&log()));
    // The thread that writes may have come to the last ones only when there was room.
    let written = log.matches("panicked at").count() as u64;
    assert!(!lost.is_empty() && lost.iter().sum::<u64>() + written == PANICS, "{lost:?} in {log}");
}

#[test]
fn lines_that_nobody_read_in_time_are_told_when_somebody_reads() {
    let mut command = serve("mio", &["-vv"]);
    command.stderr(Stdio::piped());
    let mut server = Server::start(command);
    let mut log = server.child.stderr.take().unwrap();
    // More lines than the pipe and the server hold.
    for _ in 0..6_000 {
        server.visit().unwrap();
    }
    let reading = thread::spawn(move || {
        let mut text = String::new();
        log.read_to_string(&mut text).map(|_| text)
    });
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
    let log = reading.join().unwrap().unwrap();
    let sum: u64 = lost(&log).iter().sum();
    assert!(sum > 500, "{sum} lost lines in {} lines", log.lines().count());
    assert!(log.lines().last().unwrap().contains("accepted 6000,"), "{:?}", log.lines().last());
}

#[test]
fn descriptors_that_a_parent_closed_are_given_to_no_socket() {
    // An address of its own, since nobody can read which port it has.
    let free = TcpListener::bind("127.83.7.1:0").unwrap().local_addr().unwrap();
    let program = env!("CARGO_BIN_EXE_concurrent-servers");
    let mut child = Command::new("sh")
        .args(["-c", "exec \"$0\" \"$@\" <&- >&- 2>&-", program])
        .args(["serve", "mio", "-vv", "--addr", &free.to_string()])
        .spawn()
        .unwrap();
    let mut server = loop {
        if TcpStream::connect(free).is_ok() {
            break Server { child, address: free };
        }
        assert_eq!(child.try_wait().unwrap(), None, "it ended");
        thread::yield_now();
    };
    // A client's socket with number 2 would get log lines in its reply.
    for _ in 0..3 {
        server.visit().unwrap();
    }
    for fd in 0..3 {
        let target = fs::read_link(format!("/proc/{}/fd/{fd}", server.child.id())).unwrap();
        assert_eq!(target.to_str(), Some("/dev/null"), "{fd}");
    }
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
}
