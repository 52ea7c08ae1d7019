//! What is stored, and a storage that takes nothing.

use anyhow::Result;
use atelier_tests::Scene;
use chromiumoxide::cdp::browser_protocol::storage::OverrideQuotaForOriginParams;

use super::page::{self, Ledger};

/// Everything in the database, keys and bodies, as one text.
const ALL_OF_IT: &str = "new Promise((resolve, reject) => { const request = indexedDB.open('atelier-otlp'); \
    request.onerror = () => reject(request.error); request.onsuccess = () => { \
    const store = request.result.transaction('batches').objectStore('batches'); \
    const [keys, bodies] = [store.getAllKeys(), store.getAll()]; \
    bodies.onsuccess = () => resolve(keys.result.join() + bodies.result.map((body) => new TextDecoder().decode(body)).join()); \
    }; })";

pub(super) async fn secrets(scene: &Scene) -> Result<()> {
    let tab = &scene.tab;
    page::take_down(scene);
    page::export(tab, "{ scheduleDelayMs: 1, headers: { 'x-api-key': 's3cret' } }").await?;
    page::call(tab, 10).await?;
    page::until_stored(tab, 10).await?;
    let text: String = tab.eval(ALL_OF_IT).await?;
    assert!(text.contains("/v1/traces") && text.contains("atelier.call.id"), "{text}");
    assert!(!text.contains("s3cret") && !text.contains("x-api-key"), "{text}");
    Ok(())
}

pub(super) async fn full(scene: &Scene) -> Result<()> {
    let tab = &scene.tab;
    page::take_down(scene);
    tab.goto("/tests/case.html").await?;
    let quota = OverrideQuotaForOriginParams::builder().origin(scene.server.url()).quota_size(1.0);
    tab.page().execute(quota.build().map_err(anyhow::Error::msg)?).await?;
    page::begin(tab, page::AT_ONCE).await?;
    page::call(tab, 300).await?;
    let said: String =
        tab.until("exported.lastError()?.includes('memory only') && exported.lastError()").await?;
    assert!(said.contains("full"), "{said}");
    assert_eq!(page::ledger(tab).await?, Ledger { emitted: 300, pending: 300, ..Ledger::default() });
    page::put_up(scene);
    let _: Option<bool> = tab.eval("exported.exporter.flush().then(() => null)").await?;
    let ledger = page::until_ledger(tab, "ledger.pending === 0").await?;
    assert_eq!(ledger, Ledger { emitted: 300, delivered: 300, ..Ledger::default() });
    assert_eq!(tab.console().iter().filter(|line| line.contains("Error")).count(), 0, "{:?}", tab.console());
    Ok(())
}
