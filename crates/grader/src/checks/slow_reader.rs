//! Whether one client that reads nothing keeps another one waiting.

use crate::client::Client;
use crate::exercise::Subject;
use crate::program::Server;

pub(crate) fn others_are_served(subject: &Subject<'_>) -> Result<(), String> {
    let mut server = Server::start(subject, &[])?;
    let mut slow = Client::greeted(server.address())?;
    let message = [b"^".to_vec(), vec![b'a'; 64 << 10], b"$".to_vec()].concat();
    slow.fill(&message).map_err(|failure| server.explain(&failure))?;
    let other = Client::greeted(server.address()).and_then(|mut other| other.ask(b"^abc$", b"bcd"));
    let verdict = other.map_err(|failure| {
        server.explain(&format!("while one client reads nothing, another one asks; {failure}"))
    });
    // It has kept its connection until now.
    drop(slow);
    verdict
}
