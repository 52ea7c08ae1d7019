//! Records and snapshots as OTLP requests, and a collector's answers as verdicts.

mod answer;
mod attribute;
mod delta;
mod exponential;
mod json;
mod limits;
mod log;
mod message;
mod metric;
mod own;
mod phase;
mod redaction;
mod resource;
mod sink;
mod span;
mod split;
mod wire;

use std::collections::BTreeMap;

use atelier_telemetry::{MetricsSnapshot, Record};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::logs::v1::{ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{ResourceMetrics, ScopeMetrics};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;
use serde::Serialize;

use crate::config::{AttributeValue, Destination, OtlpConfig, PhaseExport, Protocol, Temporality};
use crate::pipeline::{Answer, Encoded, Encoder, Part, SelfReport, Verdict};
use crate::signal::Signal;
use limits::Limiter;
use message::Messages;
use own::OwnMetrics;
use redaction::Redaction;
use wire::Wire;

/// Encodes OTLP as protobuf or JSON, by signal (OTLP specification, "Binary Protobuf Encoding" and "JSON Protobuf
/// Encoding").
///
/// Spans of the same task share a scope, whose attributes say what they have in common: `atelier.task.id`,
/// `atelier.task.name` and `atelier.task.type`.
#[derive(Debug)]
pub struct OtlpEncoder {
    resource: Resource,
    /// The same as protobuf.
    resource_bytes: Vec<u8>,
    scope: InstrumentationScope,
    protocol_of_traces: Protocol,
    protocol_of_logs: Protocol,
    protocol_of_metrics: Protocol,
    /// Signals whose next request may be authorized otherwise.
    may_renew: Vec<Signal>,
    phases: PhaseExport,
    temporality: Temporality,
    delta: delta::Delta,
    redaction: Redaction,
    spans: Limiter,
    logs: Limiter,
    points: Limiter,
    own: OwnMetrics,
    /// Bytes of the last request of spans.
    last_length: usize,
}

impl OtlpEncoder {
    /// An encoder for a configuration. `found` are attributes of the resource that the driver found out about where
    /// it runs; the configuration's own win over them.
    pub fn new(config: &OtlpConfig, found: &[(String, AttributeValue)]) -> OtlpEncoder {
        let mut redaction = Redaction::new(config.redact.clone());
        let resource = resource::resource(found, &config.resource, &mut redaction);
        redaction.keep();
        let mut own = OwnMetrics::default();
        for signal in Signal::ALL {
            let Destination { url, protocol, .. } = config.destination(signal);
            own.send_to(signal, &url, protocol);
        }
        OtlpEncoder {
            resource_bytes: resource.encode_to_vec(),
            resource,
            scope: resource::scope(),
            protocol_of_traces: config.destination(Signal::Traces).protocol,
            protocol_of_logs: config.destination(Signal::Logs).protocol,
            protocol_of_metrics: config.destination(Signal::Metrics).protocol,
            may_renew: Signal::ALL
                .into_iter()
                .filter(|&signal| config.destination(signal).headers.may_renew())
                .collect(),
            phases: config.phases,
            temporality: config.temporality,
            delta: delta::Delta::default(),
            redaction,
            spans: Limiter::new(config.attribute_limits(Signal::Traces)),
            logs: Limiter::new(config.attribute_limits(Signal::Logs)),
            points: Limiter::new(config.attribute_limits(Signal::Metrics)),
            own,
            last_length: 0,
        }
    }

    /// The addresses that requests really go to, for what the exporter says about itself: a configuration may only know a
    /// path on the page's origin.
    pub fn sending_to(mut self, destinations: &BTreeMap<Signal, Destination>) -> OtlpEncoder {
        for (signal, Destination { url, protocol, .. }) in destinations {
            self.own.send_to(*signal, url, *protocol);
        }
        self
    }

    /// Spans straight to protobuf: nothing looks at them again.
    fn wire(&mut self, records: &[Record]) -> Vec<u8> {
        let mut wire = Wire::with_capacity(self.last_length, &mut self.spans);
        for record in records {
            span::write(record, self.phases, &mut wire);
        }
        wire.finish(&self.resource_bytes, &self.scope)
    }

    /// Spans as structs, which can be looked at and written in any form.
    fn messages(&mut self, records: &[Record]) -> Vec<u8> {
        let mut review = |span: &mut _| self.redaction.span(span);
        let mut messages = Messages::new(&mut review, &mut self.spans);
        for record in records {
            span::write(record, self.phases, &mut messages);
        }
        let request = messages.finish(&self.resource, &self.scope);
        if request.resource_spans.is_empty() {
            Vec::new()
        } else {
            written(&request, self.protocol_of_traces)
        }
    }
}

/// A request in the form that is asked for.
fn written(request: &(impl Message + Serialize), protocol: Protocol) -> Vec<u8> {
    match protocol {
        Protocol::HttpProtobuf => request.encode_to_vec(),
        Protocol::HttpJson => json::encode(request),
    }
}

impl Encoder for OtlpEncoder {
    fn spans(&mut self, records: &[Record]) -> Vec<u8> {
        self.redaction.begin();
        self.spans.begin();
        let body = match self.protocol_of_traces {
            Protocol::HttpProtobuf if !self.redaction.is_wanted() => self.wire(records),
            Protocol::HttpProtobuf | Protocol::HttpJson => self.messages(records),
        };
        self.last_length = body.len();
        body
    }

    fn logs(&mut self, records: &[Record]) -> Vec<u8> {
        self.redaction.begin();
        self.logs.begin();
        let (redaction, limiter) = (&mut self.redaction, &mut self.logs);
        let log_records: Vec<_> =
            records.iter().filter_map(|record| log::log(record, redaction, limiter)).collect();
        if log_records.is_empty() {
            return Vec::new();
        }
        let request = ExportLogsServiceRequest {
            resource_logs: vec![ResourceLogs {
                resource: Some(self.resource.clone()),
                scope_logs: vec![ScopeLogs {
                    scope: Some(self.scope.clone()),
                    log_records,
                    ..ScopeLogs::default()
                }],
                ..ResourceLogs::default()
            }],
        };
        written(&request, self.protocol_of_logs)
    }

    fn metrics(&mut self, snapshot: &MetricsSnapshot, report: &SelfReport) -> Encoded {
        self.redaction.begin();
        self.points.begin();
        let (temporality, redaction, limiter) = (self.temporality, &mut self.redaction, &mut self.points);
        let (metrics, points) = match temporality {
            Temporality::Cumulative => metric::metrics(snapshot, temporality, redaction, limiter),
            Temporality::Delta => {
                metric::metrics(&self.delta.since_last(snapshot), temporality, redaction, limiter)
            }
        };
        if points == 0 {
            return Encoded::default();
        }
        let mut scope_metrics =
            vec![ScopeMetrics { scope: Some(self.scope.clone()), metrics, ..ScopeMetrics::default() }];
        let excess = [
            (Signal::Traces, self.spans.total),
            (Signal::Logs, self.logs.total),
            (Signal::Metrics, self.points.total),
        ];
        self.own.exceeded(&excess);
        let (own, own_points) = self.own.metrics(report, snapshot.time_unix_nano, temporality, redaction);
        if own_points > 0 {
            let scope = Some(OwnMetrics::scope());
            scope_metrics.push(ScopeMetrics { scope, metrics: own, ..ScopeMetrics::default() });
        }
        let request = ExportMetricsServiceRequest {
            resource_metrics: vec![ResourceMetrics {
                resource: Some(self.resource.clone()),
                scope_metrics,
                ..ResourceMetrics::default()
            }],
        };
        Encoded { body: written(&request, self.protocol_of_metrics), points: points + own_points }
    }

    fn split(&self, signal: Signal, body: &[u8], content_type: Option<&str>) -> Option<[Part; 2]> {
        let configured = match signal {
            Signal::Traces => self.protocol_of_traces,
            Signal::Logs => self.protocol_of_logs,
            Signal::Metrics => self.protocol_of_metrics,
        };
        let content_type = content_type.unwrap_or(configured.content_type());
        split::split(signal, body, content_type == Protocol::HttpJson.content_type())
    }

    fn complaint(&mut self) -> Option<String> {
        let excess = [self.spans.keep(), self.logs.keep(), self.points.keep()];
        let said: Vec<String> =
            self.redaction.complaint().into_iter().chain(excess.into_iter().flatten()).collect();
        (!said.is_empty()).then(|| said.join("; "))
    }

    fn judge(&self, signal: Signal, answer: &Answer, now_unix_nano: u64) -> Verdict {
        answer::judge(signal, answer, self.may_renew.contains(&signal), now_unix_nano)
    }
}
