//! Checks that are not cases of the catalogue: one file for each idea.

pub(crate) mod forty_ms;
pub(crate) mod order;
pub(crate) mod pool_size;
pub(crate) mod predictions;
pub(crate) mod slow_reader;
pub(crate) mod stall;
pub(crate) mod stampede;
pub(crate) mod waves;
