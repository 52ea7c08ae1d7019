//! The pipeline against a scripted collector, in virtual time.

mod support;

use std::collections::BTreeMap;

use atelier_exporters::pipeline::{
    Answer, DEFAULT_FLUSH_TIMEOUT_MS, DEFAULT_IDLE_WAIT_MS, DEFAULT_MAX_ATTEMPTS, Encoded, Encoder, Output,
    Reply, SelfReport, Settings, Verdict, reason,
};
use atelier_exporters::{OtlpConfig, Pipeline, Signal};
use atelier_telemetry::{MetricsSnapshot, Record};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message;
use support::{Account, Act, World};

fn account(emitted: u64, delivered: u64, rejected: u64, dropped: &[(&str, u64)]) -> Account {
    let dropped: BTreeMap<String, u64> = dropped.iter().map(|(why, n)| ((*why).to_owned(), *n)).collect();
    Account { emitted, delivered, rejected, dropped }
}

#[test]
fn a_batch_leaves_when_it_is_full_or_when_its_time_has_come() {
    let mut world = World::traces_only();
    world.emit(511);
    assert!(world.batches().is_empty());
    world.emit(1);
    assert_eq!((world.batches(), world.times(Signal::Traces)), (vec![512], vec![0]));
    world.pass(1_000);
    world.emit(3);
    world.pass(3_999);
    assert_eq!(world.batches(), [512]);
    world.pass(1);
    assert_eq!((world.batches(), world.times(Signal::Traces)), (vec![512, 3], vec![0, 5_000]));
    assert_eq!(world.traces(), account(515, 515, 0, &[]));
}

#[test]
fn every_span_is_delivered_exactly_once_when_nothing_fails() {
    let mut world = World::new(&OtlpConfig::default());
    for _ in 0..100 {
        world.emit(100);
        world.pass(17);
    }
    world.pass(5_000);
    let mut calls: Vec<u64> =
        world.received.iter().flat_map(|r| &r.calls).map(|call| call.parse().unwrap()).collect();
    calls.sort_unstable();
    assert!(calls.iter().copied().eq(0..10_000));
    assert_eq!(world.traces(), account(10_000, 10_000, 0, &[]));
}

#[test]
fn records_that_nobody_announced_leave_with_the_schedule() {
    let mut world = World::traces_only();
    world.pass(60_000);
    assert!(world.received.is_empty(), "nothing to send, nothing sent");
    world.emit(1);
    world.pass(5_000);
    assert_eq!(world.batches(), [1]);
}

#[test]
fn metrics_leave_every_minute_and_are_counted_by_point() {
    let mut world = World::new(&OtlpConfig::default());
    world.pass(60_000);
    assert!(world.times(Signal::Metrics).is_empty(), "no point, no request");
    world.set_counter(3);
    world.pass(120_000);
    assert_eq!(world.times(Signal::Metrics), [120_000, 180_000]);
    assert_eq!(world.metrics(), account(2, 2, 0, &[]));
}

#[test]
fn a_collector_that_asks_for_patience_gets_it() {
    let mut world = World::traces_only();
    world.script(Signal::Traces, [Act::retry_after(503, "17"), Act::retry_after(429, "0"), Act::status(502)]);
    world.emit(512);
    world.emit(600);
    assert_eq!(world.traces().pending(), 1_112);
    assert!(world.last_error().starts_with("traces: 503"), "{}", world.last_error());
    world.pass(16_999);
    assert_eq!(world.times(Signal::Traces), [0]);
    // "0" would be a loop without a pause: the backoff after the second and third failure, 2 s and 4 s.
    world.pass(10_000);
    assert_eq!(world.times(Signal::Traces), [0, 17_000, 19_000, 23_000, 23_000, 23_000]);
    assert_eq!(world.batches(), [512, 512, 512, 512, 512, 88]);
    assert_eq!(world.traces(), account(1_112, 1_112, 0, &[]));
}

#[test]
fn a_retry_date_is_kept_too() {
    let mut world = World::traces_only();
    world.script(Signal::Traces, [Act::retry_after(503, "Thu, 01 Jan 2026 00:01:00 GMT")]);
    world.emit(512);
    world.pass(120_000);
    assert_eq!(world.times(Signal::Traces), [0, 60_000]);
    assert_eq!(world.traces(), account(512, 512, 0, &[]));
}

