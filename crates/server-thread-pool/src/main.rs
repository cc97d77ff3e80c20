//! `cargo run --release -p server-thread-pool`: this model as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    chassis::main("thread-pool", server_thread_pool::KNOBS, server_thread_pool::serve)
}
