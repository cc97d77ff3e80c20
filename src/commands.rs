//! One file for each command: its arguments, the call that does the work, and the output. And [`interrupts`], which the
//! long ones share.

pub mod audit;
pub mod check;
pub mod client;
pub mod compare;
pub mod completions;
pub mod faults;
pub mod interrupts;
pub mod list;
pub mod load;
pub mod merge;
pub mod record;
pub mod serve;
pub mod soak;
pub mod timeline;
pub mod trace;
