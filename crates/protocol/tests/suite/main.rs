//! Every promise of the protocol crate, held to a specification that shares no code with it.
//!
//! | module | what belongs there |
//! | --- | --- |
//! | `naive` | the specification, written for obviousness, and how inputs are cut into reads |
//! | `table` | the transition table, row by row, and the worked example |
//! | `splits` | every way to cut every short input into reads, counted |
//! | `properties` | any bytes, any cuts: all faces of a session agree with the specification |
//! | `frames` | building requests and the replies that they must get |
//! | `verifier` | any stream, any cuts: the verdict is that of a comparison of the whole |

mod frames;
mod naive;
mod properties;
mod splits;
mod table;
mod verifier;
