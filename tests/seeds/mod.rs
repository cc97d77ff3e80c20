//! How many seeds a test with random trials tries.

use std::env::{VarError, var};

/// What the environment says, or `default`; the error is for people.
pub(crate) fn seeds(variable: &str, default: u64) -> Result<u64, String> {
    match var(variable).map(|seeds| seeds.parse()) {
        Ok(Ok(0)) => Err(format!("{variable}: no seed, no trial; give a number from 1")),
        Ok(Ok(seeds)) => Ok(seeds),
        Ok(Err(error)) => Err(format!("{variable}: {error}; give a number of seeds")),
        Err(VarError::NotPresent) => Ok(default),
        Err(error) => Err(format!("{variable}: {error}")),
    }
}
