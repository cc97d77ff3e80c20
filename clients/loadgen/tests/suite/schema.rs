//! The JSON output conforms to the schema in this repository.

mod validator;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::common::{patient, serve, start};
use loadgen::{Arrivals, Dialect, ErrorKind, Kind, Load, Numbers, Outcome, Scenario, Share, run};
use serde_json::{Value, json};
use validator::Validator;

const SCHEMA: &str = include_str!("../../schema/outcome.schema.json");

fn schema() -> Value {
    serde_json::from_str(SCHEMA).expect("a schema in JSON")
}

fn validator() -> Validator {
    Validator::new(schema())
}

fn server() -> SocketAddr {
    start(|stream, _| serve(&stream, |_| {}))
}

fn outcome_of(address: SocketAddr, load: Load) -> Outcome {
    run(address, &Scenario { load, ..patient(2, 30) }, |_| {}).expect("a run").outcome
}

fn assert_described(outcome: &Outcome) {
    let value = serde_json::to_value(outcome).expect("JSON");
    let violations = validator().violations(&value);
    assert!(violations.is_empty(), "{violations:#?}\n{value:#}");
}

#[test]
fn the_output_of_every_kind_of_load_conforms_to_the_schema() {
    let open = Load::Open { rate: 500, arrivals: Arrivals::Poisson, seed: 1 };
    for load in [Load::Closed, open, Load::Churn] {
        let outcome = outcome_of(server(), load);
        assert_eq!(outcome.open_loop.is_some(), load == open);
        assert_eq!(outcome.churned.is_some(), load == Load::Churn);
        assert!(outcome.errors.is_empty() && outcome.messages + outcome.drained > 0, "{outcome:?}");
        assert_described(&outcome);
    }
}

#[test]
fn the_output_of_an_echo_run_without_greetings_conforms_too() {
    let address = start(|stream, _| std::io::copy(&mut &stream, &mut &stream).map(drop));
    let scenario = Scenario { dialect: Dialect::Echo, load: Load::Churn, ..patient(1, 30) };
    assert_described(&run(address, &scenario, |_| {}).unwrap().outcome);
}

#[test]
fn the_output_of_a_run_with_kinds_conforms_too() {
    let address = start(|mut stream, _| {
        let mut requests = prime::Requests::new(prime::Framing::Line);
        let mut buffer = [0; 64];
        loop {
            let length = stream.read(&mut buffer)?;
            if length == 0 {
                return Ok(());
            }
            requests.receive(&buffer[..length]);
            while requests.take_next().is_some() {
                stream.write_all(b"prime\n")?;
            }
        }
    });
    let kind = |name: &str, share| Kind {
        name: name.to_owned(),
        numbers: Numbers::Given(vec![7]),
        share,
        cached: false,
    };
    let load = Load::Open { rate: 500, arrivals: Arrivals::Poisson, seed: 1 };
    let kinds = vec![kind("due", Share::Weight(1)), kind("closed", Share::Clients(1))];
    let scenario = Scenario { dialect: Dialect::Primes, load, kinds, ..patient(1, 30) };
    let outcome = run(address, &scenario, |_| {}).unwrap().outcome;
    assert!(outcome.kinds[0].open_loop.is_some() && outcome.kinds[1].open_loop.is_none(), "{outcome:?}");
    assert_described(&outcome);
}

#[test]
fn the_output_of_failed_runs_conforms_to_the_schema() {
    let wrong = |stream: TcpStream, _| serve(&stream, |reply| reply[0] ^= 1);
    for load in [Load::Closed, Load::Churn, Load::Open { rate: 500, arrivals: Arrivals::Uniform, seed: 0 }] {
        let outcome = outcome_of(start(wrong), load);
        assert!(outcome.errors.count(ErrorKind::WrongByte) > 0, "{outcome:?}");
        assert!(load != Load::Closed || outcome.latency.is_none(), "nothing was answered: {outcome:?}");
        assert_described(&outcome);
    }
}

#[test]
fn every_kind_of_error_is_described() {
    let kinds = [
        ErrorKind::Connect,
        ErrorKind::Rejected,
        ErrorKind::NoGreeting,
        ErrorKind::WrongGreeting,
        ErrorKind::WrongByte,
        ErrorKind::ExtraByte,
        ErrorKind::EarlyEnd,
        ErrorKind::MissingReply,
        ErrorKind::Stalled,
        ErrorKind::Reset,
        ErrorKind::Io,
    ];
    let mut outcome = outcome_of(server(), Load::Closed);
    outcome.errors.by_kind = kinds.into_iter().map(|kind| (kind, 1)).collect();
    outcome.errors.first = Some("the first".to_owned());
    assert_described(&outcome);
    // The schema describes no other kinds.
    let described = &schema()["$defs"]["errors"]["properties"]["by_kind"]["properties"];
    assert_eq!(described.as_object().map(serde_json::Map::len), Some(kinds.len()));
}

/// Checks every object at any depth: it allows no undescribed members, and every member has a description.
#[test]
fn the_schema_is_closed_and_describes_every_member() {
    fn walk(value: &Value, path: &str, objects: &mut usize) {
        if let Some(properties) = value.get("properties").and_then(Value::as_object) {
            *objects += 1;
            assert_eq!(value["additionalProperties"], json!(false), "{path}");
            for (name, property) in properties {
                let explained = property.get("description").or_else(|| property.get("$ref"));
                assert!(explained.is_some(), "{path}/{name}");
            }
        }
        match value {
            Value::Object(members) => {
                members.iter().for_each(|(name, member)| walk(member, &format!("{path}/{name}"), objects));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, path, objects)),
            _ => {}
        }
    }
    let mut objects = 0;
    walk(&schema(), "", &mut objects);
    assert_eq!(objects, 9, "the outcome and the objects in it");
}

#[test]
fn missing_and_unknown_members_are_rejected() {
    let good = serde_json::to_value(outcome_of(server(), Load::Closed)).unwrap();
    let validator = validator();
    assert_eq!(validator.violations(&good), [""; 0]);
    for name in good.as_object().unwrap().keys() {
        let mut missing = good.clone();
        missing.as_object_mut().unwrap().remove(name);
        assert!(!validator.violations(&missing).is_empty(), "{name} is always there");
    }
    let mut unknown = good;
    unknown["speed"] = json!(1);
    assert!(!validator.violations(&unknown).is_empty());
}
