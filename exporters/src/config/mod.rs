//! The options of the OTLP exporter, their defaults and what is checked about them.

mod check;
mod choice;
mod destination;
mod env;
mod headers;
mod value;

use std::fmt;

use crate::durable::DEFAULT_DURABLE_BYTES;
use crate::error::ConfigError;
use crate::redact::Redact;
use crate::signal::Signal;

use check::{Address, MAX_BYTES, MAX_MS, MAX_SPANS};
use destination::without_credentials;

pub use choice::{Compression, Credentials, PhaseExport, Protocol, Temporality};
pub use destination::{Destination, SignalConfig};
pub use headers::{HeaderAnswer, HeaderList, HeaderResult, HeaderSource, Headers, hide_secrets};
pub use value::AttributeValue;

/// How long a request may take, in milliseconds. When it is reached the request is aborted and tried again later: the
/// collector may have got it, so a duplicate is possible.
pub const DEFAULT_TIMEOUT_MS: u32 = 10_000;
/// How long a record waits for its batch to fill, in milliseconds. When it is reached the batch leaves as it is.
pub const DEFAULT_SCHEDULE_DELAY_MS: u32 = 5_000;
/// How often the metrics are read and sent, in milliseconds.
pub const DEFAULT_METRIC_INTERVAL_MS: u32 = 60_000;
/// How many spans may wait, and how many log records. When it is reached the oldest one is dropped for each new one,
/// counted as `queue_full`.
pub const DEFAULT_MAX_QUEUE_SIZE: u32 = 16_384;
/// How many spans or log records one request takes. When it is reached the batch leaves in the next idle moment.
pub const DEFAULT_MAX_BATCH_SIZE: u32 = 512;

/// Characters that a value of an attribute has at most. What is longer is cut, and ends with `…`.
pub const DEFAULT_ATTRIBUTE_VALUE_LENGTH_LIMIT: u32 = 65_536;
/// Attributes that a span or a log record has at most. Those beyond are left out, counted in the item's
/// `dropped_attributes_count`.
pub const DEFAULT_ATTRIBUTE_COUNT_LIMIT: u32 = 128;

/// How much of attributes is sent (OpenTelemetry specification, "Attribute Limits").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttributeLimits {
    /// Characters of a value.
    pub value_length: u32,
    /// Attributes of a span or a log record; metrics have as many as they have.
    pub count: u32,
}

/// The options of the OTLP exporter. `Debug` shows no header's value.
///
/// ```
/// use atelier_exporters::{Compression, OtlpConfig, Signal, SignalConfig};
///
/// let config = OtlpConfig {
///     endpoint: Some("https://collector.example".to_owned()),
///     compression: Compression::Gzip,
///     traces: SignalConfig { endpoint: Some("https://traces.example/in".to_owned()), ..SignalConfig::default() },
///     ..OtlpConfig::default()
/// };
/// assert_eq!(config.validate(), Ok(()));
/// assert_eq!(config.destination(Signal::Traces).url, "https://traces.example/in");
/// assert_eq!(config.destination(Signal::Metrics).url, "https://collector.example/v1/metrics");
/// ```
#[derive(Clone, PartialEq)]
pub struct OtlpConfig {
    /// The collector's base URL, to which `v1/traces` and its siblings are appended: absolute (`https://…`) or a path
    /// on the page's origin (`/…`). `None` is the page's own origin.
    pub endpoint: Option<String>,
    /// Headers of every request, such as an API key.
    pub headers: Headers,
    /// Whether the page's cookies go along.
    pub credentials: Credentials,
    /// How requests are written.
    pub protocol: Protocol,
    /// Whether bodies are compressed.
    pub compression: Compression,
    /// How long a request may take, in milliseconds.
    pub timeout_ms: u32,
    /// Characters that a value of an attribute has at most.
    pub attribute_value_length_limit: u32,
    /// Attributes that a span or a log record has at most.
    pub attribute_count_limit: u32,
    /// What is different for traces.
    pub traces: SignalConfig,
    /// What is different for metrics.
    pub metrics: SignalConfig,
    /// What is different for logs.
    pub logs: SignalConfig,
    /// What is sent.
    pub signals: Vec<Signal>,
    /// Attributes of the resource. They win over those the exporter finds by itself; `service.name` is worth giving.
    pub resource: Vec<(String, AttributeValue)>,
    /// Whether sums and histograms count from the beginning or from the last export.
    pub temporality: Temporality,
    /// Whether the phases of calls are attributes or spans.
    pub phases: PhaseExport,
    /// Sees all attributes before they are sent.
    pub redact: Option<Redact>,
    /// How long a record waits for its batch to fill, in milliseconds.
    pub schedule_delay_ms: u32,
    /// How often the metrics are sent, in milliseconds.
    pub metric_interval_ms: u32,
    /// How many spans may wait, and how many log records.
    pub max_queue_size: u32,
    /// How many spans or log records one request takes.
    pub max_batch_size: u32,
    /// Bytes of encoded requests that wait in the durable queue; `None` is no such queue: then what cannot be sent is
    /// given up after a while, and what waits is lost with the page.
    pub durable_bytes: Option<u32>,
}

