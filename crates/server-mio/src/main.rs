//! `cargo run --release -p server-mio`: this model as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    chassis::main("mio", server_mio::KNOBS, server_mio::serve)
}