#[test]
fn what_is_refused_is_counted_explained_and_not_tried_again() {
    // google.rpc.Status { code: 3, message: "no" }
    let status = vec![0x08, 3, 0x12, 2, b'n', b'o'];
    let mut world = World::traces_only();
    world.script(
        Signal::Traces,
        [Act::protobuf(400, status), Act::status(401), Act::status(404), Act::status(410), Act::status(500)],
    );
    world.emit(512);
    assert_eq!(world.last_error(), "traces: 400: no");
    for _ in 0..4 {
        world.emit(512);
    }
    assert_eq!(world.last_error(), "traces: 500");
    world.emit(512);
    world.pass(100_000);
    assert_eq!(world.times(Signal::Traces), [0; 6]);
    assert_eq!(world.traces(), account(6 * 512, 512, 5 * 512, &[]));
}

#[test]
fn partial_success_is_split() {
    let traces = |rejected_spans, message: &str| {
        let partial = ExportTracePartialSuccess { rejected_spans, error_message: message.to_owned() };
        let response = ExportTraceServiceResponse { partial_success: Some(partial) };
        Act::protobuf(200, response.encode_to_vec())
    };
    let mut world = World::new(&OtlpConfig::default());
    world.script(
        Signal::Traces,
        [traces(12, "too old"), traces(0, "slow down"), traces(0, ""), traces(9_999, "all and more")],
    );
    world.emit(512);
    assert_eq!(world.traces(), account(512, 500, 12, &[]));
    assert_eq!(world.last_error(), "traces: 12 rejected: too old");
    world.emit(512);
    assert_eq!(world.traces(), account(1_024, 1_012, 12, &[]));
    world.emit(1_024);
    assert_eq!(world.traces(), account(2_048, 1_524, 524, &[]), "no more than were sent");

    let partial = ExportMetricsPartialSuccess { rejected_data_points: 1, error_message: "no".to_owned() };
    let response = ExportMetricsServiceResponse { partial_success: Some(partial) };
    world.script(Signal::Metrics, [Act::protobuf(200, response.encode_to_vec())]);
    world.set_counter(1);
    world.pass(60_000);
    assert_eq!(world.metrics(), account(1, 0, 1, &[]));
    assert_eq!(world.received.len(), 5, "nothing was sent again");
}

#[test]
fn a_collector_that_is_down_is_asked_more_and_more_seldom_and_then_given_up() {
    let mut world = World::traces_only();
    world.script(Signal::Traces, vec![Act::Fail("connection refused"); DEFAULT_MAX_ATTEMPTS as usize]);
    world.emit(1);
    world.pass(5_000);
    assert_eq!(world.traces().pending(), 1);
    assert_eq!(world.last_error(), "traces: connection refused");
    world.pass(600_000);
    let seconds: Vec<u64> = world.times(Signal::Traces).iter().map(|at| at / 1000 - 5).collect();
    assert_eq!(
        seconds,
        [0, 1, 3, 7, 15, 31, 61, 91, 121, 151, 181, 211, 241, 271, 301, 331],
        "1, 2, 4, 8, 16, then every 30 s"
    );
    assert_eq!(world.traces(), account(1, 0, 0, &[(reason::RETRIES_EXHAUSTED, 1)]));
    world.emit(1);
    world.pass(5_000);
    assert_eq!(world.traces(), account(2, 1, 0, &[(reason::RETRIES_EXHAUSTED, 1)]));
}

#[test]
fn a_batch_given_up_does_not_make_the_next_one_hurry() {
    let mut world = World::traces_only();
    world.script(Signal::Traces, vec![Act::Fail("down"); DEFAULT_MAX_ATTEMPTS as usize]);
    world.emit(1_024);
    world.pass(400_000);
    let times = world.times(Signal::Traces);
    let last_of_first = times[DEFAULT_MAX_ATTEMPTS as usize - 1];
    assert_eq!(times[DEFAULT_MAX_ATTEMPTS as usize], last_of_first + 30_000);
    assert_eq!(world.traces(), account(1_024, 512, 0, &[(reason::RETRIES_EXHAUSTED, 512)]));
}

#[test]
fn a_request_that_hangs_is_aborted_and_sent_again() {
    let mut world = World::traces_only();
    world.script(Signal::Traces, [Act::Hang]);
    world.emit(512);
    world.emit(512);
    world.pass(9_999);
    assert_eq!((world.batches(), world.traces().pending()), (vec![512], 1_024));
    world.pass(1);
    assert_eq!(world.aborted.len(), 1);
    assert_eq!(world.last_error(), "traces: no answer within 10000 ms");
    world.pass(1_000);
    assert_eq!(world.times(Signal::Traces), [0, 11_000, 11_000]);
    assert_eq!(world.traces(), account(1_024, 1_024, 0, &[]));
}

