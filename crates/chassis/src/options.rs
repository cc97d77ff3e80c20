//! The command line, the same for every model.

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::str::FromStr;
use std::time::Duration;

use clap::{ArgAction, Args, ValueEnum};
use text::addresses::Addresses;

use crate::events::EventFile;
use crate::framing::Framing;
use crate::knob::Knob;
use crate::limits::{default_max_connections, most_threads};
use crate::sending::Sending;
use crate::shim::operations::OperationFaults;

/// How a server is set up. [`Options::default`] is what an empty command line gives.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Address to listen on, HOST:PORT; port 0 takes any free port. Of a name with several addresses, the first one
    /// that this machine has. The first line of output says which address and port it is
    #[arg(long, value_name = "ADDR", default_value_t = Options::default().addr, value_parser = text::addresses::parse)]
    pub addr: Addresses,

    /// Threads that serve clients, in the pools, tokio, reactors and prime-async-inline only; that test numbers, in
    /// prime-queue, prime-callbacks, prime-promises, prime-async and prime-rayon [default: 64 in the pools, 4 that test
    /// numbers, else one per processor]
    #[arg(long, value_name = "N", value_parser = parse_workers, allow_negative_numbers = true)]
    pub workers: Option<NonZeroUsize>,

    /// tokio's scheduler, in tokio only [default: multi-thread]
    #[arg(long, value_name = "KIND")]
    pub runtime: Option<Runtime>,

    /// How replies are sent, in some models only.
    #[command(flatten)]
    pub sending: Sending,

    /// What ends a request, in the models of the prime service only [default: line]
    #[arg(long, value_name = "KIND")]
    pub framing: Option<Framing>,

    /// Look each number up in the cache at this address before it is tested, HOST:PORT of Redis or of `concurrent-servers
    /// cache`, and store what the test finds; in the models of the prime service only [default: no cache]
    #[arg(long, value_name = "ADDR", value_parser = text::addresses::parse_server)]
    pub cache: Option<Addresses>,

    /// Test a number once for all clients that ask for it at the same time, in prime-async only
    #[arg(long)]
    pub single_flight: bool,

    /// Rings with a thread each, in io-uring only [default: 1]. Each has a table of as many connections as the limit on open
    /// files allows, so that --max-conns may be larger with more of them
    #[arg(long, value_name = "N", value_parser = parse_workers, allow_negative_numbers = true)]
    pub rings: Option<NonZeroUsize>,

    /// Connections held open at most; further clients are closed without a greeting [default: the limit
    /// on open files less 64]
    #[arg(long, value_name = "N", value_parser = parse_count, allow_negative_numbers = true)]
    pub max_conns: Option<NonZeroUsize>,

    /// Close a connection that has sent no byte for this long; "off" waits for ever
    #[arg(long, value_name = "TIME", default_value_t = Options::default().idle_timeout)]
    pub idle_timeout: Timeout,

    /// Close a connection that has taken no byte of its waiting reply for this long; "off" waits for ever. A client that
    /// reads may seem to take nothing for a while: after a fast download its kernel holds megabytes, and takes more once
    /// a sixteenth of its receive buffer is free. At the default readers of 20 KB/s stay (50 KB/s if that buffer may
    /// grow to 32 MiB instead of 6 MiB)
    #[arg(long, value_name = "TIME", default_value_t = Options::default().write_timeout)]
    pub write_timeout: Timeout,

    /// Close a connection that has moved less than 1 KiB in this time, in the middle of a message or of a
    /// reply; "off" lets it trickle. Of a reply, what the client's kernel takes counts, as for --write-timeout
    #[arg(long, value_name = "TIME", default_value_t = Options::default().progress_timeout)]
    pub progress_timeout: Timeout,

    /// At SIGTERM, SIGINT or SIGHUP, wait at most this long for replies to be sent and taken; one more such signal,
    /// half a second later or after that, ends the server at once
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_duration)]
    pub drain_timeout: Duration,

    /// Panic in the handler of a client that sends this: a fault for tests to inject
    #[cfg(debug_assertions)]
    #[arg(long, value_name = "TEXT", hide = true)]
    pub panic_on: Option<String>,

    /// Make some reads and writes on connections short, blocked or interrupted, chosen by this seed: a fault for
    /// tests to inject
    #[cfg(debug_assertions)]
    #[arg(long, value_name = "SEED", hide = true)]
    pub shim: Option<crate::shim::faults::Shim>,

    /// A file of faults at operations that are handed to the kernel: `faults` writes it, for models whose operations strace
    /// does not see
    #[arg(long, value_name = "FILE", hide = true)]
    pub operation_faults: Option<OperationFaults>,

    /// A file for what becomes of each number, and when: `timeline` reads it. In the models of the prime service only
    #[arg(long, value_name = "FILE", hide = true)]
    pub events: Option<EventFile>,

    /// Form of the log lines on standard error
    #[arg(long, value_name = "FORMAT", default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,

    /// Log more: -v each connection that fails, -vv each connection
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,

    /// Log errors only
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            addr: SocketAddr::from(([127, 0, 0, 1], 9090)).into(),
            workers: None,
            runtime: None,
            sending: Sending::default(),
            framing: None,
            single_flight: false,
            cache: None,
            rings: None,
            max_conns: None,
            idle_timeout: Timeout::after(Duration::from_secs(300)),
            // Long enough for slow readers: crates/sockets/tests/suite/window.rs. Longer than the progress timeout would
            // change little, since that closes a reader that seems to take nothing, too.
            write_timeout: Timeout::after(Duration::from_secs(60)),
            progress_timeout: Timeout::after(Duration::from_secs(60)),
            drain_timeout: Duration::from_secs(10),
            #[cfg(debug_assertions)]
            panic_on: None,
            #[cfg(debug_assertions)]
            shim: None,
            operation_faults: None,
            events: None,
            log_format: LogFormat::Text,
            verbose: 0,
            quiet: false,
        }
    }
}

