//! `cargo run --release -p prime-callbacks`: this model as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    chassis::main("prime-callbacks", prime_callbacks::KNOBS, prime_callbacks::serve)
}
