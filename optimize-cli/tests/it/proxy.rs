//! What can stand between a command and a server: a proxy for https, and a gateway that closes idle connections.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A proxy that tunnels everything to one address and keeps what it is asked.
pub(crate) struct Proxy {
    pub(crate) address: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    pub(crate) fn to(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let kept = heads.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (target, kept) = (target.clone(), kept.clone());
                std::thread::spawn(move || tunnel(client, &target, &kept));
            }
        });
        Self { address, heads }
    }

    pub(crate) fn heads(&self) -> Vec<String> {
        std::mem::take(&mut *self.heads.lock().unwrap())
    }
}

fn tunnel(mut client: TcpStream, target: &str, heads: &Mutex<Vec<String>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if client.read(&mut byte).unwrap_or(0) == 0 {
            break;
        }
        head.push(byte[0]);
    }
    let is_tunnel = head.starts_with(b"CONNECT");
    heads.lock().unwrap().push(String::from_utf8(head).unwrap());
    if !is_tunnel {
        return;
    }
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
    let server = TcpStream::connect(target).unwrap();
    let (mut up_from, mut up_to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut up_from, &mut up_to);
        let _ = up_to.shutdown(std::net::Shutdown::Write);
    });
    let _ = std::io::copy(&mut { server }, &mut client);
}

/// A gateway that closes a connection over which no request has come for `patience`. Returns its address.
pub(crate) fn impatient_gateway(target: String, patience: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(&target).unwrap();
            client.set_read_timeout(Some(patience)).unwrap();
            let (mut requests, mut responses) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            let mut up = server;
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut requests, &mut up);
                let _ = up.shutdown(std::net::Shutdown::Both);
                let _ = requests.shutdown(std::net::Shutdown::Both);
            });
            let mut client = client;
            std::thread::spawn(move || std::io::copy(&mut responses, &mut client));
        }
    });
    address
}

/// A proxy that returns this for everything. Returns its URL.
pub(crate) fn responding(response: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            // The request fits into one read.
            let _ = client.read(&mut [0; 4096]);
            let _ = client.write_all(response.as_bytes());
        }
    });
    url
}
