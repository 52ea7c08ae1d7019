//! How many spans a second the exporter encodes, and how many bytes the spans of real calls take.

use std::fmt::Write as _;

use anyhow::Result;
use atelier_tests::Chromium;
use chromiumoxide::Page;
use chromiumoxide::cdp::browser_protocol::performance::EnableParams;
use serde::{Deserialize, Serialize};

use crate::measure::{be_left_alone, eval, main_thread_seconds};
use crate::report::shown;

/// The name by which it is chosen.
pub(crate) const NAME: &str = "encoding";

const SPANS: u32 = 1_000_000;
const SPANS_QUICK: u32 = 200_000;
/// Twenty batches.
const CALLS: u32 = 10_240;

/// What one page found out.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Encoding {
    /// Spans a second of the main thread's CPU time.
    per_second: f64,
    /// Bytes a span, as encoded.
    raw: f64,
    /// Bytes a span, after gzip.
    gzip: f64,
}

#[derive(Deserialize)]
struct Exported {
    raw: f64,
    gzip: f64,
}

/// Encodes in a fresh page, and exports the calls of another.
pub(crate) async fn measure(chromium: &Chromium, origin: &str, quick: bool) -> Result<Encoding> {
    let page = chromium.new_page().await?;
    let found = measure_in(&page, origin, if quick { SPANS_QUICK } else { SPANS }).await;
    // Whether the page is gone or not matters to nobody any more.
    let _ = page.close().await;
    found
}

async fn measure_in(page: &Page, origin: &str, spans: u32) -> Result<Encoding> {
    page.goto(format!("{origin}/tests/bench/encoding.html")).await?;
    page.execute(EnableParams::default()).await?;
    let _: bool = eval(page, "globalThis.ready").await?;
    be_left_alone(page).await?;
    let before = main_thread_seconds(page).await?;
    let encoded: f64 = eval(page, &format!("globalThis.encode({spans})")).await?;
    let after = main_thread_seconds(page).await?;
    let exported: Exported = eval(page, &format!("globalThis.exported({CALLS})")).await?;
    Ok(Encoding {
        per_second: encoded / (after - before),
        raw: exported.raw / f64::from(CALLS),
        gzip: exported.gzip / f64::from(CALLS),
    })
}

/// A table with a row for each of the three.
pub(crate) fn markdown(found: &[Encoding]) -> String {
    let mut table = String::from(
        "Spans with ten attributes as protobuf, in batches of 512: median (least to most over the rounds).\n\n\
         | What | | Aim |\n|---|--:|--:|\n",
    );
    let mut row = |what: &str, of: fn(&Encoding) -> f64, aim: &str| {
        // A String takes everything.
        let _ = writeln!(table, "| {what} | {} | {aim} |", shown(found.iter().map(of).collect()));
    };
    row("encoded in a second of CPU time, millions", |it| it.per_second / 1e6, "1 or more");
    row("bytes a span, as encoded", |it| it.raw, "220 or less");
    row("bytes a span, after gzip", |it| it.gzip, "60 or less");
    table
}
