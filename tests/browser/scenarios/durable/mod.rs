//! What waits for better times outlives the page, the tab and the network, and arrives.

#![allow(deprecated, reason = "what takes the network away in older browsers works in the newest ones")]

mod page;
mod storage;

use std::sync::Arc;

use anyhow::Result;
use atelier_tests::{Lab, Scene, Tab};
use chromiumoxide::cdp::browser_protocol::network::{EmulateNetworkConditionsParams, EnableParams};
use libtest_mimic::Trial;
use page::{AT_ONCE, Ledger, SLOWLY};

/// All of them.
pub(super) fn trials(lab: &Arc<Lab>) -> Vec<Trial> {
    vec![
        lab.trial("durable::a_page_that_leaves_loses_nothing", leaves),
        lab.trial("durable::a_page_that_is_hidden_and_stays_sends_once", hides),
        lab.trial("durable::a_tab_that_dies_while_the_collector_is_down_leaves_everything", dies),
        lab.trial("durable::two_tabs_share_what_the_dead_left", two_tabs),
        lab.trial("durable::what_a_living_tab_has_stored_is_its_own", living),
        lab.trial("durable::attempts_are_rare_without_a_network", offline),
        lab.trial("durable::a_page_that_comes_back_goes_on", comes_back),
        lab.trial("durable::a_page_that_comes_back_does_not_send_what_another_has_sent", comes_back_late),
        lab.trial("durable::what_is_stored_holds_no_secret", storage::secrets),
        lab.trial("durable::a_full_storage_harms_nobody", storage::full),
    ]
}

/// More than a browser lets outlive a page, and the collector is well.
async fn leaves(scene: &Scene) -> Result<()> {
    let tab = &scene.tab;
    page::export(tab, SLOWLY).await?;
    page::call(tab, 2_000).await?;
    assert_eq!(page::ledger(tab).await?, Ledger { emitted: 2_000, pending: 2_000, ..Ledger::default() });
    page::leave(tab).await?;
    // The next visit.
    page::export(tab, SLOWLY).await?;
    let account = page::until_arrived(scene, 2_000).await;
    let ledger = page::until_ledger(tab, "ledger.emitted > 0 && ledger.pending === 0").await?;
    page::until_stored(tab, 0).await?;
    assert_eq!((ledger.delivered, ledger.rejected), (ledger.emitted, 0), "{ledger:?}");
    assert_eq!(account.distinct, 2_000);
    // Twice is only what was out when the page went: as much as outlives it.
    let duplicates = scene.server.receiver().accounts().traces.duplicates;
    assert!(duplicates < 1_000, "{duplicates} of 2000 came twice");
    Ok(())
}

/// A tab in the background is alive and hears the answers.
async fn hides(scene: &Scene) -> Result<()> {
    let tab = scene.another_tab().await?;
    page::export(&tab, SLOWLY).await?;
    page::call(&tab, 1_000).await?;
    // As if another tab of the window came to the front.
    let _: Option<bool> = tab
        .eval(
            "Object.defineProperty(document, 'visibilityState', { configurable: true, value: 'hidden' }), \
             document.dispatchEvent(new Event('visibilitychange')), null",
        )
        .await?;
    let ledger = page::until_ledger(&tab, "ledger.pending === 0").await?;
    assert_eq!(ledger, Ledger { emitted: 1_000, delivered: 1_000, ..Ledger::default() });
    page::until_stored(&tab, 0).await?;
    let account = scene.server.receiver().accounts().traces;
    assert_eq!((account.distinct, account.duplicates), (1_000, 0));
    assert!(account.requests > 1, "each small enough to outlive the page");
    tab.close().await;
    Ok(())
}

/// A tab with so many spans in storage, besides what is there; the collector is down.
async fn waiting_tab(scene: &Scene, spans: u64, there: u64) -> Result<Tab> {
    let tab = scene.another_tab().await?;
    page::take_down(scene);
    page::export(&tab, AT_ONCE).await?;
    page::call(&tab, spans).await?;
    page::until_stored(&tab, there + spans).await?;
    let ledger = page::ledger(&tab).await?;
    assert_eq!(ledger, Ledger { emitted: spans, pending: spans, ..Ledger::default() });
    Ok(tab)
}

async fn dies(scene: &Scene) -> Result<()> {
    page::crash(waiting_tab(scene, 700, 0).await?).await?;
    page::put_up(scene);
    let tab = &scene.tab;
    page::export(tab, AT_ONCE).await?;
    page::call(tab, 1).await?;
    let account = page::until_arrived(scene, 701).await;
    assert_eq!((account.distinct, account.duplicates), (701, 0));
    let ledger = page::until_ledger(tab, "ledger.pending === 0 && ledger.emitted === 701").await?;
    assert_eq!(ledger, Ledger { emitted: 701, delivered: 701, ..Ledger::default() });
    page::until_stored(tab, 0).await
}

async fn two_tabs(scene: &Scene) -> Result<()> {
    page::crash(waiting_tab(scene, 300, 0).await?).await?;
    page::put_up(scene);
    let other = scene.another_tab().await?;
    let (one, two) = tokio::join!(page::export(&scene.tab, AT_ONCE), page::export(&other, AT_ONCE));
    one?;
    two?;
    let account = page::until_arrived(scene, 300).await;
    assert_eq!((account.distinct, account.duplicates), (300, 0));
    page::until_stored(&other, 0).await?;
    let ledgers = [page::ledger(&scene.tab).await?, page::ledger(&other).await?];
    assert_eq!(ledgers.iter().map(|ledger| ledger.emitted).sum::<u64>(), 300, "{ledgers:?}");
    assert_eq!(ledgers.iter().map(|ledger| ledger.delivered).sum::<u64>(), 300, "{ledgers:?}");
    other.close().await;
    Ok(())
}

