//! `cargo xtask demo`: build, serve, say so, open.

use std::io::Write;
use std::net::{IpAddr, SocketAddr, TcpListener};

use crate::{
    BuildError, DistOptions, ForwardTarget, Progress, Project, ReceiverOptions, Server, ServerError,
    ServerOptions, Site, build_pages, dist,
};

/// How the demo is run.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// The address to listen on.
    pub host: IpAddr,
    /// The port.
    pub port: u16,
    /// Whether the browser is opened.
    pub open: bool,
    /// Where accepted telemetry is passed on to.
    pub forward: Option<ForwardTarget>,
}

/// Why the demo did not start or ended badly.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// Building failed.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// Serving failed.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The one line could not be written, or there is no way to wait for Ctrl-C.
    #[error("{0}")]
    Terminal(#[from] std::io::Error),
}

/// Builds everything, serves the tour until Ctrl-C, and prints `ready URL` on standard output when it can be opened.
///
/// # Errors
/// The port is taken (found out before anything is built), or something does not build.
pub fn demo(project: &Project, options: DemoOptions) -> Result<(), DemoError> {
    let progress = Progress::start();
    // Let go again at once: nobody should find an open port and half a demo behind it.
    let address = SocketAddr::new(options.host, options.port);
    if TcpListener::bind(address).is_err_and(|error| error.kind() == std::io::ErrorKind::AddrInUse) {
        return Err(ServerError::PortTaken(options.port).into());
    }
    dist(project, &progress, DistOptions::default())?;
    build_pages(project, &progress)?;
    tokio::runtime::Runtime::new()?.block_on(serve(project, options, &progress))
}

async fn serve(project: &Project, options: DemoOptions, progress: &Progress) -> Result<(), DemoError> {
    let receiver = ReceiverOptions { forward: options.forward, ..ReceiverOptions::default() };
    let (host, port) = (options.host, options.port);
    let server = Server::start(ServerOptions { host, port, site: Site::demo(project), receiver }).await?;
    let url = server.url();
    writeln!(std::io::stdout().lock(), "ready {url}")?;
    progress.note(&format!("recordings open at {url}/atelier/devtools.html; Ctrl-C ends it"));
    if options.open
        && let Err(error) = open::that_detached(&url)
    {
        progress.note(&format!("no browser could be opened ({error}); open {url} yourself"));
    }
    tokio::signal::ctrl_c().await?;
    server.stop().await?;
    progress.note("stopped");
    Ok(())
}
