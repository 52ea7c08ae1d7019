//! Calls and traces, encoded and decoded again, value for value.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use atelier_core::{AbortReason, ErrorKind, KeptFor, Outcome};
use atelier_exporters::pipeline::Encoder;
use atelier_exporters::{AttributeValue, OtlpConfig, OtlpEncoder, PhaseExport, Redact};
use atelier_telemetry::{HandlerSpanRecord, Phases, Record, SpanRecord, SpanStatus, TaskMeta, TraceRecord};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ScopeSpans, Span};
use prost::Message;
use support::{EPOCH_NANO, call, task};

fn values(attributes: &[KeyValue]) -> BTreeMap<&str, Value> {
    let values: BTreeMap<&str, Value> = attributes
        .iter()
        .map(|attribute| (attribute.key.as_str(), attribute.value.clone().unwrap().value.unwrap()))
        .collect();
    assert_eq!(values.len(), attributes.len(), "each key once");
    values
}

fn string(text: &str) -> Value {
    Value::StringValue(text.to_owned())
}

fn groups(body: &[u8]) -> Vec<ScopeSpans> {
    ExportTraceServiceRequest::decode(body).unwrap().resource_spans.remove(0).scope_spans
}

/// The one span of a record, and what its scope says.
fn encode_scoped(record: Record) -> (Span, Vec<KeyValue>) {
    let body = OtlpEncoder::new(&OtlpConfig::default(), &[]).spans(&[record]);
    let mut groups = groups(&body);
    assert_eq!((groups.len(), groups[0].spans.len()), (1, 1));
    let group = groups.remove(0);
    (group.spans.into_iter().next().unwrap(), group.scope.unwrap().attributes)
}

fn encode(record: Record) -> Span {
    encode_scoped(record).0
}

fn encode_call(call: SpanRecord) -> Span {
    encode(Record::Span(call.into()))
}

#[test]
fn a_call_that_went_well() {
    let span = encode_call(SpanRecord {
        trace_id: 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10,
        span_id: 0x1112_1314_1516_1718,
        parent_span_id: Some(0x2122_2324_2526_2728),
        ..call(9_007_199_254_740_993)
    });
    assert_eq!(span.trace_id, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
    assert_eq!(span.span_id, [0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18]);
    assert_eq!(span.parent_span_id, [0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28]);
    assert_eq!(span.name, "resize.fit");
    assert_eq!(span.kind, SpanKind::Internal as i32);
    assert_eq!(span.flags, 1, "sampled");
    assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano), (EPOCH_NANO, EPOCH_NANO + 5_000_000));
    assert_eq!(span.status, None, "unset");
    let expected = BTreeMap::from([
        ("atelier.call.id", string("9007199254740993")),
        ("atelier.worker.index", Value::IntValue(2)),
        ("atelier.attempt", Value::IntValue(1)),
        ("atelier.outcome", string("ok")),
        ("code.function.name", string("fit")),
        ("atelier.phase.admission", Value::DoubleValue(0.0)),
        ("atelier.phase.queue", Value::DoubleValue(0.001)),
        ("atelier.phase.delivery", Value::DoubleValue(0.0005)),
        ("atelier.phase.run", Value::DoubleValue(0.003)),
        ("atelier.phase.reply", Value::DoubleValue(0.0005)),
    ]);
    assert_eq!(values(&span.attributes), expected);
}

#[test]
fn a_call_that_was_kept_says_why_and_that_it_was_not_sampled() {
    for reason in [KeptFor::Error, KeptFor::Crash, KeptFor::Slow] {
        let span = encode_call(SpanRecord { kept_for: Some(reason), ..call(1) });
        assert_eq!(span.flags, 0);
        assert_eq!(values(&span.attributes).get("atelier.sampling.reason"), Some(&string(reason.name())));
    }
}

