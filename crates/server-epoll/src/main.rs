//! `cargo run --release -p server-epoll`: this model as a program of its own, on Linux.

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    chassis::main("epoll", server_epoll::KNOBS, server_epoll::serve)
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("error: epoll is a part of Linux; choose another model, such as mio");
    std::process::exit(1);
}
