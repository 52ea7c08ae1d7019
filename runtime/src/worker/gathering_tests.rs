//! Calls on one thread, polled by hand, and what each of them tells.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on should stop"
)]

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use serde_json::{Value, json};
use tracing::field::Empty;
use tracing::{Instrument, Span, debug_span, error, info, info_span, instrument, warn};
use tracing_subscriber::layer::SubscriberExt;

use super::gathering::{Call, MAX_LOGS, MAX_SPANS, Told, ToldSpan, listens};
use super::layer::{CallLayer, CallSubscriber};

thread_local! {
    static TIME: Cell<f64> = const { Cell::new(1000.0) };
}

/// A clock that goes on by one with each look.
fn now() -> f64 {
    TIME.replace(TIME.get() + 1.0)
}

/// The id of a call's own span.
const CALL: u64 = 7;

/// A call and its handler.
struct Running {
    call: Call,
    work: Pin<Box<dyn Future<Output = ()>>>,
}

impl Running {
    fn new(work: impl Future<Output = ()> + 'static) -> Running {
        Running { call: Call::new(now), work: Box::pin(work) }
    }

    /// One turn; what it told, when that was its last.
    fn turn(&mut self) -> Option<Told> {
        let mut waking = Context::from_waker(Waker::noop());
        let polled = self.call.scope(|| self.work.as_mut().poll(&mut waking));
        let mut ids = 100..;
        polled.is_ready().then(|| self.call.finish(CALL, || ids.next().unwrap()))
    }

    fn until_it_ends(mut self) -> Told {
        (0..100).find_map(|_| self.turn()).expect("it ends")
    }
}

/// Waits for the next turn.
async fn turn() {
    let mut waited = false;
    std::future::poll_fn(
        |_| if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending },
    )
    .await;
}

/// Runs a test with the subscriber of a worker that has none of its own, and again with a Layer in a registry.
fn with_either(test: fn()) {
    tracing::subscriber::with_default(CallSubscriber::default(), test);
    with_a_registry(test);
}

fn with_a_registry(test: fn()) {
    tracing::subscriber::with_default(tracing_subscriber::registry().with(CallLayer::new()), test);
}

/// The parent of each span, by name.
fn parents(told: &Told) -> BTreeMap<&str, &str> {
    let by_id: BTreeMap<u64, &str> =
        told.spans.iter().map(|span| (span.span_id, &*span.name)).chain([(CALL, "the call")]).collect();
    assert_eq!(by_id.len(), told.spans.len() + 1, "ids are different: {told:?}");
    told.spans.iter().map(|span| (&*span.name, by_id[&span.parent_span_id])).collect()
}

fn span<'a>(told: &'a Told, name: &str) -> &'a ToldSpan {
    told.spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("no {name} in {told:?}"))
}

fn attributes(span: &ToldSpan) -> Value {
    serde_json::from_str(&span.attributes).unwrap()
}

#[test]
fn spans_hang_beneath_the_one_that_is_entered_and_know_when_they_were() {
    with_either(|| {
        let told = Running::new(async {
            let decode = info_span!("decode").entered();
            debug_span!("header").in_scope(|| ());
            drop(decode);
            let open = info_span!("not entered");
            info_span!("encode").in_scope(|| info_span!(parent: &open, "of another").in_scope(|| ()));
            info_span!(parent: None, "root").in_scope(|| ());
        })
        .until_it_ends();
        let expected = [
            ("decode", "the call"),
            ("header", "decode"),
            ("not entered", "the call"),
            ("encode", "the call"),
            ("of another", "not entered"),
            ("root", "the call"),
        ];
        assert_eq!(parents(&told), expected.into());
        assert_eq!((told.spans_lost, told.logs.len()), (0, 0));
        let (decode, header) = (span(&told, "decode"), span(&told, "header"));
        assert!(
            decode.started < header.started && header.ended < decode.ended && header.started < header.ended
        );
        assert_eq!(attributes(header), json!({ "target": module_path!() }));
    });
}

/// Three calls that take turns in an odd order, each of which holds a span over its awaits, as one should not; what each of
/// them told must be its own.
fn take_turns(every_span_ends: bool) {
    let handler = |name: &'static str| async move {
        let _held = info_span!("outer", name).entered();
        turn().await;
        let inner = info_span!("inner", name);
        let work = async {
            turn().await;
            info_span!("leaf", name).in_scope(|| info!(name, "in a leaf"));
            turn().await;
        };
        work.instrument(inner).await;
        info_span!("after", name).in_scope(|| ());
    };
    let mut calls = ["a", "b", "c"].map(|name| (name, Some(Running::new(handler(name)))));
    let mut ended = 0;
    for at in [0, 1, 2, 1, 0, 2, 2, 0, 1, 0, 1, 2, 1, 2, 0] {
        let (name, running) = &mut calls[at];
        let Some(told) = running.as_mut().and_then(Running::turn) else { continue };
        *running = None;
        ended += 1;
        let outer_is_told = every_span_ends || told.spans_lost == 0;
        let above = if outer_is_told { "outer" } else { "the call" };
        let mut expected = BTreeMap::from([("inner", above), ("leaf", "inner"), ("after", above)]);
        if outer_is_told {
            expected.insert("outer", "the call");
        }
        assert_eq!(parents(&told), expected, "{name}");
        assert_eq!(told.spans_lost, u64::from(!outer_is_told));
        assert!(told.spans.iter().all(|span| attributes(span)["name"] == *name), "{told:?}");
        assert_eq!(told.logs[0].span_id, span(&told, "leaf").span_id);
        assert_eq!(told.logs[0].attributes, Some(json!({ "name": name }).to_string()));
    }
    assert_eq!(ended, 3);
}

