//! Addresses as users type them: `127.0.0.1:9090`, `[::1]:9090`, `localhost:9090`.
//!
//! The same parser serves everything that listens and everything that connects. It takes one spelling of an address and
//! refuses the others, because programs do not agree on them: one that reads a leading zero as octal takes `0127.0.0.1`
//! for 87.0.0.1. A name may have several addresses; all of them are kept, in the order in which they should be tried.

mod hosts;
mod numbers;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::SocketAddr;

use hosts::Host;

/// What most refusals end with.
const ADVICE: &str = "give HOST:PORT, such as 127.0.0.1:9090, [::1]:9090 or localhost:9090";

/// A place as a user typed it, and every address that it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    typed: String,
    /// Never empty. No IPv4 address is written as an IPv6 one.
    all: Vec<SocketAddr>,
}

impl Addresses {
    /// What the text means if it is known to mean these addresses; `None` if there are none.
    pub fn new(typed: impl Into<String>, found: impl IntoIterator<Item = SocketAddr>) -> Option<Addresses> {
        let mut all: Vec<SocketAddr> = Vec::new();
        for address in found.into_iter().map(canonical) {
            if !all.contains(&address) {
                all.push(address);
            }
        }
        (!all.is_empty()).then(|| Addresses { typed: typed.into(), all })
    }

    /// All addresses, each once, in the order in which to try them. There is at least one.
    pub fn all(&self) -> &[SocketAddr] {
        &self.all
    }

    /// Those addresses that meet a condition; `None` if there are none.
    #[must_use]
    pub fn only(&self, condition: impl Fn(SocketAddr) -> bool) -> Option<Addresses> {
        Addresses::new(self.typed.clone(), self.all.iter().copied().filter(|&address| condition(address)))
    }

    /// The text, and after it the address if that is another text: `localhost:9090 (127.0.0.1:9090)`.
    pub fn with(&self, address: SocketAddr) -> String {
        let address = address.to_string();
        if self.typed == address { address } else { format!("{} ({address})", self.typed) }
    }
}

impl From<SocketAddr> for Addresses {
    fn from(address: SocketAddr) -> Addresses {
        Addresses { typed: address.to_string(), all: vec![canonical(address)] }
    }
}

/// The text as it was typed.
impl fmt::Display for Addresses {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.typed)
    }
}

/// Where to listen: `HOST:PORT`. Port 0 leaves the choice of the port to the system.
///
/// # Errors
/// The text has another form, or the host is unknown. The message says what to write instead, for a command line.
pub fn parse(text: &str) -> Result<Addresses, String> {
    let (host, port) = hosts::split(text)?;
    host.find(text, parse_port(port)?)
}

/// Where a server is: `HOST:PORT`, where the port is not 0.
///
/// # Errors
/// As [`parse`], and for port 0.
pub fn parse_server(text: &str) -> Result<Addresses, String> {
    let (host, port) = hosts::split(text)?;
    host.find(text, parse_server_port(port)?)
}

/// Where a server is: a host and a separate port, or `HOST:PORT`. Without a port, the default one is used.
///
/// # Errors
/// As [`parse_server`], and if there are two ports.
pub fn parse_host(text: &str, port: Option<u16>, default_port: u16) -> Result<Addresses, String> {
    let host = match Host::parse(text) {
        Ok(host) => host,
        Err(_) if port.is_none() && text.contains(':') => return parse_server(text),
        Err(_) if hosts::split(text).is_ok() => {
            return Err(format!("{text} has a port already; leave the other one out"));
        }
        Err(refusal) => return Err(refusal),
    };
    if port.is_none() {
        hosts::refuse_ambiguous(text)?;
    }
    let port = port.unwrap_or(default_port);
    let is_bare = text.contains(':') && !text.starts_with('[');
    let typed = if is_bare { format!("[{text}]:{port}") } else { format!("{text}:{port}") };
    host.find(&typed, port)
}

/// A port to connect to: a number from 1 to 65535, without a sign or leading zeros.
///
/// # Errors
/// The text is something else.
pub fn parse_server_port(text: &str) -> Result<u16, String> {
    match parse_port(text)? {
        0 => Err("no server listens on port 0; give the port that it printed when it started".to_owned()),
        port => Ok(port),
    }
}

fn parse_port(text: &str) -> Result<u16, String> {
    let is_canonical = text == "0" || !text.starts_with(['0', '+']);
    match text.parse() {
        Ok(port) if is_canonical => Ok(port),
        Ok(port) => Err(format!("write the port {text} as {port}")),
        Err(_) => Err(format!("a port is a number up to 65535, and {text:?} is not; {ADVICE}")),
    }
}

/// An IPv4 address that is written as an IPv6 one (`::ffff:127.0.0.1`) means the IPv4 address.
fn canonical(address: SocketAddr) -> SocketAddr {
    let is_mapped = address.ip().to_canonical() != address.ip();
    if is_mapped { SocketAddr::new(address.ip().to_canonical(), address.port()) } else { address }
}
