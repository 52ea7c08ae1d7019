//! A page that exports, from outside.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use atelier_tests::{Scene, Tab};
use chromiumoxide::cdp::browser_protocol::inspector::{EnableParams, EventTargetCrashed};
use chromiumoxide::cdp::browser_protocol::page::{
    CrashParams, EventBackForwardCacheNotUsed, GetNavigationHistoryParams, NavigateToHistoryEntryParams,
};
use futures::StreamExt;
use serde::Deserialize;
use tokio::time::timeout;
use xtask::{Account, Fault, Signal};

/// Spans leave only when the page goes, or is asked to flush.
pub(super) const SLOWLY: &str = "{ scheduleDelayMs: 80000000, maxBatchSize: 16384 }";
/// A batch is made of whatever there is, at once.
pub(super) const AT_ONCE: &str = "{ scheduleDelayMs: 50 }";

/// How long a page that may be on its way out has for its answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// What became of the spans, as the page's exporter tells it. The page has checked that it balances.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub(super) struct Ledger {
    pub(super) emitted: u64,
    pub(super) delivered: u64,
    pub(super) rejected: u64,
    pub(super) dropped: std::collections::BTreeMap<String, u64>,
    pub(super) pending: u64,
}

/// Goes to the page and begins to export, with these options in JavaScript.
pub(super) async fn export(tab: &Tab, options: &str) -> Result<()> {
    tab.goto("/tests/case.html").await?;
    begin(tab, options).await
}

/// Begins to export from the page as it is.
pub(super) async fn begin(tab: &Tab, options: &str) -> Result<()> {
    let started: bool = tab
        .eval(&format!(
            "import('/tests/outliving.js').then(({{ begin }}) => {{ globalThis.exported = begin({options}); return true; }})"
        ))
        .await?;
    ensure!(started);
    Ok(())
}

/// So many calls end.
pub(super) async fn call(tab: &Tab, count: u64) -> Result<()> {
    assert_eq!(tab.eval::<u64>(&format!("exported.calls({count})")).await?, count);
    Ok(())
}

pub(super) async fn ledger(tab: &Tab) -> Result<Ledger> {
    tab.eval("exported.ledger()").await
}

/// Waits until the page's ledger is so (`ledger` in the condition), and returns it.
pub(super) async fn until_ledger(tab: &Tab, condition: &str) -> Result<Ledger> {
    tab.until(&format!("((ledger) => ({condition}) && ledger)(exported.ledger())")).await
}

/// Waits until so many spans are stored.
pub(super) async fn until_stored(tab: &Tab, spans: u64) -> Result<()> {
    let _: bool = tab.until(&format!("outliving.storedSpans().then((spans) => spans === {spans})")).await?;
    Ok(())
}

/// Goes away, to a page that does nothing.
pub(super) async fn leave(tab: &Tab) -> Result<()> {
    tab.goto("/tests/case.html?elsewhere").await
}

/// Goes back in history to the page before this one, which was born then.
pub(super) async fn go_back(tab: &Tab, born: f64) -> Result<()> {
    let history = tab.page().execute(GetNavigationHistoryParams::default()).await?;
    let place = usize::try_from(history.current_index)?.checked_sub(1);
    let Some(entry) = place.and_then(|place| history.entries.get(place)) else {
        bail!("there is no page before this one")
    };
    let mut thrown_away = tab.page().event_listener::<EventBackForwardCacheNotUsed>().await?;
    tab.page().execute(NavigateToHistoryEntryParams::new(entry.id)).await?;
    let back = async {
        // Until it is there, the page that is asked may go before it answers, and then nobody answers.
        let it_is_there = format!("globalThis.outliving?.born === {born}");
        while !matches!(timeout(PATIENCE, tab.eval::<bool>(&it_is_there)).await, Ok(Ok(true))) {}
    };
    tokio::select! {
        () = back => Ok(()),
        why = thrown_away.next() => bail!("the page was not put aside: {why:?}"),
    }
}

/// The page's process dies, as if it had run out of memory. Waits until it is dead.
pub(super) async fn crash(tab: Tab) -> Result<()> {
    let page = tab.page();
    page.execute(EnableParams::default()).await?;
    let mut crashed = page.event_listener::<EventTargetCrashed>().await?;
    tokio::select! {
        // Nobody is left to answer.
        _ = page.execute(CrashParams::default()) => {}
        _ = crashed.next() => return Ok(()),
    }
    crashed.next().await;
    Ok(())
}

/// The collector is down from now on.
pub(super) fn take_down(scene: &Scene) {
    scene.server.receiver().misbehave(Signal::Traces, vec![Fault::status(503).lasting()]);
}

/// The collector is there again.
pub(super) fn put_up(scene: &Scene) {
    scene.server.receiver().misbehave(Signal::Traces, Vec::new());
}

/// What arrived, once so many different spans have.
pub(super) async fn until_arrived(scene: &Scene, spans: u64) -> Account {
    let receiver = scene.server.receiver();
    receiver.until(|_| receiver.accounts().traces.distinct >= spans).await;
    receiver.accounts().traces
}
