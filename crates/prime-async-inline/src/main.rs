//! `cargo run --release -p prime-async-inline`: this model as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    chassis::main("prime-async-inline", prime_async_inline::KNOBS, prime_async_inline::serve)
}
