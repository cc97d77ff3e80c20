//! `cargo run --release -p server-select`: this model as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    chassis::main("select", server_select::KNOBS, server_select::serve)
}
