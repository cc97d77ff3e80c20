//! The real programs: a Redis that must answer alike, and Redis' own client.
//!
//! Without them these tests are skipped, by name; with `NO_SKIP` in the environment they fail.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::server::{Client, SETTINGS, Server};

/// Streams of commands, each on a connection of its own. The last one ends the connection.
const STREAMS: &[&[u8]] = &[
    b"ping\r\nPING hello\r\nquit\r\n",
    b"*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nping\r\n$5\r\na\r\nbc\r\n*2\r\n$4\r\nEcHo\r\n$0\r\n\r\nquit\r\n",
    b"get k\r\nset k 'v w'\r\nget k\r\nset k \"\"\r\nget k\r\ndel k k other\r\nexists k\r\nget k\r\nquit\r\n",
    b"set a 1\r\nset b 2\r\nexists a b a c\r\ndbsize\r\nflushdb\r\ndbsize\r\nset a 1\r\nFLUSHALL\r\nget a\r\nquit\r\n",
    b"*3\r\n$3\r\nSET\r\n$3\r\n\x00\r\n\r\n$2\r\n\xFF\xFE\r\n*2\r\n$3\r\nGET\r\n$3\r\n\x00\r\n\r\nquit\r\n",
    b"set k v EX\r\nset k v NONSENSE\r\nget k\r\nquit\r\n",
    b"get\r\nget a b\r\nset a\r\nping a b\r\necho\r\ndel\r\nexists\r\ndbsize 1\r\nflushall x\r\nselect\r\nclient\r\nquit\r\n",
    b"nonsense\r\nNonSense a b\r\n\xFF 'c d' \"\\n\"\r\nquit\r\n",
    b"select 0\r\nselect x\r\nselect 00\r\nselect -1\r\nselect 1000\r\nquit\r\n",
    b"client setname prime-queue\r\nclient setname 'a b'\r\nclient setname\r\nclient nonsense\r\ncommand nonsense\r\nquit\r\n",
    b"hello x\r\nhello 1\r\nhello 4\r\nhello 2 nonsense\r\nquit\r\n",
    b"\r\n\n   \r\n*0\r\n*-1\r\n*-7\r\nping \"\\x41\\x4g\\q\\\"\" \r\nping '\\n\\''\nquit now\r\nping\r\n",
    b"ping\r\n*1\r\nPING\r\nping\r\n",
    b"*1\r\n$-1\r\n",
    b"*1\r\n$x\r\n",
    b"*1\r\n$01\r\n",
    b"*x\r\n",
    b"*\r\n",
    b"*01\r\n",
    b"*+1\r\n",
    b"*2147483648\r\n",
    b"*1\r\n$2147483648\r\n",
    b"get \"a\n",
    b"get 'a'b\n",
];

/// Its name, and why it cannot be run; with `NO_SKIP` that is a failure.
fn skips(program: &str) -> bool {
    let Err(error) = Command::new(program).arg("--version").stdout(Stdio::null()).status() else {
        return false;
    };
    assert!(
        std::env::var_os("NO_SKIP").is_none(),
        "NO_SKIP is set, and this would be skipped: {program}: {error}"
    );
    println!("skipped: {program} cannot be started: {error}");
    true
}

/// A real Redis, which keeps nothing on disk.
struct Redis {
    child: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Redis {
    fn start() -> Redis {
        // Redis takes no port 0. Between this look and its own bind, another program may take the port.
        for _ in 0..10 {
            let free = TcpListener::bind(("127.0.0.1", 0)).unwrap();
            let address = free.local_addr().unwrap();
            drop(free);
            let folder = TempDir::new().unwrap();
            let mut command = Command::new("redis-server");
            command.args(["--bind", "127.0.0.1", "--port", &address.port().to_string()]);
            command.args(["--save", "", "--appendonly", "no", "--daemonize", "no", "--logfile", ""]);
            let mut child = command.current_dir(folder.path()).stdout(Stdio::piped()).spawn().unwrap();
            let lines = BufReader::new(child.stdout.take().unwrap()).lines();
            if lines.map_while(Result::ok).any(|line| line.contains("Ready to accept connections")) {
                return Redis { child, address, _folder: folder };
            }
            child.wait().unwrap();
        }
        panic!("redis-server does not start");
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // Both fail only if it has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn answers(address: SocketAddr, stream: &[u8]) -> String {
    let mut client = Client::at(address).unwrap();
    client.send(stream);
    client.rest().unwrap().escape_ascii().to_string()
}

#[test]
fn the_stand_in_answers_as_redis_does() {
    if skips("redis-server") {
        return;
    }
    let (redis, server) = (Redis::start(), Server::start(SETTINGS));
    for stream in STREAMS {
        let shown = stream.escape_ascii();
        assert_eq!(answers(server.address, stream), answers(redis.address, stream), "{shown}");
    }
}

#[test]
fn a_full_memory_is_told_in_the_same_words() {
    if skips("redis-server") {
        return;
    }
    let (redis, server) = (Redis::start(), Server::start(cache::Settings { memory: 0, ..SETTINGS }));
    let mut client = Client::at(redis.address).unwrap();
    assert_eq!(client.answer("config set maxmemory 1"), crate::server::ok());
    let stream = b"set k v\r\nget k\r\nquit\r\n";
    assert_eq!(answers(server.address, stream), answers(redis.address, stream));
}

#[test]
fn one_client_too_many_is_told_so_in_the_same_words() {
    if skips("redis-server") {
        return;
    }
    let options =
        chassis::Options { max_conns: std::num::NonZeroUsize::new(1), ..chassis::Options::default() };
    let (redis, server) = (Redis::start(), Server::with_options(SETTINGS, options));
    let (mut of_redis, mut of_ours) = (Client::at(redis.address).unwrap(), server.client());
    assert_eq!(of_redis.answer("config set maxclients 1"), crate::server::ok());
    assert_eq!(of_ours.answer("ping"), of_redis.answer("ping"));
    let told = |address| Client::at(address).unwrap().rest().unwrap();
    assert_eq!(told(server.address), told(redis.address));
}

#[test]
fn redis_cli_speaks_with_the_stand_in() {
    if skips("redis-cli") {
        return;
    }
    let server = Server::start(SETTINGS);
    let cli = |words: &[&str]| {
        let mut command = Command::new("redis-cli");
        command.args(["-p", &server.address.port().to_string()]).args(words).stdin(Stdio::null());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(cli(&["ping"]), "PONG\n");
    assert_eq!(cli(&["get", "primecache:7"]), "\n");
    assert_eq!(cli(&["set", "primecache:7", "prime"]), "OK\n");
    assert_eq!(cli(&["get", "primecache:7"]), "prime\n");
    assert_eq!(cli(&["-n", "0", "dbsize"]), "1\n");
    assert!(cli(&["info"]).contains("keyspace_hits:1"));
    // Asked for RESP3, it goes on with RESP2.
    assert!(cli(&["-3", "get", "primecache:7"]).ends_with("prime\n"));
}
