//! One export under one script: the page that exports, the receiver it exports to, and what both say afterwards.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::Ipv4Addr;

use anyhow::{Context, Result, ensure};
use atelier_tests::Scene;
use chromiumoxide::cdp::browser_protocol::page::SetBypassCspParams;
use serde::Deserialize;
use serde_json::{Value, json};
use xtask::{Account, Fault, Receiver, ReceiverOptions, Server, ServerOptions, Signal, Site};

use super::table::Row;

/// Where a page exports to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Its own origin.
    Here,
    /// Another one.
    Elsewhere,
}

/// An account as `exporter.ledger()` tells it.
#[derive(Debug, Deserialize)]
struct Told {
    emitted: u64,
    delivered: u64,
    rejected: u64,
    dropped: BTreeMap<String, u64>,
    pending: u64,
}

/// What `exporting.js` reports.
#[derive(Debug, Deserialize)]
struct Report {
    ledger: HashMap<String, Told>,
    told: Vec<String>,
    looks: u32,
    unbalanced: Vec<String>,
}

/// An export at work.
pub(super) struct Run<'a> {
    pub(super) scene: &'a Scene,
    elsewhere: Option<Server>,
}

impl<'a> Run<'a> {
    /// Begins to export, with these options beside where to.
    pub(super) async fn begin(scene: &'a Scene, place: Place, mut options: Value) -> Result<Run<'a>> {
        let elsewhere = match place {
            Place::Here => None,
            Place::Elsewhere => Some(start_elsewhere().await?),
        };
        if let Some(server) = &elsewhere {
            options["endpoint"] = server.url().into();
            // The demo's policy lets pages connect to their own origin only.
            scene.tab.page().execute(SetBypassCspParams::new(true)).await?;
        }
        scene.tab.goto("/tests/case.html").await?;
        let begin = format!(
            "import('/tests/exporting.js').then(module => {{ globalThis.exporting = module; \
             return module.begin({options}); }}).then(() => null)"
        );
        scene.tab.eval::<()>(&begin).await?;
        Ok(Run { scene, elsewhere })
    }

    /// The server that is exported to.
    pub(super) fn server(&self) -> &Server {
        self.elsewhere.as_ref().unwrap_or(&self.scene.server)
    }

    pub(super) fn receiver(&self) -> &Receiver {
        self.server().receiver()
    }

    /// What happens to the next requests with spans.
    pub(super) fn traces(&self, script: Vec<Fault>) {
        self.receiver().misbehave(Signal::Traces, script);
    }

    /// What happens to the next requests of every signal.
    pub(super) fn all(&self, script: &[Fault]) {
        Signal::ALL.into_iter().for_each(|signal| self.receiver().misbehave(signal, script.to_vec()));
    }

    /// Has the page do something and waits for it.
    pub(super) async fn page(&self, what: &str) -> Result<()> {
        self.scene.tab.eval(&format!("exporting.{what}.then(() => null)")).await
    }

    /// Makes calls and waits for all of them.
    pub(super) async fn calls(&self, calls: u64) -> Result<()> {
        self.page(&format!("calls({calls})")).await
    }

    /// Makes calls and flushes until all has been settled.
    pub(super) async fn calls_and_drain(&self, calls: u64) -> Result<()> {
        self.calls(calls).await?;
        self.page("drain()").await
    }

    /// What both sides say, after making sure that they do not contradict each other: every look of the page at the
    /// ledger was balanced; what the exporter calls delivered was taken, and nothing was taken that it calls lost
    /// but where an answer was; duplicates have that reason too.
    pub(super) async fn row(&self) -> Result<Row> {
        let report: Report = self.scene.tab.eval("exporting.report()").await?;
        ensure!(report.unbalanced.is_empty(), "not balanced: {:?}", report.unbalanced);
        ensure!(report.looks > 1, "nobody looked");
        let received = self.receiver().received();
        ensure!(received.rejected == 0, "a rule was broken: {:?}", received.last_rejection);
        ensure!(received.remarked == 0, "{:?}", received.last_remark);
        let accounts = self.receiver().accounts();
        for (name, account) in
            [("traces", accounts.traces), ("metrics", accounts.metrics), ("logs", accounts.logs)]
        {
            if let Some(told) = report.ledger.get(name) {
                agree(told, &account).with_context(|| format!("{name}: {told:?} beside {account:?}"))?;
            }
        }
        let traces = report.ledger.get("traces").context("no account of traces")?;
        self.compare_ids(&report.told, traces)?;
        Ok(Row {
            emitted: traces.emitted,
            delivered: traces.delivered,
            rejected: traces.rejected,
            dropped: traces.dropped.clone(),
            pending: traces.pending,
            duplicates: accounts.traces.duplicates,
        })
    }

    /// What arrived, by id, beside what the page's listener was told.
    fn compare_ids(&self, told: &[String], traces: &Told) -> Result<()> {
        let told: BTreeSet<&str> = told.iter().map(String::as_str).collect();
        ensure!(told.len() as u64 == traces.emitted, "{} spans were told", told.len());
        let arrived = self.receiver().spans(usize::MAX);
        let arrived: BTreeSet<&str> = arrived.iter().map(|span| span.span_id.as_str()).collect();
        ensure!(arrived.is_subset(&told), "spans arrived that nobody was told of");
        if traces.delivered == traces.emitted {
            ensure!(arrived == told, "{} of {} arrived", arrived.len(), told.len());
        }
        Ok(())
    }
}

/// Whether the exporter's account and the receiver's tell the same story.
fn agree(told: &Told, account: &Account) -> Result<()> {
    ensure!(told.delivered <= account.distinct, "more was delivered than arrived");
    let unknown = account.unanswered + account.awaiting;
    ensure!(
        account.distinct <= told.delivered + unknown,
        "more arrived, and was answered, than was delivered"
    );
    ensure!(told.rejected == account.rejected, "the receiver rejected {}", account.rejected);
    ensure!(account.unexplained == 0, "{} duplicates although the outcome was known", account.unexplained);
    ensure!(account.untracked == 0, "the receiver lost track");
    Ok(())
}

async fn start_elsewhere() -> Result<Server> {
    let options = ServerOptions {
        host: Ipv4Addr::LOCALHOST.into(),
        port: 0,
        site: Site::new(Vec::new()),
        receiver: ReceiverOptions { strict: true, ..ReceiverOptions::default() },
    };
    Ok(Server::start(options).await?)
}

/// Options under which batches are small and, but for the last one, full.
pub(super) fn small_batches() -> Value {
    json!({ "maxBatchSize": 50, "scheduleDelayMs": 60_000, "durable": false })
}
