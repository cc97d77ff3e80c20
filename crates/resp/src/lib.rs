//! RESP2, the protocol of Redis: commands and replies to bytes and back.
//!
//! ```text
//!   client                                         server
//!   append_command ── *2 $3 GET $1 k ──▶ CommandDecoder
//!   ReplyDecoder   ◀── $5 prime ─────── Reply::append_to
//! ```
//!
//! A command is a list of byte strings, a reply is one of a few kinds of values. Both decoders are *incremental*: they
//! take whatever a read has brought, keep what is unfinished, and copy each byte once however the network has cut the
//! stream. What they keep is bounded, so that a peer that announces a gigabyte costs nothing.
//!
//! | task | use |
//! | --- | --- |
//! | ask | [`append_command`] |
//! | understand an answer | [`ReplyDecoder`], [`Reply`], [`ReplyError`] |
//! | understand a question, also one that a person has typed | [`CommandDecoder`], [`CommandError`] |
//! | answer | [`Reply::append_to`] |
//!
//! This crate is sans-IO: bytes in, values out. It is `no_std`, and knows no command by name.
//!
//! ```
//! use resp::{Reply, ReplyDecoder, append_command};
//!
//! let mut request = Vec::new();
//! append_command(&[b"GET", b"primecache:7"], &mut request);
//! assert_eq!(request, b"*2\r\n$3\r\nGET\r\n$12\r\nprimecache:7\r\n");
//!
//! let mut decoder = ReplyDecoder::new(1024);
//! let mut first: &[u8] = b"$5\r\npri"; // the network may cut it anywhere
//! assert_eq!(decoder.decode(&mut first), Ok(None));
//! let mut second: &[u8] = b"me\r\n+OK\r\n";
//! assert_eq!(decoder.decode(&mut second), Ok(Some(Reply::Bulk(b"prime".to_vec()))));
//! assert_eq!(decoder.decode(&mut second), Ok(Some(Reply::Simple(b"OK".to_vec()))));
//! ```
#![no_std]

extern crate alloc;

mod bulk;
mod command;
mod inline;
mod line;
mod number;
mod reply;
mod reply_decoder;

pub use command::{CommandDecoder, CommandError, MOST_IN_A_LINE, append_command};
pub use reply::Reply;
pub use reply_decoder::{MOST_DEPTH, ReplyDecoder, ReplyError};
