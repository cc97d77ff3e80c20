//! The policy from outside: each rule by itself, a service that answers late, the prime service, and random conversations.

mod late;
mod primes;
mod random;
mod rules;
mod world;
