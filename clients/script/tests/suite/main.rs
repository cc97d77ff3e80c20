//! The scripted client against correct and faulty servers.
//!
//! | module | what belongs there |
//! | --- | --- |
//! | `server` | small servers, each on a port of its own, correct or faulty in one way |
//! | `right` | what the client reports about correct servers |
//! | `wrong` | what it reports about each kind of fault |

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod right;
mod server;
mod wrong;
