//! The standard settings by their standard names (OpenTelemetry specification, "Environment Variable Specification" and
//! "OpenTelemetry Protocol Exporter"). A page has no environment: somebody hands its variables over as strings.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use super::check::{self, Address, MAX_MS, MAX_SPANS};
use super::destination::without_credentials;
use super::{
    AttributeValue, Compression, HeaderList, Headers, OtlpConfig, Protocol, SignalConfig, Temporality,
};
use crate::error::ConfigError;

impl OtlpConfig {
    /// The defaults, changed by what these variables say: `OTEL_EXPORTER_OTLP_ENDPOINT`, `_HEADERS`, `_PROTOCOL`,
    /// `_COMPRESSION` and `_TIMEOUT` (for one signal `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` and so on),
    /// `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`, `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`,
    /// `OTEL_BSP_SCHEDULE_DELAY`, `OTEL_BSP_MAX_QUEUE_SIZE`, `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`,
    /// `OTEL_METRIC_EXPORT_INTERVAL`, `OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT` and `OTEL_ATTRIBUTE_COUNT_LIMIT` (for spans or
    /// log records alone `OTEL_SPAN_ATTRIBUTE_…` and `OTEL_LOGRECORD_ATTRIBUTE_…`). Others are ignored, and so are empty ones, as the specification asks. Names of
    /// choices are taken in upper case, too; a time of 0 is the longest there is, a day.
    ///
    /// ```
    /// use atelier_exporters::{Compression, OtlpConfig};
    ///
    /// let config = OtlpConfig::from_env([
    ///     ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector.example"),
    ///     ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "gzip"),
    /// ])?;
    /// assert_eq!(config.traces.compression, Some(Compression::Gzip));
    /// assert!(OtlpConfig::from_env([("OTEL_BSP_MAX_QUEUE_SIZE", "many")]).is_err());
    /// # Ok::<(), atelier_exporters::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// [`ConfigError::Variable`] names the first variable whose value cannot be used.
    pub fn from_env<Name: Into<String>, Value: Into<String>>(
        variables: impl IntoIterator<Item = (Name, Value)>,
    ) -> Result<OtlpConfig, ConfigError> {
        let given = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        let variables = Variables(given.collect());
        let mut config = OtlpConfig::default();
        config.set_for_all(variables.signal("", Address::Base, Some(""))?);
        config.traces = variables.signal("TRACES_", Address::Whole, Some("SPAN_"))?;
        config.metrics = variables.signal("METRICS_", Address::Whole, None)?;
        config.logs = variables.signal("LOGS_", Address::Whole, Some("LOGRECORD_"))?;
        if let Some(preference) = variables.choice(
            "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
            &["cumulative", "delta", "lowmemory"],
            |name| match name {
                // It asks for delta where that needs no memory of the last export; our sums and histograms are of
                // that kind, by the specification.
                "lowmemory" => Some(Temporality::Delta),
                name => Temporality::from_name(name),
            },
        )? {
            config.temporality = preference;
        }
        config.resource = variables.resource()?;
        for (name, max, field) in [
            ("OTEL_BSP_SCHEDULE_DELAY", MAX_MS, &mut config.schedule_delay_ms),
            ("OTEL_METRIC_EXPORT_INTERVAL", MAX_MS, &mut config.metric_interval_ms),
            ("OTEL_BSP_MAX_QUEUE_SIZE", MAX_SPANS, &mut config.max_queue_size),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", MAX_SPANS, &mut config.max_batch_size),
        ] {
            if let Some(value) = variables.number(name, 1, max)? {
                *field = value;
            }
        }
        if config.max_batch_size > config.max_queue_size {
            return Err(wrong(
                "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
                format!(
                    "a batch of {} never fills in a queue of {}; set OTEL_BSP_MAX_QUEUE_SIZE to at least that",
                    config.max_batch_size, config.max_queue_size
                ),
            ));
        }
        Ok(config)
    }
}

fn wrong(name: &str, problem: String) -> ConfigError {
    ConfigError::Variable { name: name.to_owned(), problem }
}

/// Variables by name.
struct Variables(BTreeMap<String, String>);

