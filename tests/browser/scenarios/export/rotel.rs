//! A real collector: `rotel`, from the Python package index, which carries the program.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::sync::watch;
use xtask::Project;

/// The package and its version; what it prints is read by its letter.
const PACKAGE: &str = "rotel==0.0.1a15";
/// The interpreters to look for; the program is linked against the library of this version.
const PYTHONS: [&str; 2] = ["python3.11", "python3"];
const IS_RIGHT: &str = "import sys; sys.exit(sys.version_info[:2] != (3, 11))";

/// A collector at work. Dropped, it ends.
pub(super) struct Rotel {
    pub(super) url: String,
    printed: watch::Receiver<String>,
    _child: Child,
}

/// Why there is none here.
pub(super) struct Missing(pub(super) String);

/// The program's file, installed once under `target`.
pub(super) async fn program(project: &Project) -> Result<std::result::Result<PathBuf, Missing>> {
    let folder = project.path(&format!("target/{}", PACKAGE.replace("==", "-")));
    let file = folder.join("rotel/rotel-agent");
    if file.is_file() {
        return Ok(Ok(file));
    }
    let Some(python) = python().await else {
        return Ok(Err(Missing("there is no Python 3.11 on PATH".to_owned())));
    };
    // Installed beside and moved, so that what was interrupted is not taken for whole.
    let fresh = tempfile::tempdir_in(project.path("target"))?;
    let installed = Command::new(python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target"])
        .arg(fresh.path())
        .arg(PACKAGE)
        .output()
        .await?;
    if !installed.status.success() {
        let said = String::from_utf8_lossy(&installed.stderr);
        return Ok(Err(Missing(format!(
            "pip cannot install {PACKAGE}: {}",
            said.lines().last().unwrap_or("")
        ))));
    }
    // Another process may have been faster.
    if let Err(error) = std::fs::rename(fresh.keep(), &folder)
        && !file.is_file()
    {
        return Err(error).with_context(|| folder.display().to_string());
    }
    Ok(Ok(file))
}

async fn python() -> Option<&'static str> {
    for name in PYTHONS {
        let asked = Command::new(name).args(["-c", IS_RIGHT]).stderr(Stdio::null()).status().await;
        if asked.is_ok_and(|status| status.success()) {
            return Some(name);
        }
    }
    None
}

impl Rotel {
    /// Starts it and waits until it listens.
    pub(super) async fn start(program: &Path) -> Result<Rotel> {
        let (http, grpc) = (free_address()?, free_address()?);
        let mut child = Command::new(program)
            .args(["start", "--exporter", "blackhole", "--debug-log-verbosity", "detailed"])
            .args(["--debug-log", "traces", "--debug-log", "metrics", "--debug-log", "logs"])
            .args(["--otlp-http-endpoint", &http, "--otlp-grpc-endpoint", &grpc])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| program.display().to_string())?;
        let output = child.stdout.take().context("it has no output")?;
        let (sender, printed) = watch::channel(String::new());
        tokio::spawn(listen(output, sender));
        while TcpStream::connect(&http).await.is_err() {
            if let Some(status) = child.try_wait()? {
                bail!("it ended at once: {status}");
            }
            tokio::task::yield_now().await;
        }
        Ok(Rotel { url: format!("http://{http}"), printed, _child: child })
    }

    /// Waits until what was printed fits, and returns that. The watchdog bounds it.
    pub(super) async fn until(&self, fits: impl Fn(&str) -> bool) -> Result<String> {
        let mut printed = self.printed.clone();
        let text = printed.wait_for(|text| fits(text)).await.context("it ended")?;
        Ok(text.clone())
    }
}

fn free_address() -> Result<String> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.to_string())
}

async fn listen(output: impl AsyncRead + Unpin, printed: watch::Sender<String>) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        printed.send_modify(|text| {
            text.push_str(&line);
            text.push('\n');
        });
    }
}
