//! The options of the OTLP exporter, their defaults and what is checked about them.

use std::fmt;

use crate::error::ConfigError;
use crate::signal::Signal;

/// How long a request may take, in milliseconds. When it is reached the request is aborted and tried again later: the
/// collector may have got it, so a duplicate is possible.
pub const DEFAULT_TIMEOUT_MS: u32 = 10_000;
/// How long a span waits for its batch to fill, in milliseconds. When it is reached the batch leaves as it is.
pub const DEFAULT_SCHEDULE_DELAY_MS: u32 = 5_000;
/// How often the metrics are read and sent, in milliseconds.
pub const DEFAULT_METRIC_INTERVAL_MS: u32 = 60_000;
/// How many spans may wait. When it is reached the oldest one is dropped for each new one, counted as `queue_full`.
pub const DEFAULT_MAX_QUEUE_SIZE: u32 = 16_384;
/// How many spans one request takes. When it is reached the batch leaves at once.
pub const DEFAULT_MAX_BATCH_SIZE: u32 = 512;

/// The longest time any option takes: a day, in milliseconds. Timers of browsers go a little further.
const MAX_MS: u32 = 86_400_000;
/// The most spans any option takes: above it a page would run out of memory first.
const MAX_SPANS: u32 = 1_048_576;

/// What the exporter sets itself and what `fetch` forbids.
const RESERVED_HEADERS: [&str; 7] =
    ["content-type", "content-encoding", "content-length", "host", "connection", "origin", "cookie"];

/// Whether sums and histograms count from the beginning or from the last export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Temporality {
    /// From the beginning: a lost export costs nothing but resolution.
    #[default]
    Cumulative,
    /// From the last export: what is lost stays lost, and is counted.
    Delta,
}

/// The value of an attribute of the resource.
#[derive(Clone, Debug, PartialEq)]
pub enum AttributeValue {
    /// A text.
    String(String),
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Double(f64),
    /// Several texts.
    Strings(Vec<String>),
}

impl From<&str> for AttributeValue {
    fn from(value: &str) -> Self {
        AttributeValue::String(value.to_owned())
    }
}

impl From<String> for AttributeValue {
    fn from(value: String) -> Self {
        AttributeValue::String(value)
    }
}

/// The options of the OTLP exporter. `Debug` shows no header's value.
#[derive(Clone, PartialEq)]
pub struct OtlpConfig {
    /// The collector's base URL, to which `v1/traces` and `v1/metrics` are appended: absolute (`https://…`) or a path
    /// on the page's origin (`/…`). `None` is the page's own origin.
    pub endpoint: Option<String>,
    /// Headers of every request, such as an API key.
    pub headers: Vec<(String, String)>,
    /// How long a request may take, in milliseconds.
    pub timeout_ms: u32,
    /// What is sent.
    pub signals: Vec<Signal>,
    /// Attributes of the resource. They win over those the exporter finds by itself; `service.name` is worth giving.
    pub resource: Vec<(String, AttributeValue)>,
    /// Whether sums and histograms count from the beginning or from the last export.
    pub temporality: Temporality,
    /// How long a span waits for its batch to fill, in milliseconds.
    pub schedule_delay_ms: u32,
    /// How often the metrics are sent, in milliseconds.
    pub metric_interval_ms: u32,
    /// How many spans may wait.
    pub max_queue_size: u32,
    /// How many spans one request takes.
    pub max_batch_size: u32,
}

impl Default for OtlpConfig {
    fn default() -> Self {
        OtlpConfig {
            endpoint: None,
            headers: Vec::new(),
            timeout_ms: DEFAULT_TIMEOUT_MS,
            signals: Signal::ALL.to_vec(),
            resource: Vec::new(),
            temporality: Temporality::Cumulative,
            schedule_delay_ms: DEFAULT_SCHEDULE_DELAY_MS,
            metric_interval_ms: DEFAULT_METRIC_INTERVAL_MS,
            max_queue_size: DEFAULT_MAX_QUEUE_SIZE,
            max_batch_size: DEFAULT_MAX_BATCH_SIZE,
        }
    }
}

impl fmt::Debug for OtlpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("OtlpConfig")
            .field("endpoint", &self.endpoint.as_deref().map(without_credentials))
            .field("headers", &names)
            .field("timeout_ms", &self.timeout_ms)
            .field("signals", &self.signals)
            .field("resource", &self.resource)
            .field("temporality", &self.temporality)
            .field("schedule_delay_ms", &self.schedule_delay_ms)
            .field("metric_interval_ms", &self.metric_interval_ms)
            .field("max_queue_size", &self.max_queue_size)
            .field("max_batch_size", &self.max_batch_size)
            .finish()
    }
}

