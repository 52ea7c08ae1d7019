//! What is too large, for any collector or for this one, arrives in parts; what has none is given up alone, and counted.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;

use atelier_exporters::pipeline::{
    DEFAULT_MAX_REQUEST_BYTES, DEFAULT_SMALLER_FOR_MS, Encoder, SelfReport, reason,
};
use atelier_exporters::{OtlpConfig, OtlpEncoder, PhaseExport, Protocol, Signal};
use atelier_telemetry::{MetricsSnapshot, Record, Series, SeriesKey};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use support::{Account, Act, EPOCH_NANO, World, call, key};

use atelier_core::names::Metric;

fn dropped(account: &Account) -> u64 {
    account.dropped.get(reason::REQUEST_TOO_LARGE).copied().unwrap_or_default()
}

/// A call whose span is about so long.
fn long_call(number: u64, bytes: usize) -> Record {
    let mut span = call(number);
    span.method = "m".repeat(bytes).into();
    Record::Span(Arc::new(span))
}

fn push(world: &mut World, record: Record) {
    world.source.push(record);
    world.source.with(Signal::Traces, |account| account.emitted += 1);
}

#[test]
fn what_the_collector_finds_too_large_is_sent_in_parts() {
    let mut world = World::traces_only();
    world.max_body_bytes = 10_000;
    world.emit(512);
    world.pass(5_000);
    let account = world.traces();
    assert_eq!((account.emitted, account.delivered, account.pending()), (512, 512, 0));
    let taken = world.received.iter().filter(|request| request.bytes <= 10_000);
    let calls: Vec<String> = taken.flat_map(|request| request.calls.clone()).collect();
    let numbers: Vec<u64> = calls.iter().map(|call| call.parse().unwrap()).collect();
    assert!(numbers.iter().copied().eq(0..512), "each once, and in order");
}

#[test]
fn one_that_is_too_large_by_itself_is_given_up_alone() {
    let mut world = World::traces_only();
    world.max_body_bytes = 20_000;
    for number in 0..42 {
        let bytes = if number == 17 { 30_000 } else { 10 };
        push(&mut world, long_call(number, bytes));
    }
    let flush = world.flush();
    assert!(world.flushed.contains(&flush), "it is over when each is settled");
    let account = world.traces();
    assert_eq!((account.delivered, dropped(&account), account.pending()), (41, 1, 0));
    assert_eq!(world.last_error(), "traces: 413");
    // Two halves hold it, then it is alone: not a request for each of the others.
    assert!(world.received.len() <= 9, "{}", world.received.len());
}

#[test]
fn a_collector_that_refuses_everything_is_not_asked_for_each() {
    let mut world = World::traces_only();
    world.max_body_bytes = 0;
    for _ in 0..5 {
        world.emit(512);
        world.pass(5_000);
    }
    let account = world.traces();
    assert_eq!((account.emitted, dropped(&account), account.pending()), (2_560, 2_560, 0));
    assert!(world.received.len() < 60, "{}", world.received.len());
    // It is asked again after a while.
    world.max_body_bytes = usize::MAX;
    world.pass(DEFAULT_SMALLER_FOR_MS);
    world.emit(512);
    assert_eq!(world.traces().delivered, 512);
}

#[test]
fn many_that_are_too_large_cost_no_others() {
    let mut world = World::traces_only();
    world.max_body_bytes = 20_000;
    for number in 0..400 {
        push(&mut world, long_call(number, if number % 2 == 0 { 30_000 + number as usize } else { 10 }));
    }
    world.pass(5_000);
    let account = world.traces();
    assert_eq!((account.delivered, dropped(&account), account.pending()), (200, 200, 0));
}

#[test]
fn later_requests_are_smaller_until_that_is_forgotten() {
    let mut world = World::traces_only();
    world.max_body_bytes = 50_000;
    world.emit(512);
    world.pass(5_000);
    let refused = |world: &World| world.received.iter().filter(|request| request.bytes > 50_000).count();
    let before = refused(&world);
    assert!(before > 0);
    for _ in 0..10 {
        world.emit(512);
        world.pass(5_000);
    }
    assert_eq!(refused(&world), before, "none is tried that would be refused");
    world.pass(DEFAULT_SMALLER_FOR_MS);
    world.max_body_bytes = usize::MAX;
    world.emit(512);
    assert_eq!(world.batches().last(), Some(&512));
    assert_eq!(world.traces().delivered, 12 * 512);
}

#[test]
fn readings_of_metrics_are_split_by_data_points() {
    let mut world = World::new(&OtlpConfig { signals: vec![Signal::Metrics], ..OtlpConfig::default() });
    world.source.series.set(300);
    world.set_counter(7);
    world.max_body_bytes = 8_000;
    let flush = world.flush();
    assert!(world.flushed.contains(&flush), "each part is waited for");
    let account = world.metrics();
    assert_eq!((account.emitted, account.delivered, account.pending()), (300, 300, 0));
    let taken = world.received.iter().filter(|request| request.bytes <= 8_000);
    assert_eq!(taken.map(|request| request.points).sum::<usize>(), 300);
}

