//! How much of the plan is tried.

use std::time::Duration;

/// How thorough a sweep is.
#[derive(Clone, Debug)]
pub struct Thoroughness {
    /// The most places of each fault; `None` for all.
    pub sample: Option<usize>,
    /// What random choices are drawn from.
    pub seed: u64,
    /// How long a lasting fault lasts.
    pub lasting: Duration,
    /// How many pairs of faults are tried at once.
    pub pairs: u32,
}
