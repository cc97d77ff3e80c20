//! One member of the hostile crew: behaviour after behaviour, drawn from a seed.

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use super::behaviour::Behaviour;
use super::hostile::Visitor;
use super::plan::Plan;
use super::tally::Tally;

/// The longest pause between two behaviours: without pauses a crew of resetting clients would keep all CPUs busy.
const PAUSE_MS: u64 = 20;
/// Keeps the members of neighbouring seeds apart.
const SEED_STEP: u64 = 0x9E37_79B9;

/// Every other member is quick, so that the many short connections do not wait for the few long ones.
pub(super) fn work(
    member: usize,
    address: SocketAddr,
    plan: &Plan,
    seed: u64,
    tally: &Tally,
    go_on: impl Fn() -> bool,
) {
    let is_quick = member.is_multiple_of(2);
    let behaviours = if is_quick { Behaviour::quick(plan.dialect.service()) } else { Behaviour::sitting() };
    let random = fastrand::Rng::with_seed(seed.wrapping_mul(SEED_STEP).wrapping_add(member as u64));
    let mut visitor = Visitor { address, plan, tally, random };
    while go_on() {
        let behaviour = behaviours[visitor.random.usize(..behaviours.len())];
        visitor.behave(behaviour);
        thread::sleep(Duration::from_millis(visitor.random.u64(..PAUSE_MS)));
    }
}
