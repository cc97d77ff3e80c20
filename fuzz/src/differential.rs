//! Differential fuzzing of all models: the same script in the same sends, over sockets, to each of them.
//!
//! The servers run in this process, so that the fuzzer measures their coverage, too; they are started at the first input
//! and serve all that follow. Each reply is compared with the specification, and so with the replies of all others.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use chassis::{Options, Shutdown, listen};
use concurrent_servers::models::here;

use crate::script::Script;
use crate::specification;

/// How long a server may take to reply before it counts as hanging, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);
/// A few times the smallest receive buffer of a model; longer streams take more time and cross no further boundary.
const LONGEST_STREAM: usize = 48 << 10;

/// Plays the input's script against every model.
///
/// # Panics
/// If a server's reply differs from the specification or is late, if a server does not close in order after its reply,
/// or if the servers cannot be started.
pub fn check(input: &[u8]) {
    static SERVERS: LazyLock<Vec<(&'static str, SocketAddr)>> = LazyLock::new(start_all);
    let script = Script::from_bytes(&input[..input.len().min(LONGEST_STREAM)]);
    for &(model, server) in SERVERS.iter() {
        if let Err(difference) = play(&script, server) {
            panic!("{model}: {difference}; the script: {}", script.stream.escape_ascii());
        }
    }
}

/// Starts every model on a port of its own. The threads end with the process.
fn start_all() -> Vec<(&'static str, SocketAddr)> {
    let start = |model: &'static concurrent_servers::models::Model| -> std::io::Result<_> {
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let address = listener.local_addr()?;
        let shutdown = Shutdown::new()?;
        let options = Options { quiet: true, ..Options::default() };
        thread::Builder::new().name(model.name.to_owned()).spawn(move || {
            let ended = (model.serve)(listener, &options, &shutdown);
            panic!("{} stopped by itself: {ended:?}", model.name);
        })?;
        Ok((model.name, address))
    };
    here()
        .map(|model| start(model).unwrap_or_else(|error| panic!("cannot start {}: {error}", model.name)))
        .collect()
}

/// Sends the pieces, each after all due replies have arrived, so that two sends rarely share a read. The error is
/// the difference.
fn play(script: &Script<'_>, server: SocketAddr) -> Result<(), String> {
    let io = |step: &'static str| move |error: std::io::Error| format!("{step}: {error}");
    let mut stream = TcpStream::connect(server).map_err(io("connect"))?;
    stream.set_nodelay(true).map_err(io("set TCP_NODELAY"))?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(io("set the read timeout"))?;
    stream.set_write_timeout(Some(PATIENCE)).map_err(io("set the write timeout"))?;
    expect(&mut stream, b"*")?;
    let (mut sent, mut received) = (0, 0);
    for piece in script.pieces() {
        stream.write_all(piece).map_err(io("send"))?;
        sent += piece.len();
        let owed = specification::reply(&script.stream[..sent]);
        expect(&mut stream, &owed[received..])?;
        received = owed.len();
    }
    stream.shutdown(std::net::Shutdown::Write).map_err(io("half-close"))?;
    // This also goes on after a signal, which a single read does not.
    let mut rest = Vec::new();
    stream.take(16).read_to_end(&mut rest).map_err(io("wait for the end"))?;
    if rest.is_empty() {
        return Ok(());
    }
    Err(format!("{} arrived after the reply", rest.escape_ascii()))
}

fn expect(stream: &mut TcpStream, expected: &[u8]) -> Result<(), String> {
    let mut got = vec![0; expected.len()];
    stream
        .read_exact(&mut got)
        .map_err(|error| format!("{error} while waiting for {}", expected.escape_ascii()))?;
    if got == expected {
        return Ok(());
    }
    Err(format!("{} instead of {}", got.escape_ascii(), expected.escape_ascii()))
}
