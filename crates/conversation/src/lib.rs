//! The policy for one connection, once for every model, and without I/O: bytes, results and moments go in; what to
//! send, what to wait for and how it ended come out.
//!
//! ```text
//!            bytes, FIN          result of work         moment
//!                │                     │                  │
//!             receive               resume              look ──▶ Wait, Turn, Late, End
//!                │                     │                  │
//!  ┌─────────────▼─────────────────────▼──────────────────▼──────────┐
//!  │  Talking ── drain or refusal ──▶ Leaving ── tail sent ──▶ FinSent  │ ── next ──▶ Receive, Send, Work,
//!  │     └────── client's FIN ──────▶ Closed                         │             Result, Fin, End
//!  └─────────────┬──────────────────────────────────────────────────┘
//!                ▼
//!     reply: send it, then say how much went (sent)
//! ```
//!
//! | idea | where |
//! | --- | --- |
//! | one client: what it is owed, what comes next, how it ends | [`Conversation`], [`Next`] |
//! | what is served: answers now, later, or refuses | [`Service`], [`Echo`], [`Primes`] |
//! | timeouts, and when to look at them | [`Conversation::look`], [`Watch`], [`Timeouts`] |
//! | minimum progress in a message or a reply | [`MINIMUM_PROGRESS`] |
//! | when a connection may go while the server stops | [`Drain`] |
//! | time as an argument | [`Tick`] |
//!
//! What may live here: decisions. No socket, no clock, no thread, no waiting. So every rule is tested without any of
//! them, and blocking calls, readiness and completions can all stand on it. The crate `sockets` joins it to a socket;
//! where a decision hangs on what only the kernel knows, the answer is a [`Question`].
//!
//! ```
//! use conversation::{Conversation, Echo, Next, Tick};
//!
//! let now = Tick::from_millis(0);
//! let mut conversation = Conversation::<Echo>::new(now);
//! let mut bytes = *b"^ab$";
//! let reply = conversation.receive(&mut bytes, now);
//! assert_eq!(*reply, *b"bc");
//! conversation.sent(&reply, 1, now); // the socket took one byte
//! assert_eq!(conversation.next_step(), Next::Send);
//! assert_eq!(conversation.unsent(), b"c");
//! conversation.sent_more(1, now);
//! assert_eq!(conversation.next_step(), Next::Receive);
//! ```

mod conversation;
mod drain;
mod look;
mod primes;
mod progress;
mod question;
mod service;
mod tail;
mod tick;

pub use conversation::{Conversation, Next};
pub use drain::{Drain, DrainStep};
pub use look::{Late, Look, Moment, Timeouts, Watch};
pub use primes::Primes;
pub use progress::MINIMUM_PROGRESS;
pub use question::{Known, Question, decide};
pub use service::{Answer, Echo, Service, Then};
pub use tick::Tick;
