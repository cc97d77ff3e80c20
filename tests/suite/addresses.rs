//! Addresses from outside: what each command takes, which address of several it uses, and what it says if none works.
//! What needs a machine without IPv6, routes or ports is in `namespaces`.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};

use observe::child::wait_for_address;
use tempfile::NamedTempFile;

const PROGRAM: &str = env!("CARGO_BIN_EXE_concurrent-servers");

/// Each command that takes the address of a server, with arguments that make it short.
const CLIENTS: [&[&str]; 4] = [
    &["timeline", "-n", "1", "--fast=100"],
    &["client", "-n", "1", "--fast=100"],
    &["check", "--only", "A3"],
    &["load", "-q", "-c", "1", "--warm-up", "1ms", "-t", "300ms"],
];

fn run(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn every_command_refuses_the_same_forms_and_says_what_to_write() {
    for (text, said) in [
        ("127.1:9090", "write 127.0.0.1 if you mean that"),
        ("0x7f.1:9090", "write 127.0.0.1 if you mean that"),
        ("2130706433:9090", "write 127.0.0.1 if you mean that"),
        ("0127.0.0.1:9090", "0127.0.0.1 is 87.0.0.1 for programs that read a leading zero as octal"),
        ("127.0.0.01:9090", "write 127.0.0.1 if you mean that"),
        ("127.0.0.1:+80", "write the port +80 as 80"),
        ("127.0.0.1:080", "write the port 080 as 80"),
        ("127.0.0.1:9090 ", "no spaces"),
        ("[127.0.0.1]:80", "brackets are for IPv6"),
        ("::1:9090", "write [::1]:9090"),
        (":9090", "no host"),
        ("*:9090", "no host"),
        ("[fe80::1]:9090", "needs a network interface"),
    ] {
        let serve = ["serve", "mio", "--addr", text];
        let commands = CLIENTS.iter().map(|command| [command, [text].as_slice()].concat());
        for arguments in commands.chain([serve.to_vec()]) {
            let output = run(&arguments);
            assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
            assert!(stderr(&output).contains(said), "{arguments:?}: {output:?}");
        }
    }
}

#[test]
fn port_zero_is_for_listening_only() {
    for command in CLIENTS {
        let output = run(&[command, &["127.0.0.1:0"]].concat());
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(stderr(&output).contains("no server listens on port 0"), "{output:?}");
    }
}

#[test]
fn every_command_takes_an_ipv4_address_that_is_written_as_ipv6() {
    let server = Server::start("127.0.0.1:0");
    let address = format!("[::ffff:127.0.0.1]:{}", server.address.port());
    for command in CLIENTS {
        let output = run(&[command, &[&address]].concat());
        assert_eq!(output.status.code(), Some(0), "{command:?}: {output:?}");
    }
}

/// A running server, killed when this is dropped.
struct Server {
    process: Child,
    address: SocketAddr,
    log: NamedTempFile,
}

impl Server {
    fn start(address: &str) -> Server {
        let log = NamedTempFile::new().unwrap();
        let mut command = Command::new(PROGRAM);
        command
            .args(["serve", "mio", "--addr", address])
            .stdout(Stdio::piped())
            .stderr(log.reopen().unwrap());
        let mut process = command.spawn().unwrap();
        let address = wait_for_address(process.stdout.take()).unwrap();
        Server { process, address, log }
    }

    /// What it said until it listened.
    fn log(&self) -> String {
        fs::read_to_string(self.log.path()).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

#[test]
fn a_server_warns_if_and_only_if_other_machines_can_reach_it() {
    for (address, warns) in [
        ("127.0.0.1:0", false),
        ("127.9.8.7:0", false),
        ("[::ffff:127.0.0.1]:0", false),
        ("0.0.0.0:0", true),
        ("[::ffff:0.0.0.0]:0", true),
    ] {
        let log = Server::start(address).log();
        assert_eq!(log.contains("listening beyond this machine"), warns, "{address}: {log}");
    }
}

#[test]
fn what_listens_on_a_name_is_found_by_every_command_under_that_name() {
    let server = Server::start("localhost:0");
    let name = format!("localhost:{}", server.address.port());
    for command in CLIENTS {
        let output = run(&[command, &[&name]].concat());
        assert_eq!(output.status.code(), Some(0), "{command:?}: {output:?}");
    }
}

#[test]
fn a_refused_connection_is_named_by_every_command_with_the_remedy() {
    // The local port of a connection: it is taken, but nothing listens on it.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let end = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let address = end.local_addr().unwrap().to_string();
    for command in CLIENTS {
        let output = run(&[command, &[&address]].concat());
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let said =
            format!("cannot connect to {address}: Connection refused (os error 111): nothing listens there");
        assert!(stderr(&output).contains(&said), "{command:?}: {output:?}");
    }
}

#[test]
fn the_name_of_a_model_is_not_taken_for_an_address() {
    for command in ["client", "load"] {
        let output = run(&[command, "tokio"]);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let said = "tokio is a model and not an address; start it with `concurrent-servers serve tokio`";
        assert!(stderr(&output).contains(said), "{output:?}");
    }
    for (command, said) in [("load", "if you mean the model tokio"), ("check", "Did you mean 'tokio'?")] {
        assert!(stderr(&run(&[command, "tokyo"])).contains(said), "{command}");
    }
}
