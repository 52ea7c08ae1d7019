//! What a page says: its console, its uncaught errors, and what the browser complains about.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use chromiumoxide::Page;
use chromiumoxide::cdp::browser_protocol::log::EventEntryAdded;
use chromiumoxide::cdp::js_protocol::runtime::{
    EventConsoleApiCalled, EventExceptionThrown, ExceptionDetails, PropertyPreview, RemoteObject,
    RemoteObjectSubtype,
};
use futures::StreamExt;

/// Lines that are kept; further ones are only counted.
const DEFAULT_MAX_LINES: usize = 1_000;

/// The lines so far. Clones are the same console.
#[derive(Clone, Debug, Default)]
pub(crate) struct Console(Arc<Mutex<Lines>>);

#[derive(Debug, Default)]
struct Lines {
    kept: Vec<String>,
    lost: usize,
}

impl Console {
    /// Listens to a page from now on.
    pub(crate) async fn of(page: &Page) -> Result<Console> {
        let console = Console::default();
        page.enable_runtime().await?;
        page.enable_log().await?;
        let mut said = page.event_listener::<EventConsoleApiCalled>().await?;
        let mut thrown = page.event_listener::<EventExceptionThrown>().await?;
        let mut logged = page.event_listener::<EventEntryAdded>().await?;
        let (first, second, third) = (console.clone(), console.clone(), console.clone());
        tokio::spawn(async move {
            while let Some(event) = said.next().await {
                let words: Vec<String> = event.args.iter().map(shown).collect();
                first.add(format!("{}: {}", event.r#type.as_ref(), words.join(" ")));
            }
        });
        tokio::spawn(async move {
            while let Some(event) = thrown.next().await {
                second.add(exception(&event.exception_details));
            }
        });
        tokio::spawn(async move {
            while let Some(event) = logged.next().await {
                let entry = &event.entry;
                let url = entry.url.as_deref().unwrap_or_default();
                third.add(format!("{}: {} {url}", entry.level.as_ref(), entry.text));
            }
        });
        Ok(console)
    }

    fn add(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.kept.len() < DEFAULT_MAX_LINES {
            lines.kept.push(line);
        } else {
            lines.lost += 1;
        }
    }

    /// The lines so far, and how many were too many.
    pub(crate) fn lines(&self) -> Vec<String> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lost = (lines.lost > 0).then(|| format!("({} more lines)", lines.lost));
        lines.kept.iter().cloned().chain(lost).collect()
    }
}

/// An exception as the browser's own console words it.
pub(crate) fn exception(details: &ExceptionDetails) -> String {
    details.exception.as_ref().map_or_else(|| details.text.clone(), shown)
}

fn shown(object: &RemoteObject) -> String {
    match (&object.value, &object.preview, &object.description) {
        (Some(serde_json::Value::String(text)), ..) => text.clone(),
        (Some(value), ..) => value.to_string(),
        (None, Some(preview), _) if object.subtype != Some(RemoteObjectSubtype::Error) => {
            let property = |p: &PropertyPreview| format!("{}: {}", p.name, p.value.as_deref().unwrap_or("…"));
            let properties: Vec<String> = preview.properties.iter().map(property).collect();
            let more = if preview.overflow { ", …" } else { "" };
            format!(
                "{} {{{}{more}}}",
                preview.description.as_deref().unwrap_or_default(),
                properties.join(", ")
            )
        }
        (None, _, Some(description)) => description.clone(),
        (None, _, None) => object.r#type.as_ref().to_owned(),
    }
}