impl Options {
    /// `--workers`, or this model's own default.
    pub fn workers_or(&self, default: usize) -> usize {
        self.workers.map_or(default, NonZeroUsize::get)
    }

    /// `--max-conns`, or what the limit on open files allows.
    pub fn max_connections(&self) -> usize {
        self.max_conns.map_or_else(default_max_connections, NonZeroUsize::get)
    }

    /// Panics if `--panic-on` asks for it at these bytes of a client. The crate `sockets` calls this with what it has
    /// received; in release builds there is neither the option nor any code in here.
    ///
    /// # Panics
    /// That is what it is for.
    #[inline]
    pub fn panic_if_asked(&self, received: &[u8]) {
        #[cfg(debug_assertions)]
        if let Some(text) = self.panic_on.as_deref().filter(|text| !text.is_empty()) {
            let is_asked = received.windows(text.len()).any(|bytes| bytes == text.as_bytes());
            assert!(!is_asked, "a client sent {text:?}, and --panic-on asks for a panic");
        }
        let _ = received;
    }

    /// Refuses options that the model would silently ignore.
    ///
    /// # Errors
    /// One line that names the model and the option.
    pub fn check_knobs(&self, model: &str, knobs: &[Knob]) -> Result<(), String> {
        if self.runtime == Some(Runtime::CurrentThread) && self.workers.is_some() {
            return Err(
                "--runtime current-thread has one thread and no use for --workers; leave one out".into()
            );
        }
        if self.events.is_some() && !knobs.contains(&Knob::Framing) {
            return Err(format!("{model} has no use for --events; leave it out, or serve a model of primes"));
        }
        let given = [
            (Knob::Workers, self.workers.is_some()),
            (Knob::Runtime, self.runtime.is_some()),
            (Knob::WritePolicy, self.sending.write_policy.is_some()),
            (Knob::Nagle, self.sending.nagle),
            (Knob::Rings, self.rings.is_some()),
            (Knob::Framing, self.framing.is_some()),
            (Knob::SingleFlight, self.single_flight),
            (Knob::Cache, self.cache.is_some()),
        ];
        match given.iter().find(|(knob, is_given)| *is_given && !knobs.contains(knob)) {
            Some((knob, _)) => Err(format!("{model} has no use for {knob}; {}", knob.advice())),
            None => Ok(()),
        }
    }
}

/// Which of tokio's schedulers runs the tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Runtime {
    /// Worker threads that steal tasks from each other.
    MultiThread,
    /// All tasks on one thread.
    CurrentThread,
    /// A thread for each core, with a listening socket and tasks of its own; `--workers` says how many. Linux only.
    PerCore,
}

/// Form of the log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people; coloured on a terminal.
    Text,
    /// One JSON object a line, for programs.
    Json,
}

impl fmt::Display for LogFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            LogFormat::Text => "text",
            LogFormat::Json => "json",
        })
    }
}

/// A time after which the server gives up, or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeout(Option<Duration>);

impl Timeout {
    /// No timeout: `off` on the command line.
    pub const OFF: Timeout = Timeout(None);

