//! A page under test.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use chromiumoxide::Page;
use chromiumoxide::cdp::browser_protocol::dom::SetFileInputFilesParams;
use chromiumoxide::cdp::browser_protocol::page::CaptureScreenshotFormat;
use chromiumoxide::cdp::js_protocol::runtime::EvaluateParams;
use chromiumoxide::error::CdpError;
use chromiumoxide::js::EvaluationResult;
use chromiumoxide::page::ScreenshotParams;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Chromium;
use crate::console::{Console, exception};

/// How long a page that is about to be thrown away may take for a screenshot, or to close.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// A page in a window of its own.
#[derive(Debug)]
pub struct Tab {
    page: Page,
    origin: String,
    console: Console,
}

impl Tab {
    /// Opens a tab whose paths are of `origin`, such as `http://127.0.0.1:5173`.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn open(chromium: &Chromium, origin: String) -> Result<Tab> {
        Tab::of(chromium.new_page().await?, origin).await
    }

    /// A window that a page opened, once there is one whose address begins like this; its paths are of `origin`.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn opened_at(chromium: &Chromium, address: &str, origin: String) -> Result<Tab> {
        Tab::of(chromium.page_at(address).await?, origin).await
    }

    /// A page that is open already.
    async fn of(page: Page, origin: String) -> Result<Tab> {
        let console = Console::of(&page).await?;
        Ok(Tab { page, origin, console })
    }

    /// Goes to a path and waits until the page has loaded.
    ///
    /// # Errors
    /// It cannot be reached.
    pub async fn goto(&self, path: &str) -> Result<()> {
        let url = format!("{}{path}", self.origin);
        self.page.goto(url.as_str()).await.with_context(|| format!("cannot open {url}"))?;
        Ok(())
    }

    /// Evaluates an expression, waits for it if it is a promise, and returns its value (`undefined` is `null`).
    ///
    /// # Errors
    /// It throws or rejects, or its value is of another type.
    pub async fn eval<T: DeserializeOwned>(&self, expression: &str) -> Result<T> {
        let params = EvaluateParams::builder()
            .expression(expression)
            .await_promise(true)
            .return_by_value(true)
            .build()
            .map_err(anyhow::Error::msg)?;
        // Without the context that the driver remembers: after a way through the back/forward cache it may be that of a page
        // that lies frozen there and never answers.
        let answer = self.page.execute(params).await.map(|answer| answer.result);
        let result = answer.and_then(|answer| match answer.exception_details {
            Some(details) => Err(CdpError::JavascriptException(Box::new(details))),
            None => Ok(EvaluationResult::new(answer.result)),
        });
        let result = result.map_err(|error| match error {
            CdpError::JavascriptException(details) => anyhow!(
                "{}
  in {expression}",
                exception(&details)
            ),
            other => anyhow!(
                "{other}
  in {expression}"
            ),
        })?;
        let value = result.value().cloned().unwrap_or(Value::Null);
        serde_json::from_value(value.clone()).with_context(|| format!("{expression} is {value}"))
    }

    /// Waits until an expression is true in the page, or a promise of something that is, and returns its value.
    /// It is looked at again every 20 ms; the watchdog bounds the wait.
    ///
    /// # Errors
    /// It throws or rejects, or its value is of another type.
    pub async fn until<T: DeserializeOwned>(&self, expression: &str) -> Result<T> {
        let looking = format!(
            "new Promise((resolve, reject) => {{ const look = async () => {{ try {{ \
             const value = await ({expression}); if (value) resolve(value); else setTimeout(look, 20); \
             }} catch (error) {{ reject(error); }} }}; look(); }})"
        );
        self.eval(&looking).await.with_context(|| format!("while waiting until {expression}"))
    }

    /// Clicks the middle of the first element that fits, with the mouse, as a visitor does.
    ///
    /// # Errors
    /// There is none, or it cannot be clicked.
    pub async fn click(&self, selector: &str) -> Result<()> {
        let element = self.page.find_element(selector).await.with_context(|| format!("no {selector}"))?;
        element.click().await.with_context(|| format!("cannot click {selector}"))?;
        Ok(())
    }

    /// Puts files into a file input, as if a visitor had chosen them.
    ///
    /// # Errors
    /// There is no such input.
    pub async fn choose_files(&self, selector: &str, files: &[PathBuf]) -> Result<()> {
        let element = self.page.find_element(selector).await.with_context(|| format!("no {selector}"))?;
        let params = SetFileInputFilesParams::builder()
            .files(files.iter().map(|file| file.display().to_string()))
            .backend_node_id(element.backend_node_id)
            .build()
            .map_err(anyhow::Error::msg)?;
        self.page.execute(params).await.with_context(|| format!("cannot put files into {selector}"))?;
        Ok(())
    }

    /// What the page has said so far: its console, uncaught errors, and the browser's complaints.
    pub fn console(&self) -> Vec<String> {
        self.console.lines()
    }

    /// Saves a picture of what is in view.
    ///
    /// # Errors
    /// The page hangs, or the file cannot be written.
    pub async fn screenshot(&self, file: &Path) -> Result<()> {
        let params = ScreenshotParams::builder().format(CaptureScreenshotFormat::Png).build();
        match tokio::time::timeout(LAST_WORDS, self.page.save_screenshot(params, file)).await {
            Ok(saved) => saved.map(|_| ()).context("no screenshot"),
            Err(_) => bail!("no screenshot: the page hangs"),
        }
    }

    /// The page itself, for what has no method here.
    pub fn page(&self) -> &Page {
        &self.page
    }

    /// Closes it; one that hangs is left to the end of the browser.
    pub async fn close(self) {
        // Whether it went well is known when the browser ends, and matters to no test.
        let _ = tokio::time::timeout(LAST_WORDS, self.page.close()).await;
    }
}
