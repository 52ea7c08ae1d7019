//! The browser and the runtime that all tests share, and how one test is run.

use std::net::Ipv4Addr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use futures::FutureExt;
use libtest_mimic::{Failed, Trial};
use tokio::runtime::Runtime;
use xtask::{Mount, Project, ReceiverOptions, Server, ServerOptions, Site};

use crate::artifacts::leave_behind;
use crate::bundled::bundle;
use crate::{Chromium, DEFAULT_WATCHDOG, Tab};

/// What one test has for itself.
#[derive(Debug)]
pub struct Scene {
    /// The server: the demo's pages, the tests' pages under `/tests/`, and a receiver.
    pub server: Server,
    /// A tab of that server's origin.
    pub tab: Tab,
    /// The repository.
    pub project: Project,
    chromium: Arc<Chromium>,
}

impl Scene {
    /// A window that the tab's page opened, once there is one whose address begins like this.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn window(&self, address: &str) -> Result<Tab> {
        Tab::opened_at(&self.chromium, address, self.server.url()).await
    }

    /// Opens another tab of the same origin; the browser closes it at the end, if nobody does before.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn another_tab(&self) -> Result<Tab> {
        Tab::open(&self.chromium, self.server.url()).await
    }
}

/// The browser and the runtime that all tests share.
#[derive(Debug)]
pub struct Lab {
    runtime: Runtime,
    chromium: Arc<Chromium>,
    project: Project,
    bundled: Mount,
}

impl Lab {
    /// Starts the browser.
    ///
    /// # Errors
    /// There is none, or it does not start; or the packages have not been built.
    pub fn start() -> Result<Arc<Lab>> {
        let project = Project::here();
        let bundled = Mount::new("/bundled/", bundle(&project)?, "cargo xtask dist");
        let runtime = Runtime::new().context("no tokio runtime")?;
        let chromium = Arc::new(runtime.block_on(Chromium::start())?);
        Ok(Arc::new(Lab { runtime, chromium, project, bundled }))
    }

    /// The repository.
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// A scenario as a test: an async function that drives a [`Scene`]. It fails by an error or by a panic, as
    /// `assert_eq!` does.
    pub fn trial<F>(self: &Arc<Self>, name: &str, scenario: F) -> Trial
    where
        F: AsyncFnOnce(&Scene) -> Result<()> + Send + 'static,
    {
        let (lab, test) = (Arc::clone(self), name.to_owned());
        Trial::test(name, move || lab.run(&test, scenario))
    }

    /// Runs something on a server and a tab of its own, within the watchdog's time.
    ///
    /// # Errors
    /// It failed; the text has what the page said and where the screenshot is.
    pub fn run<T>(&self, name: &str, test: impl AsyncFnOnce(&Scene) -> Result<T>) -> Result<T, Failed> {
        self.run_within(DEFAULT_WATCHDOG, name, test)
    }

    /// The same with a time of its own.
    ///
    /// # Errors
    /// As for [`Lab::run`].
    pub fn run_within<T>(
        &self,
        limit: Duration,
        name: &str,
        test: impl AsyncFnOnce(&Scene) -> Result<T>,
    ) -> Result<T, Failed> {
        self.runtime.block_on(async {
            let scene = self.scene().await.map_err(|error| format!("{error:#}"))?;
            let running = AssertUnwindSafe(test(&scene)).catch_unwind();
            let result = match tokio::time::timeout(limit, running).await {
                Ok(Ok(result)) => result,
                Ok(Err(panic)) => Err(anyhow!("{}", said_by(&*panic))),
                Err(_) => Err(anyhow!("it did not end within {} s", limit.as_secs())),
            };
            let outcome = match result {
                Ok(value) => Ok(value),
                Err(error) => {
                    let behind = leave_behind(&self.project, name, &scene.tab).await;
                    Err(format!("{error:#}{behind}").into())
                }
            };
            scene.tab.close().await;
            outcome
        })
    }

    async fn scene(&self) -> Result<Scene> {
        let mut site = Site::tests(&self.project);
        site.add(self.bundled.clone());
        let server = Server::start(ServerOptions {
            host: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            site,
            receiver: ReceiverOptions { strict: true, ..ReceiverOptions::default() },
        })
        .await?;
        let tab = Tab::open(&self.chromium, server.url()).await?;
        Ok(Scene { server, tab, project: self.project.clone(), chromium: Arc::clone(&self.chromium) })
    }

    /// Ends the browser. Every test must have ended.
    pub fn end(self: Arc<Self>) {
        if let Some(Lab { runtime, chromium, .. }) = Arc::into_inner(self)
            && let Some(chromium) = Arc::into_inner(chromium)
        {
            runtime.block_on(chromium.close());
        }
    }
}

fn said_by(panic: &(dyn std::any::Any + Send)) -> String {
    let text =
        panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    format!("panicked: {}", text.unwrap_or("without a text"))
}
