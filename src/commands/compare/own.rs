//! Figures of one's own for scenarios.

use std::time::Duration;

use clap::value_parser;
use comparison::request;

/// What replaces the figures of the chosen scenarios. Every number is checked together with the rest of its scenario.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Own {
    /// In scenarios with a cache: how long it takes for each answer, such as 20ms
    #[arg(long, value_name = "TIME", requires = "only", value_parser = milliseconds)]
    latency: Option<u64>,

    /// So many clients; several numbers where they vary. Where some are idle, all together
    #[arg(long, value_name = "N,N", requires = "only", value_delimiter = ',', value_parser = value_parser!(u64).range(1..))]
    clients: Vec<u64>,

    /// In behind-a-big-number: so many big requests in work, such as 0,1,16
    #[arg(long, value_name = "N,N", requires = "only", value_delimiter = ',')]
    big: Vec<u64>,

    /// In an open loop: so many messages a second
    #[arg(long, value_name = "N", requires = "only", value_parser = value_parser!(u64).range(1..))]
    rate: Option<u64>,
}

impl Own {
    pub(super) fn figures(&self) -> request::Own {
        let Own { latency, clients, big, rate } = self.clone();
        request::Own { latency_ms: latency, clients, big, rate }
    }
}

/// Whole milliseconds, up to a second: a request that waits for longer outlasts its window.
fn milliseconds(text: &str) -> Result<u64, String> {
    let time = humantime::parse_duration(text).map_err(|_| "this must be a time, such as 20ms".to_owned())?;
    let is_whole = time.subsec_nanos().is_multiple_of(1_000_000);
    if is_whole && time <= Duration::from_secs(1) {
        u64::try_from(time.as_millis()).map_err(|error| error.to_string())
    } else {
        Err("this must be whole milliseconds, and at most 1s".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_is_whole_milliseconds_of_at_most_a_second() {
        assert_eq!(milliseconds("20ms"), Ok(20));
        assert_eq!(milliseconds("1s"), Ok(1_000));
        for refused in ["20", "1500us", "2s", "soon"] {
            assert!(milliseconds(refused).is_err(), "{refused}");
        }
    }
}
