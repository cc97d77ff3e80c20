//! `cargo run --release -p server-sequential`: this model as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    chassis::main("sequential", server_sequential::KNOBS, server_sequential::serve)
}
