//! One file for each verb: its arguments, the call of what does it, and the printing.

pub mod audit;
pub mod check;
pub mod client;
pub mod compare;
pub mod completions;
pub mod faults;
pub mod list;
pub mod load;
pub mod merge;
pub mod record;
pub mod serve;
pub mod soak;
pub mod timeline;
pub mod trace;