#[test]
fn a_reply_that_comes_too_late_changes_nothing() {
    let mut world = World::traces_only();
    world.script(Signal::Traces, [Act::Hang, Act::Hang]);
    world.emit(512);
    let (late, ..) = world.out[0];
    world.pass(11_000);
    let now = world.now();
    world.pipeline.handle_reply(late, Reply::Answered(Answer { status: 400, ..Answer::default() }), now);
    world.serve();
    assert_eq!(world.traces(), account(512, 0, 0, &[]));
    world.finish(Signal::Traces, Reply::Answered(Answer { status: 200, ..Answer::default() }));
    assert_eq!(world.traces(), account(512, 512, 0, &[]));
}

#[test]
fn when_more_comes_than_can_leave_the_oldest_go_and_are_counted() {
    let config = OtlpConfig { max_queue_size: 1_000, max_batch_size: 100, ..OtlpConfig::default() };
    let mut world = World::new(&config);
    world.script(Signal::Traces, [Act::Hang]);
    world.emit(100);
    world.emit(1_000);
    assert_eq!(world.traces(), account(1_100, 0, 0, &[]));
    world.emit(250);
    world.emit(3_000);
    let lost = 3_250;
    assert_eq!(world.traces(), account(4_350, 0, 0, &[(reason::QUEUE_FULL, lost)]));
    world.finish(Signal::Traces, Reply::Answered(Answer { status: 200, ..Answer::default() }));
    assert_eq!(world.traces(), account(4_350, 1_100, 0, &[(reason::QUEUE_FULL, lost)]));
    let calls: Vec<u64> =
        world.received.iter().flat_map(|r| &r.calls).map(|call| call.parse().unwrap()).collect();
    assert!(calls.iter().copied().eq((0..100).chain(3_350..4_350)), "the newest are kept, in order");
}

#[test]
fn one_signal_does_not_wait_for_the_other() {
    let mut world = World::new(&OtlpConfig::default());
    world.set_counter(1);
    world.script(Signal::Metrics, [Act::Hang]);
    world.pass(60_000);
    world.emit(512);
    assert_eq!(world.traces(), account(512, 512, 0, &[]));
    assert_eq!(world.metrics().pending(), 1);
}

#[test]
fn a_flush_sends_all_and_ends_when_all_is_settled() {
    let mut world = World::new(&OtlpConfig::default());
    world.set_counter(1);
    world.script(Signal::Traces, [Act::Hang]);
    world.emit(1_300);
    let flush = world.flush();
    assert!(world.flushed.is_empty(), "a request is out");
    // What comes later is not waited for.
    world.script(Signal::Traces, [Act::ok(), Act::ok(), Act::Hang]);
    world.finish(Signal::Traces, Reply::Answered(Answer { status: 200, ..Answer::default() }));
    assert_eq!(world.flushed, [flush]);
    assert_eq!(world.batches(), [512, 512, 276]);
    assert_eq!((world.traces(), world.metrics()), (account(1_300, 1_300, 0, &[]), account(1, 1, 0, &[])));
    let empty = world.flush();
    assert_eq!(world.flushed, [flush, empty]);
    assert_eq!(world.metrics(), account(2, 2, 0, &[]), "metrics are read anew by each flush");
}

#[test]
fn a_flush_waits_for_what_is_already_out() {
    let mut world = World::new(&OtlpConfig::default());
    world.set_counter(1);
    world.script(Signal::Metrics, [Act::Hang]);
    world.pass(60_000);
    let flush = world.flush();
    assert!(world.flushed.is_empty());
    world.finish(Signal::Metrics, Reply::Answered(Answer { status: 200, ..Answer::default() }));
    assert_eq!((world.flushed.clone(), world.metrics()), (vec![flush], account(2, 2, 0, &[])));
}

