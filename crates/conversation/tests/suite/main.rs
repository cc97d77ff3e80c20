//! The policy from outside: each rule by itself, a service that answers late, and random conversations.

mod late;
mod random;
mod rules;
mod world;
