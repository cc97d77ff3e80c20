//! The crate `redis`, as both of its clients are used here.

use std::net::SocketAddr;
use std::time::Duration;

use prime::Verdict;
use redis::io::tcp::TcpSettings;
use redis::{Client, Cmd, ConnectionAddr, IntoConnectionInfo, RedisConnectionInfo, RedisError, Value};
use text::addresses::Addresses;

use crate::policy::{TIMEOUT, Trouble, key, parse, value};

/// Where to connect, each address in turn with the same share of [`TIMEOUT`].
#[derive(Debug)]
pub(crate) struct Clients {
    pub(crate) all: Vec<Client>,
    pub(crate) share: Duration,
}

impl Clients {
    pub(crate) fn new(addresses: &Addresses) -> Clients {
        let all: Vec<Client> = addresses.all().iter().copied().map(client).collect();
        let share = TIMEOUT / u32::try_from(all.len()).unwrap_or(u32::MAX);
        Clients { all, share }
    }
}

fn client(address: SocketAddr) -> Client {
    let info = ConnectionAddr::Tcp(address.ip().to_string(), address.port()).into_connection_info();
    let info = info.expect("an address and a port say all that is needed");
    // A lookup is one small write; it must not wait for the acknowledgement of the one before.
    let info = info.set_tcp_settings(TcpSettings::default().set_nodelay(true));
    // Nothing is asked at the start, so that connecting is only that.
    let info = info.set_redis_settings(RedisConnectionInfo::default().set_skip_set_lib_name());
    Client::open(info).expect("nothing is resolved or connected yet")
}

pub(crate) fn get(number: u64) -> Cmd {
    let mut command = redis::cmd("GET");
    command.arg(key(number));
    command
}

pub(crate) fn set(number: u64, verdict: Verdict) -> Cmd {
    let mut command = redis::cmd("SET");
    command.arg(key(number)).arg(value(verdict));
    command
}

/// The answer to [`get`].
pub(crate) fn found(value: &Value) -> Result<Option<Verdict>, Trouble> {
    match value {
        Value::Nil => Ok(None),
        Value::BulkString(value) => parse(value).map(Some),
        other => Err(Trouble::nonsense(format!("{other:?}").as_bytes())),
    }
}

/// The answer to [`set`].
pub(crate) fn stored(value: &Value) -> Result<(), Trouble> {
    match value {
        Value::Okay => Ok(()),
        other => Err(Trouble::nonsense(format!("{other:?}").as_bytes())),
    }
}

pub(crate) fn trouble(error: &RedisError) -> Trouble {
    match error.code() {
        Some(code) => Trouble::Refused(format!("-{code} {}", error.detail().unwrap_or_default())),
        None if error.is_timeout() => Trouble::Slow,
        None => Trouble::Broken(error.to_string()),
    }
}
