//! `--address NAME=ADDR` and `--command NAME='PROGRAM {port}'`: servers that are not ours, as further models.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Result, ensure};
use comparison::{Place, Server, Servers, Service};
use conformance::Settings;
use observe::child::this_program;

use crate::commands::check::program::{Program, listening_on};
use crate::models;

/// A server that somebody names.
#[derive(Clone, Debug)]
pub(super) struct Foreign {
    pub(super) name: String,
    place: Place,
    /// The option that names it, for the command of the run.
    pub(super) option: String,
}

/// NAME=ADDR.
pub(super) fn at_address(text: &str) -> Result<Foreign, String> {
    let (name, address) = named(text, "such as other=127.0.0.1:9090")?;
    let address: SocketAddr =
        address.parse().map_err(|_| format!("{address:?} is not an address, such as 127.0.0.1:9090"))?;
    Ok(Foreign { name, place: Place::At(address), option: format!("--address {text}") })
}

/// NAME=PROGRAM ARGUMENTS, separated by spaces.
pub(super) fn by_command(text: &str) -> Result<Foreign, String> {
    let (name, line) = named(text, "such as other='./server --port {port}'")?;
    let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
    let launcher = this_program().map_err(|error| format!("{error:#}"))?;
    Program::new(launcher.clone(), &words, Settings::NONE)?.expect_file()?;
    let (program, arguments) = words.split_first().ok_or("the program is missing")?;
    let (program, arguments) = (program.clone(), arguments.to_vec());
    let place = Place::Program {
        words: line.to_owned(),
        command: Arc::new(move |address| listening_on(address, &launcher, &program, &arguments)),
    };
    Ok(Foreign { name, place, option: format!("--command '{text}'") })
}

fn named<'text>(text: &'text str, example: &str) -> Result<(String, &'text str), String> {
    match text.split_once('=') {
        Some((name, rest)) if !name.trim().is_empty() && !rest.trim().is_empty() => {
            Ok((name.trim().to_owned(), rest.trim()))
        }
        _ => Err(format!("a name and where the server is belong here, {example}")),
    }
}

/// Adds them to the models.
///
/// # Errors
/// A name is taken.
pub(super) fn add(servers: &mut Servers, foreign: &[Foreign]) -> Result<()> {
    for Foreign { name, place, .. } in foreign {
        let is_taken = servers.find(name).is_some() || models::find(name).is_some();
        ensure!(!is_taken, "the name {name:?} is taken by another server of this run; choose another one");
        servers.models.push(Server {
            name: name.clone(),
            title: "a server that is not ours".to_owned(),
            service: Service::Echo,
            at_once: usize::MAX,
            floor: None,
            options: Vec::new(),
            place: place.clone(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_has_a_name_and_a_place() {
        let other = at_address("other=127.0.0.1:9090").unwrap();
        assert_eq!((other.name.as_str(), other.option.as_str()), ("other", "--address other=127.0.0.1:9090"));
        for text in ["127.0.0.1:9090", "=127.0.0.1:9090", "other=", "other=somewhere"] {
            let refused = at_address(text).unwrap_err();
            assert!(refused.contains("such as"), "{text}: {refused}");
        }
        let refused = by_command("other=sh -c true").unwrap_err();
        assert!(refused.contains("{port}"), "{refused}");
        let refused = by_command("other=./no-such-program {port}").unwrap_err();
        assert!(refused.contains("No such file"), "{refused}");
        assert!(by_command("other=sh -c {port}").is_ok());
    }

    #[test]
    fn a_name_is_taken_once() {
        let mut servers = Servers::default();
        let other = at_address("other=127.0.0.1:9090").unwrap();
        add(&mut servers, std::slice::from_ref(&other)).unwrap();
        assert!(servers.find("other").is_some());
        assert!(add(&mut servers, &[other]).is_err());
        let mio = at_address("mio=127.0.0.1:9090").unwrap();
        assert!(add(&mut servers, &[mio]).unwrap_err().to_string().contains("\"mio\" is taken"));
    }
}
