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
/// An answer is `+OK`.
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
}

fn store(address: SocketAddr, answers: &[(u64, Verdict)]) -> Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    let mut decoder = ReplyDecoder::new(LONGEST_REPLY);
    for part in answers.chunks(AT_ONCE) {
        let mut commands = Vec::new();
        for (number, verdict) in part {
            let key = format!("primecache:{number}");
            append_command(&[b"SET", key.as_bytes(), verdict.answer().trim_ascii()], &mut commands);
        }
        stream.write_all(&commands)?;
        let mut stored = 0;
        while stored < part.len() {
            let mut buffer = [0; 4096];
            let length = stream.read(&mut buffer)?;
            ensure!(length > 0, "it closed the connection");
            let mut received = &buffer[..length];
            while let Some(reply) = decoder.decode(&mut received)? {
                ensure!(reply == Reply::simple("OK"), "it answered {reply:?}");
                stored += 1;
            }
        }
    }
    Ok(())
}
