//! `cargo run --release -p server-futures`: this model as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    chassis::main("futures", server_futures::KNOBS, server_futures::serve)
}
