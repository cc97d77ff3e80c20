//! The caches that models are tested with, and what can be wrong with them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};

use observe::Process;
use rustix::process::Signal;

use super::real::{Redis, skips};
use crate::process::{PATIENCE, Server};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing listens at its address.
    Away,
    /// Its answers take longer than anybody waits.
    Slow,
    /// It has values that are none.
    Wrong,
    /// It answers lookups with errors.
    Errors,
    /// It has no room for further values.
    Full,
    /// Its connections are reset: the stand-in's in mid-answer, those of Redis before the next question.
    Reset,
    /// It speaks another protocol. Redis does not.
    Garbage,
}

/// A cache, and a connection to it that its faults leave alone.
pub(super) struct Cache {
    program: Program,
    pub(super) address: SocketAddr,
    control: BufReader<TcpStream>,
}

enum Program {
    StandIn { _server: Server },
    Redis(Redis),
}

impl Cache {
    /// The stand-in, and Redis if it is installed.
    pub(super) fn all() -> Vec<Cache> {
        let redis = (!skips("redis-server")).then(|| {
            let redis = Redis::start();
            Cache { address: redis.address, control: connect(redis.address), program: Program::Redis(redis) }
        });
        [Some(Cache::stand_in("0ms")), redis].into_iter().flatten().collect()
    }

    /// The stand-in, with this latency.
    pub(super) fn stand_in(latency: &str) -> Cache {
        let mut command = Command::new(env!("CARGO_BIN_EXE_concurrent-servers"));
        command.args(["cache", "--addr", "127.0.0.1:0", "--faults", "--latency", latency]);
        let server = Server::start({
            command.stderr(Stdio::null());
            command
        });
        let address = server.address;
        Cache { program: Program::StandIn { _server: server }, address, control: connect(address) }
    }

    pub(super) fn name(&self) -> &'static str {
        match self.program {
            Program::StandIn { .. } => "the stand-in",
            Program::Redis(_) => "Redis",
        }
    }

    /// A command and its answer: the value, or the line.
    pub(super) fn ask(&mut self, command: &str) -> String {
        self.control.get_mut().write_all(format!("{command}\r\n").as_bytes()).unwrap();
        let mut line = String::new();
        self.control.read_line(&mut line).unwrap();
        let length = line.strip_prefix('$').and_then(|length| length.trim_end().parse::<usize>().ok());
        if let Some(length) = length {
            let mut value = vec![0; length + 2];
            self.control.read_exact(&mut value).unwrap();
            line = String::from_utf8(value).unwrap();
        }
        line.trim_end().to_owned()
    }

    fn expect_ok(&mut self, command: &str) {
        assert_eq!(self.ask(command), "+OK", "{command}");
    }

    /// A figure of `INFO`.
    pub(super) fn figure(&mut self, name: &str) -> u64 {
        let info = self.ask("info");
        let value = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        value.unwrap_or_else(|| panic!("no {name} in {info}")).parse().unwrap()
    }

    /// Stores what is not true: whoever answers so has it from the cache.
    pub(super) fn plant(&mut self) {
        self.expect_ok("set primecache:9 prime");
    }

    /// Whether it can fail in this way at all.
    pub(super) fn can(&self, fault: Fault) -> bool {
        fault != Fault::Garbage || matches!(self.program, Program::StandIn { .. })
    }

    /// From now on.
    pub(super) fn begin(&mut self, fault: Fault) {
        if let Program::Redis(redis) = &mut self.program {
            match fault {
                Fault::Away => {
                    redis.child.kill().unwrap();
                    redis.child.wait().unwrap();
                }
                Fault::Slow => Process::new(redis.child.id()).unwrap().signal(Signal::STOP).unwrap(),
                Fault::Wrong => self.expect_ok("set primecache:9 perhaps"),
                Fault::Errors => self.expect_ok("acl setuser default -get"),
                Fault::Full => self.expect_ok("config set maxmemory 1"),
                Fault::Reset => assert!(self.ask("client kill type normal skipme yes").starts_with(':')),
                Fault::Garbage => unreachable!("it cannot"),
            }
        } else {
            let words = match fault {
                Fault::Away => "refuse",
                Fault::Slow => "slow 600000",
                Fault::Wrong => "wrong",
                Fault::Errors => "error",
                Fault::Full => "oom",
                Fault::Reset => "reset",
                Fault::Garbage => "garbage",
            };
            self.expect_ok(&format!("fault {words}"));
        }
    }

    /// It is well again.
    pub(super) fn end(&mut self, fault: Fault) {
        if let Program::Redis(redis) = &mut self.program {
            match fault {
                Fault::Away => {
                    *redis = Redis::start_at(self.address).expect("its port is still free");
                    self.control = connect(self.address);
                }
                Fault::Slow => Process::new(redis.child.id()).unwrap().signal(Signal::CONT).unwrap(),
                Fault::Errors => self.expect_ok("acl setuser default +get"),
                Fault::Full => self.expect_ok("config set maxmemory 0"),
                Fault::Wrong | Fault::Reset | Fault::Garbage => {}
            }
        } else {
            self.expect_ok("fault none");
        }
    }
}

fn connect(address: SocketAddr) -> BufReader<TcpStream> {
    let control = TcpStream::connect(address).unwrap();
    control.set_nodelay(true).unwrap();
    control.set_read_timeout(Some(PATIENCE)).unwrap();
    BufReader::new(control)
}
