//! How a process is asked to stop, and what its parent left behind.
//!
//! | idea | where |
//! | --- | --- |
//! | one request to stop, however many signals it comes as | [`on_stop`], [`Signal`], [`PAUSE`] |
//! | blocked and ignored signals of a parent process | [`reset_inherited`] |
//! | a thread that no signal may interrupt, a child that starts with blocked signals | [`block_in_this_thread`], [`while_blocked`] |

mod inherited;
mod stop;

pub use inherited::{block_in_this_thread, reset_inherited, while_blocked};
pub use stop::{PAUSE, Signal, on_stop};
