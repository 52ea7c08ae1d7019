//! The package's own `tracing` subscriber: one telemetry for every runtime of the page.

use std::cell::Cell;

use atelier_telemetry::Telemetry;
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use wasm_bindgen::prelude::*;

thread_local! {
    static TELEMETRY: Telemetry = start();
    static HEARD: Cell<f64> = const { Cell::new(0.0) };
}

fn start() -> Telemetry {
    let telemetry = Telemetry::new();
    let subscriber = tracing_subscriber::registry().with(telemetry.layer()).with(Tally);
    // This wasm is the package's alone, so nobody else can have set one.
    let _ = tracing::subscriber::set_global_default(subscriber);
    telemetry
}

/// The page's telemetry.
pub(crate) fn telemetry() -> Telemetry {
    TELEMETRY.with(Telemetry::clone)
}

/// How many `tracing` events and spans there were in this page. Where nobody asked for telemetry, calls add none.
#[wasm_bindgen]
#[expect(unreachable_pub, reason = "exported to JavaScript")]
pub fn tracing_heard() -> f64 {
    HEARD.get()
}

/// Counts whatever is said, wanted or not.
struct Tally;

impl<S: Subscriber> Layer<S> for Tally {
    fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
        HEARD.set(HEARD.get() + 1.0);
    }

    fn on_new_span(&self, _: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        HEARD.set(HEARD.get() + 1.0);
    }
}

/// The first of `name`, `name:2`, … that no other consumer of this runtime has in the ledger.
pub(crate) fn free_name(runtime: u64, name: &str) -> String {
    let taken = telemetry().ledger(runtime);
    let is_free = |name: &String| taken.iter().all(|row| row.consumer != *name);
    let names = (1_u32..).map(|n| if n == 1 { name.to_owned() } else { format!("{name}:{n}") });
    names.into_iter().find(is_free).unwrap_or_default()
}
