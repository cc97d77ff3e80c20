//! How much of the plan is tried.

use std::time::Duration;

/// How thorough a sweep is.
#[derive(Clone, Debug)]
pub struct Thoroughness {
    /// At how many calls each fault is injected at most; `None` for all.
    pub sample: Option<usize>,
    /// The seed of random choices.
    pub seed: u64,
    /// The duration of a lasting fault.
    pub lasting: Duration,
    /// How many pairs of simultaneous faults are tried.
    pub pairs: u32,
}
