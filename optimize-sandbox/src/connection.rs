//! Connections that a handler can break, to imitate a network that does; plain, or with TLS.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A client that has not shaken hands by then is turned away.
const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(10);

/// What a handler knows of its connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Peer {
    is_broken: Arc<AtomicBool>,
    /// The certificate that the client has presented.
    pub(crate) certificate: Option<Arc<[u8]>>,
}

impl Peer {
    /// Closes the connection before any byte of the response leaves.
    pub(crate) fn break_off(&self) {
        self.is_broken.store(true, Ordering::Relaxed);
    }
}

impl Connected<IncomingStream<'_, BreakableListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, BreakableListener>) -> Self {
        stream.remote_addr().clone()
    }
}

/// Hands out connections that are ready for HTTP. Handshakes run beside each other, so that a slow one holds up nobody.
pub(crate) struct BreakableListener {
    ready: mpsc::Receiver<(Stream, Peer)>,
}

impl BreakableListener {
    pub(crate) fn new(listener: TcpListener, tls: Option<TlsAcceptor>) -> Self {
        let (sender, ready) = mpsc::channel(16);
        tokio::spawn(accept_all(listener, tls, sender));
        Self { ready }
    }
}

/// Ends when the listener is dropped.
async fn accept_all(mut listener: TcpListener, tls: Option<TlsAcceptor>, sender: mpsc::Sender<(Stream, Peer)>) {
    loop {
        let (stream, _) = tokio::select! {
            accepted = Listener::accept(&mut listener) => accepted,
            () = sender.closed() => return,
        };
        // Without this a small response waits for the acknowledgement of the one before.
        let _ = stream.set_nodelay(true);
        let Some(tls) = tls.clone() else {
            // Nobody waits any more if this fails.
            let _ = sender.send((Stream::Plain(stream), Peer::default())).await;
            continue;
        };
        let sender = sender.clone();
        tokio::spawn(async move {
            // A client that does not trust this server, or none that is one, is no concern of ours.
            let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE_PATIENCE, tls.accept(stream)).await else { return };
            let certificate = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
            let certificate = certificate.map(|certificate| certificate.as_ref().into());
            let peer = Peer { certificate, ..Peer::default() };
            let _ = sender.send((Stream::Tls(Box::new(stream)), peer)).await;
        });
    }
}

impl Listener for BreakableListener {
    type Io = BreakableStream;
    type Addr = Peer;

    async fn accept(&mut self) -> (BreakableStream, Peer) {
        let Some((stream, peer)) = self.ready.recv().await else { return std::future::pending().await };
        (BreakableStream { stream, peer: peer.clone() }, peer)
    }

    fn local_addr(&self) -> io::Result<Peer> {
        Ok(Peer::default())
    }
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

pub(crate) struct BreakableStream {
    stream: Stream,
    peer: Peer,
}

impl BreakableStream {
    fn check(&self) -> io::Result<()> {
        let is_broken = self.peer.is_broken.load(Ordering::Relaxed);
        if is_broken { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }
}

impl AsyncRead for BreakableStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Stream::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for BreakableStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
