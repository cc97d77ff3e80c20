//! `cargo run --release -p server-reactors`: this model as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    chassis::main("reactors", server_reactors::KNOBS, server_reactors::serve)
}
