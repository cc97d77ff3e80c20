//! A server at an address that does not recover ends the run: the other cases would only wait for it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use conformance::{Case, Concurrency, Options, Outcome, Report, Target, find, run};
use protocol::Session;

/// What the client of case A6 sends, and no other of the cases below.
const A6: &[u8] = b"^^a^$";

/// What the server does when it has received that.
#[derive(Clone, Copy, PartialEq)]
enum Then {
    Recovers,
    Hangs,
    Dies,
}

fn serve(then: Then) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let is_a6 = answer(stream);
            if is_a6 && then == Then::Dies {
                return;
            }
            if is_a6 && then == Then::Hangs {
                thread::sleep(Duration::from_secs(600)); // far longer than the test
            }
        }
    });
    address
}

/// Answers until the client is gone or has sent A6's message. Returns whether it has.
fn answer(mut stream: TcpStream) -> bool {
    let (mut session, mut buffer) = (Session::new(), [0; 4096]);
    let _ = stream.write_all(b"*");
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        if &buffer[..count] == A6 {
            return true;
        }
        let length = session.transform_in_place(&mut buffer[..count]);
        if stream.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    false
}

fn checked(then: Then, fail_fast: bool) -> Report {
    let cases: Vec<&Case> = ["A3", "A6", "A7", "B1"].into_iter().flat_map(find).collect();
    let options = Options { patience: Duration::from_secs(2), fail_fast, ..Options::default() };
    run(&Target::at(serve(then), Concurrency::One), &cases, &options, &mut |_| ())
}

#[test]
fn a_server_that_recovers_is_checked_to_the_end() {
    let report = checked(Then::Recovers, false);
    assert_eq!((report.passed, report.failed, report.not_run), (3, 1, 0), "{report:?}");
    assert_eq!(report.stopped, None);
}

#[test]
fn a_server_that_hangs_or_dies_ends_the_run_and_the_case_is_named() {
    for (then, how) in [(Then::Hangs, "got no byte within a second"), (Then::Dies, "cannot connect to")] {
        let report = checked(then, false);
        assert_eq!((report.passed, report.failed, report.not_run), (1, 1, 2), "{report:?}");
        let stopped = report.stopped.unwrap();
        assert!(stopped.starts_with("the server is gone since A6: ") && stopped.contains(how), "{stopped}");
        let Outcome::NotRun { reason } = &report.cases[3].outcome else { panic!("{:?}", report.cases) };
        assert_eq!(*reason, stopped);
    }
}

#[test]
fn on_request_the_first_failure_ends_the_run() {
    let report = checked(Then::Recovers, true);
    assert_eq!((report.passed, report.failed, report.not_run), (1, 1, 2), "{report:?}");
    assert!(report.stopped.unwrap().starts_with("A6 failed"));
}
