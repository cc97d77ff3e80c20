//! `cargo run --release -p prime-threads`: this model as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    chassis::main("prime-threads", prime_threads::KNOBS, prime_threads::serve)
}
