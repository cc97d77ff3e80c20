//! Raw echo with a blocking thread for each connection.

use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use chassis::{Options, Shutdown, Summary};
use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::net::{RecvFlags, recv};

use crate::BUFFER_SIZE;

/// The stack of `server-thread-per-conn`.
const STACK_SIZE: usize = 64 * 1024;

/// Echoes until shutdown is requested. The threads end with the process; nothing is drained or counted.
///
/// # Errors
/// The first thread cannot be started.
pub fn serve(listener: TcpListener, _: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    thread::Builder::new().spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let thread = thread::Builder::new().stack_size(STACK_SIZE);
            if thread.spawn(move || echo(&stream)).is_err() {
                break;
            }
        }
    })?;
    while !shutdown.is_requested() {
        let _ = poll(&mut [PollFd::new(shutdown, PollFlags::IN)], None);
    }
    Ok(Summary::default())
}

/// The buffer is not zeroed first: the pages that no message has reached take no memory.
fn echo(mut stream: &TcpStream) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(BUFFER_SIZE);
    loop {
        buffer.clear();
        match recv(stream, spare_capacity(&mut buffer), RecvFlags::empty())? {
            (0, _) => return Ok(()),
            _ => stream.write_all(&buffer)?,
        }
    }
}