impl Default for OtlpConfig {
    fn default() -> Self {
        OtlpConfig {
            endpoint: None,
            headers: Headers::default(),
            credentials: Credentials::default(),
            protocol: Protocol::default(),
            compression: Compression::default(),
            timeout_ms: DEFAULT_TIMEOUT_MS,
            attribute_value_length_limit: DEFAULT_ATTRIBUTE_VALUE_LENGTH_LIMIT,
            attribute_count_limit: DEFAULT_ATTRIBUTE_COUNT_LIMIT,
            traces: SignalConfig::default(),
            metrics: SignalConfig::default(),
            logs: SignalConfig::default(),
            signals: Signal::ALL.to_vec(),
            resource: Vec::new(),
            temporality: Temporality::default(),
            phases: PhaseExport::default(),
            redact: None,
            schedule_delay_ms: DEFAULT_SCHEDULE_DELAY_MS,
            metric_interval_ms: DEFAULT_METRIC_INTERVAL_MS,
            max_queue_size: DEFAULT_MAX_QUEUE_SIZE,
            max_batch_size: DEFAULT_MAX_BATCH_SIZE,
            durable_bytes: Some(DEFAULT_DURABLE_BYTES),
        }
    }
}

impl fmt::Debug for OtlpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtlpConfig")
            .field("endpoint", &self.endpoint.as_deref().map(without_credentials))
            .field("headers", &self.headers)
            .field("credentials", &self.credentials)
            .field("protocol", &self.protocol)
            .field("compression", &self.compression)
            .field("timeout_ms", &self.timeout_ms)
            .field("attribute_value_length_limit", &self.attribute_value_length_limit)
            .field("attribute_count_limit", &self.attribute_count_limit)
            .field("traces", &self.traces)
            .field("metrics", &self.metrics)
            .field("logs", &self.logs)
            .field("signals", &self.signals)
            .field("resource", &self.resource)
            .field("temporality", &self.temporality)
            .field("phases", &self.phases)
            .field("redact", &self.redact)
            .field("schedule_delay_ms", &self.schedule_delay_ms)
            .field("metric_interval_ms", &self.metric_interval_ms)
            .field("max_queue_size", &self.max_queue_size)
            .field("max_batch_size", &self.max_batch_size)
            .field("durable_bytes", &self.durable_bytes)
            .finish()
    }
}

impl OtlpConfig {
    /// Takes what is given for all signals. It wins over what a signal already has of the same kind, so that an option
    /// is stronger than any variable of [`OtlpConfig::from_env`], whichever signal that was for.
    pub fn set_for_all(&mut self, all: SignalConfig) {
        for own in [&mut self.traces, &mut self.metrics, &mut self.logs] {
            own.give_way_to(&all);
        }
        let SignalConfig {
            endpoint,
            headers,
            credentials,
            protocol,
            compression,
            timeout_ms,
            attribute_value_length_limit,
            attribute_count_limit,
        } = all;
        self.endpoint = endpoint.or(self.endpoint.take());
        self.headers = headers.unwrap_or(std::mem::take(&mut self.headers));
        self.credentials = credentials.unwrap_or(self.credentials);
        self.protocol = protocol.unwrap_or(self.protocol);
        self.compression = compression.unwrap_or(self.compression);
        self.timeout_ms = timeout_ms.unwrap_or(self.timeout_ms);
        self.attribute_value_length_limit =
            attribute_value_length_limit.unwrap_or(self.attribute_value_length_limit);
        self.attribute_count_limit = attribute_count_limit.unwrap_or(self.attribute_count_limit);
    }

    /// Takes what is given for one signal; what is not given stays as it was.
    pub fn set_for(&mut self, signal: Signal, own: SignalConfig) {
        self.own_mut(signal).take(own);
    }

