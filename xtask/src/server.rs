//! The server: a site and the receiver on one port, so that a page reaches its collector as its own origin.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::connection::{Connection, Door, Entrance};
use crate::site::secured;
use crate::{Receiver, ReceiverOptions, Site};

/// How long requests under way may take to end when a server stops; then they are cut off.
pub const STOP_GRACE: Duration = Duration::from_secs(1);

/// Where and what to serve.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// The address to listen on.
    pub host: IpAddr,
    /// The port; 0 takes any that is free.
    pub port: u16,
    /// The pages.
    pub site: Site,
    /// The receiver.
    pub receiver: ReceiverOptions,
}

/// Why a server did not start or ended badly.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// Someone else listens there.
    #[error("port {0} is taken; choose another with --port, such as --port {next}", next = .0.checked_add(1).unwrap_or(5174))]
    PortTaken(u16),
    /// Listening failed for another reason.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The reason.
        source: io::Error,
    },
    /// Serving ended with an error.
    #[error("the server failed: {0}")]
    Serve(String),
}

/// A server that runs until it is stopped or dropped.
#[derive(Debug)]
#[must_use = "a server that is dropped stops"]
pub struct Server {
    address: SocketAddr,
    receiver: Receiver,
    door: Door,
    stop: oneshot::Sender<()>,
    task: JoinHandle<io::Result<()>>,
}

impl Server {
    /// Starts it on the current tokio runtime. When this returns, it can be connected to.
    ///
    /// # Errors
    /// The port is taken, or the address cannot be listened on.
    pub async fn start(options: ServerOptions) -> Result<Server, ServerError> {
        let address = SocketAddr::new(options.host, options.port);
        let (entrance, door) = Entrance::open(address).await.map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => ServerError::PortTaken(options.port),
            _ => ServerError::Listen { address, source },
        })?;
        let address = entrance.address();
        let receiver = Receiver::new(options.receiver);
        let has_policy = options.site.has_policy();
        let router = secured(receiver.router().merge(options.site.router()), has_policy);
        let (stop, stopped) = oneshot::channel();
        let serving = axum::serve(entrance, router.into_make_service_with_connect_info::<Connection>())
            .with_graceful_shutdown(async move {
                // Told to, or dropped: either way it is over.
                let _ = stopped.await;
            });
        let task = tokio::spawn(serving.into_future());
        Ok(Server { address, receiver, door, stop, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its receiver.
    pub fn receiver(&self) -> &Receiver {
        &self.receiver
    }

    /// Refuses connections from now on, and resets those there are, until [`Server::come_back`]: a server that is
    /// down. The port stays its own.
    pub async fn go_down(&self) {
        self.door.set_open(false).await;
    }

    /// Takes connections again.
    pub async fn come_back(&self) {
        self.door.set_open(true).await;
    }

    /// Stops taking connections, lets requests under way end for [`STOP_GRACE`], then ends.
    ///
    /// # Errors
    /// Serving had failed.
    pub async fn stop(self) -> Result<(), ServerError> {
        // A failed send means that it has ended already; the task tells how.
        let _ = self.stop.send(());
        let ending = self.task.abort_handle();
        match tokio::time::timeout(STOP_GRACE, self.task).await {
            Ok(Ok(ended)) => ended.map_err(|error| ServerError::Serve(error.to_string())),
            Ok(Err(error)) => Err(ServerError::Serve(error.to_string())),
            Err(_) => {
                ending.abort();
                Ok(())
            }
        }
    }
}
