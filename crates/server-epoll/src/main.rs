//! `cargo run --release -p server-epoll`: this model as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    chassis::main("epoll", server_epoll::KNOBS, server_epoll::serve)
}
