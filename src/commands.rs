//! One file for each command: its arguments, the call that does the work, and the output. And [`interrupts`], which the
//! long ones share.

pub mod audit;
pub mod cache;
pub mod check;
pub mod client;
pub mod compare;
pub mod completions;
pub mod diff;
pub mod exercise;
pub mod faults;
pub mod interrupts;
pub mod leash;
pub mod list;
pub mod load;
pub mod merge;
pub mod record;
pub mod scorecard;
pub mod serve;
pub mod soak;
pub mod threads;
pub mod timeline;
pub mod trace;

use std::process::ExitCode;

use text::output;

/// The exit code for wrong arguments, in every command.
pub const WRONG_ARGUMENTS: u8 = 2;

/// Says what is wrong with arguments that are right one by one.
pub(crate) fn refused(advice: &str) -> ExitCode {
    output::note(&format!("error: {advice}"));
    ExitCode::from(WRONG_ARGUMENTS)
}
