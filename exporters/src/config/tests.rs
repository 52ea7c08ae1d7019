//! What options may be, and what is said about those that may not.

use super::*;

#[test]
fn the_defaults_are_valid() {
    assert_eq!(OtlpConfig::default().validate(), Ok(()));
}

#[test]
fn urls_come_from_the_endpoint() {
    let url = |endpoint: Option<&str>| {
        OtlpConfig { endpoint: endpoint.map(str::to_owned), ..OtlpConfig::default() }
            .destination(Signal::Traces)
            .url
    };
    assert_eq!(url(None), "/v1/traces");
    assert_eq!(url(Some("/otlp/")), "/otlp/v1/traces");
    assert_eq!(url(Some("https://c.example:4318")), "https://c.example:4318/v1/traces");
    assert_eq!(url(Some("https://c.example/a/")), "https://c.example/a/v1/traces");
}

#[test]
fn a_bad_endpoint_is_told_apart_and_its_password_is_not_repeated() {
    for endpoint in [
        "",
        "collector:4318",
        "ftp://c",
        "//c.example",
        "https://",
        "http://:4318",
        "http://c/?a=b",
        "http://c /",
    ] {
        let config = OtlpConfig { endpoint: Some(endpoint.into()), ..OtlpConfig::default() };
        let error = config.validate().expect_err(endpoint).to_string();
        assert!(error.starts_with("option `endpoint`"), "{error}");
    }
    let config =
        OtlpConfig { endpoint: Some("https://me:hunter2@c.example".into()), ..OtlpConfig::default() };
    let error = config.validate().expect_err("credentials");
    assert!(!error.to_string().contains("hunter2"), "{error}");
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn a_bad_header_is_named_and_its_value_is_not_repeated() {
    for (name, value) in [
        ("", "v"),
        ("a b", "v"),
        ("Content-Type", "text/plain"),
        ("x-key", "s3cret\r\nx: y"),
        ("x-key", "s3cret→"),
    ] {
        let config =
            OtlpConfig { headers: vec![(name.into(), value.into())].into(), ..OtlpConfig::default() };
        let error = config.validate().expect_err(name).to_string();
        assert!(error.starts_with("option `headers`") && error.contains(name), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
        assert!(!format!("{config:?}").contains("s3cret"));
    }
}

#[test]
fn a_signal_s_own_options_are_checked_and_named() {
    let own = |own: SignalConfig| OtlpConfig { logs: own, ..OtlpConfig::default() };
    let cases = [
        (SignalConfig { endpoint: Some("c:4318".into()), ..SignalConfig::default() }, "logs.endpoint"),
        (SignalConfig { timeout_ms: Some(0), ..SignalConfig::default() }, "logs.timeoutMs"),
        (
            SignalConfig {
                headers: Some(vec![("a b".into(), "s3cret".into())].into()),
                ..SignalConfig::default()
            },
            "logs.headers",
        ),
    ];
    for (config, option) in cases {
        assert!(!format!("{config:?}").contains("s3cret"));
        let error = own(config).validate().expect_err(option).to_string();
        assert!(error.starts_with(&format!("option `{option}`")) && !error.contains("s3cret"), "{error}");
    }
}

#[test]
fn numbers_out_of_range_name_their_option() {
    let default = OtlpConfig::default;
    let cases = [
        (OtlpConfig { timeout_ms: 0, ..default() }, "timeoutMs"),
        (OtlpConfig { schedule_delay_ms: u32::MAX, ..default() }, "scheduleDelayMs"),
        (OtlpConfig { metric_interval_ms: 0, ..default() }, "metricIntervalMs"),
        (OtlpConfig { max_queue_size: 0, ..default() }, "maxQueueSize"),
        (OtlpConfig { max_batch_size: 0, ..default() }, "maxBatchSize"),
        (OtlpConfig { durable_bytes: Some(0), ..default() }, "durable.maxBytes"),
        (OtlpConfig { durable_bytes: Some(u32::MAX), ..default() }, "durable.maxBytes"),
        (OtlpConfig { max_batch_size: 10, max_queue_size: 5, ..default() }, "maxBatchSize"),
        (OtlpConfig { signals: vec![], ..default() }, "signals"),
        (OtlpConfig { resource: vec![(String::new(), "v".into())], ..default() }, "resource"),
        (
            OtlpConfig { resource: vec![("a".into(), AttributeValue::Double(f64::NAN))], ..default() },
            "resource",
        ),
    ];
    for (config, option) in cases {
        let error = config.validate().expect_err(option).to_string();
        assert!(error.starts_with(&format!("option `{option}`")), "{error}");
    }
    assert_eq!(whole_number("timeoutMs", 250.0), Ok(250));
    for value in [f64::NAN, -1.0, 0.5, f64::INFINITY] {
        let error = whole_number("timeoutMs", value).expect_err("no whole number").to_string();
        assert!(error.starts_with("option `timeoutMs`"), "{error}");
    }
}

#[test]
fn a_query_is_not_shown() {
    let config = SignalConfig {
        endpoint: Some("https://me:s3cret@in.example/v1/traces?key=s3cret@".into()),
        ..SignalConfig::default()
    };
    assert_eq!(format!("{config:?}").matches("s3cret").count(), 0, "{config:?}");
    assert!(format!("{config:?}").contains("in.example/v1/traces?…"), "{config:?}");
}
