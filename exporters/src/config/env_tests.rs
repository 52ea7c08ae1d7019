//! Every variable that is read, and what is said about those that cannot be used.

use super::*;
use crate::config::{Credentials, Destination};
use crate::signal::Signal;

fn config(variables: &[(&str, &str)]) -> OtlpConfig {
    OtlpConfig::from_env(variables.iter().copied()).expect("variables that can be used")
}

fn problem(name: &str, value: &str) -> String {
    OtlpConfig::from_env([(name, value)]).expect_err(name).to_string()
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn nothing_and_emptiness_are_the_defaults() {
    assert_eq!(config(&[]), OtlpConfig::default());
    let empty = ["ENDPOINT", "HEADERS", "PROTOCOL", "COMPRESSION", "TIMEOUT"]
        .map(|setting| (format!("OTEL_EXPORTER_OTLP_TRACES_{setting}"), String::from(" ")));
    assert_eq!(OtlpConfig::from_env(empty), Ok(OtlpConfig::default()));
    assert_eq!(config(&[("PATH", "/bin"), ("OTEL_SERVICE_NAME", "")]), OtlpConfig::default());
}

#[test]
fn limits_of_attributes_are_for_all_or_for_one_kind() {
    let config = config(&[
        ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "2147483647"),
        ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "100"),
        ("OTEL_ATTRIBUTE_COUNT_LIMIT", "50"),
        ("OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", "20"),
    ]);
    let limits = |signal| {
        let limits = config.attribute_limits(signal);
        (limits.value_length, limits.count)
    };
    assert_eq!(limits(Signal::Traces), (100, 50));
    assert_eq!(limits(Signal::Logs), (2_147_483_647, 20));
    assert_eq!(limits(Signal::Metrics), (2_147_483_647, 50));
    assert!(problem("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "0").contains("from 1"));
}

#[test]
fn what_is_for_all_signals_is_a_base_and_what_is_for_one_is_used_as_it_is() {
    let config = config(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://all.example/base/"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20abc, x-two = b%2Cc "),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "HTTP/JSON"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "2500"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://traces.example/in?tenant=7"),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "x-own=1"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "none"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "0"),
    ]);
    let general = Destination {
        url: "https://all.example/base/v1/metrics".to_owned(),
        headers: vec![pair("authorization", "Bearer abc"), pair("x-two", "b,c")].into(),
        credentials: Credentials::SameOrigin,
        protocol: Protocol::HttpJson,
        compression: Compression::Gzip,
        timeout_ms: 2500,
    };
    assert_eq!(config.destination(Signal::Metrics), general);
    let traces = Destination {
        url: "https://traces.example/in?tenant=7".to_owned(),
        headers: vec![pair("x-own", "1")].into(),
        credentials: Credentials::SameOrigin,
        protocol: Protocol::HttpProtobuf,
        compression: Compression::None,
        timeout_ms: MAX_MS,
    };
    assert_eq!(config.destination(Signal::Traces), traces);
    assert_eq!(config.validate(), Ok(()));
}

#[test]
fn each_signal_has_variables_of_its_own() {
    for (infix, own) in [("TRACES", 0), ("METRICS", 1), ("LOGS", 2)] {
        let name = format!("OTEL_EXPORTER_OTLP_{infix}_TIMEOUT");
        let config = config(&[(&name, "7")]);
        let timeouts = [&config.traces, &config.metrics, &config.logs].map(|signal| signal.timeout_ms);
        let mut expected = [None; 3];
        expected[own] = Some(7);
        assert_eq!(timeouts, expected, "{infix}");
    }
}

#[test]
fn an_option_is_stronger_than_any_variable() {
    let mut config = config(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://env.example"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://env.example/traces"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "7"),
        ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "8"),
    ]);
    config.set_for_all(SignalConfig { endpoint: Some("https://own.example".into()), ..Default::default() });
    config.set_for(Signal::Metrics, SignalConfig { timeout_ms: Some(9), ..Default::default() });
    let traces = config.destination(Signal::Traces);
    assert_eq!((traces.url.as_str(), traces.timeout_ms), ("https://own.example/v1/traces", 7));
    let metrics = config.destination(Signal::Metrics);
    assert_eq!((metrics.url.as_str(), metrics.timeout_ms), ("https://own.example/v1/metrics", 9));
}

#[test]
fn the_service_and_its_attributes() {
    let config = config(&[
        ("OTEL_SERVICE_NAME", "shop"),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name=other,deployment.environment.name=prod%C3%BC%2C1,,a==b"),
    ]);
    let last = |key: &str| config.resource.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value);
    assert_eq!(last("service.name"), Some(&"shop".into()));
    assert_eq!(last("deployment.environment.name"), Some(&"prodü,1".into()));
    assert_eq!(last("a"), Some(&"=b".into()));
}

#[test]
fn schedules_sizes_and_temporality() {
    let config = config(&[
        ("OTEL_BSP_SCHEDULE_DELAY", "1"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "30"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "20"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "4"),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "Delta"),
    ]);
    assert_eq!((config.schedule_delay_ms, config.metric_interval_ms), (1, 4));
    assert_eq!((config.max_queue_size, config.max_batch_size), (30, 20));
    assert_eq!(config.temporality, Temporality::Delta);
    for (name, temporality) in [("cumulative", Temporality::Cumulative), ("lowmemory", Temporality::Delta)] {
        let variable = [("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", name)];
        assert_eq!(OtlpConfig::from_env(variable).map(|config| config.temporality), Ok(temporality));
    }
}

#[test]
fn what_cannot_be_used_is_named() {
    let wrong = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c/?a=b"),
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://c/#a"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "zstd"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "-1"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "99999999999"),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "none"),
        ("OTEL_RESOURCE_ATTRIBUTES", "a"),
        ("OTEL_RESOURCE_ATTRIBUTES", "=b"),
        ("OTEL_RESOURCE_ATTRIBUTES", "a=%ff"),
        ("OTEL_BSP_SCHEDULE_DELAY", "0"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "1.5"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "100"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "20000"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "never"),
    ];
    for (name, value) in wrong {
        let problem = problem(name, value);
        let about = if value == "100" { "OTEL_BSP_MAX_EXPORT_BATCH_SIZE" } else { name };
        assert!(problem.starts_with(&format!("variable {about}: ")), "{name}={value}: {problem}");
    }
}

#[test]
fn no_error_repeats_a_secret() {
    for value in ["x-key s3cret", "x-key=s3cret%0d%0a", "content-type=s3cret", "=s3cret", "x key=s3cret"] {
        let problem = problem("OTEL_EXPORTER_OTLP_HEADERS", value);
        assert!(problem.contains("OTEL_EXPORTER_OTLP_HEADERS") && !problem.contains("s3cret"), "{problem}");
    }
    let problem = problem("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://me:s3cret@c.example");
    assert!(!problem.contains("s3cret"), "{problem}");
}
