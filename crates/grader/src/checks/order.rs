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
        judge(&got)?;
    }
    Ok(())
}

/// Tells what was only answered too early from what was answered wrong.
fn judge(got: &[String]) -> Result<(), String> {
    if got == ANSWERS {
        return Ok(());
    }
    let (mut sorted, mut required) = (got.to_vec(), ANSWERS.to_vec());
    sorted.sort_unstable();
    required.sort_unstable();
    Err(format!(
        "the requests {} were answered {}{}, and not {}",
        shown(REQUESTS),
        if sorted == required { "in another order: " } else { "" },
        got.join(", "),
        ANSWERS.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_order_is_told_from_another_answer() {
        let judged = |got: [&str; 6]| judge(&got.map(str::to_owned));
        assert_eq!(judged(["prime", "composite", "prime", "composite", "error", "prime"]), Ok(()));
        // Which one of several quick answers comes first is chance.
        for early in [
            ["composite", "composite", "error", "prime", "prime", "prime"],
            ["prime", "composite", "composite", "error", "prime", "prime"],
        ] {
            assert!(judged(early).unwrap_err().contains("were answered in another order: "));
        }
        let wrong = judged(["prime", "prime", "prime", "composite", "error", "prime"]).unwrap_err();
        assert!(!wrong.contains("in another order"), "{wrong}");
    }
}
