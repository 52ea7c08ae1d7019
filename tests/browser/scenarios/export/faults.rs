//! The fault table: under every script, what the exporter says and what the receiver says add up.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use atelier_tests::{Lab, Scene};
use libtest_mimic::Trial;
use serde_json::{Value, json};
use xtask::{Cors, DEFAULT_GIANT_BYTES, Fault, Misbehavior, Signal};

use super::run::{Place, Run, small_batches};
use super::table::{Row, add};

/// Calls under a script; in batches of 50.
const CALLS: u64 = 300;

/// A script and what is to be seen after it. Returns the row of the table.
macro_rules! scripts {
    ($($name:ident: $title:literal,)*) => {
        /// One trial for each script.
        pub(super) fn trials(lab: &Arc<Lab>) -> Vec<Trial> {
            let names = [$(stringify!($name)),*];
            let place = move |name: &str| names.iter().position(|one| *one == name).unwrap_or_default();
            vec![$({
                let place = place(stringify!($name));
                lab.trial(concat!("export_faults::", stringify!($name)), async move |scene: &Scene| {
                    let row = $name(scene).await?;
                    add(&scene.project, place, $title, &row)
                })
            }),*]
        }
    };
}

scripts! {
    nothing_fails: "nothing fails",
    unavailable_three_times: "503 three times",
    gateways_fail: "502, then 504",
    a_gateway_loses_the_answer: "504 after it was taken",
    patience_in_seconds: "429, Retry-After: 1",
    patience_until_a_date: "503, Retry-After: a date",
    patience_across_origins: "429, Retry-After: 1, exposed to another origin",
    patience_that_cannot_be_read: "429, Retry-After: 3600, hidden from another origin",
    refused_for_good: "400, 410 and 401",
    too_large: "413 above 6 kB",
    too_large_in_json: "413 above 20 kB, JSON",
    some_are_rejected: "partial_success, 7 rejected",
    a_warning: "partial_success, 0 rejected",
    slow: "slow",
    hangs: "hangs",
    hangs_after_taking: "hangs after it was taken",
    reset_before_the_body: "connection reset before the body",
    reset_after_the_body: "connection reset after the body",
    reset_after_taking: "connection reset after it was taken",
    down_for_a_while: "down, then back",
    down_until_the_queue_is_full: "down, queue of 100",
    down_until_the_end: "down, then shut down",
    unavailable_for_ever: "503 for ever",
    a_page_instead: "200 with a web page",
    garbage_instead: "200 with garbage",
    a_giant_answer: "200 with 8 MiB",
    a_redirect: "307",
    another_origin: "another origin",
    another_origin_refused: "another origin, CORS refused twice",
    nothing_fails_in_json: "nothing fails, JSON and gzip",
    some_are_rejected_in_json: "partial_success, 7 rejected, JSON",
    garbage_instead_of_json: "200 with garbage, JSON",
}

fn answered(answer: Misbehavior) -> Fault {
    Fault::new(answer)
}

/// After the calls under a script of which nothing may be lost, and all of which must have been played.
async fn all_arrive(run: &Run<'_>, calls: u64) -> Result<Row> {
    run.calls_and_drain(calls).await?;
    arrived(run, calls).await
}

async fn arrived(run: &Run<'_>, calls: u64) -> Result<Row> {
    let row = run.row().await?;
    let duplicates = row.duplicates;
    assert_eq!(row, Row { emitted: calls, delivered: calls, duplicates, ..Row::default() });
    assert_eq!(run.receiver().faults_left(Signal::Traces), Some(0), "the script was played");
    Ok(row)
}

async fn nothing_fails(scene: &Scene) -> Result<Row> {
    let run = Run::begin(scene, Place::Here, json!({})).await?;
    let row = all_arrive(&run, 10_000).await?;
    assert_eq!(row.duplicates, 0);
    let accounts = run.receiver().accounts();
    assert_eq!((accounts.traces.taken, accounts.metrics.duplicates), (10_000, 0));
    Ok(row)
}

async fn unavailable_three_times(scene: &Scene) -> Result<Row> {
    let run = Run::begin(scene, Place::Here, small_batches()).await?;
    run.all(&[Fault::status(503).times(3)]);
    let row = all_arrive(&run, CALLS).await?;
    assert_eq!(row.duplicates, 0);
    Ok(row)
}

async fn gateways_fail(scene: &Scene) -> Result<Row> {
    let run = Run::begin(scene, Place::Here, small_batches()).await?;
    run.all(&[Fault::status(502), Fault::status(504)]);
    let row = all_arrive(&run, CALLS).await?;
    assert_eq!(row.duplicates, 0);
    Ok(row)
}

