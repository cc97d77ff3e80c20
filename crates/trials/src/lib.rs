//! Servers put on trial: what must not shake them is done to them, and what came of it is counted.
//!
//! | file | idea |
//! | --- | --- |
//! | [`subject`] | who is tried, as plain data that the caller fills in |
//! | [`launch`] | servers of a subject for the conformance suite |
//! | [`faults`] | system calls of a running server fail, one after the other |
//! | [`soak`] | hostile clients and verified load at once, for minutes |
//! | [`audit`] | all of these on all models, and the figures kept |
//!
//! Nothing in here knows a model, a server's crate or the registry: a subject is a name, a promise and a command. No
//! command line is parsed here, and nothing is printed: what is told while a trial runs goes to the caller.

pub mod audit;
pub mod faults;
pub mod launch;
pub mod soak;
pub mod subject;

pub use launch::Launcher;
pub use subject::Subject;
