//! The number of seeds of a test with random trials.

use std::env::{VarError, var};

/// The number from the environment, or `default`; the error is a message for the user.
pub(crate) fn seeds(variable: &str, default: u64) -> Result<u64, String> {
    match var(variable).map(|seeds| seeds.parse()) {
        Ok(Ok(0)) => Err(format!("{variable}: 0 seeds would test nothing; give a number from 1")),
        Ok(Ok(seeds)) => Ok(seeds),
        Ok(Err(error)) => Err(format!("{variable}: {error}; give a number of seeds")),
        Err(VarError::NotPresent) => Ok(default),
        Err(error) => Err(format!("{variable}: {error}")),
    }
}