async fn a_gateway_loses_the_answer(scene: &Scene) -> Result<Row> {
    let run = Run::begin(scene, Place::Here, small_batches()).await?;
    run.all(&[Fault::status(504).taken()]);
    let row = all_arrive(&run, CALLS).await?;
    assert_eq!(row.duplicates, 50, "one batch");
    Ok(row)
}

/// The request after the one that was answered with patience came no sooner than it asked for.
async fn waits(run: &Run<'_>, wait: Duration, calls: u64) -> Result<Row> {
    let begun = SystemTime::now();
    let row = all_arrive(run, calls).await?;
    assert!(begun.elapsed()? >= wait, "it did not wait");
    assert_eq!(row.duplicates, 0);
    Ok(row)
}

async fn patience_in_seconds(scene: &Scene) -> Result<Row> {
    let run = Run::begin(scene, Place::Here, small_batches()).await?;
    run.all(&[Fault::status(429).retry_after("1")]);
    waits(&run, Duration::from_secs(1), CALLS).await
}

async fn patience_until_a_date(scene: &Scene) -> Result<Row> {
    let run = Run::begin(scene, Place::Here, small_batches()).await?;
    // A date has whole seconds only, so it is at least one second away.
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(2));
    run.traces(vec![Fault::status(503).retry_after(&date)]);
    let row = all_arrive(&run, CALLS).await?;
    assert!(SystemTime::now() >= httpdate::parse_http_date(&date)?, "it did not wait");
    Ok(row)
}

async fn patience_across_origins(scene: &Scene) -> Result<Row> {
    let run = Run::begin(scene, Place::Elsewhere, small_batches()).await?;
    run.traces(vec![Fault::status(429).retry_after("1").cors(Cors::Exposed)]);
    waits(&run, Duration::from_secs(1), CALLS).await
}

async fn patience_that_cannot_be_read(scene: &Scene) -> Result<Row> {
    let run = Run::begin(scene, Place::Elsewhere, small_batches()).await?;
    run.traces(vec![Fault::status(429).retry_after("3600").cors(Cors::Hidden)]);
    all_arrive(&run, CALLS).await
}

async fn refused_for_good(scene: &Scene) -> Result<Row> {
    let run = Run::begin(scene, Place::Here, small_batches()).await?;
    run.all(&[Fault::status(400), Fault::status(410), Fault::status(401)]);
    run.calls_and_drain(CALLS).await?;
    let row = run.row().await?;
    assert_eq!(row, Row { emitted: 300, delivered: 150, rejected: 150, ..Row::default() });
    Ok(row)
}

/// With a collector that takes small requests only, of every signal.
async fn small_requests(scene: &Scene, mut options: Value, bytes: usize) -> Result<Row> {
    options["maxBatchSize"] = 300.into();
    let run = Run::begin(scene, Place::Here, options).await?;
    let limit = Fault::new(Misbehavior::Limit { bytes }).lasting();
    for signal in Signal::ALL {
        run.receiver().misbehave(signal, vec![limit.clone()]);
    }
    run.calls_and_drain(CALLS).await?;
    let row = run.row().await?;
    assert_eq!(row, Row { emitted: CALLS, delivered: CALLS, ..Row::default() });
    let accounts = run.receiver().accounts();
    assert!(accounts.traces.turned_away > 0 && accounts.metrics.turned_away > 0, "{accounts:?}");
    Ok(row)
}

async fn too_large(scene: &Scene) -> Result<Row> {
    small_requests(scene, small_batches(), 6_000).await
}

async fn too_large_in_json(scene: &Scene) -> Result<Row> {
    let mut options = small_batches();
    options["protocol"] = "http/json".into();
    small_requests(scene, options, 20_000).await
}

async fn some_are_rejected(scene: &Scene) -> Result<Row> {
    let run = Run::begin(scene, Place::Here, small_batches()).await?;
    run.all(&[answered(Misbehavior::Partial { rejected: 7, message: "too old".into() })]);
    run.calls_and_drain(CALLS).await?;
    let row = run.row().await?;
    assert_eq!(row, Row { emitted: 300, delivered: 293, rejected: 7, ..Row::default() });
    Ok(row)
}

async fn a_warning(scene: &Scene) -> Result<Row> {
    let run = Run::begin(scene, Place::Here, small_batches()).await?;
    run.all(&[answered(Misbehavior::Partial { rejected: 0, message: "please slow down".into() })]);
    all_arrive(&run, CALLS).await
}

