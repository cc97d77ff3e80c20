//! What a case is and what it needs.

use std::fmt;

use serde::Serialize;

use crate::context::Context;
use crate::failure::CaseResult;
use crate::groups::GROUPS;
use crate::target::Service;

/// One entry of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// Its id in the catalogue: a group letter and a number, such as `A3`.
    pub id: &'static str,
    /// The requirement, as a sentence.
    pub title: &'static str,
    /// What it needs besides an address.
    pub needs: Needs,
    /// Acts as the client and checks what the server does.
    pub run: fn(&Context) -> CaseResult,
}

impl Case {
    /// A case that needs only an address.
    pub(crate) const fn new(id: &'static str, title: &'static str, run: fn(&Context) -> CaseResult) -> Self {
        Case { id, title, needs: Needs::Address, run }
    }

    pub(crate) const fn needs(self, needs: Needs) -> Self {
        Case { needs, ..self }
    }

    /// The service that it is about.
    pub fn service(&self) -> Service {
        let group = GROUPS.iter().find(|group| group.letter == self.group());
        group.map_or_else(Service::default, |group| group.service)
    }

    /// The group that the case belongs to: the letter of its id.
    pub fn group(&self) -> &'static str {
        &self.id[..1]
    }
}

/// What a case must know about the server or do to it, besides connecting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Needs {
    /// Nothing: a server at any address is enough.
    Address,
    /// A short, known idle timeout.
    IdleTimeout,
    /// A short, known write timeout.
    WriteTimeout,
    /// A short, known minimum-progress timeout.
    ProgressTimeout,
    /// A separate process that it may stop and continue; it must serve afterwards.
    Pause,
    /// A separate process that it may shut down; it must have exited afterwards.
    Shutdown,
    /// A program that it starts and ends itself.
    Program,
    /// No server: the case is about the checker.
    Nothing,
}

impl fmt::Display for Needs {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Needs::Address => "address",
            Needs::IdleTimeout => "idle timeout",
            Needs::WriteTimeout => "write timeout",
            Needs::ProgressTimeout => "progress timeout",
            Needs::Pause => "process to pause",
            Needs::Shutdown => "process to shut down",
            Needs::Program => "program to start",
            Needs::Nothing => "nothing",
        })
    }
}
