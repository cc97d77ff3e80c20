//! An event loop that calls back, for models whose lesson are the callbacks.
//!
//! ```text
//!                ┌──────────────────────────────┐      A is ready     ┌───────────────────┐
//!  clients       │ event loop                   │ ──────────────────▶ │ a callback: does  │
//!  A ──┐         │   A: when ready, call this   │                     │ what it can, says │
//!  B ──┼───────▶ │   B: when ready, call that   │ ◀────────────────── │ what comes next   │
//!  C ──┘         └──────────────────────────────┘  when_ready(A, …)   └───────────────────┘
//!                  │ ▲ beside: answers from elsewhere
//!                  ▼ │
//!                workers, a cache
//! ```
//!
//! | idea | where |
//! | --- | --- |
//! | the loop, its clients, and what is called | [`EventLoop`], [`Client`], [`Callback`] |
//! | a client that waits for something from elsewhere | [`EventLoop::suspend`], [`EventLoop::call_back`] |
//! | where that comes from | [`Beside`] |

mod beside;
mod event_loop;

pub use beside::Beside;
pub use event_loop::{Callback, Client, EventLoop};
