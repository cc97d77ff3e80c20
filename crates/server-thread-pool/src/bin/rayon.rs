//! `cargo run --release -p server-thread-pool --bin server-rayon`: this model as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    chassis::main("rayon", server_thread_pool::KNOBS, server_thread_pool::on_rayon::serve)
}