#[test]
fn a_flush_ends_when_the_collector_fails_and_what_is_left_stays_pending() {
    let failures =
        [(Act::Fail("connection refused"), 2), (Act::status(503), 2), (Act::retry_after(429, "60"), 1)];
    for (failure, tries) in failures {
        let mut world = World::new(&OtlpConfig::default());
        world.set_counter(1);
        world.script(Signal::Traces, vec![failure.clone(); tries]);
        world.script(Signal::Metrics, [failure.clone()]);
        world.emit(700);
        // The first batch left and failed; the flush tries once more, unless it was asked not to.
        let flush = world.flush();
        assert_eq!((world.flushed.clone(), world.batches().len()), (vec![flush], tries), "{failure:?}");
        assert_eq!((world.traces().pending(), world.metrics().pending()), (700, 1));
        world.pass(70_000);
        assert_eq!(world.traces(), account(700, 700, 0, &[]), "{failure:?}");
    }
}

#[test]
fn a_flush_does_not_wait_for_the_backoff() {
    let mut world = World::traces_only();
    world.script(Signal::Traces, vec![Act::Fail("down"); 5]);
    world.emit(512);
    world.pass(15_000);
    let before = world.received.len();
    let flush = world.flush();
    assert_eq!((world.received.len(), world.flushed.clone()), (before + 1, vec![flush]));
    assert_eq!(world.traces(), account(512, 512, 0, &[]));
}

#[test]
fn a_flush_never_hangs() {
    let mut world = World::traces_only();
    world.script(Signal::Traces, [Act::Hang, Act::Hang]);
    world.emit(10);
    let flush = world.flush();
    world.pass(9_999);
    assert!(world.flushed.is_empty());
    world.pass(1);
    assert_eq!(world.flushed, [flush], "the timeout is a failure");

    // A collector that answers slowly, batch after batch.
    let config = OtlpConfig { timeout_ms: 60_000, ..OtlpConfig::default() };
    let mut world = World::new(&config);
    world.script(Signal::Traces, [Act::Hang]);
    world.emit(10);
    let flush = world.flush();
    world.pass(DEFAULT_FLUSH_TIMEOUT_MS);
    assert_eq!(world.flushed, [flush]);
    assert_eq!(world.traces().pending(), 10);
}

#[test]
fn a_shutdown_flushes_and_counts_what_is_left_as_dropped() {
    let mut world = World::new(&OtlpConfig::default());
    world.set_counter(1);
    world.emit(700);
    let shutdown = world.shutdown();
    assert_eq!((world.flushed.clone(), world.traces()), (vec![shutdown], account(700, 700, 0, &[])));
    assert!(world.pipeline.is_stopped() && world.source.closed.get());
    assert_eq!(world.pipeline.next_wake(), None);
    let late = world.flush();
    let again = world.shutdown();
    assert_eq!(world.flushed, [shutdown, late, again], "flushing what is shut down is over at once");

    let mut world = World::new(&OtlpConfig::default());
    world.set_counter(1);
    world.script(Signal::Traces, [Act::Fail("down")]);
    world.script(Signal::Metrics, [Act::Hang]);
    world.emit(100);
    let shutdown = world.shutdown();
    let joined = world.flush();
    assert!(world.flushed.is_empty(), "metrics are out");
    world.pass(10_000);
    assert!(world.flushed.contains(&shutdown) && world.flushed.contains(&joined));
    assert_eq!(world.metrics(), account(1, 0, 0, &[(reason::SHUTDOWN, 1)]));
    assert_eq!(world.traces().pending(), 0);
}

#[test]
fn a_page_that_leaves_sends_what_a_browser_lets_outlive_it() {
    let mut world = World::new(&OtlpConfig::default());
    world.set_counter(1);
    world.emit(400);
    let now = world.now();
    world.pipeline.handle_leaving(20_000, now);
    world.serve();
    assert_eq!(world.traces(), account(400, 400, 0, &[]));
    assert!(world.batches().len() > 1);
    assert!(world.received.iter().all(|request| request.bytes <= 20_000), "{:?}", world.batches());
    world.emit(512);
    assert_eq!(world.batches().last(), Some(&512), "a page that stays sends as before");
}

#[test]
fn what_is_sent_again_is_what_was_sent() {
    let mut world = World::traces_only();
    let mut bodies = Vec::new();
    world.emit(3);
    let now = world.now();
    world.pipeline.flush(now);
    for _ in 0..3 {
        while let Some(output) = world.pipeline.poll_output() {
            if let Output::Send(request) = output {
                bodies.push(request.body.clone());
                let now = world.now();
                world.pipeline.handle_reply(request.id, Reply::Failed("cut".to_owned()), now);
            }
        }
        world.emit(1);
        world.now_ms = world.pipeline.next_wake().expect("a retry");
        let now = world.now();
        world.pipeline.handle_wake(now);
    }
    assert_eq!(bodies.len(), 3);
    assert!(bodies.iter().all(|body| *body == bodies[0]));
}

