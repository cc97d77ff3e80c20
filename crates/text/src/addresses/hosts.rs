//! Hosts: IP addresses, zones and names, and how a host is separated from a port.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, ToSocketAddrs};

use super::numbers::{is_numeric, refusal};
use super::{ADVICE, Addresses};

/// A host in its one accepted spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host<'text> {
    Ip(IpAddr),
    /// A link-local address and the network interface on which it is meant.
    Zoned {
        ip: Ipv6Addr,
        zone: &'text str,
    },
    Name(&'text str),
}

/// Separates `HOST:PORT`. The port is not read yet.
pub(super) fn split(text: &str) -> Result<(Host<'_>, &str), String> {
    refuse_foreign(text)?;
    if let Some(rest) = text.strip_prefix('[') {
        let (inside, after) = rest.split_once(']').ok_or_else(|| format!("a bracket is open; {ADVICE}"))?;
        let port = after.strip_prefix(':').ok_or_else(|| format!("there is no port; {ADVICE}"))?;
        return Ok((bracketed(inside)?, port));
    }
    let Some((host, port)) = text.rsplit_once(':') else {
        let is_port = text.parse::<u16>().is_ok();
        let missing = if is_port { "host" } else { "port" };
        return Err(format!("there is no {missing}; {ADVICE}"));
    };
    if host.contains(':') {
        return Err(unbracketed(text, host, port));
    }
    if host.is_empty() || host == "*" {
        let port = if port.is_empty() { "9090" } else { port };
        return Err(format!(
            "there is no host; give 127.0.0.1:{port}, or 0.0.0.0:{port} for every IPv4 address of this machine"
        ));
    }
    Ok((Host::parse(host)?, port))
}

/// Refuses an IPv6 address without brackets whose end could be a port: `::1:9090`.
pub(super) fn refuse_ambiguous(text: &str) -> Result<(), String> {
    match text.rsplit_once(':') {
        Some((host, port)) if !text.starts_with('[') && is_ip_and_port(host, port) => {
            Err(unbracketed(text, host, port))
        }
        _ => Ok(()),
    }
}

fn is_ip_and_port(host: &str, port: &str) -> bool {
    ip_with_zone(host).is_some() && port.parse::<u16>().is_ok()
}

/// What to say about colons outside brackets.
fn unbracketed(text: &str, host: &str, port: &str) -> String {
    match (ip_with_zone(text).is_some(), is_ip_and_port(host, port)) {
        (true, true) => format!(
            "{text} may be read in two ways; write [{host}]:{port}, or [{text}]:PORT if all of it is the address"
        ),
        (true, false) => format!("there is no port; write [{text}]:PORT"),
        (false, true) => format!("an IPv6 address with a port needs brackets; write [{host}]:{port}"),
        (false, false) => format!("there are too many colons; {ADVICE}"),
    }
}

fn ip_with_zone(text: &str) -> Option<Ipv6Addr> {
    let ip = match text.split_once('%') {
        Some((ip, zone)) if !zone.contains(':') => ip,
        _ => text,
    };
    ip.parse().ok()
}

fn refuse_foreign(text: &str) -> Result<(), String> {
    if text.contains(char::is_whitespace) {
        return Err(format!("an address has no spaces; {ADVICE}"));
    }
    if text.contains("://") {
        return Err(format!("this is a URL; leave out what is before and after HOST:PORT, and {ADVICE}"));
    }
    Ok(())
}

fn bracketed(inside: &str) -> Result<Host<'_>, String> {
    if let Some((ip, zone)) = inside.split_once('%') {
        return zoned(ip, zone);
    }
    if inside.parse::<Ipv4Addr>().is_ok() {
        return Err(format!("brackets are for IPv6 addresses; write {inside}:PORT"));
    }
    let ip: Ipv6Addr = inside.parse().map_err(|_| format!("{inside:?} is not an IPv6 address; {ADVICE}"))?;
    // The system needs to know the interface, both to listen and to connect.
    if ip.is_unicast_link_local() {
        return Err(format!(
            "the link-local address {ip} needs a network interface; write [{ip}%INTERFACE], such as [{ip}%eth0]"
        ));
    }
    one_host(ip.into())
}

/// Nobody can connect to several hosts at once, but the system lets a server listen there.
fn one_host<'text>(ip: IpAddr) -> Result<Host<'text>, String> {
    let one = ip.to_canonical();
    if one.is_multicast() || one == IpAddr::V4(Ipv4Addr::BROADCAST) {
        return Err(format!("{ip} is for many hosts at once, which TCP cannot do; give the address of one"));
    }
    Ok(Host::Ip(ip))
}

fn zoned<'text>(ip: &str, zone: &'text str) -> Result<Host<'text>, String> {
    let ip: Ipv6Addr = ip.parse().map_err(|_| format!("{ip:?} is not an IPv6 address; {ADVICE}"))?;
    if !ip.is_unicast_link_local() {
        return Err(format!("only link-local addresses (fe80::…) have a network interface; write [{ip}]"));
    }
    let is_interface = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if zone.is_empty() || !zone.bytes().all(is_interface) {
        return Err(format!("after % the name of a network interface is missing; write [{ip}%eth0]"));
    }
    Ok(Host::Zoned { ip, zone })
}

impl<'text> Host<'text> {
    /// A host without a port. An IPv6 address may have brackets.
    pub(super) fn parse(text: &'text str) -> Result<Host<'text>, String> {
        refuse_foreign(text)?;
        if let Some(inside) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return bracketed(inside);
        }
        if ip_with_zone(text).is_some() {
            return bracketed(text);
        }
        if let Ok(ip) = text.parse::<Ipv4Addr>() {
            return one_host(ip.into());
        }
        if is_numeric(text) {
            return Err(refusal(text));
        }
        let is_label = |label: &str| {
            !label.is_empty()
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        if text.strip_suffix('.').unwrap_or(text).split('.').all(is_label) {
            return Ok(Host::Name(text));
        }
        Err(format!("{text:?} is neither a host name nor an IP address; {ADVICE}"))
    }

    /// Every address of this host, by name or number.
    pub(super) fn find(self, typed: &str, port: u16) -> Result<Addresses, String> {
        let found: Vec<SocketAddr> = match self {
            Host::Ip(ip) => vec![SocketAddr::new(ip, port)],
            Host::Zoned { ip, zone } => vec![interface(ip, zone, port)?],
            Host::Name(name) => (name, port)
                .to_socket_addrs()
                .map_err(|error| {
                    format!(
                        "cannot find the address of {name}: {error}; check the name, or give an IP address"
                    )
                })?
                .collect(),
        };
        Addresses::new(typed, found).ok_or_else(|| format!("{typed} has no address; give an IP address"))
    }
}

/// An address on an interface that is given by its number or name.
fn interface(ip: Ipv6Addr, zone: &str, port: u16) -> Result<SocketAddr, String> {
    let found = match zone.parse::<u32>() {
        Ok(number) => (number > 0).then(|| SocketAddrV6::new(ip, port, 0, number).into()),
        // The resolver asks no server for this; it only looks the interface up.
        Err(_) => {
            (format!("{ip}%{zone}").as_str(), port).to_socket_addrs().ok().and_then(|mut found| found.next())
        }
    };
    found.ok_or_else(|| {
        format!("this machine has no network interface {zone}; `ip link` (or `ifconfig`) lists them")
    })
}
