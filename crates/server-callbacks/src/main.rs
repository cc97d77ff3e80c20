//! `cargo run --release -p server-callbacks`: this model as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    chassis::main("callbacks", server_callbacks::KNOBS, server_callbacks::serve)
}
