//! What each command means.

use std::mem;
use std::time::Duration;

use resp::{CommandDecoder, Reply};

use crate::delay::Delay;
use crate::faults::{Fault, NONSENSE};
use crate::info;
use crate::options::Settings;
use crate::store::Store;

/// The largest command, in bytes, with those of its bookkeeping: keys and values are shorter.
pub const MOST_IN_A_COMMAND: usize = 128 << 10;

/// Values, figures, and what goes wrong: all that the clients share.
#[derive(Debug)]
pub struct Cache {
    pub(crate) store: Store,
    pub(crate) counted: Counted,
    /// Clients that are connected.
    pub(crate) clients: usize,
    pub(crate) delay: Delay,
    fault: Fault,
    may_fault: bool,
}

/// What has happened so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counted {
    pub(crate) connections: u64,
    pub(crate) commands: u64,
    pub(crate) hits: u64,
    pub(crate) misses: u64,
}

/// What follows an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// The next one.
    GoOn,
    /// It is sent this much later than usual.
    Later(Duration),
    /// The end of the connection.
    Close,
    /// The connection is reset.
    Reset,
}

impl Cache {
    /// An empty cache.
    #[must_use]
    pub fn new(settings: &Settings) -> Cache {
        Cache {
            store: Store::new(settings.memory),
            counted: Counted::default(),
            clients: 0,
            delay: Delay::new(settings),
            fault: Fault::None,
            may_fault: settings.faults,
        }
    }

    /// What goes wrong at the moment.
    #[must_use]
    pub fn fault(&self) -> Fault {
        self.fault
    }

    pub(crate) const fn decoder() -> CommandDecoder {
        CommandDecoder::new(MOST_IN_A_COMMAND)
    }

    /// Carries a command out, and appends the answer.
    pub(crate) fn answer(&mut self, command: Vec<Vec<u8>>, answer: &mut Vec<u8>) -> Then {
        self.counted.commands += 1;
        let name = String::from_utf8_lossy(&command[0]).to_ascii_lowercase();
        if matches!((name.as_str(), command.len()), ("get", 2) | ("set", 3)) {
            return self.answer_faultily(command, answer);
        }
        if name == "quit" {
            Reply::simple("OK").append_to(answer);
            return Then::Close;
        }
        self.carry_out(&name, command).append_to(answer);
        Then::GoOn
    }

    fn answer_faultily(&mut self, command: Vec<Vec<u8>>, answer: &mut Vec<u8>) -> Then {
        let (begin, is_get) = (answer.len(), command.len() == 2);
        let reply = match self.fault {
            Fault::Wrong if is_get => Reply::bulk(NONSENSE),
            Fault::Error => Reply::error("ERR a client has asked for errors"),
            Fault::Oom if !is_get => Reply::error(OOM),
            Fault::Garbage => {
                answer.extend_from_slice(b"?!\r\n");
                return Then::GoOn;
            }
            _ if is_get => self.get(&command[1]),
            _ => self.set(command),
        };
        reply.append_to(answer);
        match self.fault {
            Fault::Slow(time) => Then::Later(time),
            Fault::Reset => {
                answer.truncate(begin + (answer.len() - begin) / 2);
                Then::Reset
            }
            _ => Then::GoOn,
        }
    }

