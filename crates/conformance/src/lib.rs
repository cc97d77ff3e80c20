//! The catalogue of cases that every server must hold, run against an address.