#[test]
fn calls_that_take_turns_do_not_see_each_other() {
    tracing::subscriber::with_default(CallSubscriber::default(), || take_turns(true));
    // A registry keeps a span open for what was opened while it was entered on the thread, whoever's it is: some that are
    // held over an await end too late to be told of. Their own they are all the same.
    with_a_registry(|| take_turns(false));
}

#[test]
fn our_own_subscriber_ends_each_span_when_it_ended_whatever_others_hold() {
    tracing::subscriber::with_default(CallSubscriber::default(), || {
        let mut holds = Running::new(async {
            let _held = info_span!("held").entered();
            turn().await;
        });
        assert_eq!(holds.turn(), None);
        let mut other = Running::new(async {
            let _open = info_span!("open for long").entered();
            turn().await;
            turn().await;
        });
        assert_eq!(other.turn(), None);
        let told = holds.turn().expect("it ends while the other's span is open");
        assert_eq!((parents(&told), told.spans_lost), ([("held", "the call")].into(), 0));
        assert_eq!(other.turn(), None);
        assert_eq!(parents(&other.turn().unwrap()), [("open for long", "the call")].into());
    });
}

#[test]
fn what_a_spawned_future_does_in_a_span_of_the_call_belongs_to_the_call() {
    with_either(|| {
        let spawned = std::rc::Rc::new(std::cell::RefCell::new(None::<Running>));
        let spawn = spawned.clone();
        let mut call = Running::new(async move {
            let span = info_span!("spawned");
            let work = async {
                info_span!("first").in_scope(|| ());
                turn().await;
                info_span!("second").in_scope(|| info!("done"));
            };
            *spawn.borrow_mut() = Some(Running::new(work.instrument(span)));
            turn().await;
            turn().await;
        });
        assert_eq!(call.turn(), None);
        let Running { mut work, .. } = spawned.take().unwrap();
        let mut waking = Context::from_waker(Waker::noop());
        assert!(work.as_mut().poll(&mut waking).is_pending(), "polled by nobody's call");
        let mut other = Running::new(async move {
            let mut work = work;
            assert!(std::future::poll_fn(|waking| Poll::Ready(work.as_mut().poll(waking))).await.is_ready());
            info_span!("the other's own").in_scope(|| ());
        });
        assert_eq!(parents(&other.turn().unwrap()), [("the other's own", "the call")].into());
        assert_eq!(call.turn(), None);
        let told = call.turn().unwrap();
        let expected = [("spawned", "the call"), ("first", "spawned"), ("second", "spawned")];
        assert_eq!(parents(&told), expected.into());
        assert_eq!(told.logs[0].span_id, span(&told, "second").span_id);
        assert!(!listens(), "nothing of it is left");
    });
}

#[derive(Debug)]
struct Oh;

impl fmt::Display for Oh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("oh, no")
    }
}

impl std::error::Error for Oh {}

#[test]
fn fields_become_attributes_those_that_come_late_too() {
    with_either(|| {
        let told = Running::new(async {
            let span = info_span!(
                "all",
                text = "x",
                whole = -7,
                large = u64::MAX,
                larger = u128::MAX,
                part = 0.5,
                nan = f64::NAN,
                yes = true,
                list = ?[1, 2],
                shown = %Oh,
                error_of_mine = &Oh as &dyn std::error::Error,
                late = Empty,
                never = Empty,
                long = "é".repeat(4000),
                otel.name = "another name",
            );
            span.in_scope(|| {
                Span::current().record("late", 3);
            });
        })
        .until_it_ends();
        let mut values = attributes(span(&told, "another name"));
        let long = values.as_object_mut().unwrap().remove("long").unwrap();
        assert_eq!(long.as_str().unwrap(), "é".repeat(2048) + "…");
        let expected = json!({
            "text": "x", "whole": -7, "large": u64::MAX, "larger": u128::MAX.to_string(), "part": 0.5, "nan": "NaN",
            "yes": true, "list": "[1, 2]", "shown": "oh, no", "error_of_mine": "oh, no", "late": 3,
            "target": module_path!(),
        });
        assert_eq!(values, expected);
        assert_eq!(told.spans[0].error, None);
    });
}

#[instrument(err, fields(answer))]
async fn fails(number: u32) -> Result<u32, Oh> {
    turn().await;
    Span::current().record("answer", number + 1);
    Err(Oh)
}

