//! `cargo run --release -p prime-async`: this model as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    chassis::main("prime-async", prime_async::KNOBS, prime_async::serve)
}
