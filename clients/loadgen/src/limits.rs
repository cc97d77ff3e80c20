//! The limits of the client's own machine, checked before the first connection is opened.

use anyhow::{Context, bail};
use observe::network::{local_ports, reuses_ports};
use observe::process::own_descriptors;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use text::addresses::Addresses;

use crate::connect::is_ipv4_loopback;
use crate::load::Load;
use crate::scenario::{MAX_SOURCES, Scenario};

/// Connections per second that churn may reach. Each leaves its port in `TIME_WAIT`, since the client closes first.
const CHURN_PER_SECOND: u64 = 25_000;
/// How long a port stays in `TIME_WAIT`, in milliseconds; the kernel may reuse it after the second one.
const TIME_WAIT_MS: u64 = 60_000;
const REUSED_AFTER_MS: u64 = 1_000;

/// What each thread of the load opens: an epoll instance and a timer.
const DESCRIPTORS_PER_THREAD: u64 = 2;
/// Descriptors reserved besides those: standard streams, a server's pipes, files of `/proc`.
const RESERVED_DESCRIPTORS: u64 = 64;

/// Where the connections of a scenario go to and come from.
#[derive(Debug)]
pub(crate) struct Room {
    /// The server's addresses that suit.
    pub(crate) addresses: Addresses,
    /// How many source addresses the connections need, where the server's address allows more than one.
    pub(crate) sources: usize,
}

/// Raises the limits as far as the scenario's sockets need it, or fails with what is missing. If several source
/// addresses are asked for, only the server's IPv4 loopback addresses suit. If they are merely needed, all do: which
/// server a name means must not depend on the load.
pub(crate) fn make_room(addresses: &Addresses, scenario: &Scenario) -> anyhow::Result<Room> {
    let connections = (scenario.active() + scenario.idle) as u64;
    allow_descriptors(connections, scenario.threads as u64)?;
    let on_loopback = addresses.only(|address| is_ipv4_loopback(address.ip()));
    if scenario.sources > 1 && on_loopback.is_none() {
        bail!(
            "{} source addresses need a server on an IPv4 loopback address, but {addresses} is not one",
            scenario.sources
        );
    }
    let suitable = on_loopback.clone().filter(|_| scenario.sources > 1);
    let room = |sources| Room { addresses: suitable.unwrap_or_else(|| addresses.clone()), sources };
    // If the range cannot be read, connecting will report missing ports.
    let Some(range) = local_ports() else { return Ok(room(scenario.sources.max(1))) };
    let needed = sources_for(connections + waiting(scenario, reuses_ports().unwrap_or(false)), range);
    match scenario.sources {
        0 if on_loopback.is_some() => Ok(room(usize::try_from(needed)?.min(MAX_SOURCES))),
        sources => {
            check_ports(connections, sources.max(1) as u64, range)?;
            Ok(room(sources.max(1)))
        }
    }
}

/// The fewest source addresses that suffice. The kernel searches for a free port on each bind; a quarter of
/// the ports is left free so that the search stays short.
fn sources_for(connections: u64, range: (u64, u64)) -> u64 {
    let ports = ports(range);
    if connections > ports { connections.div_ceil((ports * 3 / 4).max(1)) } else { 1 }
}

/// How many ports churn may leave in `TIME_WAIT` at the same time.
fn waiting(scenario: &Scenario, reused: bool) -> u64 {
    if scenario.load != Load::Churn {
        return 0;
    }
    let length_ms = scenario.warm_up_ms + scenario.duration_ms;
    CHURN_PER_SECOND * length_ms.min(if reused { REUSED_AFTER_MS } else { TIME_WAIT_MS }) / 1_000
}

/// Raises the soft limit of open files as far as needed and allowed.
fn allow_descriptors(connections: u64, threads: u64) -> anyhow::Result<()> {
    let opened = own_descriptors().unwrap_or(0) as u64;
    let needed = connections + threads * DESCRIPTORS_PER_THREAD + opened + RESERVED_DESCRIPTORS;
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
    fn churn_needs_ports_for_connections_in_time_wait() {
        let churn =
            |duration_ms| Scenario { load: Load::Churn, warm_up_ms: 200, duration_ms, ..Scenario::default() };
        assert_eq!(waiting(&Scenario::default(), false), 0);
        assert_eq!(waiting(&churn(800), false), 25_000);
        assert_eq!(waiting(&churn(3_600_000), false), 1_500_000);
        assert_eq!(waiting(&churn(3_600_000), true), 25_000);
        // One address suffices for the usual range where ports are reused; two hundred ports do not.
        assert_eq!(sources_for(50 + waiting(&churn(1_000), true), (32_768, 60_999)), 1);
        assert_eq!(sources_for(4 + waiting(&churn(980), false), (40_000, 40_199)), 197);
    }

    #[test]
    fn several_source_addresses_need_a_server_on_the_loopback_interface() {
        let scenario = Scenario { sources: 2, ..Scenario::default() };
        let room = |text: &str| make_room(&text::addresses::parse(text).unwrap(), &scenario);
        assert_eq!(room("127.0.0.1:1").unwrap().sources, 2);
        // An IPv4 address, however it is written.
        assert_eq!(room("[::ffff:127.0.0.1]:1").unwrap().sources, 2);
        for elsewhere in ["192.0.2.1:1", "[::1]:1", "0.0.0.0:1"] {
            let message = room(elsewhere).unwrap_err().to_string();
            assert!(message.contains(elsewhere), "{message}");
        }
    }

    #[test]
    fn of_a_name_the_addresses_that_suit_the_source_addresses_are_taken() {
        let both = ["[::1]:1", "127.0.0.1:1"].map(|address| address.parse().unwrap());
        let name = Addresses::new("localhost:1", both).unwrap();
        let room = |sources| make_room(&name, &Scenario { sources, ..Scenario::default() }).unwrap();
        assert_eq!(room(2).addresses.all(), &both[1..]);
        assert_eq!((room(0).addresses.all(), room(0).sources), (both.as_slice(), 1));
    }

    #[test]
    fn too_few_descriptors_are_reported_with_both_numbers() {
        let Some(hard) = getrlimit(Resource::Nofile).maximum else {
            eprintln!("skipped: the number of open files is not limited here");
            return;
        };
        let message = allow_descriptors(hard, 1).unwrap_err().to_string();
        assert!(message.contains(&format!("may open {hard}")), "{message}");
    }
}
