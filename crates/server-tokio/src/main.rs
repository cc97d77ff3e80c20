//! `cargo run --release -p server-tokio`: this model as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    chassis::main("tokio", server_tokio::KNOBS, server_tokio::serve)
}
