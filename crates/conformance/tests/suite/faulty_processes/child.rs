//! The servers: this test binary itself, started again as a child with one fault.

use std::env;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::process::{self, Command};
use std::thread;
use std::time::Duration;

use conformance::{Launch, Settings};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::pipe;

use super::acceptors::{accept_in_a_pool, accept_on_edges};
use crate::support::{Fault, PANIC_TEXT, Shared, listen};

/// The fault of the child; absent in the parent.
const CHILD: &str = "CONFORMANCE_CHILD_FAULT";
/// The address at which the child listens.
const ADDRESS: &str = "CONFORMANCE_CHILD_ADDRESS";

const CHILD_FAULTS: &[Fault] = &[
    Fault::Nothing,
    Fault::AcceptsOncePerEvent,
    Fault::DiesAfterAReset,
    Fault::DiesOfAPanic,
    Fault::ForgetsTheEdge,
    Fault::HasATableOf1000,
    Fault::KeepsMegabytes,
    Fault::HandlesNoSignals,
    Fault::KeepsTheMask,
    Fault::LeaksDescriptors,
    Fault::LeaksMemory,
    Fault::LeaksThreads,
    Fault::LosesWorkers,
    Fault::Miscounts,
    Fault::PausesTooShort,
    Fault::ServesLate,
    Fault::Spins,
    Fault::StoresReplies,
    Fault::TakesEintrForAnError,
    Fault::WakesTooOften,
];

/// Workers of a child with a pool.
pub(crate) const WORKERS: usize = 4;

/// Not a test: the entry of the child.
#[test]
fn serve_as_a_child() {
    let Ok(name) = env::var(CHILD) else { return };
    let address = env::var(ADDRESS).ok().and_then(|address| address.parse().ok());
    let listener = listen(address).unwrap();
    println!("\nlistening on {}", listener.local_addr().unwrap());
    thread::spawn(|| {
        thread::sleep(Duration::from_secs(600)); // far longer than any test: the parent has ended
        process::exit(1);
    });
    let fault = CHILD_FAULTS.iter().find(|fault| format!("{fault:?}") == name).unwrap();
    let shared = Shared::new(*fault, Settings::default());
    if ![Fault::HandlesNoSignals, Fault::KeepsTheMask].contains(fault) {
        signals::reset_inherited().unwrap();
    }
    if *fault != Fault::HandlesNoSignals {
        end_at_signals(shared.clone()).unwrap();
    }
    match fault {
        Fault::AcceptsOncePerEvent | Fault::ForgetsTheEdge => accept_on_edges(&listener, &shared).unwrap(),
        Fault::LosesWorkers => accept_in_a_pool(&listener, &shared, WORKERS),
        _ => shared.accept(&listener),
    }
}

/// Logs the summary and exits on SIGTERM and SIGINT; a client that is still connected is dropped.
fn end_at_signals(shared: Shared) -> io::Result<()> {
    let (mut asked, writer) = UnixStream::pair()?;
    pipe::register(SIGINT, writer.try_clone()?)?;
    pipe::register(SIGTERM, writer)?;
    thread::spawn(move || {
        let _ = asked.read(&mut [0]);
        eprintln!("{}", shared.summary());
        process::exit(0);
    });
    Ok(())
}

/// Starts children.
pub(crate) struct AsChild(pub(crate) Fault);

impl AsChild {
    fn to_command(&self) -> Option<Command> {
        let mut command = Command::new(env::current_exe().ok()?);
        let entry = "faulty_processes::child::serve_as_a_child";
        command.args(["--exact", entry, "--nocapture"]).env(CHILD, format!("{:?}", self.0));
        // A backtrace keeps the debug information that it has read: tens of megabytes that would count as the server's.
        command.env("RUST_BACKTRACE", "0");
        Some(command)
    }
}

impl Launch for AsChild {
    fn command(&self, address: SocketAddr, _: &Settings) -> Option<Command> {
        let mut command = self.to_command()?;
        command.env(ADDRESS, address.to_string());
        Some(command)
    }

    fn wrong_commands(&self) -> Vec<Command> {
        self.to_command().into_iter().collect() // it serves instead of rejecting the arguments
    }

    fn panic_text(&self) -> Option<&'static str> {
        Some(PANIC_TEXT)
    }
}
