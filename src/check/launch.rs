//! Servers for the conformance suite: each a child process of one model.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use conformance::{Launch, Server, Settings, Target};

use crate::child::ServerProcess;
use crate::models::Model;

/// Starts servers of one model from a program that knows `serve`: this one, when it is not a test.
#[derive(Debug)]
pub struct ModelLauncher {
    /// The launcher's file.
    pub program: PathBuf,
    /// The model.
    pub model: &'static Model,
}

impl ModelLauncher {
    /// What the suite is run against: servers of this model, and what the model promises.
    pub fn target(&self) -> Target<'_> {
        Target::launched(self, self.model.concurrency)
    }
}

impl Launch for ModelLauncher {
    fn start(&self, settings: &Settings) -> Result<Box<dyn Server>> {
        let Settings { idle_timeout, write_timeout, drain_timeout } = *settings;
        let arguments: Vec<String> = [
            ("--idle-timeout", idle_timeout),
            ("--write-timeout", write_timeout),
            ("--drain-timeout", drain_timeout),
        ]
        .into_iter()
        .filter_map(|(option, time)| Some(argument(option, time?)))
        .collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let process = ServerProcess::start_from(&self.program, self.model.name, &arguments)?;
        Ok(Box::new(ModelServer(process)))
    }
}

fn argument(option: &str, time: Duration) -> String {
    format!("{option}={}", humantime::format_duration(time))
}

/// Killed when it is dropped, as all processes of the launcher are.
struct ModelServer(ServerProcess);

impl Server for ModelServer {
    fn address(&self) -> SocketAddr {
        self.0.address()
    }

    fn pid(&self) -> Option<u32> {
        Some(self.0.pid())
    }
}
