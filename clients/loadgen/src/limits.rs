//! The limits of the client's own machine, checked before the first connection is opened.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Context, bail};
use observe::network::local_ports;
use observe::process::own_descriptors;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::scenario::Scenario;

/// Descriptors reserved besides the connections: standard streams, epoll, a server's pipes, files of `/proc`.
const RESERVED_DESCRIPTORS: u64 = 64;

/// Raises the limits as far as the scenario's sockets need it, or fails with what is missing. Returns how many
/// source addresses the connections need.
pub(crate) fn make_room(address: SocketAddr, scenario: &Scenario) -> anyhow::Result<usize> {
    let connections = (scenario.connections + scenario.idle) as u64;
    allow_descriptors(connections)?;
    let is_loopback = matches!(address.ip(), IpAddr::V4(address) if address.is_loopback());
    if scenario.sources > 1 && !is_loopback {
        bail!(
            "{} source addresses need a server on an IPv4 loopback address, but {address} is not one",
            scenario.sources
        );
    }
    // If the range cannot be read, connecting will report missing ports.
    let Some(range) = local_ports() else { return Ok(scenario.sources.max(1)) };
    let needed = sources_for(connections, range);
    match scenario.sources {
        0 if is_loopback => Ok(usize::try_from(needed)?),
        sources => {
            check_ports(connections, sources.max(1) as u64, range)?;
            Ok(sources.max(1))
        }
    }
}

/// The fewest source addresses that suffice. The kernel searches for a free port on each bind; a quarter of
/// the ports is left free so that the search stays short.
fn sources_for(connections: u64, range: (u64, u64)) -> u64 {
    let ports = ports(range);
    if connections > ports { connections.div_ceil((ports * 3 / 4).max(1)) } else { 1 }
}

/// Raises the soft limit of open files as far as needed and allowed.
fn allow_descriptors(connections: u64) -> anyhow::Result<()> {
    let needed = connections + own_descriptors().unwrap_or(0) as u64 + RESERVED_DESCRIPTORS;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|soft| soft >= needed) {
        return Ok(());
    }
    if let Some(hard) = limit.maximum.filter(|&hard| hard < needed) {
        bail!(
            "{connections} connections need {needed} file descriptors, but this process may open {hard}; \
             use fewer connections or raise the hard limit (ulimit -Hn)"
        );
    }
    setrlimit(Resource::Nofile, Rlimit { current: Some(needed), maximum: limit.maximum }).with_context(|| {
        format!("cannot raise the limit of open files to {needed}; run ulimit -n {needed} first")
    })
}

fn check_ports(connections: u64, sources: u64, range: (u64, u64)) -> anyhow::Result<()> {
    let ((first, last), ports) = (range, ports(range));
    if connections > ports * sources {
        bail!(
            "{connections} connections to one address need as many local ports, but the range {first} to {last} \
             has {ports} on each of {sources} source addresses; use fewer connections or more source addresses, \
             or widen net.ipv4.ip_local_port_range"
        );
    }
    Ok(())
}

/// How many ports there are from the first to the last one that connections may take.
fn ports((first, last): (u64, u64)) -> u64 {
    (last + 1).saturating_sub(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_ports_are_reported_with_both_numbers() {
        check_ports(28_232, 1, (32_768, 60_999)).unwrap();
        let message = check_ports(28_233, 1, (32_768, 60_999)).unwrap_err().to_string();
        assert!(message.contains("28233") && message.contains("28232"), "{message}");
        check_ports(28_233, 2, (32_768, 60_999)).unwrap();
    }

    #[test]
    fn more_connections_than_ports_use_several_source_addresses() {
        for (connections, sources) in
            [(1, 1), (28_232, 1), (28_233, 2), (42_348, 2), (42_349, 3), (100_000, 5)]
        {
            assert_eq!(sources_for(connections, (32_768, 60_999)), sources, "{connections} connections");
        }
    }

    #[test]
    fn several_source_addresses_need_a_server_on_the_loopback_interface() {
        let scenario = Scenario { sources: 2, ..Scenario::default() };
        assert_eq!(make_room(SocketAddr::from(([127, 0, 0, 1], 1)), &scenario).unwrap(), 2);
        let message = make_room(SocketAddr::from(([192, 0, 2, 1], 1)), &scenario).unwrap_err().to_string();
        assert!(message.contains("192.0.2.1"), "{message}");
    }

    #[test]
    fn too_few_descriptors_are_reported_with_both_numbers() {
        let Some(hard) = getrlimit(Resource::Nofile).maximum else {
            eprintln!("skipped: the number of open files is not limited here");
            return;
        };
        let message = allow_descriptors(hard).unwrap_err().to_string();
        assert!(message.contains(&format!("may open {hard}")), "{message}");
    }
}
