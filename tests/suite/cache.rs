//! `cache` as a user starts it. What it answers is tested in its own crate.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::process::Server;

/// The cache on a free port, with its log in a pipe.
fn cache(arguments: &[&str]) -> Server {
    let mut command = Command::new("env");
    command.args([
        "--default-signal",
        env!("CARGO_BIN_EXE_concurrent-servers"),
        "cache",
        "--addr",
        "127.0.0.1:0",
    ]);
    command.args(arguments).stderr(Stdio::piped());
    Server::start(command)
}

fn answer(server: &Server, request: &str) -> String {
    let mut client = std::net::TcpStream::connect(server.address).unwrap();
    client.set_read_timeout(Some(crate::process::PATIENCE)).unwrap();
    client.write_all(format!("{request}\nquit\n").as_bytes()).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    answer.strip_suffix("+OK\r\n").unwrap().to_owned()
}

#[test]
fn it_says_where_it_listens_keeps_values_and_stops_as_every_server_does() {
    let server = cache(&["--latency", "1ms", "--jitter", "500us"]);
    assert_eq!(answer(&server, "set primecache:7 prime"), "+OK\r\n");
    assert_eq!(answer(&server, "get primecache:7"), "$5\r\nprime\r\n");
    assert!(answer(&server, "fault wrong").starts_with("-ERR unknown command 'fault'"));
    server.signal(Signal::TERM);
    let (status, log) = server.end();
    assert_eq!(status.code(), Some(0), "{log}");
    for text in ["serving model=\"cache\"", "stopping signal=\"SIGTERM\"", "accepted 3,", "completed 3,"] {
        assert!(log.contains(text), "no {text}: {log}");
    }
}

#[test]
fn its_options_reach_it() {
    let server =
        cache(&["--latency", "0ms", "--memory", "1", "--max-conns", "1", "--faults", "--log-format", "json"]);
    assert_eq!(answer(&server, "fault wrong\nget 7"), "+OK\r\n$7\r\nperhaps\r\n");
    let mut first = std::net::TcpStream::connect(server.address).unwrap();
    first.write_all(b"info\n").unwrap();
    let mut info = vec![0; 1_000];
    let mut length = 0;
    while !info[..length].ends_with(b"role:master\r\n\r\n") {
        length += first.read(&mut info[length..]).unwrap();
    }
    assert!(String::from_utf8_lossy(&info).contains("maxmemory:1048576\r\n"));
    let mut second = std::net::TcpStream::connect(server.address).unwrap();
    let mut told = String::new();
    second.read_to_string(&mut told).unwrap();
    assert_eq!(told, "-ERR max number of clients reached\r\n");
    server.signal(Signal::INT);
    drop(first);
    let (status, log) = server.end();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.lines().all(|line| line.starts_with('{')), "{log}");
}

#[test]
fn answers_that_are_cut_off_at_the_deadline_give_exit_code_3() {
    let server = cache(&["--latency", "0ms", "--faults", "--drain-timeout", "100ms"]);
    let mut client = std::net::TcpStream::connect(server.address).unwrap();
    client.write_all(b"fault slow 600000\nget a\n").unwrap();
    client.read_exact(&mut [0; 5]).unwrap();
    server.signal(Signal::TERM);
    let (status, log) = server.end();
    assert_eq!(status.code(), Some(3), "{log}");
    assert!(log.contains("dropped 1"), "{log}");
}
