//! How many connections a run may have.

use anyhow::{Result, bail, ensure};
use rustix::process::{Resource, getrlimit};

/// The most connections of one run. Each takes two threads and several lines of transcript; for more, use the
/// load generator.
pub const MOST_CONNECTIONS: usize = 10_000;

/// Descriptors reserved for everything else: standard streams, libraries, the launcher's children.
const RESERVED_DESCRIPTORS: u64 = 32;

/// Rejects a number of connections that this process cannot open.
pub(crate) fn check_connections(connections: usize) -> Result<()> {
    ensure!(connections > 0, "a run needs at least one connection");
    ensure!(
        connections <= MOST_CONNECTIONS,
        "{connections} scripted connections exceed the limit of {MOST_CONNECTIONS}, since each takes two \
         threads; use the load generator for more"
    );
    check_descriptors(connections as u64, getrlimit(Resource::Nofile).current)
}

/// `limit` is the soft limit on open descriptors, `None` if unlimited.
fn check_descriptors(connections: u64, limit: Option<u64>) -> Result<()> {
    let needed = connections + RESERVED_DESCRIPTORS;
    if let Some(limit) = limit.filter(|&limit| limit < needed) {
        let fewer = match limit.saturating_sub(RESERVED_DESCRIPTORS) {
            0 => String::new(),
            most => format!("use at most {most} connections or "),
        };
        bail!(
            "{connections} connections need {needed} file descriptors, but this process may open only \
             {limit}; {fewer}raise the limit with `ulimit -n {needed}`"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_connections_than_descriptors_are_rejected_with_the_remedy() {
        assert!(check_descriptors(3, Some(1024)).is_ok());
        assert!(check_descriptors(1_000_000, None).is_ok());
        let error = check_descriptors(1000, Some(1024)).unwrap_err().to_string();
        assert!(error.contains("at most 992 connections"), "{error}");
        assert!(error.contains("ulimit -n 1032"), "{error}");
        let error = check_descriptors(3, Some(7)).unwrap_err().to_string();
        assert!(error.ends_with("may open only 7; raise the limit with `ulimit -n 35`"), "{error}");
    }

    #[test]
    fn zero_and_too_many_connections_are_rejected() {
        assert!(check_connections(0).is_err());
        let error = check_connections(MOST_CONNECTIONS + 1).unwrap_err().to_string();
        assert!(error.contains("load generator"), "{error}");
    }
}