    /// Checks every option.
    ///
    /// # Errors
    /// The first option that makes no sense, with what to do about it.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if let Some(endpoint) = &self.endpoint {
            check_endpoint("endpoint", endpoint, Address::Base)?;
        }
        check_headers("headers", self.headers.fixed())?;
        check_number("timeoutMs", self.timeout_ms, MAX_MS)?;
        check_number("attributeValueLengthLimit", self.attribute_value_length_limit, u32::MAX)?;
        check_number("attributeCountLimit", self.attribute_count_limit, u32::MAX)?;
        for (signal, own) in [("traces", &self.traces), ("metrics", &self.metrics), ("logs", &self.logs)] {
            if let Some(endpoint) = &own.endpoint {
                check_endpoint(&format!("{signal}.endpoint"), endpoint, Address::Whole)?;
            }
            check_headers(&format!("{signal}.headers"), own.headers.as_ref().map_or(&[], Headers::fixed))?;
            for (name, value, max) in [
                ("timeoutMs", own.timeout_ms, MAX_MS),
                ("attributeValueLengthLimit", own.attribute_value_length_limit, u32::MAX),
                ("attributeCountLimit", own.attribute_count_limit, u32::MAX),
            ] {
                value.map_or(Ok(()), |value| check_number(&format!("{signal}.{name}"), value, max))?;
            }
        }
        if self.signals.is_empty() {
            return Err(ConfigError::NoSignals);
        }
        if self.resource.iter().any(|(name, _)| name.is_empty()) {
            return Err(ConfigError::UnnamedAttribute);
        }
        let broken = |value: &AttributeValue| matches!(value, AttributeValue::Double(it) if !it.is_finite());
        if let Some((name, _)) = self.resource.iter().find(|(_, value)| broken(value)) {
            return Err(ConfigError::BrokenAttribute(name.clone()));
        }
        check_number("scheduleDelayMs", self.schedule_delay_ms, MAX_MS)?;
        check_number("metricIntervalMs", self.metric_interval_ms, MAX_MS)?;
        check_number("maxQueueSize", self.max_queue_size, MAX_SPANS)?;
        check_number("maxBatchSize", self.max_batch_size, MAX_SPANS)?;
        if let Some(bytes) = self.durable_bytes {
            check_number("durable.maxBytes", bytes, MAX_BYTES)?;
        }
        if self.max_batch_size > self.max_queue_size {
            return Err(ConfigError::BatchLargerThanQueue {
                batch: self.max_batch_size,
                queue: self.max_queue_size,
            });
        }
        Ok(())
    }

    /// Where a signal is sent and how: its own options, else those for all. The endpoint for all gets `v1/traces` or a
    /// sibling appended (OpenTelemetry Protocol Exporter, "Endpoint URLs for OTLP/HTTP"); a path is on the page's origin.
    pub fn destination(&self, signal: Signal) -> Destination {
        let own = self.own(signal);
        let base = self.endpoint.as_deref().unwrap_or("").trim_end_matches('/');
        Destination {
            url: own.endpoint.clone().unwrap_or_else(|| format!("{base}/v1/{}", signal.name())),
            headers: own.headers.as_ref().unwrap_or(&self.headers).clone(),
            credentials: own.credentials.unwrap_or(self.credentials),
            protocol: own.protocol.unwrap_or(self.protocol),
            compression: own.compression.unwrap_or(self.compression),
            timeout_ms: own.timeout_ms.unwrap_or(self.timeout_ms),
        }
    }

    /// How much of a signal's attributes is sent: by its own options, else those for all.
    pub fn attribute_limits(&self, signal: Signal) -> AttributeLimits {
        let own = self.own(signal);
        AttributeLimits {
            value_length: own.attribute_value_length_limit.unwrap_or(self.attribute_value_length_limit),
            count: own.attribute_count_limit.unwrap_or(self.attribute_count_limit),
        }
    }

    fn own(&self, signal: Signal) -> &SignalConfig {
        match signal {
            Signal::Traces => &self.traces,
            Signal::Logs => &self.logs,
            Signal::Metrics => &self.metrics,
        }
    }

    fn own_mut(&mut self, signal: Signal) -> &mut SignalConfig {
        match signal {
            Signal::Traces => &mut self.traces,
            Signal::Logs => &mut self.logs,
            Signal::Metrics => &mut self.metrics,
        }
    }
}

/// A number from JavaScript as a whole one, for the numeric options of [`OtlpConfig`].
///
/// # Errors
/// [`ConfigError::Number`] when it is negative, broken, too large or not a number. What each option allows is for
/// [`OtlpConfig::validate`].
pub fn whole_number(option: &str, value: f64) -> Result<u32, ConfigError> {
    // `as` is exact here: the range and the missing fraction are checked first.
    if value.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&value) {
        return Ok(value as u32);
    }
    let max = match option {
        _ if option.ends_with("Ms") => MAX_MS,
        _ if option.ends_with("Bytes") => MAX_BYTES,
        _ if option.ends_with("Limit") => u32::MAX,
        _ => MAX_SPANS,
    };
    Err(ConfigError::Number { option: option.to_owned(), value: value.to_string(), min: 1, max })
}

fn check_number(option: &str, value: u32, max: u32) -> Result<(), ConfigError> {
    if (1..=max).contains(&value) {
        Ok(())
    } else {
        Err(ConfigError::Number { option: option.to_owned(), value: value.to_string(), min: 1, max })
    }
}

fn check_endpoint(option: &str, endpoint: &str, address: Address) -> Result<(), ConfigError> {
    check::endpoint(endpoint, address).map_err(|problem| ConfigError::Endpoint {
        option: option.to_owned(),
        endpoint: without_credentials(endpoint),
        problem,
    })
}

/// Checks headers; `option` is how a message names them.
///
/// # Errors
/// [`ConfigError::Header`] for the first that cannot be sent. It does not repeat its value.
pub fn check_headers(option: &str, headers: &[(String, String)]) -> Result<(), ConfigError> {
    headers.iter().try_for_each(|(name, value)| {
        check::header(name, value).map_err(|problem| ConfigError::Header {
            option: option.to_owned(),
            name: name.clone(),
            problem,
        })
    })
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