#[test]
fn what_a_task_s_spans_share_is_said_once() {
    let other = Arc::new(TaskMeta { handle: 8, id: "task-8".into(), name: None, ..TaskMeta::clone(&task()) });
    let of_other = |number| Record::Span(SpanRecord { task: other.clone(), ..call(number) }.into());
    let records = [
        Record::Span(call(1).into()),
        of_other(2),
        trace("checkout"),
        Record::Span(call(3).into()),
        of_other(4),
    ];
    let groups = groups(&OtlpEncoder::new(&OtlpConfig::default(), &[]).spans(&records));
    let ids = |group: &ScopeSpans| -> Vec<String> {
        let is_call = |span: &&Span| span.name != "checkout";
        group.spans.iter().filter(is_call).map(|span| support::text(span, "atelier.call.id")).collect()
    };
    assert_eq!(groups.iter().map(ids).collect::<Vec<_>>(), [vec!["1", "3"], vec!["2", "4"], vec![]]);
    let scopes: Vec<_> = groups.iter().map(|group| group.scope.clone().unwrap()).collect();
    let expected = BTreeMap::from([
        ("atelier.task.id", string("task-7")),
        ("atelier.task.name", string("resize")),
        ("atelier.task.type", string("parallel")),
    ]);
    assert_eq!(values(&scopes[0].attributes), expected);
    assert_eq!(values(&scopes[1].attributes)["atelier.task.id"], string("task-8"));
    assert_eq!((groups[2].spans[0].name.as_str(), scopes[2].attributes.as_slice()), ("checkout", &[][..]));
    assert!(scopes.iter().all(|scope| scope.name == "atelier" && scope.version == env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_call_that_failed_says_why() {
    let span = encode_call(SpanRecord {
        outcome: Outcome::Error,
        error_kind: Some(ErrorKind::Exception),
        error_type: Some("TypeError".into()),
        error_message: Some("no such thing".into()),
        ..call(1)
    });
    let status = span.status.clone().unwrap();
    assert_eq!((status.code, status.message.as_str()), (StatusCode::Error as i32, "no such thing"));
    let attributes = values(&span.attributes);
    assert_eq!(
        (&attributes["error.type"], &attributes["atelier.outcome"]),
        (&string("TypeError"), &string("error"))
    );
}

#[test]
fn a_failure_without_a_name_gets_one() {
    let failed = SpanRecord { outcome: Outcome::Error, ..call(1) };
    let span = encode_call(SpanRecord { error_kind: Some(ErrorKind::Crash), ..failed.clone() });
    assert_eq!(values(&span.attributes)["error.type"], string("crash"));
    assert_eq!(values(&encode_call(failed).attributes)["error.type"], string("_OTHER"));
}

#[test]
fn a_cancelled_call_is_no_error_and_one_that_never_ran_has_no_worker() {
    let span = encode_call(SpanRecord {
        outcome: Outcome::Canceled,
        error_kind: Some(ErrorKind::Abort),
        error_type: Some("AbortError".into()),
        error_message: Some("Task was aborted".into()),
        cancel_reason: Some(AbortReason::Timeout),
        worker_index: None,
        attempt: 0,
        phases: Phases([Some(0.25), None, None, None, None]),
        handler_spans_lost: 0,
        handler_logs_lost: 0,
        kept_for: None,
        ..call(1)
    });
    assert_eq!(span.status, None);
    let expected = BTreeMap::from([
        ("atelier.call.id", string("1")),
        ("atelier.attempt", Value::IntValue(0)),
        ("atelier.outcome", string("canceled")),
        ("code.function.name", string("fit")),
        ("error.type", string("AbortError")),
        ("atelier.cancel.reason", string("timeout")),
        ("atelier.phase.admission", Value::DoubleValue(0.25)),
    ]);
    assert_eq!(values(&span.attributes), expected);
}

#[test]
fn a_rejected_call_is_an_error() {
    let span = encode_call(SpanRecord {
        outcome: Outcome::Rejected,
        error_kind: Some(ErrorKind::Queue),
        error_type: Some("QueueDropError".into()),
        error_message: Some("full".into()),
        ..call(1)
    });
    assert_eq!(span.status.unwrap().code, StatusCode::Error as i32);
}

#[test]
fn a_task_without_a_name_goes_by_its_id() {
    let unnamed = TaskMeta { name: None, ..TaskMeta::clone(&task()) };
    let record = Record::Span(SpanRecord { task: unnamed.into(), ..call(1) }.into());
    let (span, scope) = encode_scoped(record);
    assert_eq!((span.name.as_str(), span.parent_span_id.as_slice()), ("task-7.fit", &[][..]));
    let expected =
        BTreeMap::from([("atelier.task.id", string("task-7")), ("atelier.task.type", string("parallel"))]);
    assert_eq!(values(&scope), expected);
}

#[test]
fn a_clock_that_was_set_back_makes_no_negative_span() {
    let span = encode_call(SpanRecord { end_unix_nano: EPOCH_NANO - 1, ..call(1) });
    assert_eq!(span.end_time_unix_nano, span.start_time_unix_nano);
}

fn trace(name: &str) -> Record {
    Record::Trace(
        TraceRecord {
            runtime: 1,
            trace_id: 5,
            span_id: 6,
            parent_span_id: Some(7),
            name: (!name.is_empty()).then(|| name.into()),
            kept_for: None,
            start_unix_nano: EPOCH_NANO,
            end_unix_nano: EPOCH_NANO + 1,
            status: SpanStatus::Error,
            error_kind: Some(ErrorKind::Exception),
            error_type: Some("RangeError".into()),
            error_message: Some("too far".into()),
        }
        .into(),
    )
}

#[test]
fn a_trace_is_a_span_too() {
    let span = encode(trace("checkout"));
    assert_eq!(span.name, "checkout");
    assert_eq!((span.trace_id.len(), span.trace_id[15]), (16, 5));
    assert_eq!((span.span_id[7], span.parent_span_id[7]), (6, 7));
    assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano), (EPOCH_NANO, EPOCH_NANO + 1));
    assert_eq!(span.status.unwrap().message, "too far");
    let expected =
        BTreeMap::from([("atelier.outcome", string("error")), ("error.type", string("RangeError"))]);
    assert_eq!(values(&span.attributes), expected);
    assert_eq!(encode(trace("")).name, "trace");
}

#[test]
fn a_handler_s_own_span_hangs_beneath_its_call_and_keeps_its_attributes() {
    let span = encode(handler(
        call(9).span_id,
        r#"{"rows":3,"ratio":0.5,"cold":true,"note":"x","atelier.task.id":"y"}"#,
    ));
    assert_eq!((span.name.as_str(), span.parent_span_id), ("decode", call(9).span_id.to_be_bytes().to_vec()));
    let expected = BTreeMap::from([
        ("atelier.call.id", string("9")),
        ("atelier.worker.index", Value::IntValue(2)),
        ("rows", Value::IntValue(3)),
        ("ratio", Value::DoubleValue(0.5)),
        ("cold", Value::BoolValue(true)),
        ("note", string("x")),
        ("error.type", string("RangeError")),
    ]);
    assert_eq!(values(&span.attributes), expected);
    assert_eq!(span.status.unwrap().message, "");
}

/// A span that the handler of call 9 opened.
fn handler(parent_span_id: u64, attributes: &str) -> Record {
    Record::Handler(
        HandlerSpanRecord {
            trace_id: call(9).trace_id,
            span_id: 77,
            parent_span_id,
            call_span_id: Some(call(9).span_id),
            name: "decode".into(),
            call_id: 9,
            task: task(),
            worker_index: Some(2),
            start_unix_nano: EPOCH_NANO + 2_000_000,
            end_unix_nano: EPOCH_NANO + 3_000_000,
            error_type: Some("RangeError".into()),
            error_message: None,
            attributes: Some(attributes.into()),
        }
        .into(),
    )
}

#[test]
fn phases_may_be_spans_beneath_which_those_of_the_handler_hang() {
    let config = OtlpConfig { phases: PhaseExport::Spans, ..OtlpConfig::default() };
    let own = call(9).span_id;
    let encode = || {
        let records = [handler(own, "{}"), handler(77, "{}"), Record::Span(call(9).into())];
        support::spans(&OtlpEncoder::new(&config, &[]).spans(&records))
    };
    let spans = encode();
    let names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(
        names,
        ["decode", "decode", "resize.fit", "admission", "queue", "delivery", "run", "reply"],
        "a call's spans come together"
    );
    let (call_span, phases) = (&spans[2], &spans[3..]);
    assert!(!values(&call_span.attributes).keys().any(|key| key.starts_with("atelier.phase")));
    let mut time = EPOCH_NANO;
    for (span, micros) in phases.iter().zip([0, 1_000, 500, 3_000, 500]) {
        assert_eq!((&span.parent_span_id, &span.trace_id), (&call_span.span_id, &call_span.trace_id));
        assert_eq!(span.start_time_unix_nano, time);
        time += micros * 1_000;
        assert_eq!(span.end_time_unix_nano, time);
        assert_eq!(values(&span.attributes), BTreeMap::from([("atelier.phase", string(&span.name))]));
    }
    assert_eq!(time, call_span.end_time_unix_nano);
    assert_eq!(spans[0].parent_span_id, phases[3].span_id, "beneath `run`");
    assert_eq!(spans[1].parent_span_id, 77_u64.to_be_bytes(), "beneath another span of the handler");
    assert_eq!(encode(), spans, "the ids are the same again");
    // A handler's span may leave before its call: the id of `run` is known without it.
    let alone = OtlpEncoder::new(&config, &[]).spans(&[handler(own, "{}")]);
    assert_eq!(support::spans(&alone)[0].parent_span_id, phases[3].span_id);
}

/// What the fast writer writes is what prost writes of the same spans: a redaction that changes nothing takes the way of
/// the structs.
#[test]
fn the_fast_way_and_the_way_of_the_structs_give_the_same_bytes() {
    let mut random = support::Random(7);
    let phases = [PhaseExport::Attributes, PhaseExport::Spans];
    // With limits that are reached as well.
    let limits = [(u32::MAX, u32::MAX), (100, 4), (1, 1)];
    for (phases, (length, count)) in phases.into_iter().flat_map(|it| limits.map(|limits| (it, limits))) {
        let fast = OtlpConfig {
            phases,
            attribute_value_length_limit: length,
            attribute_count_limit: count,
            ..OtlpConfig::default()
        };
        let structs = OtlpConfig { redact: Some(Redact::new(|all, _| Some(all))), ..fast.clone() };
        let (mut fast, mut structs) = (OtlpEncoder::new(&fast, &[]), OtlpEncoder::new(&structs, &[]));
        for round in 0..100 {
            let records: Vec<Record> = (0..random.below(20)).map(|_| any_record(&mut random)).collect();
            let (body, expected) = (fast.spans(&records), structs.spans(&records));
            assert_eq!(body.is_empty(), records.is_empty(), "no empty envelope");
            assert!(body == expected, "round {round}: {:?} or {:?}", groups(&body), groups(&expected));
        }
    }
}

/// A record with anything that may be or not be there, and strings from none to many bytes.
fn any_record(random: &mut support::Random) -> Record {
    let task = TaskMeta {
        handle: random.below(3),
        id: ["a", "task-b", "c"][random.below(3) as usize].into(),
        name: random.maybe(|_| "named".into()),
        ..TaskMeta::clone(&task())
    };
    let error_message = random.maybe(support::Random::text);
    let error_type = random.maybe(|random| random.text());
    let attributes = random.maybe(|random| {
        serde_json::json!({ random.text().to_string(): &*random.text(), "n": -(random.below(1 << 40) as i64), "x": 1e300, "": 1 })
            .to_string()
            .into()
    });
    match random.below(4) {
        0 => trace(&random.text()),
        1 => {
            let Record::Handler(span) = handler(random.next(), "{}") else { unreachable!() };
            let worker_index = random.maybe(|random| random.below(300) as u32);
            let span = HandlerSpanRecord::clone(&span);
            Record::Handler(
                HandlerSpanRecord {
                    name: random.text(),
                    task: task.into(),
                    error_message,
                    attributes,
                    worker_index,
                    ..span
                }
                .into(),
            )
        }
        _ => {
            let outcomes = [Outcome::Ok, Outcome::Error, Outcome::Canceled, Outcome::Rejected];
            Record::Span(
                SpanRecord {
                    trace_id: u128::from(random.next()) << 64 | u128::from(random.next()),
                    span_id: random.next(),
                    parent_span_id: random.maybe(support::Random::next),
                    task: task.into(),
                    method: random.text(),
                    worker_index: random.maybe(|random| random.below(1 << 20) as u32),
                    attempt: random.below(200) as u32,
                    start_unix_nano: random.below(2) * EPOCH_NANO,
                    end_unix_nano: random.below(2) * (EPOCH_NANO + 5),
                    outcome: outcomes[random.below(4) as usize],
                    error_type,
                    error_message,
                    phases: Phases([(); 5].map(|()| random.maybe(|random| random.below(9) as f64 / 7.0))),
                    handler_spans_lost: random.below(2) * random.below(1 << 40),
                    handler_logs_lost: random.below(2) * random.below(1 << 40),
                    kept_for: random.maybe(|_| KeptFor::Slow),
                    ..call(random.next() >> random.below(64))
                }
                .into(),
            )
        }
    }
}

#[test]
fn the_resource_says_who_sends_and_the_user_has_the_last_word() {
    let found = [
        ("user_agent.original".to_owned(), "Mozilla/5.0".into()),
        ("browser.brands".to_owned(), AttributeValue::Strings(vec!["A 1".into(), "B 2".into()])),
        ("browser.mobile".to_owned(), AttributeValue::Bool(false)),
    ];
    let own = vec![
        ("service.name".to_owned(), "shop".into()),
        ("service.version".to_owned(), "1.2.3".into()),
        ("user_agent.original".to_owned(), "hidden".into()),
        ("build".to_owned(), AttributeValue::Int(-7)),
        ("ratio".to_owned(), AttributeValue::Double(0.5)),
    ];
    let resource = |config: &OtlpConfig, found: &[(String, AttributeValue)]| {
        let body = OtlpEncoder::new(config, found).spans(&[Record::Span(call(1).into())]);
        ExportTraceServiceRequest::decode(body.as_slice()).unwrap().resource_spans.remove(0)
    };
    let sent = resource(&OtlpConfig { resource: own, ..OtlpConfig::default() }, &found);
    let texts = ["A 1", "B 2"].map(|text| support::any(string(text))).to_vec();
    let expected = BTreeMap::from([
        ("service.name", string("shop")),
        ("service.version", string("1.2.3")),
        ("telemetry.sdk.name", string("atelier")),
        ("telemetry.sdk.language", string("rust")),
        ("telemetry.sdk.version", string(env!("CARGO_PKG_VERSION"))),
        ("user_agent.original", string("hidden")),
        (
            "browser.brands",
            Value::ArrayValue(opentelemetry_proto::tonic::common::v1::ArrayValue { values: texts }),
        ),
        ("browser.mobile", Value::BoolValue(false)),
        ("build", Value::IntValue(-7)),
        ("ratio", Value::DoubleValue(0.5)),
    ]);
    assert_eq!(values(&sent.resource.unwrap().attributes), expected);
    let scope = sent.scope_spans[0].scope.clone().unwrap();
    assert_eq!((scope.name.as_str(), scope.version.as_str()), ("atelier", env!("CARGO_PKG_VERSION")));
    let default = resource(&OtlpConfig::default(), &[]).resource.unwrap();
    assert_eq!(values(&default.attributes)["service.name"], string("unknown_service"));
}
