//! Tests of the protocol crate against a specification that shares no code with it.
//!
//! | module | what belongs there |
//! | --- | --- |
//! | `coroutine` | the protocol as straight code that waits: equal to the table and to the engines |
//! | `engines` | each engine against the table: lengths, alignments, states, edges of blocks |
//! | `naive` | the specification in its most obvious form, and how inputs are split into reads |
//! | `table` | the transition table, row by row, and the worked example |
//! | `splits` | every way to split every short input into reads, counted |
//! | `properties` | any bytes, any splits: all methods of a session agree with the specification |
//! | `frames` | building requests and the replies they must get |
//! | `verifier` | any stream, any splits: the verdict equals that of comparing whole streams |

mod coroutine;
mod engines;
mod frames;
mod naive;
mod properties;
mod splits;
mod table;
mod verifier;
