//! The cache of a trial: our stand-in, in a process of its own, which knows the answers to the load's hits.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use observe::{ServerCommand, ServerProcess};
use prime::Verdict;
use resp::{Reply, ReplyDecoder, append_command};

use crate::scenario::Cache;

/// Answers that are stored with one write: far below what the cache queues for a client.
const AT_ONCE: usize = 512;
/// Longer than any latency that a scenario has.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The answer to `INFO` takes a third of it.
const LONGEST_REPLY: usize = 1_024;

/// A running cache, which ends when this is dropped.
#[derive(Debug)]
pub(crate) struct StandIn(ServerProcess);

impl StandIn {
    /// Starts a cache that knows these answers.
    ///
    /// # Errors
    /// It does not start, or does not store them.
    pub(crate) fn start(command: &ServerCommand, cache: Cache, answers: &[(u64, Verdict)]) -> Result<Self> {
        let latency = format!("--latency={}ms", cache.latency_ms);
        let process = ServerProcess::start(command, &[&latency]).context("the cache")?;
        store(process.address(), answers).context("the cache does not store the hits")?;
        Ok(StandIn(process))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0.address()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.pid()
    }

    /// How many connections others have to it, as it says itself: the pool of the server that asks it.
    ///
    /// # Errors
    /// It does not say.
    pub(crate) fn connections(&self) -> Result<u64> {
        let mut info = Vec::new();
        append_command(&[b"INFO"], &mut info);
        let replies = Asking::of(self.address()).and_then(|mut asking| asking.ask(&info, 1));
        let all = replies.context("the cache")?.iter().find_map(|reply| figure(reply, "connected_clients"));
        // One of them asked.
        Ok(all.context("the cache does not say how many clients it has")?.saturating_sub(1))
    }
}

fn store(address: SocketAddr, answers: &[(u64, Verdict)]) -> Result<()> {
    let mut asking = Asking::of(address)?;
    for part in answers.chunks(AT_ONCE) {
        let mut commands = Vec::new();
        for (number, verdict) in part {
            let key = format!("primecache:{number}");
            append_command(&[b"SET", key.as_bytes(), verdict.answer().trim_ascii()], &mut commands);
        }
        for reply in asking.ask(&commands, part.len())? {
            ensure!(reply == Reply::simple("OK"), "it answered {reply:?}");
        }
    }
    Ok(())
}

/// What `INFO` says about this.
fn figure(info: &Reply, name: &str) -> Option<u64> {
    let Reply::Bulk(text) = info else { return None };
    let text = str::from_utf8(text).ok()?;
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?.parse().ok()
}

/// A connection of our own.
struct Asking {
    stream: TcpStream,
    decoder: ReplyDecoder,
}

impl Asking {
    fn of(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        Ok(Asking { stream, decoder: ReplyDecoder::new(LONGEST_REPLY) })
    }

    /// The replies to so many commands, which are sent together.
    fn ask(&mut self, commands: &[u8], count: usize) -> Result<Vec<Reply>> {
        self.stream.write_all(commands)?;
        let mut replies = Vec::new();
        while replies.len() < count {
            let mut buffer = [0; 4096];
            let length = self.stream.read(&mut buffer)?;
            ensure!(length > 0, "it closed the connection");
            let mut received = &buffer[..length];
            while let Some(reply) = self.decoder.decode(&mut received)? {
                replies.push(reply);
            }
        }
        Ok(replies)
    }
}
