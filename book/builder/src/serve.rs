//! `serve`: builds the book, and shows it to a browser on this machine.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::build;
use crate::places::Places;

/// A browser sends less.
const LONGEST_REQUEST: u64 = 16 << 10;
/// A client that says nothing for so long is gone.
const PATIENCE: Duration = Duration::from_secs(10);
/// So many clients are answered at the same time; others wait.
const AT_ONCE: usize = 8;

/// Builds the book and serves it until the process is stopped.
pub(crate) fn run(places: &Places, port: u16, is_draft: bool) -> Result<ExitCode> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .with_context(|| format!("cannot listen on port {port}; choose another with --port"))?;
    let book = places.html();
    let findings = build::build(places, &book, is_draft)?;
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    println!("the book: http://{}/", listener.local_addr().context("the address")?);
    println!("Ctrl-C stops it. After a change of the book, run it again.");
    serve(&listener, &book);
    Ok(ExitCode::SUCCESS)
}

fn serve(listener: &TcpListener, book: &Path) {
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                for client in listener.incoming() {
                    // A client that goes away harms nobody.
                    let _ = client.and_then(|client| answer(client, book));
                }
            });
        }
    });
}

fn answer(mut client: TcpStream, book: &Path) -> std::io::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    client.set_write_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new((&client).take(LONGEST_REQUEST));
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut header = String::new();
    while reader.read_line(&mut header)? > 0 && header.trim() != "" {
        header.clear();
    }
    let mut words = request.split(' ');
    let file = match (words.next(), words.next()) {
        (Some("GET"), Some(path)) => file(book, path),
        _ => None,
    };
    let (status, kind, body) = match file.map(|file| fs::read(&file).map(|body| (kind(&file), body))) {
        Some(Ok((kind, body))) => ("200 OK", kind, body),
        Some(Err(error)) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => ("404 Not Found", "text/plain", b"The book has no such page.\n".to_vec()),
    };
    let length = body.len();
    write!(
        client,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    client.write_all(&body)
}

/// The file that a path of a request means; none outside of the book.
fn file(book: &Path, path: &str) -> Option<PathBuf> {
    let path = path.split(['?', '#']).next()?.strip_prefix('/')?;
    let path = Path::new(if path.is_empty() { "index.html" } else { path });
    let is_inside = path.components().all(|part| matches!(part, Component::Normal(_)));
    let file = book.join(path);
    is_inside.then(|| if file.is_dir() { file.join("index.html") } else { file })
}

fn kind(file: &Path) -> &'static str {
    match file.extension().and_then(|ending| ending.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        _ => "text/plain; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_means_a_file_of_the_book_alone() {
        let book = Path::new("/book");
        let means = |path| file(book, path).map(|file| file.display().to_string());
        assert_eq!(means("/").as_deref(), Some("/book/index.html"));
        assert_eq!(means("/code/a.rs.html?x=1").as_deref(), Some("/book/code/a.rs.html"));
        for outside in ["/../secret", "/a/../../secret", "//etc/passwd", "index.html", ""] {
            assert_eq!(means(outside), None, "{outside}");
        }
    }

    #[test]
    fn a_browser_gets_pages_with_their_kinds() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("index.html"), "<p>hello</p>").unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let get = |path: &str| {
            let asked = thread::spawn({
                let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
                move || {
                    let mut client = TcpStream::connect(address).unwrap();
                    client.write_all(request.as_bytes()).unwrap();
                    let mut text = String::new();
                    client.read_to_string(&mut text).unwrap();
                    text
                }
            });
            answer(listener.accept().unwrap().0, folder.path()).unwrap();
            asked.join().unwrap()
        };
        let page = get("/");
        assert!(page.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/html"), "{page}");
        assert!(page.ends_with("\r\n\r\n<p>hello</p>"), "{page}");
        assert!(get("/none.html").starts_with("HTTP/1.1 404"));
    }
}
