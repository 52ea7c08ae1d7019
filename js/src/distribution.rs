//! Distributions of `getTelemetry()`: percentiles, and calls that they lead to.

use atelier_telemetry::frame::Distribution;
use atelier_telemetry::{Exemplar, HistogramValue};
use serde::Serialize;

/// The names are contract.
#[derive(Default, Serialize)]
pub(crate) struct DistributionShape {
    #[serde(flatten)]
    numbers: Distribution,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    exemplars: Vec<ExemplarShape>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExemplarShape {
    value: f64,
    trace_id: String,
    span_id: String,
    ts: f64,
}

impl From<&HistogramValue> for DistributionShape {
    fn from(histogram: &HistogramValue) -> DistributionShape {
        let shape = |exemplar: &Exemplar| ExemplarShape {
            value: exemplar.value * 1e3,
            trace_id: format!("{:032x}", exemplar.trace_id),
            span_id: format!("{:016x}", exemplar.span_id),
            ts: exemplar.time_unix_nano as f64 / 1e6,
        };
        DistributionShape {
            numbers: histogram.distribution(),
            exemplars: histogram.exemplars.iter().map(shape).collect(),
        }
    }
}
