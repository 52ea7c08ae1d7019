//! A subscriber for the whole page does not keep an event that arises inside another layer from coming back to ours.

use std::fmt;

use atelier_core::names::{Metric, TARGET, TASK_DEFINED, field};
use atelier_telemetry::{Record, SubscribeOptions, Telemetry};
use tracing::{Event, Level, Subscriber, event};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

/// Formats every field, like a layer that prints.
struct Printer;

impl<S: Subscriber> Layer<S> for Printer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        event.record(&mut |_: &tracing::field::Field, value: &dyn fmt::Debug| {
            assert!(!format!("{value:?}").is_empty());
        });
    }
}

/// Emits another event when it is formatted.
struct Chatty;

impl fmt::Debug for Chatty {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        event!(
            target: TARGET, Level::DEBUG,
            { Metric::TaskDispatched.field() } = 10u64,
            { field::RUNTIME } = 7u64,
            { field::TASK } = 1u64,
        );
        formatter.write_str("chatty")
    }
}

#[test]
fn an_event_that_arises_while_another_is_formatted_counts_too() {
    let telemetry = Telemetry::new();
    let registry = tracing_subscriber::registry()
        .with(telemetry.layer())
        .with(telemetry.log_layer(7, || 1))
        .with(Printer);
    tracing::subscriber::set_global_default(registry).unwrap();
    event!(
        name: TASK_DEFINED, target: TARGET, Level::DEBUG,
        { field::RUNTIME } = 7u64,
        { field::TASK } = 1u64,
        { field::TASK_ID } = "resize",
    );
    let chatty = tracing::field::debug(Chatty);
    event!(
        target: TARGET, Level::DEBUG,
        { Metric::TaskDispatched.field() } = 1u64,
        { field::RUNTIME } = 7u64,
        { field::TASK } = 1u64,
        { field::METHOD } = chatty,
    );
    assert_eq!(telemetry.totals(7, 1).dispatched, 11);

    // The same while a log record is made: both layers format it.
    let logs =
        telemetry.subscribe(7, "otlp:1", SubscribeOptions { logs: true, ..SubscribeOptions::default() });
    let _ = logs.drain(usize::MAX);
    tracing::info!(chatty = ?Chatty, "told");
    assert_eq!(telemetry.totals(7, 1).dispatched, 31);
    let records = logs.drain(usize::MAX);
    let told = records.iter().filter(|record| matches!(record, Record::Log(_))).count();
    assert_eq!((told, records.len()), (1, 3));
}
