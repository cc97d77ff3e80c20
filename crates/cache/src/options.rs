//! The command line.

use std::num::NonZeroUsize;
use std::time::Duration;

use chassis::{LogFormat, Options, Timeout};
use clap::{ArgAction, Args};
use text::addresses::{self, Addresses};

/// What is this cache's own.
#[derive(Clone, Debug)]
pub struct Settings {
    /// From the arrival of a request to its answer.
    pub latency: Duration,
    /// By how much the latency may be shorter or longer.
    pub jitter: Duration,
    /// Bytes of keys and values that are kept, with 128 for each key.
    pub memory: usize,
    /// Whether a client may ask for faults.
    pub faults: bool,
}

/// The options of `concurrent-servers cache`.
#[derive(Args, Clone, Debug)]
pub struct CommandLine {
    /// Address to listen on, HOST:PORT; port 0 takes any free port. The first line of output says which address and port it is
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:6380", value_parser = addresses::parse)]
    addr: Addresses,

    /// From the arrival of a request to its answer; requests that arrive together are answered together
    #[arg(long, value_name = "TIME", default_value = "5ms", value_parser = parse_time)]
    latency: Duration,

    /// Make each latency shorter or longer by up to this much; the answers on a connection stay in order
    #[arg(long, value_name = "TIME", default_value = "0ms", value_parser = parse_time)]
    jitter: Duration,

    /// MiB of keys and values that are kept, with 128 bytes for each key; beyond that SET is answered with -OOM
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    memory: u32,

    /// Let clients ask for faults with the command FAULT
    #[arg(long)]
    faults: bool,

    /// Connections held open at most; further ones are told so and closed [default: the limit on open files less 64]
    #[arg(long, value_name = "N", value_parser = parse_count, allow_negative_numbers = true)]
    max_conns: Option<NonZeroUsize>,

    /// At SIGTERM, SIGINT or SIGHUP, wait at most this long for answers to be sent and taken; one more such signal, half a
    /// second later or after that, ends the cache at once
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_drain)]
    drain_timeout: Timeout,

    /// Form of the log lines on standard error
    #[arg(long, value_name = "FORMAT", default_value_t = LogFormat::Text)]
    log_format: LogFormat,

    /// Log more: -v each connection that fails, -vv each connection
    #[arg(short, long, action = ArgAction::Count)]
    verbose: u8,

    /// Log errors only
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
}

impl CommandLine {
    /// What is set, for [`serve`](crate::serve).
    ///
    /// # Errors
    /// Two options do not fit together; the message names them.
    pub fn settings(&self) -> Result<Settings, String> {
        let CommandLine { latency, jitter, memory, faults, .. } = *self;
        if jitter > latency {
            return Err("--jitter is longer than --latency; no answer can come before its request".to_owned());
        }
        let memory = usize::try_from(memory).unwrap_or(usize::MAX).saturating_mul(1 << 20);
        Ok(Settings { latency, jitter, memory, faults })
    }

    /// What it shares with all servers.
    #[must_use]
    pub fn options(&self) -> Options {
        let defaults = Options::default();
        Options {
            addr: self.addr.clone(),
            max_conns: self.max_conns,
            // As in Redis: a client of a cache is silent while its own clients are.
            idle_timeout: Timeout::OFF,
            write_timeout: Timeout::OFF,
            progress_timeout: Timeout::OFF,
            drain_timeout: self.drain_timeout.duration().unwrap_or(defaults.drain_timeout),
            log_format: self.log_format,
            verbose: self.verbose,
            quiet: self.quiet,
            ..defaults
        }
    }
}

/// The longest latency: more is a test's mistake.
const LONGEST: Duration = Duration::from_secs(60);

fn parse_time(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text)
        .map_err(|error| format!("{error}; write it like 500us, 5ms or 1s, or 0ms for none"))?;
    if time > LONGEST { Err("it must be at most 1m".to_owned()) } else { Ok(time) }
}

fn parse_drain(text: &str) -> Result<Timeout, String> {
    let timeout: Timeout = text.parse()?;
    if timeout == Timeout::OFF {
        Err("a drain must end; write it like 500ms, 30s or 5m".to_owned())
    } else {
        Ok(timeout)
    }
}

fn parse_count(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "give a whole number from 1".to_owned())
}