async fn slow(scene: &Scene) -> Result<Row> {
    let run = Run::begin(scene, Place::Here, small_batches()).await?;
    run.traces(vec![answered(Misbehavior::Hold)]);
    run.calls(CALLS).await?;
    run.receiver().until(|received| received.spans == 50).await;
    let meanwhile = run.row().await;
    run.receiver().release();
    assert_eq!(meanwhile?, Row { emitted: CALLS, pending: CALLS, ..Row::default() }, "one request at a time");
    run.page("drain()").await?;
    let row = arrived(&run, CALLS).await?;
    assert_eq!(row.duplicates, 0);
    Ok(row)
}

/// With a limit that is reached soon.
async fn impatient(scene: &Scene, fault: Fault) -> Result<Row> {
    let mut options = small_batches();
    options["timeoutMs"] = 2_000.into();
    let run = Run::begin(scene, Place::Here, options).await?;
    run.all(&[fault]);
    all_arrive(&run, CALLS).await
}

async fn hangs(scene: &Scene) -> Result<Row> {
    let row = impatient(scene, answered(Misbehavior::Hang)).await?;
    assert_eq!(row.duplicates, 0);
    Ok(row)
}

async fn hangs_after_taking(scene: &Scene) -> Result<Row> {
    let row = impatient(scene, answered(Misbehavior::Hang).taken()).await?;
    assert_eq!(row.duplicates, 50, "one batch");
    Ok(row)
}

/// Browsers send a request again by themselves when a connection that was used before is reset under it, so that the
/// exporter need not hear of it.
async fn reset(scene: &Scene, fault: Fault) -> Result<Row> {
    let run = Run::begin(scene, Place::Here, small_batches()).await?;
    run.all(&[fault.times(3)]);
    all_arrive(&run, CALLS).await
}

async fn reset_before_the_body(scene: &Scene) -> Result<Row> {
    let row = reset(scene, answered(Misbehavior::ResetAtOnce)).await?;
    assert_eq!(row.duplicates, 0);
    Ok(row)
}

async fn reset_after_the_body(scene: &Scene) -> Result<Row> {
    let row = reset(scene, answered(Misbehavior::ResetAfterBody)).await?;
    assert_eq!(row.duplicates, 0);
    Ok(row)
}

async fn reset_after_taking(scene: &Scene) -> Result<Row> {
    let row = reset(scene, answered(Misbehavior::ResetAfterBody).taken()).await?;
    assert_eq!(row.duplicates, 150, "the same batch three times");
    Ok(row)
}

async fn down_for_a_while(scene: &Scene) -> Result<Row> {
    let run = Run::begin(scene, Place::Here, small_batches()).await?;
    run.server().go_down().await;
    run.calls(CALLS).await?;
    run.page("flush()").await?;
    assert_eq!(run.row().await?, Row { emitted: CALLS, pending: CALLS, ..Row::default() });
    run.server().come_back().await;
    run.page("drain()").await?;
    let row = arrived(&run, CALLS).await?;
    assert_eq!(row.duplicates, 0);
    Ok(row)
}

async fn down_until_the_queue_is_full(scene: &Scene) -> Result<Row> {
    let mut options = small_batches();
    options["maxQueueSize"] = 100.into();
    let run = Run::begin(scene, Place::Here, options).await?;
    run.server().go_down().await;
    run.calls(CALLS).await?;
    run.page("flush()").await?;
    let meanwhile = run.row().await?;
    assert!((100..=150).contains(&meanwhile.pending), "the queue and the batch in hand: {meanwhile:?}");
    run.server().come_back().await;
    run.page("drain()").await?;
    let row = run.row().await?;
    let (delivered, dropped) = (row.delivered, row.dropped.clone());
    assert_eq!(row, Row { emitted: CALLS, delivered, dropped, ..Row::default() });
    assert_eq!((delivered, row.dropped_as("queue_full")), (meanwhile.pending, CALLS - meanwhile.pending));
    Ok(row)
}

async fn down_until_the_end(scene: &Scene) -> Result<Row> {
    let run = Run::begin(scene, Place::Here, small_batches()).await?;
    run.calls_and_drain(50).await?;
    run.server().go_down().await;
    run.calls(CALLS).await?;
    run.page("shutdown()").await?;
    let row = run.row().await?;
    let dropped = row.dropped.clone();
    assert_eq!(row, Row { emitted: CALLS + 50, delivered: 50, dropped, ..Row::default() });
    assert_eq!(row.dropped_as("shutdown"), CALLS);
    Ok(row)
}

