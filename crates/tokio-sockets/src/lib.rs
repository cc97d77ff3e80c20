//! A [conversation](conversation::Conversation) in a task of its own on tokio: what the models on tokio stand on.
//!
//! ```text
//!  Arrivals ── next_client ──▶ a task: Client ── greet, receive, answer, send_rest
//!     │                                    └── next_work, wait_for, resume     if answers come later
//!     └── a heartbeat wakes all tasks now and then, to look at the clock and at the drain
//! ```
//!
//! | idea | where |
//! | --- | --- |
//! | accepting until shutdown is requested, the heartbeat, and the drain | [`Arrivals`] |
//! | one client, and how its waiting task is kept small | [`Client`] |
//! | work for clients whose answers come later | [`Client::next_work`], [`Client::wait_for`], [`Client::resume`] |
//! | work on tokio's blocking threads, so many at once | [`Workers`] |
//! | tokio's schedulers, and that they come up at all | [`runtime`] |
//!
//! The decisions are the conversation's, the system calls those of [`sockets`]. Which task does what is the model's.

mod arrivals;
mod client;
pub mod runtime;
mod socket;
pub mod workers;

pub use arrivals::Arrivals;
pub use client::Client;
pub use workers::Workers;