    fn carry_out(&mut self, name: &str, mut command: Vec<Vec<u8>>) -> Reply {
        let arguments = &command[1..];
        match (name, arguments.len()) {
            ("ping", 0) => Reply::simple("PONG"),
            ("ping" | "echo", 1) => Reply::Bulk(mem::take(&mut command[1])),
            // Redis has options here, such as EX and ASYNC, which no server of this project uses.
            ("set", 3..) | ("flushdb" | "flushall", 1..) => Reply::error("ERR syntax error"),
            ("del", 1..) => count(arguments, |key| self.store.remove(key)),
            ("exists", 1..) => count(arguments, |key| self.store.get(key).is_some()),
            ("dbsize", 0) => integer(self.store.len()),
            ("flushdb" | "flushall", 0) => {
                self.store.clear();
                Reply::simple("OK")
            }
            ("select", 1) => match number(&arguments[0]) {
                Some(0) => Reply::simple("OK"),
                Some(_) => Reply::error("ERR DB index is out of range"),
                None => Reply::error("ERR value is not an integer or out of range"),
            },
            // What clients say about themselves when they connect; SETINFO is Redis 7.2's.
            ("client", 1..) => match (arguments[0].to_ascii_lowercase().as_slice(), arguments.len()) {
                (b"setname", 2) => set_name(&arguments[1]),
                (b"setinfo", 3) => Reply::simple("OK"),
                (b"setname", _) => wrong_number("client|setname"),
                (b"setinfo", _) => wrong_number("client|setinfo"),
                _ => unknown_subcommand("CLIENT", &arguments[0]),
            },
            // What redis-cli asks for when it connects.
            ("command", 0) => Reply::Array(vec![]),
            ("command", _) => match arguments[0].to_ascii_lowercase().as_slice() {
                b"docs" => Reply::Array(vec![]),
                _ => unknown_subcommand("COMMAND", &arguments[0]),
            },
            ("hello", _) => info::hello(arguments),
            ("info", _) => info::info(self),
            ("fault", _) if self.may_fault => match Fault::parse(arguments) {
                Ok(fault) => {
                    self.fault = fault;
                    Reply::simple("OK")
                }
                Err(refusal) => refusal,
            },
            _ if COMMANDS.contains(&name) => wrong_number(name),
            _ => unknown(&command),
        }
    }

    fn get(&mut self, key: &[u8]) -> Reply {
        let found = self.store.get(key).map_or(Reply::Nil, Reply::bulk);
        *(if found == Reply::Nil { &mut self.counted.misses } else { &mut self.counted.hits }) += 1;
        found
    }

    fn set(&mut self, mut command: Vec<Vec<u8>>) -> Reply {
        let (key, value) = (mem::take(&mut command[1]), mem::take(&mut command[2]));
        self.store.set(key, value).map_or_else(|_| Reply::error(OOM), |()| Reply::simple("OK"))
    }
}

/// Those that have another number of arguments.
const COMMANDS: &[&str] = &["get", "set", "ping", "echo", "del", "exists", "dbsize", "select", "client"];

/// What Redis says when it is full and may not evict.
const OOM: &str = "OOM command not allowed when used memory > 'maxmemory'.";

fn count(keys: &[Vec<u8>], mut counts: impl FnMut(&[u8]) -> bool) -> Reply {
    integer(keys.iter().filter(|key| counts(key)).count())
}

fn integer(number: usize) -> Reply {
    Reply::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

/// A whole number in its one spelling.
pub(crate) fn number(text: &[u8]) -> Option<i64> {
    let text = str::from_utf8(text).ok()?;
    text.parse().ok().filter(|number: &i64| number.to_string() == text)
}

fn set_name(name: &[u8]) -> Reply {
    if name.iter().all(u8::is_ascii_graphic) {
        return Reply::simple("OK");
    }
    Reply::error("ERR Client names cannot contain spaces, newlines or special characters.")
}

fn wrong_number(name: &str) -> Reply {
    Reply::error(&format!("ERR wrong number of arguments for '{name}' command"))
}

fn unknown_subcommand(command: &str, name: &[u8]) -> Reply {
    let shown = String::from_utf8_lossy(&name[..name.len().min(MOST_SHOWN)]);
    Reply::error(&format!("ERR unknown subcommand '{shown}'. Try {command} HELP."))
}

/// As in Redis: a name is shown to this length, and of the arguments as many as fit.
const MOST_SHOWN: usize = 128;

fn unknown(command: &[Vec<u8>]) -> Reply {
    let shorten = |word: &[u8], most: usize| word[..word.len().min(most)].to_vec();
    let mut arguments: Vec<u8> = Vec::new();
    for word in &command[1..] {
        if arguments.len() >= MOST_SHOWN {
            break;
        }
        let room = MOST_SHOWN - arguments.len();
        arguments.extend([b"'", shorten(word, room).as_slice(), b"' "].concat());
    }
    let name = shorten(&command[0], MOST_SHOWN);
    let text =
        [b"ERR unknown command '", name.as_slice(), b"', with args beginning with: ", &arguments].concat();
    Reply::Error(text)
}
