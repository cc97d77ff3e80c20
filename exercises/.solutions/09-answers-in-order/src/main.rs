//! A number in, `prime` or `composite` out. One thread serves all clients, and numbers are tested on other threads: so a small
//! one does not wait for a big one, but on its own connection, where answers come in the order of the requests.

use std::{env, io};

use prime::{Test, Verdict};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

/// So many requests of a client may be in work, or have an answer that was not sent yet. Then it is not read on.
const MOST: usize = 16;

fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9090".to_owned());
    let runtime = Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(serve_all(&address))
}

async fn serve_all(address: &str) -> io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (client, _) = listener.accept().await?;
        tokio::spawn(async move {
            if let Err(error) = serve(client).await {
                eprintln!("a client has failed: {error}");
            }
        });
    }
}

/// Reads the requests of a client and hands them over. A second task sends the answers.
async fn serve(client: TcpStream) -> io::Result<()> {
    let (reader, mut writer) = client.into_split();
    let (ready, mut answers) = mpsc::channel(MOST);
    let sending = tokio::spawn(async move {
        while let Some(answer) = answers.recv().await {
            let answer: JoinHandle<&[u8]> = answer;
            writer.write_all(answer.await.map_err(io::Error::other)?).await?;
        }
        io::Result::Ok(())
    });
    let mut lines = BufReader::new(reader).lines();
    while let Some(line) = lines.next_line().await? {
        // The promise of an answer goes through the channel, in the order of the requests, and not the answer. If nobody
        // receives it, sending has failed, and says why below.
        if ready.send(spawn_blocking(move || answer_to(&line))).await.is_err() {
            break;
        }
    }
    drop(ready);
    sending.await.map_err(io::Error::other)?
}

fn answer_to(line: &str) -> &'static [u8] {
    line.parse().map_or(b"error\n", |number| test(number).answer())
}

/// A big prime takes seconds, a small number microseconds.
fn test(number: u64) -> Verdict {
    let mut test = Test::new(number);
    loop {
        if let Some(verdict) = test.go_on() {
            return verdict;
        }
    }
}
