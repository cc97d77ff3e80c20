//! Servers under faults and hostile load, and counts of the outcomes.
//!
//! | file | idea |
//! | --- | --- |
//! | [`subject`] | the server under test, as plain data from the caller |
//! | [`launch`] | servers of a subject for the conformance suite |
//! | [`faults`] | system calls of a running server fail, one after the other |
//! | [`soak`] | hostile clients and verified load at once, for minutes |
//! | [`audit`] | all of these on all models, and the figures kept |
//!
//! Nothing here depends on a model, a server crate or the registry: a subject is a name, a promise and a command. This
//! crate parses no command line and prints nothing: progress lines go to the caller.

pub mod audit;
mod excuse;
pub mod faults;
pub mod launch;
pub mod soak;
pub mod subject;

pub use launch::Launcher;
pub use subject::Subject;
