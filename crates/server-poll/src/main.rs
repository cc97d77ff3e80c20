//! `cargo run --release -p server-poll`: this model as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    chassis::main("poll", server_poll::KNOBS, server_poll::serve)
}
