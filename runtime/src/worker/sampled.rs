//! A sampled call at work: what it tells through `tracing` is gathered and goes home with its answer.

use std::future::Future;
use std::pin::Pin;
use std::sync::Once;
use std::task::{Context as Waking, Poll};

use atelier_core::SpanContext;
use js_sys::Array;
use wasm_bindgen::JsValue;

use super::gathering::{Call, Told};
use super::layer::CallSubscriber;
use super::{Context, Work, go_home};
use crate::clock::unix_millis;
use crate::ids::Ids;

/// Begins the work of a call with `begin`, which looks after itself when the call is not sampled.
pub(super) fn observed(
    context: Context,
    ids: &std::rc::Rc<Ids>,
    begin: impl FnOnce(Context) -> Option<Work>,
) -> Option<Work> {
    let place = context.traceparent().as_deref().and_then(SpanContext::parse);
    let Some(place) = place.filter(|place| place.sampled) else { return begin(context) };
    listen();
    let call = Call::new(unix_millis);
    let work = call.scope(|| begin(context.clone()))?;
    Some(Box::pin(Sampled { work, call, place, context, ids: ids.clone() }))
}

/// Sees to it that something listens. Not before the first sampled call: whoever installs a subscriber of their own, before
/// `expose` or after it, does not find ours in its place.
fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // There is another already, which has a `CallLayer` or wants none.
        let _ = tracing::subscriber::set_global_default(CallSubscriber::default());
    });
}

struct Sampled {
    work: Work,
    call: Call,
    place: SpanContext,
    context: Context,
    ids: std::rc::Rc<Ids>,
}

impl Future for Sampled {
    type Output = Result<JsValue, JsValue>;

    fn poll(mut self: Pin<&mut Self>, waking: &mut Waking<'_>) -> Poll<Self::Output> {
        let call = self.call.clone();
        let polled = call.scope(|| self.work.as_mut().poll(waking));
        if polled.is_ready() {
            send(&self.context, call.finish(self.place.span_id, || self.ids.span_id()));
        }
        polled
    }
}

/// Gives the harness what a call told, in the form of `js/spans.js`.
fn send(context: &Context, told: Told) {
    if told == Told::default() {
        return;
    }
    let id = |id: u64| JsValue::from(format!("{id:016x}"));
    let text = |text: Option<String>| text.map_or(JsValue::UNDEFINED, JsValue::from);
    let spans = Array::new();
    for span in told.spans {
        let (name, message) = span.error.unzip();
        for place in [
            span.name.into(),
            id(span.span_id),
            id(span.parent_span_id),
            span.started.into(),
            span.ended.into(),
            text(name),
            text(message),
            span.attributes.into(),
        ] {
            spans.push(&place);
        }
    }
    let logs = Array::new();
    for log in told.logs {
        for place in [
            log.time.into(),
            log.severity.into(),
            log.target.into(),
            log.body.into(),
            text(log.attributes),
            id(log.span_id),
        ] {
            logs.push(&place);
        }
    }
    go_home(context, &spans, told.spans_lost as f64, &logs, told.logs_lost as f64);
}
