//! How easy a model is to write: the score card, as data, and what it means.
//!
//! The series judges a model by two things, how far it scales and how easy it is to write. The first is measured by
//! `comparison`; this is the other.
//!
//! | file | idea |
//! | --- | --- |
//! | [`card`] | the figures of all models, as plain data and as JSON |
//! | [`columns`] | what is counted, what each figure means, and what it does not say |
//! | [`tables`] | the card for a terminal and in Markdown |
//! | [`series`] | the series' own programs, measured by other tools |
//! | [`sources`] | the code that a card was measured on, as one number |
//! | [`difference`] | what differs between two pages |
//!
//! Nothing here measures: `book/scorecard` does, in a workspace of its own, because it parses Rust and builds every model.
//! Nothing here knows a server, either. There is no total, because nobody knows how many lines an `unsafe` block is worth.

pub mod card;
pub mod columns;
pub mod difference;
pub mod series;
pub mod sources;
pub mod tables;

pub use card::{Card, Row};