    /// Gives up after this time.
    pub const fn after(duration: Duration) -> Timeout {
        Timeout(Some(duration))
    }

    /// The time, or `None` if there is no timeout.
    pub const fn duration(self) -> Option<Duration> {
        self.0
    }

    /// Whether something that began this long ago has lasted too long.
    pub fn is_over(self, elapsed: Duration) -> bool {
        self.0.is_some_and(|limit| elapsed >= limit)
    }
}

impl FromStr for Timeout {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" { Ok(Timeout::OFF) } else { parse_duration(text).map(Timeout::after) }
    }
}

impl fmt::Display for Timeout {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(duration) => write!(formatter, "{}", humantime::format_duration(duration)),
            None => formatter.write_str("off"),
        }
    }
}

/// The longest timeout, so that no sum of times can overflow.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);

fn parse_count(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "give a whole number from 1".to_owned())
}

/// Reads a number of threads, of which the process can hold only so many.
///
/// # Errors
/// What to give instead.
pub fn parse_workers(text: &str) -> Result<NonZeroUsize, String> {
    let workers = parse_count(text)?;
    let most = most_threads();
    if workers.get() > most { Err(format!("give at most {most}")) } else { Ok(workers) }
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text)
        .map_err(|error| format!("{error}; write it like 500ms, 30s or 5m"))?;
    match duration {
        Duration::ZERO => Err("it must be longer than nothing".to_owned()),
        duration if duration > LONGEST => Err("it must be at most 30days".to_owned()),
        duration => Ok(duration),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        options: Options,
    }

    fn parse(arguments: &[&str]) -> Result<Options, clap::Error> {
        let program = std::iter::once(&"server");
        Command::try_parse_from(program.chain(arguments)).map(|command| command.options)
    }

    #[test]
    fn an_empty_command_line_gives_the_defaults() {
        assert_eq!(format!("{:?}", parse(&[]).unwrap()), format!("{:?}", Options::default()));
    }

    #[test]
    fn timeouts_are_times_or_off() {
        assert_eq!(parse(&["--idle-timeout", "off"]).unwrap().idle_timeout, Timeout::OFF);
        let options = parse(&["--idle-timeout", "1500ms"]).unwrap();
        assert_eq!(options.idle_timeout.duration(), Some(Duration::from_millis(1500)));
    }

    #[test]
    fn wrong_values_are_refused_with_advice() {
        for (arguments, advice) in [
            (["--addr", "abc"], "such as 127.0.0.1:9090"),
            (["--addr", "127.0.0.1:99999"], "such as 127.0.0.1:9090"),
            (["--addr", "0127.0.0.1:9090"], "write the one that you mean"),
            (["--addr", "127.1:9090"], "write 127.0.0.1"),
            (["--workers", "0"], "whole number from 1"),
            (["--workers", "-1"], "whole number from 1"),
            (["--workers", "99999"], "give at most "),
            (["--max-conns", "0"], "whole number from 1"),
            (["--idle-timeout", "7"], "write it like 500ms"),
            (["--drain-timeout", "0s"], "longer than nothing"),
            (["--write-timeout", "31days"], "at most 30days"),
        ] {
            let error = parse(&arguments).unwrap_err().to_string();
            assert!(error.contains(advice), "{arguments:?} gave {error}");
        }
    }

    #[test]
    fn an_option_that_a_model_cannot_use_is_refused_not_ignored() {
        let options = parse(&["--workers", "3"]).unwrap();
        assert!(options.check_knobs("thread-pool", &[Knob::Workers]).is_ok());
        let refusal = options.check_knobs("mio", &[]).unwrap_err();
        assert!(refusal.starts_with("mio has no use for --workers; leave it out, or serve"), "{refusal}");
        for (arguments, option) in
            [(vec!["--write-policy", "per-read"], "--write-policy"), (vec!["--nagle"], "--nagle")]
        {
            let options = parse(&arguments).unwrap();
            assert!(options.check_knobs("mio", &[Knob::WritePolicy, Knob::Nagle]).is_ok());
            let refusal = options.check_knobs("tokio", &[Knob::Workers]).unwrap_err();
            assert!(refusal.starts_with(&format!("tokio has no use for {option}; leave it out, or ")));
            assert!(refusal.ends_with("sequential, thread-per-conn or mio"), "{refusal}");
        }
        let one_thread = parse(&["--runtime", "current-thread", "--workers", "3"]).unwrap();
        assert!(one_thread.check_knobs("tokio", &[Knob::Workers, Knob::Runtime]).is_err());
    }
}
