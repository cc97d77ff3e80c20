//! Tests of the prime crate against a specification that shares no code with it.
//!
//! | module | what belongs there |
//! | --- | --- |
//! | `plain` | the specification in its most obvious form |
//! | `requests` | what is a number and what is not, limits, what is kept |
//! | `splits` | every way to split every short input, and long lines around the limit |
//! | `properties` | any bytes, any splits |
//! | `tests` | verdicts, and that a test can be left and gone on with |

mod plain;
mod properties;
mod requests;
mod splits;
mod tests;