impl Variables {
    /// An empty variable is one that is not set.
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// What is said of a signal, or of all; `limited` is how variables call what has its attributes limited.
    fn signal(
        &self,
        infix: &str,
        address: Address,
        limited: Option<&str>,
    ) -> Result<SignalConfig, ConfigError> {
        let name = |setting: &str| format!("OTEL_EXPORTER_OTLP_{infix}{setting}");
        let limit = |setting: &str| {
            let name = limited.map(|limited| format!("OTEL_{limited}ATTRIBUTE_{setting}_LIMIT"));
            name.map_or(Ok(None), |name| self.number(&name, 1, u32::MAX))
        };
        Ok(SignalConfig {
            endpoint: self.endpoint(&name("ENDPOINT"), address)?,
            headers: self.headers(&name("HEADERS"))?.map(Headers::Fixed),
            // No variable says anything of cookies.
            credentials: None,
            // `grpc` is a protocol of the specification, too, but no browser can speak it.
            protocol: self.choice(&name("PROTOCOL"), Protocol::NAMES, Protocol::from_name)?,
            compression: self.choice(&name("COMPRESSION"), Compression::NAMES, Compression::from_name)?,
            timeout_ms: self
                .number(&name("TIMEOUT"), 0, MAX_MS)?
                .map(|timeout| if timeout == 0 { MAX_MS } else { timeout }),
            attribute_value_length_limit: limit("VALUE_LENGTH")?,
            attribute_count_limit: limit("COUNT")?,
        })
    }

    fn endpoint(&self, name: &str, address: Address) -> Result<Option<String>, ConfigError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        match check::endpoint(value, address) {
            Ok(()) => Ok(Some(value.to_owned())),
            Err(problem) => Err(wrong(name, format!("\"{}\" {problem}", without_credentials(value)))),
        }
    }

    /// Values of headers are never repeated: they may be secrets.
    fn headers(&self, name: &str) -> Result<Option<HeaderList>, ConfigError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let headers = pairs(value).map_err(|problem| wrong(name, problem.to_owned()))?;
        for (header, value) in &headers {
            check::header(header, value)
                .map_err(|problem| wrong(name, format!("header \"{header}\" {problem}")))?;
        }
        Ok(Some(headers))
    }

    fn resource(&self) -> Result<Vec<(String, AttributeValue)>, ConfigError> {
        const LIST: &str = "OTEL_RESOURCE_ATTRIBUTES";
        let listed = pairs(self.get(LIST).unwrap_or_default());
        let listed = listed.map_err(|problem| wrong(LIST, problem.to_owned()))?;
        // The later wins: the variable made for it is stronger than the list.
        let service = self.get("OTEL_SERVICE_NAME").map(|name| ("service.name".to_owned(), name.to_owned()));
        Ok(listed.into_iter().chain(service).map(|(key, value)| (key, value.into())).collect())
    }

    fn choice<T>(
        &self,
        name: &str,
        known: &[&str],
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        match read(&value.to_ascii_lowercase()) {
            Some(choice) => Ok(Some(choice)),
            None => Err(wrong(name, format!("\"{value}\" is none of {}", known.join(", ")))),
        }
    }

    fn number(&self, name: &str, min: u32, max: u32) -> Result<Option<u32>, ConfigError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        match value.parse::<u32>() {
            Ok(number) if (min..=max).contains(&number) => Ok(Some(number)),
            _ => Err(wrong(name, format!("\"{value}\" is no whole number from {min} to {max}"))),
        }
    }
}

/// `key=value,key=value`, percent-encoded (W3C Baggage without properties).
fn pairs(list: &str) -> Result<Vec<(String, String)>, &'static str> {
    let mut pairs = Vec::new();
    for member in list.split(',').map(str::trim).filter(|member| !member.is_empty()) {
        let (key, value) =
            member.split_once('=').ok_or("an entry has no `=`; it takes key=value,key=value")?;
        let decoded = |text: &str| {
            let text = percent_decode_str(text.trim()).decode_utf8();
            text.map(|text| text.into_owned()).map_err(|_| "an entry's percent-encoding is no UTF-8")
        };
        let key = decoded(key)?;
        if key.is_empty() {
            return Err("an entry has no key before its `=`; it takes key=value,key=value");
        }
        pairs.push((key, decoded(value)?));
    }
    Ok(pairs)
}

#[cfg(test)]
#[path = "env_tests.rs"]
mod tests;
