//! Every behaviour against a small correct server, and those that verify against a faulty server.

use std::time::Duration;

use conformance::{Concurrency, Service};

use super::*;
use crate::soak::broken::{Fault, SERVICES, start};

const VERIFYING: [Behaviour; 6] = [
    Behaviour::Garbage,
    Behaviour::Pieces,
    Behaviour::HalfClose,
    Behaviour::Window,
    Behaviour::LateReader,
    Behaviour::HugeLine,
];

fn behaviours(service: Service) -> impl Iterator<Item = Behaviour> {
    Behaviour::quick(service).into_iter().chain(Behaviour::sitting())
}

fn errors(service: Service, behaviour: Behaviour, fault: Fault) -> (u64, Option<String>, Tally) {
    let plan = Plan { sit: Duration::from_millis(50), crowd: 3, ..Plan::of(service, Concurrency::One) };
    let tally = Tally::default();
    let random = fastrand::Rng::with_seed(1);
    let address = start(service, fault);
    Visitor { address, plan: &plan, tally: &tally, random }.behave(behaviour);
    let (count, first) = tally.errors();
    (count, first, tally)
}

#[test]
fn every_behaviour_connects_and_finds_no_fault_in_a_correct_server() {
    for service in SERVICES {
        for behaviour in behaviours(service) {
            let (count, first, tally) = errors(service, behaviour, Fault::Nothing);
            assert_eq!((count, first), (0, None), "{service} {behaviour:?}");
            assert!(tally.connections()[&behaviour] > 0, "{service} {behaviour:?}");
            let verified = tally.verified_bytes.into_inner() > 0;
            assert_eq!(verified, VERIFYING.contains(&behaviour), "{service} {behaviour:?}");
        }
    }
}

#[test]
fn every_behaviour_that_verifies_finds_each_fault() {
    for service in SERVICES {
        for behaviour in behaviours(service).filter(|behaviour| VERIFYING.contains(behaviour)) {
            expect_found(service, behaviour, Fault::LosesTheFirst);
            expect_found(service, behaviour, Fault::SpoilsTheFirst);
            expect_found(service, behaviour, Fault::DoublesTheFirst);
            // A client whose window opens again has not half-closed yet, and would wait for the byte.
            if behaviour != Behaviour::Window {
                expect_found(service, behaviour, Fault::LosesTheLast);
            }
        }
    }
}

fn expect_found(service: Service, behaviour: Behaviour, fault: Fault) {
    let (count, first, tally) = errors(service, behaviour, fault);
    // A busy machine may have scheduled a slow client too late to judge.
    let judged = tally.too_slow.into_inner() == 0;
    assert!(count == 1 || !judged, "{service} {behaviour:?} {fault:?}");
    assert!(
        first.is_none_or(|first| first.starts_with(behaviour.title())),
        "{service} {behaviour:?} {fault:?}"
    );
}
