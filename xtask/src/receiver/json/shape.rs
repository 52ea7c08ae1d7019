//! The messages of OTLP as tables: which field has which name in JSON, which number, and how its value is written.
//!
//! Names and numbers are those of opentelemetry-proto (`common`, `resource`, `trace`, `metrics`, `logs`, and the three
//! export requests). Only what OTLP itself uses is here; indices into a profile's tables are not.

/// A message.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) fields: &'static [Field],
    /// Of these fields only one may be there.
    pub(super) one_of: &'static [&'static str],
}

/// A field of a message.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) number: u32,
    pub(super) kind: Kind,
    /// Whether it is a list.
    pub(super) many: bool,
}

/// What a field holds, which decides how it is written in JSON and in protobuf.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Text,
    Flag,
    Double,
    /// 64 bits: a string in JSON.
    Fixed64,
    Sfixed64,
    Int64,
    Uint64,
    /// 32 bits: a number in JSON.
    Fixed32,
    Uint32,
    Sint32,
    /// A number in JSON, never a name.
    Enumeration,
    /// A trace id or span id: hexadecimal in JSON.
    Id,
    /// Base64 in JSON.
    Bytes,
    Message(&'static Shape),
}

use Kind::*;

const fn one(name: &'static str, number: u32, kind: Kind) -> Field {
    Field { name, number, kind, many: false }
}

const fn many(name: &'static str, number: u32, kind: Kind) -> Field {
    Field { name, number, kind, many: true }
}

const fn shape(fields: &'static [Field]) -> Shape {
    Shape { fields, one_of: &[] }
}

static ANY_VALUE: Shape = Shape {
    fields: &[
        one("stringValue", 1, Text),
        one("boolValue", 2, Flag),
        one("intValue", 3, Int64),
        one("doubleValue", 4, Double),
        one("arrayValue", 5, Message(&ARRAY_VALUE)),
        one("kvlistValue", 6, Message(&KEY_VALUE_LIST)),
        one("bytesValue", 7, Bytes),
    ],
    one_of: &[
        "stringValue",
        "boolValue",
        "intValue",
        "doubleValue",
        "arrayValue",
        "kvlistValue",
        "bytesValue",
    ],
};
static ARRAY_VALUE: Shape = shape(&[many("values", 1, Message(&ANY_VALUE))]);
static KEY_VALUE_LIST: Shape = shape(&[many("values", 1, Message(&KEY_VALUE))]);
static KEY_VALUE: Shape = shape(&[one("key", 1, Text), one("value", 2, Message(&ANY_VALUE))]);

static SCOPE: Shape = shape(&[
    one("name", 1, Text),
    one("version", 2, Text),
    many("attributes", 3, Message(&KEY_VALUE)),
    one("droppedAttributesCount", 4, Uint32),
]);
static ENTITY_REF: Shape = shape(&[
    one("schemaUrl", 1, Text),
    one("type", 2, Text),
    many("idKeys", 3, Text),
    many("descriptionKeys", 4, Text),
]);
static RESOURCE: Shape = shape(&[
    many("attributes", 1, Message(&KEY_VALUE)),
    one("droppedAttributesCount", 2, Uint32),
    many("entityRefs", 3, Message(&ENTITY_REF)),
]);

/// `ExportTraceServiceRequest`.
pub(in crate::receiver) static TRACES: Request =
    Request(&shape(&[many("resourceSpans", 1, Message(&RESOURCE_SPANS))]));
static RESOURCE_SPANS: Shape = shape(&[
    one("resource", 1, Message(&RESOURCE)),
    many("scopeSpans", 2, Message(&SCOPE_SPANS)),
    one("schemaUrl", 3, Text),
]);
static SCOPE_SPANS: Shape =
    shape(&[one("scope", 1, Message(&SCOPE)), many("spans", 2, Message(&SPAN)), one("schemaUrl", 3, Text)]);
