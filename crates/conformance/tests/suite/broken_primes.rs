//! The group about the prime service against small servers of it: a correct one passes, and planted faults are reported.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use conformance::{Concurrency, Options, Outcome, Service, Target, cases_of, find, run};

use crate::support::listen;

/// For a correct server: long enough for any machine.
const PATIENT: Duration = Duration::from_secs(60);
/// For broken servers, since every missing byte is waited for.
const IMPATIENT: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Nothing,
    Greets,
    TakesARead,
    AnswersOutOfOrder,
    TakesOneForPrime,
    TakesSigns,
    TakesTooManyDigits,
    SkipsNonsense,
    AnswersLongLines,
    ResetsAfterALongLine,
    LosesTheLastLine,
    AnswersAnEmptyLastLine,
    LeavesWhoHalfCloses,
}

/// Serves at a free port until the process ends.
fn start(fault: Fault) -> SocketAddr {
    let listener = listen(None).expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || serve(&stream, fault));
        }
    });
    address
}

fn serve(mut stream: &TcpStream, fault: Fault) -> io::Result<()> {
    let (mut kept, mut buffer) = (Vec::new(), [0; 4096]);
    stream.set_nodelay(true)?;
    if fault == Fault::Greets {
        stream.write_all(b"*")?;
    }
    loop {
        let count = stream.read(&mut buffer)?;
        kept.extend_from_slice(&buffer[..count]);
        if count == 0 {
            break;
        }
        if fault == Fault::TakesARead {
            stream.write_all(answer(kept.trim_ascii_end(), fault).as_bytes())?;
            kept.clear();
            continue;
        }
        let mut answers = Vec::new();
        let mut is_too_long = false;
        while let Some(end) = kept.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = kept.drain(..=end).collect();
            if line.len() > 65 && fault != Fault::AnswersLongLines {
                is_too_long = true;
                break;
            }
            answers.push(answer(&line[..end], fault));
        }
        if fault == Fault::AnswersOutOfOrder {
            answers.reverse();
        }
        stream.write_all(answers.concat().as_bytes())?;
        if is_too_long || (kept.len() > 64 && fault != Fault::AnswersLongLines) {
            return end(stream, fault);
        }
    }
    if fault == Fault::LeavesWhoHalfCloses {
        return end(stream, Fault::ResetsAfterALongLine);
    }
    let has_last_line = !kept.is_empty() || fault == Fault::AnswersAnEmptyLastLine;
    if has_last_line && ![Fault::LosesTheLastLine, Fault::TakesARead].contains(&fault) {
        stream.write_all(answer(&kept, fault).as_bytes())?;
    }
    Ok(())
}

/// Ends the connection by a FIN, and reads until the client closes, too; or by a reset.
fn end(mut stream: &TcpStream, fault: Fault) -> io::Result<()> {
    if fault == Fault::ResetsAfterALongLine {
        return socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO));
    }
    stream.shutdown(Shutdown::Write)?;
    while stream.read(&mut [0; 4096])? > 0 {}
    Ok(())
}

fn answer(line: &[u8], fault: Fault) -> &'static str {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let text = String::from_utf8_lossy(line);
    let digits = if fault == Fault::TakesSigns { text.trim_start_matches('+') } else { &text };
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits.len() <= 20 || fault == Fault::TakesTooManyDigits);
    match digits.parse::<u64>() {
        Ok(1) if fault == Fault::TakesOneForPrime => "prime\n",
        Ok(number) if is_number => {
            let divides = |divisor: u64| number.is_multiple_of(divisor);
            let is_prime = number > 1 && !(2..=number.isqrt()).any(divides);
            if is_prime { "prime\n" } else { "composite\n" }
        }
        _ if fault == Fault::SkipsNonsense => "",
        _ => "error\n",
    }
}

/// The outcomes of these cases.
fn outcomes(fault: Fault, cases: &[&str], patience: Duration) -> Vec<(&'static str, Outcome)> {
    let target = Target::at(start(fault), Concurrency::Many).serving(Service::Primes);
    let selection: Vec<_> = cases.iter().flat_map(|name| find(name)).collect();
    // Each by itself: after the first failure the server counts as gone if it answers wrongly.
    let options = Options { patience, ..Options::default() };
    let one = |case| run(&target, &[case], &options, &mut |_| ()).cases.remove(0);
    selection.into_iter().map(one).map(|case| (case.id, case.outcome)).collect()
}

/// Those that need no process, and no test that can be stopped.
const OF_REQUESTS: &[&str] = &["P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P10", "P11"];

#[test]
fn a_correct_server_passes() {
    for (id, outcome) in outcomes(Fault::Nothing, OF_REQUESTS, PATIENT) {
        assert!(matches!(outcome, Outcome::Passed), "{id} {outcome}");
    }
}

#[test]
fn each_fault_is_reported_by_the_cases_about_it() {
    for (fault, cases) in [
        (Fault::Greets, &["P1", "P2", "P3"][..]),
        (Fault::TakesARead, &["P2", "P3"]),
        (Fault::AnswersOutOfOrder, &["P3", "P8", "P11"]),
        (Fault::TakesOneForPrime, &["P1", "P2"]),
        (Fault::TakesSigns, &["P4"]),
        (Fault::TakesTooManyDigits, &["P4"]),
        (Fault::SkipsNonsense, &["P3", "P4", "P11"]),
        (Fault::AnswersLongLines, &["P5"]),
        (Fault::ResetsAfterALongLine, &["P5", "P6"]),
        (Fault::LosesTheLastLine, &["P7", "P11"]),
        (Fault::AnswersAnEmptyLastLine, &["P1", "P7"]),
        (Fault::LeavesWhoHalfCloses, &["P1", "P7", "P11"]),
    ] {
        for (id, outcome) in outcomes(fault, cases, IMPATIENT) {
            assert!(matches!(outcome, Outcome::Failed(_)), "{fault:?}: {id} {outcome}");
        }
    }
}

#[test]
fn a_case_of_the_other_service_is_skipped_and_says_so() {
    let target = Target::at(start(Fault::Nothing), Concurrency::Many).serving(Service::Primes);
    let report = run(&target, &find("A3"), &Options::default(), &mut |_| ());
    let outcome = report.cases[0].outcome.to_string();
    assert_eq!(outcome, "skipped: is about the service echo, and this is a server of primes");
    assert!(cases_of(Service::Primes).all(|case| case.group() == "P"));
}
