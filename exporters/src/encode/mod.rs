//! Records and snapshots as OTLP requests, and a collector's answers as verdicts.

mod answer;
mod attribute;
mod delta;
mod exponential;
mod metric;
mod resource;
mod span;

use atelier_telemetry::{MetricsSnapshot, Record};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::metrics::v1::{ResourceMetrics, ScopeMetrics};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans};
use prost::Message;

use crate::config::{AttributeValue, OtlpConfig, Temporality};
use crate::pipeline::{Answer, Encoded, Encoder, Verdict};
use crate::signal::Signal;

/// Encodes OTLP as protobuf (OTLP specification, "Binary Protobuf Encoding").
#[derive(Debug)]
pub struct OtlpEncoder {
    resource: Resource,
    scope: InstrumentationScope,
    temporality: Temporality,
    delta: delta::Delta,
}

impl OtlpEncoder {
    /// An encoder for a configuration. `found` are attributes of the resource that the driver found out about where
    /// it runs; the configuration's own win over them.
    pub fn new(config: &OtlpConfig, found: &[(String, AttributeValue)]) -> OtlpEncoder {
        OtlpEncoder {
            resource: resource::resource(found, &config.resource),
            scope: resource::scope(),
            temporality: config.temporality,
            delta: delta::Delta::default(),
        }
    }
}

impl Encoder for OtlpEncoder {
    fn spans(&mut self, records: &[Record]) -> Vec<u8> {
        let spans: Vec<_> = records.iter().filter_map(span::span).collect();
        let request = ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                resource: Some(self.resource.clone()),
                scope_spans: vec![ScopeSpans {
                    scope: Some(self.scope.clone()),
                    spans,
                    ..ScopeSpans::default()
                }],
                ..ResourceSpans::default()
            }],
        };
        request.encode_to_vec()
    }

    fn metrics(&mut self, snapshot: &MetricsSnapshot) -> Encoded {
        let (metrics, points) = match self.temporality {
            Temporality::Cumulative => metric::metrics(snapshot, Temporality::Cumulative),
            Temporality::Delta => metric::metrics(&self.delta.since_last(snapshot), Temporality::Delta),
        };
        if points == 0 {
            return Encoded::default();
        }
        let request = ExportMetricsServiceRequest {
            resource_metrics: vec![ResourceMetrics {
                resource: Some(self.resource.clone()),
                scope_metrics: vec![ScopeMetrics {
                    scope: Some(self.scope.clone()),
                    metrics,
                    ..ScopeMetrics::default()
                }],
                ..ResourceMetrics::default()
            }],
        };
        Encoded { body: request.encode_to_vec(), points }
    }

    fn judge(&self, signal: Signal, answer: &Answer, now_unix_nano: u64) -> Verdict {
        answer::judge(signal, answer, now_unix_nano)
    }
}
