//! H, third part: output that nobody reads, or that has no room.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crate::case::{Case, Needs};
use crate::context::Context;
use crate::eventually::eventually;
use crate::failure::{CaseResult, During, Failure, require};
use crate::program::{Program, command, free_address};
use crate::started::Started;
use crate::target::Settings;

pub(super) const CASES: &[Case] = &[Case::new(
    "H10",
    "a server whose output is not read or has no room continues to serve",
    h10_output_unread,
)
.needs(Needs::Program)];

/// What standard output and standard error are.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Their readers have closed them.
    ClosedReaders,
    /// Their readers have stopped reading, and both are full before the server starts.
    StalledReaders,
    /// A file on a full disk.
    FullDisk,
    /// A file that reaches the limit on file sizes. By default the signal of that (SIGXFSZ) ends a process.
    FileLimit,
}

impl Kind {
    const ALL: &[Kind] = if cfg!(target_os = "linux") {
        &[Kind::ClosedReaders, Kind::StalledReaders, Kind::FullDisk, Kind::FileLimit]
    } else {
        &[Kind::ClosedReaders, Kind::StalledReaders]
    };
}

/// A server that logs every connection is started with standard output and error that take nothing, in each of these
/// ways. It starts, serves well-behaved clients and resets, and exits with 0 on SIGTERM. All models alike.
fn h10_output_unread(context: &Context<'_>) -> CaseResult {
    for kind in Kind::ALL {
        let outputs = output(*kind).and_then(|one| Ok([one, output(*kind)?]));
        let outputs =
            outputs.map_err(|error| Failure::new("create an output", "to succeed", error.to_string()))?;
        serves_unread(context, *kind, outputs).during(format_args!("{kind:?}"))?;
    }
    Ok(())
}

fn serves_unread(context: &Context<'_>, kind: Kind, outputs: [Output; 2]) -> CaseResult {
    let settings = Settings { verbose: true, ..Settings::NONE };
    let address = free_address()?;
    let mut command = command(context.launch()?, address, &settings)?;
    let [stdout, stderr] = outputs;
    command.stdout(stdout.stream).stderr(stderr.stream);
    let mut program = Program::run(command, context.is_foreign())?;
    let mut ended = None;
    let up = eventually(context.patience, || {
        ended = program.expect_exit(Duration::ZERO).ok();
        ended.is_some() || std::net::TcpStream::connect(address).is_ok()
    });
    require(up && ended.is_none(), "start", "a server that listens", || format!("{ended:?}"))?;
    if matches!(kind, Kind::FileLimit) {
        limit_files(program.id())
            .map_err(|error| Failure::new("limit the size of its files", "to succeed", error.to_string()))?;
    }
    let mut server = Started::with(context, program, address, settings);
    for number in 0..50 {
        let visit = server.context().visit();
        visit.map_err(|failure| server.explain(failure)).during(format_args!("visit {number}"))?;
        server.context().greeted().during(format_args!("visit {number}, then a reset"))?.reset();
    }
    server.expect_unharmed()?;
    server.expect_clean_end()?;
    Ok(())
}

/// An output that is not read.
struct Output {
    stream: OwnedFd,
    /// Kept open and never read for a stalled reader.
    _reader: Option<UnixStream>,
}

fn output(kind: Kind) -> io::Result<Output> {
    let (stream, reader) = match kind {
        Kind::ClosedReaders => (UnixStream::pair()?.0.into(), None),
        Kind::StalledReaders => {
            let (mut stream, reader) = UnixStream::pair()?;
            stream.set_nonblocking(true)?;
            while stream.write(&[b'.'; 4096]).is_ok() {}
            while stream.write(b".").is_ok() {}
            stream.set_nonblocking(false)?;
            (stream.into(), Some(reader))
        }
        Kind::FullDisk => (OpenOptions::new().write(true).open("/dev/full")?.into(), None),
        Kind::FileLimit => (file_in_memory()?, None),
    };
    Ok(Output { stream, _reader: reader })
}

#[cfg(target_os = "linux")]
fn file_in_memory() -> io::Result<OwnedFd> {
    Ok(rustix::fs::memfd_create("log", rustix::fs::MemfdFlags::CLOEXEC)?)
}

#[cfg(target_os = "linux")]
fn limit_files(server: u32) -> io::Result<()> {
    use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

    const BYTES: u64 = 1024;
    let limit = Rlimit { current: Some(BYTES), maximum: getrlimit(Resource::Fsize).maximum };
    prlimit(i32::try_from(server).ok().and_then(Pid::from_raw), Resource::Fsize, limit)?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn file_in_memory() -> io::Result<OwnedFd> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(target_os = "linux"))]
fn limit_files(_: u32) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
