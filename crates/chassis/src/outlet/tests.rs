use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixStream};

use super::*;

fn notice(lost: u64) -> Vec<u8> {
    format!("lost {lost}\n").into_bytes()
}

fn outlet(stream: impl AsFd + Send + 'static) -> Outlet {
    Outlet::start(stream, notice).unwrap()
}

/// A pipe, as its reading and writing end.
fn pipe() -> (File, OwnedFd) {
    let (reader, writer) = std::io::pipe().unwrap();
    (OwnedFd::from(reader).into(), writer.into())
}

/// What arrives until the last lines are there.
fn read_until(mut stream: impl Read, end: &str) -> String {
    let (mut text, mut part) = (String::new(), [0; 4096]);
    while !text.ends_with(end) {
        let length = stream.read(&mut part).unwrap();
        assert!(length > 0, "the stream ended after {text:?}");
        text.push_str(std::str::from_utf8(&part[..length]).unwrap());
    }
    text
}

/// The lines of a text: numbered ones in order, and how many are said to be lost between them.
fn account(text: &str, all: u64) {
    let mut next = 0;
    for line in text.lines() {
        if let Some(lost) = line.strip_prefix("lost ") {
            next += lost.parse::<u64>().unwrap();
        } else {
            assert_eq!(line.trim_end_matches('.').parse(), Ok(next), "{line:?}");
            next += 1;
        }
    }
    assert_eq!(next, all);
}

#[test]
fn lines_arrive_whole_and_in_order() {
    let (reader, writer) = pipe();
    let log = outlet(writer);
    (0..100).for_each(|number| log.push(format!("{number}\n").as_bytes(), Weight::Detail));
    let text = read_until(reader, "99\n");
    account(&text, 100);
    assert!(!text.contains("lost"));
}

#[test]
fn nobody_waits_for_a_stream_that_is_not_read_and_all_lines_are_accounted_for_when_it_is() {
    let (pipe_reader, pipe_writer) = pipe();
    let (socket_reader, socket_writer) = UnixStream::pair().unwrap();
    let streams: [(Box<dyn Read + Send>, OwnedFd); 2] =
        [(Box::new(pipe_reader), pipe_writer), (Box::new(socket_reader), socket_writer.into())];
    for (reader, writer) in streams {
        let log = outlet(writer);
        let tail = ".".repeat(100);
        // Some times more than the stream and the queue hold. If this waited, it would be for ever.
        (0..20_000).for_each(|number| log.push(format!("{number}{tail}\n").as_bytes(), Weight::Detail));
        log.push(b"end\n", Weight::Message);
        let text = read_until(reader, "end\n");
        assert!(text.contains("lost "), "nothing was lost: the test is too small");
        account(text.strip_suffix("end\n").unwrap(), 20_000);
    }
}

#[test]
fn details_leave_room_for_messages() {
    let (mut reader, writer) = UnixStream::pair().unwrap();
    let log = outlet(writer);
    let line = [&[b'.'; 999][..], b"\n"].concat();
    // More than the socket and the queue hold.
    (0..10_000).for_each(|_| log.push(&line, Weight::Detail));
    log.push(b"message\n", Weight::Message);
    // Neither is there any end to messages that are not read.
    (0..10_000).for_each(|_| log.push(&line, Weight::Message));
    assert!(log.queue.lock().bytes <= ROOM_WITH_MESSAGES);
    drop(log);
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    let (before, after) = text.split_once("message\n").unwrap();
    assert!(before.contains("lost ") && after.contains("lost "));
}

#[test]
fn a_full_disk_loses_lines_and_the_count_is_told_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    // A link, so that the "disk" can be changed under the writer: first full, then empty.
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let free = File::create(folder.path().join("log")).unwrap();
    let mut writer = Writer { stream: full, notice, lost: 0, is_torn: false };
    for number in 0..3 {
        writer.write(&Entry::Line(format!("{number}\n").into_bytes().into()));
    }
    assert_eq!(writer.lost, 3);
    writer.stream = free;
    writer.write(&Entry::Line(Box::from(*b"3\n")));
    let text = fs::read_to_string(folder.path().join("log")).unwrap();
    assert_eq!(text, "lost 3\n3\n");
}

#[test]
fn what_was_lost_at_the_end_is_told_by_a_flush() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let mut writer = Writer { stream: File::create(&path).unwrap(), notice, lost: 2, is_torn: false };
    writer.write(&Entry::Lost(0));
    assert_eq!(fs::read_to_string(&path).unwrap(), "lost 2\n");
}

#[test]
fn a_line_that_was_torn_is_counted_and_the_next_one_begins_on_a_line_of_its_own() {
    let (mut reader, writer) = pipe();
    let mut writer = Writer { stream: writer, notice, lost: 0, is_torn: false };
    let reading = thread::spawn(move || reader.read_exact(&mut [0; 10]));
    // More than the pipe holds; its reader closes it after ten bytes.
    writer.write(&Entry::Line(vec![b'.'; 1 << 20].into()));
    reading.join().unwrap().unwrap();
    let (reader, whole) = pipe();
    writer.stream = whole;
    writer.write(&Entry::Line(Box::from(*b"whole\n")));
    assert_eq!(read_until(reader, "whole\n"), "\nlost 1\nwhole\n");
}

#[test]
fn a_stream_that_another_process_made_non_blocking_is_waited_for() {
    let (reader, writer) = UnixStream::pair().unwrap();
    writer.set_nonblocking(true).unwrap();
    let log = outlet(writer);
    let line = ".".repeat(100_000) + "\n";
    // More than the socket holds; the rest follows once it is read.
    (0..2).for_each(|_| log.push(line.as_bytes(), Weight::Detail));
    log.push(b"end\n", Weight::Detail);
    assert_eq!(read_until(reader, "end\n").len(), 2 * line.len() + 4);
}

#[test]
fn a_line_too_long_for_a_datagram_costs_that_line_only() {
    let (reader, writer) = UnixDatagram::pair().unwrap();
    let log = outlet(writer);
    log.push(&vec![b'.'; ROOM - 100], Weight::Detail);
    log.push(b"short\n", Weight::Detail);
    let mut datagrams = String::new();
    while !datagrams.ends_with("short\n") {
        let mut datagram = vec![0; ROOM];
        let length = reader.recv(&mut datagram).unwrap();
        datagrams.push_str(std::str::from_utf8(&datagram[..length]).unwrap());
    }
    assert_eq!(datagrams, "lost 1\nshort\n");
}
