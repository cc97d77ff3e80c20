//! If nothing reads standard error, the server must not block, not even when it exits.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::Duration;

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
    end.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
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

/// A terminal is writable while it has room for one more byte, but then writing a whole line blocks.
#[cfg(target_os = "linux")]
#[test]
fn clients_are_served_although_the_terminal_with_the_log_is_not_read() {
    use std::fs::OpenOptions;
    use std::io::{BufRead, BufReader};
    use std::net::TcpStream;
    use std::process::Stdio;

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap();
    let end = OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    let mut server = Command::new(env!("CARGO_BIN_EXE_concurrent-servers"))
        .args(["serve", "mio", "--addr", "127.0.0.1:0", "-vv"])
        .stdout(Stdio::piped())
        .stderr(end)
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on ").unwrap();
    // Each client produces a line of some fifty characters, and a terminal buffers a few thousand.
    let outcome = (0..500).try_for_each(|_| {
        let mut client = TcpStream::connect(address)?;
        client.set_read_timeout(Some(Duration::from_secs(60)))?;
        client.read_exact(&mut [0])
    });
    server.kill().unwrap();
    server.wait().unwrap();
    outcome.unwrap();
}
