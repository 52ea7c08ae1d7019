//! The browser.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use chromiumoxide::cdp::browser_protocol::target::CreateTargetParams;
use chromiumoxide::{Browser, BrowserConfig, Page};
use futures::StreamExt;
use tempfile::TempDir;
use tokio::sync::Mutex;

use crate::DEFAULT_WATCHDOG;

/// How long the browser may take to go before it is killed.
const CLOSE_GRACE: Duration = Duration::from_secs(10);
/// How soon to look again for a page that is not there yet.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A Chromium without a window and with a profile that nobody used before.
#[derive(Debug)]
pub struct Chromium {
    browser: Mutex<Browser>,
    /// Removed with the browser.
    _profile: TempDir,
}

impl Chromium {
    /// Starts it on the current tokio runtime.
    ///
    /// # Errors
    /// There is no Chrome or Chromium, or it does not start; the text says what to do.
    pub async fn start() -> Result<Chromium> {
        let executable = xtask::find_chrome()?;
        let profile = tempfile::tempdir().context("no folder for the browser's profile")?;
        let config = BrowserConfig::builder()
            .chrome_executable(&executable)
            .new_headless_mode()
            // Only our own pages are opened, and in containers the sandbox does not work.
            .no_sandbox()
            .user_data_dir(profile.path())
            .window_size(1280, 900)
            .viewport(None)
            // Above the watchdog, which is to speak first.
            .request_timeout(DEFAULT_WATCHDOG * 2)
            .launch_timeout(DEFAULT_WATCHDOG)
            .args(["disable-gpu", "disable-quic", "disable-component-update", "disable-domain-reliability"])
            .build()
            .map_err(|reason| anyhow!(reason))?;
        let (browser, mut events) = Browser::launch(config)
            .await
            .with_context(|| format!("{} does not start", executable.display()))?;
        // The connection lives on this stream; what comes out of it are only its complaints about single messages.
        tokio::spawn(async move { while events.next().await.is_some() {} });
        Ok(Chromium { browser: Mutex::new(browser), _profile: profile })
    }

    /// Opens an empty page in a window of its own, so that it counts as visible and its timers run.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn new_page(&self) -> Result<Page> {
        let params = CreateTargetParams { new_window: Some(true), ..CreateTargetParams::new("about:blank") };
        self.browser.lock().await.new_page(params).await.context("the browser opens no page")
    }

    /// The first page whose address begins like this, once there is one; the watchdog bounds the wait.
    pub(crate) async fn page_at(&self, address: &str) -> Result<Page> {
        loop {
            for page in self.browser.lock().await.pages().await.context("the browser tells no pages")? {
                if page.url().await.ok().flatten().is_some_and(|url| url.starts_with(address)) {
                    return Ok(page);
                }
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Ends it, by force if need be.
    pub async fn close(self) {
        let mut browser = self.browser.into_inner();
        let closing = async {
            // One that does not listen is killed below.
            let _ = browser.close().await;
            let _ = browser.wait().await;
        };
        if tokio::time::timeout(CLOSE_GRACE, closing).await.is_err() {
            let _ = browser.kill().await;
        }
    }
}