#[test]
fn a_span_fails_by_an_error_that_is_told_in_it_or_by_saying_so() {
    with_either(|| {
        let told = Running::new(async {
            assert!(fails(41).await.is_err());
            info_span!("told").in_scope(|| {
                warn!("no error yet");
                error!(error.r#type = "Kind", "first");
                error!("second");
            });
            info_span!("said", error = "own words", error.r#type = "Own").in_scope(|| ());
            info_span!("status", otel.status_code = "ERROR", otel.status_description = "described")
                .in_scope(|| ());
            info_span!("fine", error = false, otel.status_code = "OK").in_scope(|| ());
        })
        .until_it_ends();
        let error = |name: &str| span(&told, name).error.clone();
        let failed = |kind: &str, message: &str| Some((kind.to_owned(), message.to_owned()));
        assert_eq!(error("fails"), failed("_OTHER", "oh, no"));
        assert_eq!(
            attributes(span(&told, "fails")),
            json!({ "number": 41, "answer": 42, "target": module_path!() })
        );
        assert_eq!(error("told"), failed("Kind", "first"));
        assert_eq!(error("said"), failed("Own", "own words"));
        assert_eq!(error("status"), failed("_OTHER", "described"));
        assert_eq!(error("fine"), None);
        let logs: Vec<_> = told.logs.iter().map(|log| (log.severity, &*log.body)).collect();
        assert_eq!(logs, [(17, "oh, no"), (13, "no error yet"), (17, "first"), (17, "second")]);
        assert_eq!(told.logs[1].target, module_path!());
        assert_eq!(told.logs[1].attributes, None);
    });
}

#[test]
fn what_is_too_much_is_counted_and_what_hangs_beneath_it_hangs_higher() {
    with_either(|| {
        let told = Running::new(async {
            info_span!("first").in_scope(|| {
                for number in 0..MAX_SPANS + 10 {
                    info_span!("many", number).in_scope(|| info!("in it"));
                }
                info_span!("too late").in_scope(|| error!("all the same"));
            });
        })
        .until_it_ends();
        assert_eq!((told.spans.len() as u64, told.spans_lost), (MAX_SPANS, 12));
        assert_eq!((told.logs.len() as u64, told.logs_lost), (MAX_LOGS, 11));
        let first = span(&told, "first");
        assert_eq!(told.logs[127].span_id, first.span_id, "the nearest that is told of");
        assert_eq!(first.error, Some(("_OTHER".to_owned(), "all the same".to_owned())));
    });
}

#[test]
fn spans_that_are_open_when_the_call_ends_are_lost_and_nobody_hears_of_their_end() {
    with_either(|| {
        let kept = std::rc::Rc::new(Cell::new(None));
        let keep = kept.clone();
        let told = Running::new(async move {
            let open = info_span!("open");
            open.in_scope(|| info_span!("within").in_scope(|| info!("said")));
            keep.set(Some(open));
        })
        .until_it_ends();
        assert_eq!((parents(&told), told.spans_lost), ([("within", "the call")].into(), 1));
        let late = kept.take().unwrap();
        late.in_scope(|| info_span!("after the end").in_scope(|| info!("too late")));
        late.record("nothing", 1);
        drop(late);
        assert!(!listens());
    });
}

/// Counts how often it is looked at.
struct Watched<'a>(&'a Cell<u32>);

impl fmt::Display for Watched<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.set(self.0.get() + 1);
        f.write_str("looked at")
    }
}

#[test]
fn without_a_sampled_call_nothing_is_read_or_kept() {
    tracing::subscriber::with_default(CallSubscriber::default(), || {
        let looks = Cell::new(0);
        let work = || {
            let span = info_span!("span", value = %Watched(&looks));
            span.in_scope(|| info!("event {}", Watched(&looks)));
            span.is_disabled()
        };
        assert!(work(), "an unsampled call's span is not even made");
        assert_eq!((looks.get(), listens()), (0, false));
        assert!(!Call::new(now).scope(work));
        assert_eq!(looks.get(), 2);
        assert!(work() && !listens(), "and after a sampled one it is as before");
    });
}

#[test]
fn traces_are_too_much_unless_asked_for_and_other_layers_hear_all_of_it() {
    let told = tracing::subscriber::with_default(CallSubscriber::default(), || {
        Running::new(async { tracing::trace_span!("detail").in_scope(|| tracing::trace!("detail")) })
            .until_it_ends()
    });
    assert_eq!(told, Told::default());
    let registry = tracing_subscriber::registry().with(CallLayer::new()).with(CallLayer::new());
    let told = tracing::subscriber::with_default(registry, || {
        Running::new(async { tracing::trace_span!("detail").in_scope(|| tracing::trace!("detail")) })
            .until_it_ends()
    });
    assert_eq!((told.spans.len(), told.logs.len()), (2, 2), "two layers, and neither stopped the other");
}

#[test]
fn what_the_runtime_itself_tells_is_not_a_handlers() {
    with_either(|| {
        let told = Running::new(async {
            info_span!(target: "atelier", "atelier.call").in_scope(|| info!(target: "atelier", "a fact"));
        })
        .until_it_ends();
        assert_eq!(told, Told::default());
    });
}
