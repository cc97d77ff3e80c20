//! The load generator: verified load against any server that speaks the protocol.