#[test]
fn log_records_have_a_line_of_their_own() {
    let mut world = World::new(&OtlpConfig::default());
    world.script(Signal::Traces, vec![Act::status(503); 3]);
    world.script(Signal::Logs, [Act::Partial(2)]);
    world.emit(512);
    world.tell(511);
    assert!(world.times(Signal::Logs).is_empty());
    world.tell(1);
    assert_eq!((world.traces().pending(), world.logs()), (512, account(512, 510, 2, &[])));
    world.tell(3);
    world.pass(5_000);
    assert_eq!(world.times(Signal::Logs), [0, 5_000]);
    let logs: Vec<u64> =
        world.received.iter().flat_map(|r| &r.logs).map(|log| log.parse().unwrap()).collect();
    assert!(logs.iter().copied().eq(0..515), "in order");
}

#[test]
fn one_batch_is_encoded_in_each_idle_moment() {
    let mut world = World::new(&OtlpConfig::default());
    world.busy = true;
    world.emit(1_500);
    world.tell(600);
    assert!(world.idle_asked);
    assert_eq!(world.encodings(), 0, "not before there is idle time");
    world.be_idle();
    assert_eq!((world.batches(), world.logs().delivered), (vec![512], 0));
    world.be_idle();
    assert_eq!((world.batches(), world.logs().delivered), (vec![512], 512), "signals take turns");
    world.be_idle();
    assert_eq!(world.batches(), [512, 512]);
    world.be_idle();
    assert!(!world.idle_asked && world.encodings() == 3, "what is left waits for its time");
    // A moment that nobody asked for is nobody's.
    let now = world.now();
    world.pipeline.handle_idle(now);
    assert_eq!(world.encodings(), 3);
}

#[test]
fn a_page_without_idle_time_exports_all_the_same() {
    let mut world = World::traces_only();
    world.busy = true;
    world.emit(1_100);
    world.pass(DEFAULT_IDLE_WAIT_MS - 1);
    assert!(world.batches().is_empty());
    world.pass(1);
    assert_eq!(world.batches(), [512]);
    world.pass(DEFAULT_IDLE_WAIT_MS);
    assert_eq!(world.batches(), [512, 512]);
    world.flush();
    assert_eq!(world.batches(), [512, 512, 76], "a flush waits for no idle time");
    world.emit(20);
    let now = world.now();
    world.pipeline.handle_leaving(40_000, now);
    world.serve();
    assert_eq!(world.batches(), [512, 512, 76, 20], "nor does a page that leaves");
}

#[test]
fn a_queue_that_is_more_than_half_full_waits_for_no_idle_time() {
    let config = OtlpConfig { max_queue_size: 2_000, ..OtlpConfig::default() };
    let mut world = World::new(&config);
    world.busy = true;
    world.emit(1_000);
    assert!(world.batches().is_empty());
    world.emit(1);
    assert_eq!(world.batches(), [512], "one, which is enough");
    assert_eq!(world.traces(), account(1_001, 512, 0, &[]));
}

#[test]
fn a_format_without_logs_counts_them_as_not_sent() {
    struct Spans;
    impl Encoder for Spans {
        fn spans(&mut self, _: &[Record]) -> Vec<u8> {
            vec![1]
        }
        fn metrics(&mut self, _: &MetricsSnapshot, _: &SelfReport) -> Encoded {
            Encoded::default()
        }
        fn judge(&self, _: Signal, _: &Answer, _: u64) -> Verdict {
            Verdict::Accepted { rejected: 0, reason: None }
        }
    }
    let source = support::Shared::default();
    source.0.tell(3);
    let config = OtlpConfig { durable_bytes: None, ..OtlpConfig::default() };
    let now = support::now(0);
    let mut pipeline = Pipeline::new(source.clone(), Spans, Settings::from(&config), || 0.5, now);
    pipeline.shutdown(now);
    assert!(std::iter::from_fn(|| pipeline.poll_output()).all(|it| matches!(it, Output::Flushed(_))));
    assert_eq!(source.0.account(Signal::Logs), account(3, 0, 0, &[(reason::NOT_SENT, 3)]));
}
