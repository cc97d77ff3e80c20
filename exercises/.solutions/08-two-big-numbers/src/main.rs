//! A number in, `prime` or `composite` out, on a runtime with two worker threads, and with other threads for what computes.

use std::{env, io};

use prime::{Test, Verdict};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::task::spawn_blocking;

fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9090".to_owned());
    // Two workers are enough for as many clients as you like. Leave them as they are.
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_io().build()?;
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

async fn serve(mut client: TcpStream) -> io::Result<()> {
    let (reader, mut writer) = client.split();
    let mut lines = BufReader::new(reader).lines();
    while let Some(line) = lines.next_line().await? {
        // A task that computes does not give its worker back until it is done. On a thread that may block it stands in
        // nobody's way, and this task waits for it as it waits for a socket.
        let answer = spawn_blocking(move || answer_to(&line)).await.map_err(io::Error::other)?;
        writer.write_all(answer).await?;
    }
    Ok(())
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
