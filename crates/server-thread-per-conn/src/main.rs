//! `cargo run --release -p server-thread-per-conn`: this model as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    chassis::main("thread-per-conn", server_thread_per_conn::KNOBS, server_thread_per_conn::serve)
}
