//! Connections that can be reset, and a door that can be shut: what a network does to a server, at a word.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;

/// Connections that wait to be accepted, at most.
const BACKLOG: u32 = 1024;
/// How long to wait after a connection could not be accepted, so that a lack of file handles does not make a loop.
const PAUSE: Duration = Duration::from_millis(50);

/// A connection that can be reset. Clones are the same connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connection(Arc<AtomicBool>);

impl Connection {
    /// Resets it as soon as anything is to be read or written.
    pub(crate) fn cut(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Connected<IncomingStream<'_, Entrance>> for Connection {
    fn connect_info(stream: IncomingStream<'_, Entrance>) -> Connection {
        stream.io().connection.clone()
    }
}

/// Tells an [`Entrance`] to shut or to open, and hears when it has.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    wanted: watch::Sender<bool>,
    is_open: watch::Receiver<bool>,
}

impl Door {
    /// Shuts or opens it. Returns when that is done.
    pub(crate) async fn set_open(&self, open: bool) {
        self.wanted.send_replace(open);
        let mut is_open = self.is_open.clone();
        // An entrance that is gone is shut for good.
        let _ = is_open.wait_for(|is_open| *is_open == open).await;
    }
}

/// A listener with a door: while it is shut, connections are refused, and those there were are reset. The port stays
/// its own all the time.
#[derive(Debug)]
pub(crate) struct Entrance {
    listener: Option<TcpListener>,
    /// Holds the port while the door is shut.
    placeholder: Option<TcpSocket>,
    address: SocketAddr,
    wanted: watch::Receiver<bool>,
    is_open: watch::Sender<bool>,
}

impl Entrance {
    /// Listens.
    pub(crate) async fn open(address: SocketAddr) -> io::Result<(Entrance, Door)> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (wanted, told) = watch::channel(true);
        let (is_open, seen) = watch::channel(true);
        let entrance =
            Entrance { listener: Some(listener), placeholder: None, address, wanted: told, is_open };
        Ok((entrance, Door { wanted, is_open: seen }))
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Does what the door was told.
    fn follow(&mut self) -> io::Result<()> {
        let open = *self.wanted.borrow_and_update();
        if open && self.listener.is_none() {
            let socket = self.placeholder.take().map_or_else(|| bound(self.address), Ok)?;
            self.listener = Some(socket.listen(BACKLOG)?);
        }
        if !open && self.listener.take().is_some() {
            self.placeholder = bound(self.address).ok();
        }
        self.is_open.send_replace(open);
        Ok(())
    }
}

/// A socket that has the address and does not listen.
fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

impl Listener for Entrance {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        loop {
            if self.follow().is_err() {
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            let mut wanted = self.wanted.clone();
            let told = async {
                if wanted.changed().await.is_err() {
                    // Nobody can tell it anything any more.
                    std::future::pending::<()>().await;
                }
            };
            let Some(listener) = &self.listener else {
                told.await;
                continue;
            };
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, address)) => {
                        let connection = Connection::default();
                        return (Wire { stream, connection, open: self.wanted.clone() }, address);
                    }
                    Err(_) => tokio::time::sleep(PAUSE).await,
                },
                () = told => {}
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

/// A connection's stream.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    connection: Connection,
    open: watch::Receiver<bool>,
}

impl Wire {
    fn check(&self) -> io::Result<()> {
        if !self.connection.0.load(Ordering::Relaxed) && *self.open.borrow() {
            return Ok(());
        }
        // Closed so, the other side is told by a reset, not by an orderly end.
        self.stream.set_zero_linger()?;
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