static SPAN: Shape = shape(&[
    one("traceId", 1, Id),
    one("spanId", 2, Id),
    one("traceState", 3, Text),
    one("parentSpanId", 4, Id),
    one("name", 5, Text),
    one("kind", 6, Enumeration),
    one("startTimeUnixNano", 7, Fixed64),
    one("endTimeUnixNano", 8, Fixed64),
    many("attributes", 9, Message(&KEY_VALUE)),
    one("droppedAttributesCount", 10, Uint32),
    many("events", 11, Message(&EVENT)),
    one("droppedEventsCount", 12, Uint32),
    many("links", 13, Message(&LINK)),
    one("droppedLinksCount", 14, Uint32),
    one("status", 15, Message(&STATUS)),
    one("flags", 16, Fixed32),
]);
static EVENT: Shape = shape(&[
    one("timeUnixNano", 1, Fixed64),
    one("name", 2, Text),
    many("attributes", 3, Message(&KEY_VALUE)),
    one("droppedAttributesCount", 4, Uint32),
]);
static LINK: Shape = shape(&[
    one("traceId", 1, Id),
    one("spanId", 2, Id),
    one("traceState", 3, Text),
    many("attributes", 4, Message(&KEY_VALUE)),
    one("droppedAttributesCount", 5, Uint32),
    one("flags", 6, Fixed32),
]);
static STATUS: Shape = shape(&[one("message", 2, Text), one("code", 3, Enumeration)]);

/// `ExportMetricsServiceRequest`.
pub(in crate::receiver) static METRICS: Request =
    Request(&shape(&[many("resourceMetrics", 1, Message(&RESOURCE_METRICS))]));
static RESOURCE_METRICS: Shape = shape(&[
    one("resource", 1, Message(&RESOURCE)),
    many("scopeMetrics", 2, Message(&SCOPE_METRICS)),
    one("schemaUrl", 3, Text),
]);
static SCOPE_METRICS: Shape = shape(&[
    one("scope", 1, Message(&SCOPE)),
    many("metrics", 2, Message(&METRIC)),
    one("schemaUrl", 3, Text),
]);
static METRIC: Shape = Shape {
    fields: &[
        one("name", 1, Text),
        one("description", 2, Text),
        one("unit", 3, Text),
        one("gauge", 5, Message(&GAUGE)),
        one("sum", 7, Message(&SUM)),
        one("histogram", 9, Message(&HISTOGRAM)),
        one("exponentialHistogram", 10, Message(&EXPONENTIAL_HISTOGRAM)),
        one("summary", 11, Message(&SUMMARY)),
        many("metadata", 12, Message(&KEY_VALUE)),
    ],
    one_of: &["gauge", "sum", "histogram", "exponentialHistogram", "summary"],
};
static GAUGE: Shape = shape(&[many("dataPoints", 1, Message(&NUMBER_POINT))]);
static SUM: Shape = shape(&[
    many("dataPoints", 1, Message(&NUMBER_POINT)),
    one("aggregationTemporality", 2, Enumeration),
    one("isMonotonic", 3, Flag),
]);
static HISTOGRAM: Shape =
    shape(&[many("dataPoints", 1, Message(&HISTOGRAM_POINT)), one("aggregationTemporality", 2, Enumeration)]);
