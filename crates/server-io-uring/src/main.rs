//! `cargo run --release -p server-io-uring`: this model as a program of its own, on Linux.

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    chassis::main("io-uring", server_io_uring::KNOBS, server_io_uring::serve)
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("error: io_uring is a part of Linux; choose another model, such as mio");
    std::process::exit(1);
}
