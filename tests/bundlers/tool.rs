//! Runs a tool, and serves what it made.

use std::net::Ipv4Addr;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;
use xtask::{Mount, Project, ReceiverOptions, Server, ServerOptions, Site};

/// Lines of a tool's output that a failure shows.
const LAST_LINES: usize = 25;

/// A page's address, and what serves it as long as this is there.
pub(crate) struct Serving {
    pub(crate) url: String,
    _server: Option<Server>,
    /// It ends with its input, which is closed when this is dropped.
    _child: Option<Child>,
}

/// Builds with a tool, or runs what says itself whether it works.
pub(crate) fn build(project: &Project, tool: &str) -> Result<()> {
    let folder = project.path("target/bundlers");
    let mut command = Command::new("node");
    command.arg(folder.join("build.mjs")).arg(tool).arg(folder.join("out").join(tool)).stdin(Stdio::null());
    let output = command.output().context("node does not start")?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<&str> = said.lines().collect();
    bail!("{tool}: {}\n{}", output.status, lines[lines.len().saturating_sub(LAST_LINES)..].join("\n"))
}

/// Serves what a tool built, with or without a strict policy.
pub(crate) async fn serve_folder(project: &Project, tool: &str, has_policy: bool) -> Result<Serving> {
    let folder = project.path("target/bundlers/out").join(tool);
    let site = Site::new(vec![Mount::new("/", folder, "cargo xtask test --bundlers")]);
    let site = if has_policy { site } else { site.without_policy() };
    let (host, receiver) = (Ipv4Addr::LOCALHOST.into(), ReceiverOptions::default());
    let server = Server::start(ServerOptions { host, port: 0, site, receiver }).await?;
    Ok(Serving { url: server.url(), _server: Some(server), _child: None })
}

/// Has the tool itself serve the app.
pub(crate) async fn serve_by_tool(project: &Project, tool: &str) -> Result<Serving> {
    let mut command = tokio::process::Command::new("node");
    command.arg(project.path("target/bundlers/build.mjs")).args([tool, "--serve"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().context("node does not start")?;
    let output = child.stdout.take().context("no output")?;
    let mut lines = BufReader::new(output).lines();
    while let Some(line) = lines.next_line().await? {
        if line.starts_with("http://") {
            let url = line.trim_end_matches('/').to_owned();
            // Whoever writes to a pipe that nobody reads any more may die of it.
            tokio::spawn(async move { while matches!(lines.next_line().await, Ok(Some(_))) {} });
            return Ok(Serving { url, _server: None, _child: Some(child) });
        }
    }
    bail!("{tool} ended before it served anything")
}
