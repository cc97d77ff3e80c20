//! The scripted client against servers that do it right and servers that do it wrong.
//!
//! | module | what belongs there |
//! | --- | --- |
//! | `server` | small servers on a port of their own, right or wrong in one way each |
//! | `right` | what the client tells and reports when all goes well |
//! | `wrong` | what it says about each way of doing it wrong |

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod right;
mod server;
mod wrong;
