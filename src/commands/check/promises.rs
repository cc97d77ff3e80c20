//! What `check` cannot know about a server that is not ours.

use std::time::Duration;

use conformance::{Concurrency, Service, Settings};

use super::subject::{parse_concurrency, parse_service};

/// What the user says about a server at an address, or about a program.
#[derive(clap::Args, Clone, Copy, Debug)]
pub(super) struct Promises {
    /// How many clients it serves at a time: `one`, `many` or its number of workers [default: many]
    #[arg(long, value_name = "one|many|N", value_parser = parse_concurrency)]
    pub(super) concurrency: Option<Concurrency>,

    /// What a server at an address serves [default: echo]
    #[arg(long, value_name = "echo|primes", value_parser = parse_service)]
    pub(super) service: Option<Service>,

    /// Its idle timeout; use a few seconds, because the cases wait for it
    #[arg(long, value_name = "TIME", value_parser = parse_timeout)]
    idle_timeout: Option<Duration>,

    /// Its write timeout: it drops a client that takes no reply byte for this long
    #[arg(long, value_name = "TIME", value_parser = parse_timeout)]
    write_timeout: Option<Duration>,

    /// Its progress timeout: a client in the middle of a message or reply must move 1 KiB within it
    #[arg(long, value_name = "TIME", value_parser = parse_timeout)]
    progress_timeout: Option<Duration>,

    /// A program's drain timeout: after SIGTERM it exits within this time
    #[arg(long, value_name = "TIME", value_parser = parse_timeout)]
    pub(super) drain_timeout: Option<Duration>,
}

impl Promises {
    /// Whether anything is said.
    pub(super) fn is_any(&self) -> bool {
        self.concurrency.is_some() || self.service.is_some() || self.settings() != Settings::NONE
    }

    pub(super) fn settings(&self) -> Settings {
        let Promises { idle_timeout, write_timeout, progress_timeout, drain_timeout, .. } = *self;
        Settings { idle_timeout, write_timeout, progress_timeout, drain_timeout, ..Settings::NONE }
    }
}

/// A prompt client must not look idle, and a case waits for several timeouts.
const TIMEOUTS: std::ops::RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(600);

fn parse_timeout(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(time) if TIMEOUTS.contains(&time) => Ok(time),
        Ok(_) => Err("this must be between 100ms and 10min, since the cases wait for it".to_owned()),
        Err(error) => Err(format!("{error}; give a duration such as 2s")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_one_that_a_case_can_wait_for() {
        assert_eq!(parse_timeout("2s"), Ok(Duration::from_secs(2)));
        for text in ["0s", "99ms", "1h", "7", "", "-1s", "NaN"] {
            assert!(parse_timeout(text).is_err(), "{text:?}");
        }
    }
}
