//! From a `tracing` span to a decoded request, through the page's own telemetry and its ledger.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use atelier_core::names::{CALL_SPAN, Metric, TARGET, TASK_DEFINED, field};
use atelier_exporters::pipeline::{Answer, Output, Reply, Settings};
use atelier_exporters::{OtlpConfig, OtlpEncoder, Pipeline, Signal, TelemetrySource};
use atelier_telemetry::Telemetry;
use atelier_telemetry::frame::LedgerRow;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use prost::Message;
use support::{EPOCH_NANO, now};
use tracing::{Level, event, span};
use tracing_subscriber::layer::SubscriberExt;

const RUNTIME: u64 = 3;

fn emit(calls: u64) {
    event!(
        name: TASK_DEFINED, target: TARGET, Level::DEBUG,
        { field::RUNTIME } = RUNTIME,
        { field::TASK } = 1_u64,
        { field::TASK_ID } = "task-1",
        { field::TASK_TYPE } = "singleton",
        { field::QUEUE_POLICY } = "block",
        { field::MAX_IN_FLIGHT } = 1_u64,
        { field::MAX_QUEUE_DEPTH } = 2_u64,
        { field::POOL_SIZE } = 1_u64,
    );
    for call in 0..calls {
        event!(
            target: TARGET, Level::DEBUG,
            { Metric::TaskDispatched.field() } = 1_u64,
            { field::TIME } = EPOCH_NANO,
            { field::RUNTIME } = RUNTIME,
            { field::TASK } = 1_u64,
            { field::METHOD } = "run",
        );
        drop(span!(
            target: TARGET, Level::INFO, CALL_SPAN,
            { field::RUNTIME } = RUNTIME,
            { field::TASK } = 1_u64,
            { field::CALL_ID } = call,
            { field::METHOD } = "run",
            { field::TIME } = EPOCH_NANO,
            { field::TRACE_ID } = 1_u128,
            { field::SPAN_ID } = call + 1,
            { field::END_TIME } = EPOCH_NANO + 1_000,
            { field::OUTCOME } = "ok",
            { field::ATTEMPT } = 1_u64,
        ));
    }
}

fn row(rows: &[LedgerRow], signal: &str) -> LedgerRow {
    rows.iter().find(|row| row.signal == signal).cloned().unwrap()
}

#[test]
fn what_the_runtime_emits_arrives_and_the_ledger_of_the_page_says_so() {
    let telemetry = Telemetry::new();
    let config = OtlpConfig::default();
    let source = TelemetrySource::new(&telemetry, RUNTIME, "otlp:1", &config);
    let encoder = OtlpEncoder::new(&config, &[]);
    let mut pipeline = Pipeline::new(source, encoder, Settings::from(&config), || 0.5, now(0));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(telemetry.layer()), || emit(600));
    pipeline.handle_records(now(1));
    pipeline.shutdown(now(1));
    let waiting = row(&telemetry.ledger(RUNTIME), "spans");
    assert_eq!((waiting.consumer.as_str(), waiting.emitted, waiting.pending), ("otlp:1", 600, 600));

    let (mut spans, mut dispatched, mut points) = (Vec::new(), 0, 0);
    while let Some(output) = pipeline.poll_output() {
        let Output::Send(request) = output else { continue };
        let mut answer = Answer { status: 200, ..Answer::default() };
        if request.signal == Signal::Metrics {
            points += support::Received::read(1, &request).points as u64;
            let request = ExportMetricsServiceRequest::decode(&request.body[..]).unwrap();
            dispatched += request.resource_metrics[0].scope_metrics[0].metrics.len();
            answer.status = 400;
        } else {
            spans.extend(support::spans(&request.body));
        }
        pipeline.handle_reply(request.id, Reply::Answered(answer), now(2));
    }
    assert!(pipeline.is_stopped());
    assert_eq!((spans.len(), dispatched), (600, 1));
    assert_eq!(spans[599].name, "task-1.run");
    assert_eq!(support::text(&spans[599], "atelier.call.id"), "599");

    let rows = pipeline.source().ledger();
    let (spans, metrics) = (row(&rows, "spans"), row(&rows, "metrics"));
    assert_eq!((spans.emitted, spans.delivered, spans.pending), (600, 600, 0));
    assert!(points > 1, "the exporter's own points, too");
    assert_eq!((metrics.emitted, metrics.rejected, metrics.pending), (points, points, 0));
    assert_eq!(metrics.last_error.as_deref(), Some("metrics: 400"));
    assert!(telemetry.ledger(RUNTIME).is_empty(), "a consumer that has ended leaves the page's ledger");
}

#[test]
fn the_ledger_says_when_what_waits_is_sent_again_and_why_something_was_refused() {
    let telemetry = Telemetry::new();
    let config = OtlpConfig { signals: vec![Signal::Traces], ..OtlpConfig::default() };
    let source = TelemetrySource::new(&telemetry, RUNTIME, "otlp:1", &config);
    let mut pipeline =
        Pipeline::new(source, OtlpEncoder::new(&config, &[]), Settings::from(&config), || 0.5, now(0));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(telemetry.layer()), || emit(600));
    let told = || {
        let row = row(&telemetry.ledger(RUNTIME), "spans");
        // Milliseconds since the Unix epoch; the test's time begins later.
        let next_retry = row.next_retry.map(|at| (at - EPOCH_NANO as f64 / 1e6).round());
        (next_retry, row.last_rejection)
    };
    let asks_to_wait = Answer { status: 503, retry_after: Some("17".to_owned()), ..Answer::default() };
    let refuses = Answer { status: 404, ..Answer::default() };
    let answers = [
        (1_000, Reply::Answered(asks_to_wait), Some(18_000.0), None),
        (18_000, Reply::Failed("down".to_owned()), Some(20_000.0), None),
        (20_000, Reply::Answered(refuses), None, Some("404".to_owned())),
    ];
    assert_eq!(told(), (None, None));
    for (at, reply, next_retry, last_rejection) in answers {
        pipeline.handle_records(now(at));
        pipeline.handle_wake(now(at));
        pipeline.handle_idle(now(at));
        let sent = std::iter::from_fn(|| pipeline.poll_output());
        let ids: Vec<_> = sent
            .filter_map(|it| if let Output::Send(request) = it { Some(request.id) } else { None })
            .collect();
        assert_eq!(told().0, None, "while a request is out nothing waits");
        pipeline.handle_reply(ids[0], reply, now(at));
        assert_eq!(told(), (next_retry, last_rejection), "after {at} ms");
    }
}
