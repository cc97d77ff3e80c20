//! Clients of models that wait for readiness: sockets that never block, and turns.
//!
//! A poller reports which sockets are ready. Each of their clients then takes a *turn*: what is left of its last
//! reply, then one `recv` and one `send`, however many messages they hold. A turn ends where the socket would
//! block, or where its buffer is used up and the other clients come first.
//!
//! Pollers report either changes (edge-triggered: mio) or states (level-triggered: `poll`), and a loop asks accordingly.
//! [`Clients`] does all of this; the model mio has it on its own page:
//!
//! | | a poller of changes | a poller of states |
//! | --- | --- | --- |
//! | is asked for | bytes, room and urgent bytes, when a client is added | before each wait: room while [`Client::waits_for_room`], else bytes; both at once would keep the loop awake |
//! | [`Turn::Unfinished`] after [`Client::take_turn`] | queue the client: it is not reported again | nothing: it is reported again |
//! | [`Turn::Unfinished`] after [`Client::look`] | queue it | give it one turn now: it may be a FIN that is due, and no poller reports that |
//! | [`Client::expect_more`] | on an urgent byte and on the client's end | not needed |
//! | the listener | call [`Acceptor::clients_wait`] when it is reported | the same, and ask for it only while [`Acceptor::time_left`] is `None` |
//! | [`Shutdown`](chassis::Shutdown) | is reported once | ask for it only until the drain begins: it stays readable |
//!
//! | idea | where |
//! | --- | --- |
//! | one client, on any socket, and its turns | [`Client`], [`Turn`] |
//! | the steps of a turn, one by one | [`Exchange`] |
//! | all clients of a loop, whatever it waits with | [`Clients`] |
//! | a poller that remembers its clients, or does not | [`Registry`], [`NoRegistry`], [`Awaited`] |
//! | accepting without blocking or spinning | [`Acceptor`] |
//! | the listener, the clock and the end of a loop around a poller of changes | [`Arrivals`] |
//! | whose turn comes though nothing is reported | [`Queue`] |
//! | what all clients of a server share | [`Shared`] |

mod acceptor;
mod arrivals;
mod batches;
mod client;
mod clients;
mod exchange;
mod queue;
mod registry;
mod shared;
mod table;
mod turn;

pub use acceptor::Acceptor;
pub use arrivals::Arrivals;
pub(crate) use batches::Batches;
pub use client::Client;
pub use clients::Clients;
pub use exchange::{Exchange, Receipt, Sending};
pub use queue::Queue;
pub use registry::{Awaited, NoRegistry, Registry};
pub use shared::Shared;
pub use turn::Turn;

/// The size of the one receive buffer of a loop: a message of 64 KiB fits with its delimiters and some bytes of the next
/// one, so that it takes one turn and does not fill the buffer, which would cost a second one. It is what one client may
/// have answered in one turn before the others get theirs, and the most that a client holds that does not read.
pub const BUFFER_SIZE: usize = 64 * 1024 + 16;
