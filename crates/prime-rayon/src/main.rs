//! `cargo run --release -p prime-rayon`: this model as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    chassis::main("prime-rayon", prime_rayon::KNOBS, prime_rayon::serve)
}
