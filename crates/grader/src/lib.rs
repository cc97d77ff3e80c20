//! Grades the exercises in `exercises/`, a workspace of its own: programs in, verdicts out.
//!
//! ```text
//!   Folder ──────► Workshop ──────► grade ──────► Finding: passed, or what was seen and what to think about
//!   exercises/     builds one        │
//!   NN-name        with cargo        ├─ cases of the catalogue, by their ids
//!                                    └─ checks of the exercise's own: clients that stay connected, side by side
//! ```
//!
//! An exercise is a small program that compiles and fails. What a solution must show is a list of [`Check`]s, each of which
//! starts the program anew. Times are only compared with each other (what came first, in how many waves, how many times as
//! long), so that a busy machine changes no verdict.
//!
//! | file | idea |
//! | --- | --- |
//! | `exercise.rs`, `exercises.rs` | what an exercise is, and the ten of them |
//! | `folder.rs` | the folder of an exercise: its title, its hints, its source |
//! | `workshop.rs` | building an exercise, within a time limit |
//! | `grade.rs` | the checks one after the other, and what each has found |
//! | `program.rs`, `client.rs` | the program under test as a process, and clients of it |
//! | `checks/` | the checks that are not cases of the catalogue, one file for each idea |
//! | `both_ways.rs` | that every start fails for its reason and every solution passes |
//! | `progress.rs` | which exercises have passed, and which hints have been shown |

mod both_ways;
mod checks;
mod client;
mod exercise;
mod exercises;
mod folder;
mod grade;
mod program;
mod progress;
mod workshop;

pub use both_ways::{BothWays, Outcome};
pub use exercise::{Check, Exercise, Needs, Subject, Tied};
pub use exercises::{EXERCISES, find};
pub use folder::Folder;
pub use grade::{Finding, Thoroughness, Verdict, grade};
pub use progress::Progress;
pub use workshop::{NotBuilt, Workshop};
