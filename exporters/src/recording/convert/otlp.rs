//! A recording as OTLP in JSON, one request a line (OpenTelemetry specification, "OpenTelemetry Protocol File Exporter").

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::{self, Write};

use atelier_core::names::{Instrument, Metric, field};
use atelier_telemetry::recording::{Header, Item, Reader};
use atelier_telemetry::{
    GaugeValue, HistogramValue, MetricRecord, MetricsSnapshot, Record, Series, SeriesKey,
};

use super::{ConvertError, Converted};
use crate::config::{
    AttributeValue, DEFAULT_MAX_BATCH_SIZE, DEFAULT_METRIC_INTERVAL_MS, OtlpConfig, Protocol,
};
use crate::encode::OtlpEncoder;
use crate::pipeline::{Encoder, SelfReport};

pub(super) fn write(recording: &[u8], out: &mut impl Write) -> Result<Converted, ConvertError> {
    let mut reader = Reader::open(recording)?;
    let config = OtlpConfig { protocol: Protocol::HttpJson, ..OtlpConfig::default() };
    let mut lines = Lines {
        encoder: OtlpEncoder::new(&config, &resource(reader.header())),
        spans: Vec::new(),
        logs: Vec::new(),
        metrics: Metrics::new(reader.header().started_unix_nano),
        out,
    };
    for item in reader.by_ref() {
        match item? {
            Item::Record(Record::Metric(metric)) => lines.metric(&metric)?,
            Item::Record(log @ Record::Log(_)) => lines.log(log)?,
            Item::Record(span) => lines.span(span)?,
            _ => {}
        }
    }
    lines.write_spans()?;
    lines.write_logs()?;
    lines.write_metrics()?;
    Ok(Converted::of(&reader))
}

/// What the header says of the page (semantic conventions, "User agent" and "URL").
fn resource(header: &Header) -> Vec<(String, AttributeValue)> {
    [("user_agent.original", &header.user_agent), ("url.full", &header.page)]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.to_owned(), AttributeValue::from(value.as_str())))
        .collect()
}

struct Lines<'a, W: Write> {
    encoder: OtlpEncoder,
    spans: Vec<Record>,
    logs: Vec<Record>,
    metrics: Metrics,
    out: &'a mut W,
}

impl<W: Write> Lines<'_, W> {
    fn span(&mut self, span: Record) -> io::Result<()> {
        self.spans.push(span);
        if self.spans.len() >= DEFAULT_MAX_BATCH_SIZE as usize { self.write_spans() } else { Ok(()) }
    }

    fn write_spans(&mut self) -> io::Result<()> {
        let body = self.encoder.spans(&std::mem::take(&mut self.spans));
        self.line(&body)
    }

    fn log(&mut self, log: Record) -> io::Result<()> {
        self.logs.push(log);
        if self.logs.len() >= DEFAULT_MAX_BATCH_SIZE as usize { self.write_logs() } else { Ok(()) }
    }

    fn write_logs(&mut self) -> io::Result<()> {
        let body = self.encoder.logs(&std::mem::take(&mut self.logs));
        self.line(&body)
    }

    fn metric(&mut self, metric: &MetricRecord) -> io::Result<()> {
        if self.metrics.is_due(metric.time_unix_nano) {
            self.write_metrics()?;
        }
        self.metrics.add(metric);
        Ok(())
    }

    fn write_metrics(&mut self) -> io::Result<()> {
        let body = self.encoder.metrics(self.metrics.snapshot(), &SelfReport::default()).body;
        self.line(&body)
    }

    fn line(&mut self, body: &[u8]) -> io::Result<()> {
        if body.is_empty() {
            return Ok(());
        }
        self.out.write_all(body)?;
        self.out.write_all(b"\n")
    }
}

/// The series that the recording's metrics make, since it began.
struct Metrics {
    snapshot: MetricsSnapshot,
    places: HashMap<SeriesKey, usize>,
    /// When they were written last, nanoseconds since the Unix epoch.
    written: u64,
}

impl Metrics {
    fn new(began: u64) -> Metrics {
        let snapshot =
            MetricsSnapshot { start_unix_nano: began, time_unix_nano: began, ..Default::default() };
        Metrics { snapshot, places: HashMap::new(), written: began }
    }

    /// Whether as much time has gone by as lies between two exports.
    fn is_due(&self, now: u64) -> bool {
        !self.places.is_empty()
            && now.saturating_sub(self.written) >= u64::from(DEFAULT_METRIC_INTERVAL_MS) * 1_000_000
    }

    fn snapshot(&mut self) -> &MetricsSnapshot {
        self.written = self.snapshot.time_unix_nano;
        &self.snapshot
    }

    fn add(&mut self, record: &MetricRecord) {
        self.snapshot.time_unix_nano = self.snapshot.time_unix_nano.max(record.time_unix_nano);
        let place = match self.places.entry(key(record)) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                let Some(series) = empty(record.metric) else { return };
                self.snapshot.series.push((new.key().clone(), series));
                *new.insert(self.snapshot.series.len() - 1)
            }
        };
        match self.snapshot.series.get_mut(place).map(|(_, series)| series) {
            Some(Series::Counter(total)) => *total = total.saturating_add(record.value as u64),
            Some(Series::Gauge(gauge)) => {
                gauge.last = record.value;
                gauge.min = gauge.min.min(record.value);
                gauge.max = gauge.max.max(record.value);
            }
            Some(Series::Histogram(histogram)) => histogram.record(record.value),
            None => {}
        }
    }
}

fn empty(metric: Metric) -> Option<Series> {
    Some(match metric.instrument() {
        Instrument::Counter => Series::Counter(0),
        Instrument::Gauge => {
            Series::Gauge(GaugeValue { last: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY })
        }
        Instrument::Histogram => Series::Histogram(HistogramValue::empty()?),
    })
}

/// The series of a value: what its metric has no attribute for does not tell it apart.
fn key(record: &MetricRecord) -> SeriesKey {
    let has = |name| record.metric.has_attribute(name);
    SeriesKey {
        metric: record.metric,
        task: record.task.clone(),
        method: record.method.clone().filter(|_| has(field::METHOD)),
        worker_index: record.worker_index.filter(|_| has(field::WORKER_INDEX)),
        outcome: record.outcome.filter(|_| has(field::OUTCOME)),
        error_type: record.error_type.clone().filter(|_| has(field::ERROR_TYPE)),
        phase: record.phase.filter(|_| has(field::PHASE)),
    }
}
