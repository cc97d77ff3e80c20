//! A standard error that nobody reads must not hold the server up, not even when it has to end.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::Duration;

#[test]
fn a_server_that_cannot_start_ends_although_nobody_reads_the_reason() {
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
