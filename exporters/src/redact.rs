//! What a page may take out of its telemetry before it leaves.

use std::fmt;
use std::rc::Rc;

use crate::config::AttributeValue;

/// What attributes belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedactKind {
    /// A span: a call's, a trace's, a handler's own or a phase's.
    Span,
    /// A data point of a metric.
    Metric,
    /// A log record.
    Log,
    /// The resource, once for each exporter.
    Resource,
}

impl RedactKind {
    /// Its name in JavaScript.
    pub const fn name(self) -> &'static str {
        match self {
            RedactKind::Span => "span",
            RedactKind::Metric => "metric",
            RedactKind::Log => "log",
            RedactKind::Resource => "resource",
        }
    }
}

/// Attributes by name.
pub type NamedValues = Vec<(String, AttributeValue)>;

/// Sees every set of attributes before it is sent; what it returns is sent in its place. `None` says that it failed: then
/// none of them is sent, since nobody knows what may be.
///
/// What the status of a failed span says is there as `otel.status_description`; without it the status says nothing.
/// What a log record says is there as `atelier.log.body`; without it the record has no body. Names of spans, metrics and
/// events, ids and times are not attributes.
///
/// ```
/// use atelier_exporters::{OtlpConfig, Redact, RedactKind};
///
/// let redact = Redact::new(|mut attributes, kind| {
///     attributes.retain(|(name, _)| kind != RedactKind::Span || name != "user.email");
///     Some(attributes)
/// });
/// let config = OtlpConfig { redact: Some(redact), ..OtlpConfig::default() };
/// ```
#[derive(Clone)]
pub struct Redact(Rc<Hook>);

type Hook = dyn Fn(NamedValues, RedactKind) -> Option<NamedValues>;

impl Redact {
    /// A redaction that calls this.
    pub fn new(hook: impl Fn(NamedValues, RedactKind) -> Option<NamedValues> + 'static) -> Redact {
        Redact(Rc::new(hook))
    }

    pub(crate) fn apply(&self, attributes: NamedValues, kind: RedactKind) -> Option<NamedValues> {
        (self.0)(attributes, kind)
    }
}

impl PartialEq for Redact {
    fn eq(&self, other: &Redact) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Redact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redact")
    }
}
