//! The package's own `tracing` subscriber: one telemetry for every runtime of the page.

use atelier_telemetry::Telemetry;
use tracing_subscriber::layer::SubscriberExt;

thread_local! {
    static TELEMETRY: Telemetry = start();
}

fn start() -> Telemetry {
    let telemetry = Telemetry::new();
    let subscriber = tracing_subscriber::registry().with(telemetry.layer());
    // This wasm is the package's alone, so nobody else can have set one.
    let _ = tracing::subscriber::set_global_default(subscriber);
    telemetry
}

/// The page's telemetry.
pub(crate) fn telemetry() -> Telemetry {
    TELEMETRY.with(Telemetry::clone)
}