async fn unavailable_for_ever(scene: &Scene) -> Result<Row> {
    let run = Run::begin(scene, Place::Here, small_batches()).await?;
    run.traces(vec![Fault::status(503).lasting()]);
    run.calls_and_drain(100).await?;
    let row = run.row().await?;
    let dropped = row.dropped.clone();
    assert_eq!(row, Row { emitted: 100, dropped, ..Row::default() });
    assert_eq!(row.dropped_as("retries_exhausted"), 100);
    Ok(row)
}

async fn a_page_instead(scene: &Scene) -> Result<Row> {
    let run = Run::begin(scene, Place::Here, small_batches()).await?;
    run.all(&[answered(Misbehavior::Page)]);
    run.calls_and_drain(CALLS).await?;
    let row = run.row().await?;
    assert_eq!(row, Row { emitted: CALLS, delivered: CALLS - 50, rejected: 50, ..Row::default() });
    Ok(row)
}

async fn garbage_instead(scene: &Scene) -> Result<Row> {
    let run = Run::begin(scene, Place::Here, small_batches()).await?;
    run.all(&[answered(Misbehavior::Garbage)]);
    let row = all_arrive(&run, CALLS).await?;
    assert_eq!(row.duplicates, 0);
    Ok(row)
}

async fn a_giant_answer(scene: &Scene) -> Result<Row> {
    let run = Run::begin(scene, Place::Here, small_batches()).await?;
    run.all(&[answered(Misbehavior::Giant { bytes: DEFAULT_GIANT_BYTES })]);
    let row = all_arrive(&run, CALLS).await?;
    assert_eq!(row.duplicates, 0);
    Ok(row)
}

async fn a_redirect(scene: &Scene) -> Result<Row> {
    let run = Run::begin(scene, Place::Here, small_batches()).await?;
    run.traces(vec![answered(Misbehavior::Redirect { to: "/v1/traces".into() })]);
    let row = all_arrive(&run, CALLS).await?;
    assert_eq!(row.duplicates, 0);
    Ok(row)
}

async fn another_origin(scene: &Scene) -> Result<Row> {
    let run = Run::begin(scene, Place::Elsewhere, small_batches()).await?;
    let row = all_arrive(&run, CALLS).await?;
    assert_eq!(row.duplicates, 0);
    Ok(row)
}

async fn another_origin_refused(scene: &Scene) -> Result<Row> {
    let run = Run::begin(scene, Place::Elsewhere, small_batches()).await?;
    // The first question is refused before anything is sent; the second time, after a request that was allowed, the
    // browser does not ask again, and the request arrives although its answer is kept from the page.
    let refused = answered(Misbehavior::Fine).cors(Cors::Refused);
    run.traces(vec![refused.clone(), answered(Misbehavior::Fine), refused]);
    all_arrive(&run, CALLS).await
}

async fn begin_in_json(scene: &Scene) -> Result<Run<'_>> {
    let mut options = small_batches();
    options["protocol"] = "http/json".into();
    options["compression"] = "gzip".into();
    Run::begin(scene, Place::Here, options).await
}

/// Whether every request came as it was meant to.
fn all_in_json(run: &Run<'_>) {
    let accounts = run.receiver().accounts();
    for account in [accounts.traces, accounts.metrics, accounts.logs] {
        assert_eq!((account.in_json, account.compressed), (account.requests, account.requests));
    }
}

async fn nothing_fails_in_json(scene: &Scene) -> Result<Row> {
    let run = begin_in_json(scene).await?;
    let row = all_arrive(&run, 1_000).await?;
    all_in_json(&run);
    assert_eq!(row.duplicates, 0);
    Ok(row)
}

async fn some_are_rejected_in_json(scene: &Scene) -> Result<Row> {
    let run = begin_in_json(scene).await?;
    run.all(&[answered(Misbehavior::Partial { rejected: 7, message: "too old".into() })]);
    run.calls_and_drain(CALLS).await?;
    let row = run.row().await?;
    assert_eq!(row, Row { emitted: CALLS, delivered: CALLS - 7, rejected: 7, ..Row::default() });
    all_in_json(&run);
    Ok(row)
}

async fn garbage_instead_of_json(scene: &Scene) -> Result<Row> {
    let run = begin_in_json(scene).await?;
    run.all(&[answered(Misbehavior::Garbage)]);
    let row = all_arrive(&run, CALLS).await?;
    all_in_json(&run);
    assert_eq!(row.duplicates, 0);
    Ok(row)
}