/// While a tab lives, nobody else sends what it waits to send.
async fn living(scene: &Scene) -> Result<()> {
    let other = waiting_tab(scene, 100, 0).await?;
    // There is something that the dead left, so that it can be seen when somebody has looked.
    page::crash(waiting_tab(scene, 50, 100).await?).await?;
    page::export(&scene.tab, AT_ONCE).await?;
    let ledgers = async || anyhow::Ok([page::ledger(&scene.tab).await?, page::ledger(&other).await?]);
    loop {
        // Either may find it; the watchdog bounds this.
        let emitted: u64 = ledgers().await?.iter().map(|ledger| ledger.emitted).sum();
        if emitted > 100 {
            break;
        }
    }
    assert_eq!(ledgers().await?.iter().map(|ledger| ledger.pending).sum::<u64>(), 150, "once each");
    page::put_up(scene);
    for tab in [&scene.tab, &other] {
        let _: Option<bool> = tab.eval("exported.exporter.flush().then(() => null)").await?;
        page::until_ledger(tab, "ledger.pending === 0 && ledger.delivered === ledger.emitted").await?;
    }
    let account = scene.server.receiver().accounts().traces;
    assert_eq!((account.distinct, account.duplicates), (150, 0));
    other.close().await;
    Ok(())
}

async fn offline(scene: &Scene) -> Result<()> {
    let tab = &scene.tab;
    page::export(tab, AT_ONCE).await?;
    tab.page().execute(EnableParams::default()).await?;
    let network = async |offline: bool| {
        let params = EmulateNetworkConditionsParams::builder()
            .offline(offline)
            .latency(0.0)
            .download_throughput(-1.0)
            .upload_throughput(-1.0)
            .build()
            .map_err(anyhow::Error::msg)?;
        tab.page().execute(params).await?;
        let _: bool = tab.until(&format!("navigator.onLine === {}", !offline)).await?;
        anyhow::Ok(())
    };
    // The worker has to be loaded.
    page::call(tab, 1).await?;
    page::until_ledger(tab, "ledger.delivered === 1").await?;
    let _: Option<bool> = tab.eval("performance.clearResourceTimings(), null").await?;
    network(true).await?;
    page::call(tab, 500).await?;
    page::until_stored(tab, 500).await?;
    let ledger = page::ledger(tab).await?;
    assert_eq!(ledger, Ledger { emitted: 501, delivered: 1, pending: 500, ..Ledger::default() });
    let requests: usize =
        tab.eval("performance.getEntriesByName(location.origin + '/v1/traces').length").await?;
    assert!(requests <= 1, "{requests} attempts are made");
    network(false).await?;
    let ledger = page::until_ledger(tab, "ledger.pending === 0").await?;
    assert_eq!(ledger, Ledger { emitted: 501, delivered: 501, ..Ledger::default() });
    page::until_stored(tab, 0).await?;
    let account = scene.server.receiver().accounts().traces;
    assert_eq!((account.distinct, account.duplicates), (501, 0));
    Ok(())
}

/// Through the back/forward cache, and nobody else was there.
async fn comes_back(scene: &Scene) -> Result<()> {
    let tab = &scene.tab;
    page::take_down(scene);
    page::export(tab, AT_ONCE).await?;
    page::call(tab, 200).await?;
    page::until_stored(tab, 200).await?;
    let born: f64 = tab.eval("outliving.born").await?;
    page::leave(tab).await?;
    page::put_up(scene);
    page::go_back(tab, born).await?;
    page::until_ledger(tab, "ledger.delivered === 200").await?;
    page::call(tab, 1).await?;
    let ledger = page::until_ledger(tab, "ledger.pending === 0 && ledger.emitted === 201").await?;
    assert_eq!(ledger, Ledger { emitted: 201, delivered: 201, ..Ledger::default() });
    page::until_stored(tab, 0).await?;
    let account = scene.server.receiver().accounts().traces;
    assert_eq!((account.distinct, account.duplicates), (201, 0));
    Ok(())
}

async fn comes_back_late(scene: &Scene) -> Result<()> {
    let tab = &scene.tab;
    page::take_down(scene);
    page::export(tab, AT_ONCE).await?;
    page::call(tab, 200).await?;
    page::until_stored(tab, 200).await?;
    let born: f64 = tab.eval("outliving.born").await?;
    page::leave(tab).await?;
    page::put_up(scene);
    page::begin(tab, AT_ONCE).await?;
    let ledger = page::until_ledger(tab, "ledger.emitted > 0 && ledger.pending === 0").await?;
    assert_eq!(ledger, Ledger { emitted: 200, delivered: 200, ..Ledger::default() });
    page::go_back(tab, born).await?;
    let ledger = page::until_ledger(tab, "ledger.pending === 0").await?;
    assert_eq!((ledger.emitted, ledger.dropped.get("handed_over")), (200, Some(&200)), "{ledger:?}");
    page::call(tab, 1).await?;
    let ledger = page::until_ledger(tab, "ledger.delivered === 1").await?;
    assert_eq!((ledger.emitted, ledger.pending), (201, 0), "it goes on: {ledger:?}");
    let account = scene.server.receiver().accounts().traces;
    assert_eq!((account.distinct, account.duplicates), (201, 0));
    Ok(())
}