static EXPONENTIAL_HISTOGRAM: Shape = shape(&[
    many("dataPoints", 1, Message(&EXPONENTIAL_POINT)),
    one("aggregationTemporality", 2, Enumeration),
]);
static SUMMARY: Shape = shape(&[many("dataPoints", 1, Message(&SUMMARY_POINT))]);
static NUMBER_POINT: Shape = Shape {
    fields: &[
        one("startTimeUnixNano", 2, Fixed64),
        one("timeUnixNano", 3, Fixed64),
        one("asDouble", 4, Double),
        many("exemplars", 5, Message(&EXEMPLAR)),
        one("asInt", 6, Sfixed64),
        many("attributes", 7, Message(&KEY_VALUE)),
        one("flags", 8, Uint32),
    ],
    one_of: &["asDouble", "asInt"],
};
static HISTOGRAM_POINT: Shape = shape(&[
    one("startTimeUnixNano", 2, Fixed64),
    one("timeUnixNano", 3, Fixed64),
    one("count", 4, Fixed64),
    one("sum", 5, Double),
    many("bucketCounts", 6, Fixed64),
    many("explicitBounds", 7, Double),
    many("exemplars", 8, Message(&EXEMPLAR)),
    many("attributes", 9, Message(&KEY_VALUE)),
    one("flags", 10, Uint32),
    one("min", 11, Double),
    one("max", 12, Double),
]);
static EXPONENTIAL_POINT: Shape = shape(&[
    many("attributes", 1, Message(&KEY_VALUE)),
    one("startTimeUnixNano", 2, Fixed64),
    one("timeUnixNano", 3, Fixed64),
    one("count", 4, Fixed64),
    one("sum", 5, Double),
    one("scale", 6, Sint32),
    one("zeroCount", 7, Fixed64),
    one("positive", 8, Message(&BUCKETS)),
    one("negative", 9, Message(&BUCKETS)),
    one("flags", 10, Uint32),
    many("exemplars", 11, Message(&EXEMPLAR)),
    one("min", 12, Double),
    one("max", 13, Double),
    one("zeroThreshold", 14, Double),
]);
static BUCKETS: Shape = shape(&[one("offset", 1, Sint32), many("bucketCounts", 2, Uint64)]);
static SUMMARY_POINT: Shape = shape(&[
    one("startTimeUnixNano", 2, Fixed64),
    one("timeUnixNano", 3, Fixed64),
    one("count", 4, Fixed64),
    one("sum", 5, Double),
    many("quantileValues", 6, Message(&QUANTILE)),
    many("attributes", 7, Message(&KEY_VALUE)),
    one("flags", 8, Uint32),
]);
static QUANTILE: Shape = shape(&[one("quantile", 1, Double), one("value", 2, Double)]);
static EXEMPLAR: Shape = Shape {
    fields: &[
        one("timeUnixNano", 2, Fixed64),
        one("asDouble", 3, Double),
        one("spanId", 4, Id),
        one("traceId", 5, Id),
        one("asInt", 6, Sfixed64),
        many("filteredAttributes", 7, Message(&KEY_VALUE)),
    ],
    one_of: &["asDouble", "asInt"],
};

/// `ExportLogsServiceRequest`.
pub(in crate::receiver) static LOGS: Request =
    Request(&shape(&[many("resourceLogs", 1, Message(&RESOURCE_LOGS))]));
static RESOURCE_LOGS: Shape = shape(&[
    one("resource", 1, Message(&RESOURCE)),
    many("scopeLogs", 2, Message(&SCOPE_LOGS)),
    one("schemaUrl", 3, Text),
]);
static SCOPE_LOGS: Shape = shape(&[
    one("scope", 1, Message(&SCOPE)),
    many("logRecords", 2, Message(&LOG_RECORD)),
    one("schemaUrl", 3, Text),
]);
static LOG_RECORD: Shape = shape(&[
    one("timeUnixNano", 1, Fixed64),
    one("severityNumber", 2, Enumeration),
    one("severityText", 3, Text),
    one("body", 5, Message(&ANY_VALUE)),
    many("attributes", 6, Message(&KEY_VALUE)),
    one("droppedAttributesCount", 7, Uint32),
    one("flags", 8, Fixed32),
    one("traceId", 9, Id),
    one("spanId", 10, Id),
    one("observedTimeUnixNano", 11, Fixed64),
    one("eventName", 12, Text),
]);

/// The shape of a whole request.
#[derive(Debug)]
pub(in crate::receiver) struct Request(pub(super) &'static Shape);
