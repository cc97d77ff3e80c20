//! `cargo run --release -p prime-inline`: this model as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    chassis::main("prime-inline", prime_inline::KNOBS, prime_inline::serve)
}
