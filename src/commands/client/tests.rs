//! The command from its arguments to its last line.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use clap::Parser;

use super::*;

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    arguments: Arguments,
}

fn parse(words: &[&str]) -> Result<Arguments, clap::Error> {
    let words = ["client"].iter().chain(words);
    Command::try_parse_from(words).map(|command| command.arguments)
}

/// Runs one fast connection against `serve` and returns the verdict and the transcript.
fn play_against(serve: fn(TcpStream) -> io::Result<()>) -> (ExitCode, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || serve(listener.accept().unwrap().0));
    let arguments = parse(&["-n1", "--fast=100", "--timeout", "60s", &address]).unwrap();
    let mut output = Vec::new();
    let code = play(&arguments, &arguments.addresses().unwrap(), &mut output).unwrap();
    (code, String::from_utf8(output).unwrap())
}

fn right(mut stream: TcpStream) -> io::Result<()> {
    stream.write_all(b"*")?;
    let mut session = protocol::Session::new();
    let mut buffer = [0; 64];
    loop {
        let length = stream.read(&mut buffer)?;
        if length == 0 {
            return Ok(());
        }
        let reply = session.transform_in_place(&mut buffer[..length]);
        stream.write_all(&buffer[..reply])?;
    }
}

fn rude(mut stream: TcpStream) -> io::Result<()> {
    stream.write_all(b"hello")?;
    stream.read_exact(&mut [0]) // returns when the client gives up
}

#[test]
fn a_correct_server_gets_a_transcript_that_ends_with_the_elapsed_time() {
    let (code, transcript) = play_against(right);
    assert_eq!(code, ExitCode::SUCCESS, "{transcript}");
    let lines: Vec<&str> = transcript.lines().collect();
    assert!(lines[0].starts_with("INFO ") && lines[0].contains(" conn0 connected"), "{transcript}");
    assert!(transcript.contains(r#"conn0 sending b"^abc$de^abte$f""#), "{transcript}");
    assert!(transcript.contains(r"conn0 received b"), "{transcript}");
    assert!(lines[lines.len() - 2].ends_with(" conn0 disconnecting"), "{transcript}");
    let seconds = lines[lines.len() - 1].strip_prefix("elapsed ").unwrap().strip_suffix(" s").unwrap();
    assert!(seconds.parse::<f64>().unwrap() >= script(NonZeroU32::new(100)).duration().as_secs_f64());
}

#[test]
fn a_faulty_server_is_shown_as_an_error_and_in_the_exit_code() {
    let (code, transcript) = play_against(rude);
    assert_eq!(code, ExitCode::FAILURE, "{transcript}");
    assert!(transcript.contains("conn0 failed: wrong bytes: the server must greet with '*'"), "{transcript}");
    assert!(transcript.contains("1 of 1 connections failed"), "{transcript}");
}

#[test]
fn without_a_listener_one_line_says_what_to_do() {
    // The local port of a connection: it is taken, but nothing listens on it.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let end = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let address = end.local_addr().unwrap();
    let arguments = parse(&[&address.ip().to_string(), &address.port().to_string()]).unwrap();
    let mut output = Vec::new();
    let addresses = arguments.addresses().unwrap();
    let error = play(&arguments, &addresses, &mut output).unwrap_err().to_string();
    assert_eq!(output, b"");
    assert!(error.starts_with(&format!("cannot connect to {address}: Connection refused")), "{error}");
    assert!(error.ends_with(&format!("concurrent-servers serve mio --addr {address}")), "{error}");
}

#[test]
fn the_default_address_needs_no_option_to_be_served() {
    let addresses = parse(&[]).unwrap().addresses().unwrap();
    assert_eq!(command_to_serve(&addresses), ": concurrent-servers serve mio");
}

#[test]
fn the_server_is_at_the_default_address_or_the_one_that_is_given() {
    let addresses = |words: &[&str]| parse(words).unwrap().addresses().unwrap();
    let expected = |text: &str| text.parse::<SocketAddr>().unwrap();
    assert_eq!(addresses(&[]).all(), [expected("127.0.0.1:9090")]);
    assert_eq!(addresses(&["127.0.0.2", "81"]).all(), [expected("127.0.0.2:81")]);
    assert_eq!(addresses(&["[::1]:81"]).all(), [expected("[::1]:81")]);
}

#[test]
fn an_address_in_another_form_is_refused() {
    let refusal = |words: &[&str]| parse(words).unwrap().addresses().unwrap_err();
    assert!(refusal(&["127.1"]).contains("write 127.0.0.1"));
    assert!(refusal(&["127.0.0.1:80", "81"]).contains("has a port already"));
    for port in ["0", "+80", "080", "65536"] {
        assert!(parse(&["127.0.0.1", port]).is_err(), "{port}");
    }
}

#[test]
fn the_name_of_a_model_is_not_taken_for_a_host() {
    let refusal = parse(&["tokio"]).unwrap().addresses().unwrap_err();
    assert!(refusal.starts_with("tokio is a model and not an address; start it with"), "{refusal}");
    // A space in a name keeps the resolver from asking a server.
    let refusal = parse(&["toki o"]).unwrap().addresses().unwrap_err();
    assert!(refusal.contains("if you mean the model tokio"), "{refusal}");
}

#[test]
fn fast_takes_its_divisor_after_an_equals_sign_only() {
    let fast = |words: &[&str]| parse(words).unwrap().fast.map(NonZeroU32::get);
    assert_eq!(fast(&[]), None);
    assert_eq!(fast(&["--fast", "localhost"]), Some(10));
    assert_eq!(fast(&["--fast=4"]), Some(4));
    assert!(parse(&["--fast=0"]).is_err());
    assert_eq!(parse(&["--fast", "localhost"]).unwrap().host, "localhost");
}

#[test]
fn counts_and_times_without_a_sense_are_wrong_arguments() {
    for (option, value) in [
        ("-n", "0"),
        ("-n", "10001"),
        ("-n", "99999999999999999999"),
        ("--timeout", "0s"),
        ("--timeout", "2days"),
    ] {
        let error = parse(&[option, value]).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{option} {value}");
        assert!(error.to_string().contains(&format!("invalid value '{value}' for '-")), "{error}");
    }
}

#[test]
fn a_transcript_that_cannot_be_written_is_an_error_and_a_reader_that_went_away_is_none() {
    struct Failing(io::ErrorKind);
    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || listener.incoming().try_for_each(|stream| right(stream?)));
    let arguments = parse(&["-n1", "--fast=100", "--timeout", "60s", &address]).unwrap();
    let play = |kind| play(&arguments, &arguments.addresses().unwrap(), &mut Failing(kind));
    assert_eq!(play(io::ErrorKind::BrokenPipe).unwrap(), ExitCode::SUCCESS);
    let error = play(io::ErrorKind::StorageFull).unwrap_err();
    assert!(error.to_string().starts_with("cannot write to standard output"), "{error}");
}
