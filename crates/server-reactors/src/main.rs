//! `cargo run --release -p server-reactors`: this model as a program of its own, on Linux.

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    chassis::main("reactors", server_reactors::KNOBS, server_reactors::serve)
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!(
        "error: only Linux spreads clients over several listening sockets; choose another model, such as mio"
    );
    std::process::exit(1);
}
