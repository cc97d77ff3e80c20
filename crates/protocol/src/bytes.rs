//! The three bytes with a special meaning.

/// The byte that a server sends as soon as it serves a connection, before any reply.
pub const GREETING: u8 = b'*';

/// The delimiter that starts a frame. Inside a frame it is data like any other byte.
pub const START: u8 = b'^';

/// The delimiter that ends a frame. It can therefore never be part of a payload.
pub const END: u8 = b'$';
