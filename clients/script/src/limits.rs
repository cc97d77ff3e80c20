//! How many connections a run may have.

use anyhow::{Result, bail, ensure};
use rustix::process::{Resource, getrlimit};

/// The most connections of one run. Each takes two threads and several lines of transcript; whoever
/// wants more wants load, and there is a load generator for that.
pub const MOST_CONNECTIONS: usize = 10_000;

/// Descriptors left for everything else: standard streams, the libraries' own, the launcher's children.
const RESERVED_DESCRIPTORS: u64 = 32;

/// Refuses a number of connections that this process cannot hold.
pub(crate) fn check_connections(connections: usize) -> Result<()> {
    ensure!(connections > 0, "a run needs at least one connection");
    ensure!(
        connections <= MOST_CONNECTIONS,
        "{connections} scripted connections are more than {MOST_CONNECTIONS}: each takes two threads; \
         use the load generator for load"
    );
    check_descriptors(connections as u64, getrlimit(Resource::Nofile).current)
}

/// `limit` is the soft limit on open descriptors, none if there is none.
fn check_descriptors(connections: u64, limit: Option<u64>) -> Result<()> {
    let needed = connections + RESERVED_DESCRIPTORS;
    if let Some(limit) = limit.filter(|&limit| limit < needed) {
        let most = limit.saturating_sub(RESERVED_DESCRIPTORS);
        bail!(
            "{connections} connections need {needed} file descriptors, but this process may open only \
             {limit}: ask for at most {most} connections, or raise the limit with `ulimit -n {needed}`"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_connections_than_descriptors_are_refused_with_a_way_out() {
        assert!(check_descriptors(3, Some(1024)).is_ok());
        assert!(check_descriptors(1_000_000, None).is_ok());
        let refusal = check_descriptors(1000, Some(1024)).unwrap_err().to_string();
        assert!(refusal.contains("at most 992 connections"), "{refusal}");
        assert!(refusal.contains("ulimit -n 1032"), "{refusal}");
    }

    #[test]
    fn no_connection_and_too_many_are_refused() {
        assert!(check_connections(0).is_err());
        let refusal = check_connections(MOST_CONNECTIONS + 1).unwrap_err().to_string();
        assert!(refusal.contains("load generator"), "{refusal}");
    }
}