#[test]
fn a_flush_waits_for_all_parts_and_for_none_that_failed_once() {
    let mut world = World::new(&OtlpConfig { signals: vec![Signal::Metrics], ..OtlpConfig::default() });
    world.source.series.set(300);
    world.set_counter(7);
    world.max_body_bytes = 20_000;
    world.script(Signal::Metrics, [Act::ok(), Act::Hang]);
    let flush = world.flush();
    assert!(!world.flushed.contains(&flush), "a part is out");
    world.pass(10_000);
    assert!(world.flushed.contains(&flush), "it failed once");
    assert!(world.metrics().pending() > 0 && world.metrics().delivered > 0);
    world.pass(60_000);
    assert_eq!(world.metrics().pending(), 0);
}

#[test]
fn a_batch_is_bounded_by_bytes_before_it_is_sent() {
    let mut world = World::traces_only();
    for number in 0..200 {
        push(&mut world, long_call(number, 60_000));
    }
    world.flush();
    let account = world.traces();
    assert_eq!((account.delivered, account.pending()), (200, 0));
    assert!(world.received.iter().all(|request| request.bytes <= DEFAULT_MAX_REQUEST_BYTES));
    assert!(world.received.len() < 20, "and no smaller than they have to be");
}

#[test]
fn parts_survive_failures() {
    let mut world = World::traces_only();
    world.max_body_bytes = 10_000;
    world.script(Signal::Traces, [Act::status(503), Act::ok(), Act::Fail("cut off"), Act::Partial(3)]);
    world.emit(512);
    world.pass(120_000);
    let account = world.traces();
    assert_eq!((account.delivered, account.rejected, account.pending()), (509, 3, 0));
}

#[test]
fn a_shutdown_counts_parts_that_are_left() {
    let mut world = World::traces_only();
    world.max_body_bytes = 10_000;
    world.script(Signal::Traces, [Act::ok(), Act::Hang]);
    world.emit(512);
    world.pipeline.stop();
    world.serve();
    let account = world.traces();
    assert_eq!(account.pending(), 0);
    assert_eq!(account.delivered + account.dropped[reason::SHUTDOWN], 512);
}

/// Every item of a request, split as far as it goes.
fn atoms(encoder: &OtlpEncoder, signal: Signal, body: Vec<u8>, items: u64) -> Vec<(Vec<u8>, u64)> {
    let Some(parts) = encoder.split(signal, &body, None) else { return vec![(body, items)] };
    assert_eq!(parts.iter().map(|part| part.items).sum::<u64>(), items);
    assert!(parts.iter().all(|part| part.items > 0 && part.body.len() < body.len()));
    parts.into_iter().flat_map(|part| atoms(encoder, signal, part.body, part.items)).collect()
}

fn encoders() -> impl Iterator<Item = OtlpEncoder> {
    let config = |protocol, phases| OtlpConfig { protocol, phases, ..OtlpConfig::default() };
    let formats = [Protocol::HttpProtobuf, Protocol::HttpJson];
    let configs = formats.into_iter().flat_map(move |protocol| {
        [PhaseExport::Attributes, PhaseExport::Spans].map(|phases| config(protocol, phases))
    });
    configs.map(|config| OtlpEncoder::new(&config, &[]))
}

#[test]
fn a_call_stays_with_its_phases() {
    let calls: Vec<Record> = (0..9).map(|number| Record::Span(Arc::new(call(number)))).collect();
    for mut encoder in encoders() {
        let whole = encoder.spans(&calls);
        let parts = atoms(&encoder, Signal::Traces, whole, 9);
        assert_eq!(parts.len(), 9);
        for ((body, items), call) in parts.iter().zip(&calls) {
            assert_eq!(
                (*items, body),
                (1, &encoder.spans(std::slice::from_ref(call))),
                "as if encoded alone"
            );
        }
    }
}

#[test]
fn every_data_point_comes_once_with_its_metric() {
    let snapshot = MetricsSnapshot {
        start_unix_nano: EPOCH_NANO,
        time_unix_nano: EPOCH_NANO + 1,
        series: (0..7)
            .flat_map(|index| {
                let counter = SeriesKey { worker_index: Some(index), ..key(Metric::TaskDispatched) };
                let other = SeriesKey { worker_index: Some(index), ..key(Metric::WorkerSpawned) };
                [(counter, Series::Counter(3)), (other, Series::Counter(1))]
            })
            .collect(),
        overflow: Vec::new(),
    };
    let mut encoder = OtlpEncoder::new(&OtlpConfig::default(), &[]);
    let whole = encoder.metrics(&snapshot, &SelfReport::default());
    let parts = atoms(&encoder, Signal::Metrics, whole.body, whole.points);
    assert_eq!(parts.len(), 14);
    let mut seen = BTreeSet::new();
    for (body, _) in &parts {
        let request = ExportMetricsServiceRequest::decode(&body[..]).unwrap();
        let resource = &request.resource_metrics[0];
        assert!(resource.resource.is_some() && resource.scope_metrics[0].scope.is_some());
        let [metric] = &resource.scope_metrics[0].metrics[..] else { panic!("one metric: {resource:?}") };
        assert!(!metric.unit.is_empty());
        seen.insert(format!("{metric:?}"));
    }
    assert_eq!(seen.len(), 14);
}

#[test]
fn what_cannot_be_read_has_no_parts() {
    for encoder in encoders() {
        for body in
            [&b""[..], b"{", b"[]", b"no request", &[0xff; 40], b"{\"resourceSpans\":7}", &[0x0a, 0x7f]]
        {
            for signal in Signal::ALL {
                assert_eq!(encoder.split(signal, body, None), None);
            }
        }
    }
    assert!(ExportTraceServiceRequest::decode(&b""[..]).is_ok());
}
