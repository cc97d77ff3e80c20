//! `cargo run --release -p prime-queue`: this model as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    chassis::main("prime-queue", prime_queue::KNOBS, prime_queue::serve)
}
