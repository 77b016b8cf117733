//! A way to a server on which things go wrong.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};

/// A way to a server.
pub(crate) struct Gate(pub(crate) SocketAddr);

#[derive(Clone, Copy)]
pub(crate) enum Rule {
    /// Everything passes.
    Pass,
    /// The server is not asked; this is the response.
    Answer(u16, &'static str),
    /// So many bytes pass, then the connection is gone.
    Cut(u64),
}

impl Gate {
    /// Opens one before this address; `rule` says what happens to a connection by its number.
    pub(crate) fn open(server: &str, rule: impl Fn(u32) -> Rule + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = server.to_owned();
        std::thread::spawn(move || {
            for (number, client) in (0..).zip(listener.incoming()) {
                let (client, server, rule) = (client.unwrap(), server.clone(), rule(number));
                std::thread::spawn(move || match rule {
                    Rule::Answer(status, code) => answer(client, status, code),
                    Rule::Pass => pass(&client, &server, u64::MAX),
                    Rule::Cut(bytes) => pass(&client, &server, bytes),
                });
            }
        });
        Self(address)
    }
}

fn answer(mut client: TcpStream, status: u16, code: &str) {
    let mut request = BufReader::new(client.try_clone().unwrap());
    let mut length = 0;
    let mut line = String::new();
    while request.read_line(&mut line).is_ok_and(|read| read > 2) {
        if let Some(number) = line.to_lowercase().strip_prefix("content-length:") {
            length = number.trim().parse().unwrap();
        }
        line.clear();
    }
    std::io::copy(&mut request.take(length), &mut std::io::sink()).unwrap();
    let body = format!("<Error><Code>{code}</Code><Message>{code}</Message></Error>");
    let head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    let _ = client.write_all((head + &body).as_bytes());
}

fn pass(client: &TcpStream, address: &str, bytes: u64) {
    let Ok(server) = TcpStream::connect(address) else { return };
    let (back, to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let responses = std::thread::spawn(move || std::io::copy(&mut &back, &mut &to_client));
    let _ = std::io::copy(&mut client.take(bytes), &mut &server);
    let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
    let _ = responses.join();
}
