//! `cargo run --release -p prime-promises`: this model as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    chassis::main("prime-promises", prime_promises::KNOBS, prime_promises::serve)
}