impl OtlpConfig {
    /// Checks every option.
    ///
    /// # Errors
    /// The first option that makes no sense, with what to do about it.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if let Some(endpoint) = &self.endpoint {
            check_endpoint(endpoint)?;
        }
        for (name, value) in &self.headers {
            check_header(name, value)?;
        }
        if self.signals.is_empty() {
            return Err(ConfigError::NoSignals);
        }
        if self.resource.iter().any(|(name, _)| name.is_empty()) {
            return Err(ConfigError::UnnamedAttribute);
        }
        check_number("timeoutMs", self.timeout_ms, MAX_MS)?;
        check_number("scheduleDelayMs", self.schedule_delay_ms, MAX_MS)?;
        check_number("metricIntervalMs", self.metric_interval_ms, MAX_MS)?;
        check_number("maxQueueSize", self.max_queue_size, MAX_SPANS)?;
        check_number("maxBatchSize", self.max_batch_size, MAX_SPANS)?;
        if self.max_batch_size > self.max_queue_size {
            return Err(ConfigError::BatchLargerThanQueue {
                batch: self.max_batch_size,
                queue: self.max_queue_size,
            });
        }
        Ok(())
    }

    /// Where a signal is sent: the endpoint with `v1/traces` or `v1/metrics` appended. A path is on the page's origin.
    pub fn url(&self, signal: Signal) -> String {
        let base = self.endpoint.as_deref().unwrap_or("").trim_end_matches('/');
        format!("{base}/v1/{}", signal.name())
    }
}

/// A number from JavaScript as a whole one, for the numeric options of [`OtlpConfig`].
///
/// # Errors
/// [`ConfigError::Number`] when it is negative, broken, too large or not a number. What each option allows is for
/// [`OtlpConfig::validate`].
pub fn whole_number(option: &'static str, value: f64) -> Result<u32, ConfigError> {
    // `as` is exact here: the range and the missing fraction are checked first.
    if value.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&value) {
        return Ok(value as u32);
    }
    Err(ConfigError::Number { option, value: value.to_string(), min: 1, max: greatest(option) })
}

fn greatest(option: &str) -> u32 {
    if option.ends_with("Ms") { MAX_MS } else { MAX_SPANS }
}

fn check_number(option: &'static str, value: u32, max: u32) -> Result<(), ConfigError> {
    if (1..=max).contains(&value) {
        Ok(())
    } else {
        Err(ConfigError::Number { option, value: value.to_string(), min: 1, max })
    }
}

fn check_endpoint(endpoint: &str) -> Result<(), ConfigError> {
    let wrong = |problem| Err(ConfigError::Endpoint { endpoint: without_credentials(endpoint), problem });
    if endpoint.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return wrong("holds a space or a control character");
    }
    if endpoint.contains(['?', '#']) {
        return wrong("holds a query or a fragment, after which no path can be appended");
    }
    if endpoint.starts_with('/') && !endpoint.starts_with("//") {
        return Ok(());
    }
    let lower = endpoint.to_ascii_lowercase();
    let Some(rest) = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://")) else {
        return wrong("begins neither with http:// or https:// nor with a single /");
    };
    let host = rest.split('/').next().unwrap_or("");
    if host.contains('@') {
        return wrong("holds a user name or password, which fetch refuses (use `headers`)");
    }
    if host.is_empty() || host.starts_with(':') {
        return wrong("has no host");
    }
    Ok(())
}

/// The endpoint as it may be shown: credentials do not belong there, but somebody may have put them there.
fn without_credentials(endpoint: &str) -> String {
    match (endpoint.find("://"), endpoint.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => {
            format!("{}://…{}", &endpoint[..scheme], &endpoint[at..])
        }
        _ => endpoint.to_owned(),
    }
}

fn check_header(name: &str, value: &str) -> Result<(), ConfigError> {
    let wrong = |problem| Err(ConfigError::Header { name: name.to_owned(), problem });
    // RFC 9110, section 5.6.2 "Tokens".
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if name.is_empty() || !name.chars().all(token) {
        return wrong("has a name with other characters than HTTP allows; correct it");
    }
    if RESERVED_HEADERS.iter().any(|reserved| name.eq_ignore_ascii_case(reserved)) {
        return wrong("is set by the exporter or the browser; leave it out");
    }
    // `fetch` takes Latin-1 without line ends.
    if value.chars().any(|c| c.is_control() && c != '\t' || u32::from(c) > 0xff) {
        return wrong("has a value with a control character or one outside Latin-1; encode it");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid() {
        assert_eq!(OtlpConfig::default().validate(), Ok(()));
    }

    #[test]
    fn urls_come_from_the_endpoint() {
        let url = |endpoint: Option<&str>| {
            OtlpConfig { endpoint: endpoint.map(str::to_owned), ..OtlpConfig::default() }.url(Signal::Traces)
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
            let config = OtlpConfig { headers: vec![(name.into(), value.into())], ..OtlpConfig::default() };
            let error = config.validate().expect_err(name).to_string();
            assert!(error.starts_with("option `headers`") && error.contains(name), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
            assert!(!format!("{config:?}").contains("s3cret"));
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
            (OtlpConfig { max_batch_size: 10, max_queue_size: 5, ..default() }, "maxBatchSize"),
            (OtlpConfig { signals: vec![], ..default() }, "signals"),
            (OtlpConfig { resource: vec![(String::new(), "v".into())], ..default() }, "resource"),
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
}
