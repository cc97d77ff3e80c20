//! Checks that are not cases of the catalogue: one file for each idea.

pub(crate) mod forty_ms;
