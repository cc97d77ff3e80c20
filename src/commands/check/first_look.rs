//! The first look at a server that is already running: is it there, and does it speak the protocol?

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use conformance::Service;
use observe::Pulse;
use text::addresses::Addresses;

/// For connecting, and for the answer to a message.
const PATIENCE: Duration = Duration::from_secs(10);

/// Expects the server at one of these addresses to greet and to answer a message, and returns that address. Distinguishes a server that is not
/// running, or speaks another protocol, from one that fails.
///
/// # Errors
/// It cannot be reached, or does not greet or answer. The message says what it did instead.
pub(super) fn at(addresses: &Addresses, service: Service) -> Result<SocketAddr> {
    let probe = match service {
        Service::Echo => conformance::probe,
        Service::Primes => conformance::probe_primes,
    };
    let pulse = Pulse::start().context("cannot watch the clock")?;
    loop {
        let before = pulse.lost();
        let connect = |address, within| TcpStream::connect_timeout(&address, within);
        let (address, stream) = addresses.try_each(PATIENCE, connect).context("nothing could be checked")?;
        match probe(stream, PATIENCE) {
            Ok(()) => return Ok(address),
            // This process was stopped meanwhile, so its clock says nothing about the server.
            Err(_) if pulse.lost() > before => {}
            Err(failure) => {
                let name = addresses.with(address);
                bail!("{name} does not speak the protocol, so no case was run: {failure}")
            }
        }
    }
}
