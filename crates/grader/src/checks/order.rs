//! Whether answers come in the order of the requests, although they are ready in another one.

use std::time::Duration;

use crate::client::{Client, shown};
use crate::exercise::Subject;
use crate::program::Server;

/// Primes whose test takes a tenth of a second, before numbers whose test takes nothing.
const REQUESTS: &[u8] = b"1000000000000037\n4\n1000000000000037\n9\nx\n7\n";
const ANSWERS: &[&str] = &["prime", "composite", "prime", "composite", "error", "prime"];

/// For all answers, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Several times: what is ready first is chance.
const ROUNDS: usize = 3;

pub(crate) fn of_the_requests(subject: &Subject<'_>) -> Result<(), String> {
    let mut server = Server::start(subject, &[])?;
    in_order(&server).map_err(|failure| server.explain(&failure))
}

fn in_order(server: &Server) -> Result<(), String> {
    for _ in 0..ROUNDS {
        let mut client = Client::connect(server.address())?.patient(PATIENCE);
        client.send(REQUESTS)?;
        client.finish();
        let mut got = Vec::new();
        for _ in ANSWERS {
            got.push(client.line().map_err(|failure| format!("after the answers {got:?}, {failure}"))?);
        }
        if got != ANSWERS {
            return Err(format!(
                "the requests {} were answered {}, and not {}",
                shown(REQUESTS),
                got.join(", "),
                ANSWERS.join(", ")
            ));
        }
    }
    Ok(())
}
