//! `cargo run --release -p server-coroutines`: this model as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    chassis::main("coroutines", server_coroutines::KNOBS, server_coroutines::serve)
}
