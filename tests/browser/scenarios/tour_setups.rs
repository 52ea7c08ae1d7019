//! The tour's two setups: the linter shows in the page what is bad on purpose in the one, and nothing in the other.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use atelier_tests::Scene;
use serde::Deserialize;

use super::tour::{all_settled, open_at};

/// What the bad setup provokes by itself, by finding and task; the last photographs' worker is the one that churns.
const PROVOKED: [(&str, &str); 4] = [
    ("queue-saturated", "fingerprint"),
    ("pool-too-small", "fingerprint"),
    ("payload-cloned", "decode"),
    ("worker-churn", "encode"),
];
/// What it provokes when a visitor cancels.
const BY_CANCELLING: (&str, &str) = ("cancel-ignored", "fingerprint");

/// A finding as the page shows it.
#[derive(Debug, Deserialize)]
struct Shown {
    id: String,
    task: Option<String>,
    state: String,
    message: String,
    fix: String,
    evidence: Vec<String>,
}

const SHOWN: &str = "[...document.querySelectorAll('[data-finding]')].map((item) => ({ \
    id: item.dataset.finding, task: item.dataset.task, state: item.dataset.state, \
    message: item.querySelector('.message').textContent, fix: item.querySelector('.fix').textContent, \
    evidence: [...item.querySelectorAll('.evidence dd')].map((value) => value.textContent) }))";

fn selector((id, task): (&str, &str)) -> String {
    format!("[data-finding=\"{id}\"][data-task=\"{task}\"]")
}

async fn is_shown(scene: &Scene, finding: (&str, &str)) -> Result<()> {
    scene.tab.until::<bool>(&format!("!!document.querySelector('{}')", selector(finding))).await?;
    Ok(())
}

/// Every finding that the setup is made for appears in the page, with what is the matter, the numbers and the fix.
pub(crate) async fn bad(scene: &Scene) -> Result<()> {
    open_at(scene, "/?setup=bad").await?;
    assert!(scene.tab.eval::<usize>("document.querySelectorAll('#faults li').length").await? >= 4);
    let shown: Vec<Shown> = scene.tab.eval(SHOWN).await?;
    assert!(shown.is_empty(), "nothing is wrong before there are calls: {shown:?}");
    scene.tab.eval::<Option<bool>>("{ document.querySelector('#load').value = '5'; null }").await?;
    scene.tab.click("#use-samples").await?;
    for finding in PROVOKED {
        is_shown(scene, finding).await?;
    }
    // Once a handler has begun, nobody wants its answer any more.
    let works = "tour.runtime.getRuntimeSnapshot().tasks.find(({ taskId }) => taskId === 'fingerprint').queueDepth > 0";
    while !scene.tab.eval::<bool>(&format!("!!document.querySelector('{}')", selector(BY_CANCELLING))).await?
    {
        scene
            .tab
            .until::<bool>(&format!("{works} || document.querySelector('#cancel-all').disabled"))
            .await?;
        scene.tab.eval::<Option<bool>>("{ document.querySelector('#cancel-all').click(); null }").await?;
        let over = format!("!({works}) || !!document.querySelector('{}')", selector(BY_CANCELLING));
        scene.tab.until::<bool>(&over).await?;
        scene.tab.eval::<Option<bool>>("{ document.querySelector('#use-samples').click(); null }").await?;
    }
    scene.tab.eval::<Option<bool>>("{ document.querySelector('#cancel-all').click(); null }").await?;
    let shown: Vec<Shown> = scene.tab.eval(SHOWN).await?;
    for finding in PROVOKED.into_iter().chain([BY_CANCELLING]) {
        let found: Vec<_> = shown
            .iter()
            .filter(|each| (each.id.as_str(), each.task.as_deref()) == (finding.0, Some(finding.1)))
            .collect();
        let [found] = found.as_slice() else {
            bail!("{finding:?} is there {} times: {shown:?}", found.len())
        };
        assert!(found.message.contains(finding.1) && !found.fix.is_empty(), "{found:?}");
        assert!(
            found.evidence.iter().any(|number| number.chars().any(|digit| ('1'..='9').contains(&digit))),
            "{found:?}"
        );
    }
    let over = format!("document.querySelector('{}').dataset.state === 'past'", selector(PROVOKED[0]));
    scene.tab.until::<bool>(&over).await?;
    let shown: Vec<Shown> = scene.tab.eval(SHOWN).await?;
    assert!(shown.iter().any(|each| each.state == "past"), "what is over can still be read: {shown:?}");
    Ok(())
}

/// The same photographs in the good setup: nothing that the bad one provokes is found, then or within the five seconds in
/// which a finding may come late.
pub(crate) async fn good(scene: &Scene) -> Result<()> {
    open_at(scene, "/").await?;
    assert!(scene.tab.eval::<bool>("document.querySelector('#faults-box').hidden").await?);
    let watch = "{ globalThis.judged = 0; globalThis.late = 0; \
        tour.runtime.subscribeFrames(() => { judged += 1; }, { intervalMs: 1000 }); null }";
    scene.tab.eval::<Option<bool>>(watch).await?;
    scene.tab.click("#use-samples").await?;
    let count: usize =
        scene.tab.eval("fetch('/samples/index.json').then(a => a.json()).then(n => n.length)").await?;
    let cards = all_settled(scene, count).await?;
    assert!(cards.iter().all(|card| card.state == "done"), "{cards:?}");
    scene.tab.eval::<Option<bool>>("{ late = judged + 5; null }").await?;
    scene.tab.until::<bool>("judged >= late").await?;
    let shown: Vec<Shown> = scene.tab.eval(SHOWN).await?;
    let found: BTreeSet<_> = shown.iter().map(|each| each.id.as_str()).collect();
    // A machine with other things to do may keep the page itself waiting; that is no matter of the setup.
    let found: Vec<_> = found.into_iter().filter(|&id| id != "main-thread-blocked").collect();
    assert!(found.is_empty(), "{shown:?}");
    let summary: String = scene.tab.eval("document.querySelector('#findings-summary').textContent").await?;
    assert_eq!(summary == "It has nothing to say.", shown.is_empty(), "{summary}");
    Ok(())
}

/// The choice in the page is the address's, and the other way round.
pub(crate) async fn chosen(scene: &Scene) -> Result<()> {
    open_at(scene, "/").await?;
    for (setup, search) in [("bad", "?setup=bad"), ("good", "")] {
        let choose = format!(
            "{{ const setup = document.querySelector('#setup'); setup.value = '{setup}'; globalThis.tour = null; \
             setup.dispatchEvent(new Event('change', {{ bubbles: true }})); null }}"
        );
        scene.tab.eval::<Option<bool>>(&choose).await?;
        // While the page begins anew it cannot be asked; the watchdog bounds this.
        let ready = "!!globalThis.tour && !document.querySelector('#use-samples').disabled";
        while !scene.tab.eval::<bool>(ready).await.unwrap_or(false) {
            scene.tab.page().wait_for_navigation().await?;
        }
        let now: (String, String) =
            scene.tab.eval("[document.querySelector('#setup').value, location.search]").await?;
        assert_eq!(now, (setup.to_owned(), search.to_owned()));
    }
    Ok(())
}
