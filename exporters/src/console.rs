//! Events in the browser's console, for those who want them there.

use atelier_telemetry::Telemetry;
use tracing::{Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::registry::LookupSpan;
use tracing_wasm::{WASMLayer, WASMLayerConfigBuilder};

/// The telemetry's Layer, and beside it one that writes events up to `max_level` to the console (`tracing-wasm`). What the
/// runtime says of tasks is `DEBUG`, of crashes `WARN`; with `TRACE` every value of every metric is there, too.
///
/// For looking, not for leaving on: an entry costs some 50 µs, and spans that a program enters leave marks and measures
/// in the browser's Performance entries, which nobody clears. Feature `console`.
///
/// # Example
/// ```no_run
/// use tracing_subscriber::layer::SubscriberExt;
/// use tracing_subscriber::util::SubscriberInitExt;
///
/// let telemetry = atelier_telemetry::Telemetry::new();
/// let layer = atelier_exporters::with_console(&telemetry, tracing::Level::DEBUG);
/// tracing_subscriber::registry().with(layer).init();
/// ```
pub fn with_console<S>(telemetry: &Telemetry, max_level: Level) -> impl Layer<S> + use<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let mut config = WASMLayerConfigBuilder::new();
    config.set_max_level(max_level);
    telemetry.layer().and_then(WASMLayer::new(config.build()))
}
