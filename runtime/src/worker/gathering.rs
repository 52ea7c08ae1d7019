//! Gathers what handlers tell through `tracing`, call by call. Pure: nothing here knows a browser.
//!
//! `tracing` thinks in threads, and a worker has one, on which its calls take turns. So a call is made *current* while its
//! future is polled, and has entered spans of its own: one that is held over an `await` is still entered when the call goes
//! on, and never the parent of what another call opens meanwhile. A span that is entered while its call is not current
//! (in a future that was spawned) makes it current, for as long.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use rustc_hash::FxHashMap;
use tracing::{Level, Metadata};

use super::fields::{EventFields, SpanFields};

/// How many spans one call can send home, as many as a handler in JavaScript (`js/spans.js`). What is beyond is counted
/// as lost.
pub(super) const MAX_SPANS: u64 = 128;
/// How many log records one call can send home. What is beyond is counted as lost.
pub(super) const MAX_LOGS: u64 = 128;

/// Milliseconds since the Unix epoch, on the worker's clock.
pub(super) type Now = fn() -> f64;

/// A span's number, told from those that another subscriber gives: its layer's number and its own.
pub(super) type SpanNumber = (u64, u64);

/// A call whose spans and events are gathered. Clones are the same one.
#[derive(Clone, Debug)]
pub(super) struct Call(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    now: Now,
    gathered: RefCell<Gathered>,
    over: Cell<bool>,
}

#[derive(Debug, Default)]
struct Gathered {
    spans: Vec<GatheredSpan>,
    spans_begun: u64,
    logs: Vec<Log>,
    logs_told: u64,
    /// Entered and not left, the innermost last.
    entered: Vec<Entered>,
}

#[derive(Debug)]
struct GatheredSpan {
    metadata: &'static Metadata<'static>,
    /// Its place among the call's spans; without one it is the call's own child.
    parent: Option<usize>,
    fields: SpanFields,
    started: f64,
    ended: Option<f64>,
}

#[derive(Debug)]
struct Log {
    level: Level,
    target: &'static str,
    fields: EventFields,
    time: f64,
    /// The place of the span it was told in.
    span: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Entered {
    number: SpanNumber,
    place: Option<usize>,
}

/// Where a span that is open belongs.
#[derive(Clone, Debug)]
struct Home {
    call: Call,
    /// Its place in the call; that of the nearest one kept above it, when it is too many itself.
    place: Option<usize>,
    kept: bool,
    metadata: &'static Metadata<'static>,
    /// How many handles to it there are, where we count them ourselves.
    handles: usize,
}

/// Who made a call current.
#[derive(Debug)]
struct Frame {
    call: Call,
    /// A span that was entered while another call was current, or none was; else it is being polled.
    by: Option<SpanNumber>,
}

thread_local! {
    static CURRENT: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
    static HOMES: RefCell<FxHashMap<SpanNumber, Home>> = RefCell::default();
}

/// What a span hangs beneath, as its maker says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parent {
    /// Whatever is entered.
    Current,
    /// Nothing, hence the call itself.
    Root,
    /// This span.
    Span(SpanNumber),
}

/// A span on its way home.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ToldSpan {
    pub(super) name: String,
    pub(super) span_id: u64,
    pub(super) parent_span_id: u64,
    pub(super) started: f64,
    pub(super) ended: f64,
    /// The error's name and message.
    pub(super) error: Option<(String, String)>,
    /// A JSON object.
    pub(super) attributes: String,
}

/// A log record on its way home.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ToldLog {
    /// OpenTelemetry's "Logs Data Model", field `SeverityNumber`.
    pub(super) severity: u8,
    pub(super) target: &'static str,
    pub(super) body: String,
    /// A JSON object, when there is something in it.
    pub(super) attributes: Option<String>,
    pub(super) time: f64,
    pub(super) span_id: u64,
}

/// What a call tells when it ends.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Told {
    pub(super) spans: Vec<ToldSpan>,
    /// Spans that were too many, or had not ended.
    pub(super) spans_lost: u64,
    pub(super) logs: Vec<ToldLog>,
    /// Log records that were too many.
    pub(super) logs_lost: u64,
}

impl Call {
    pub(super) fn new(now: Now) -> Call {
        Call(Rc::new(Inner { now, gathered: RefCell::default(), over: Cell::new(false) }))
    }

    /// Does something while this is the current call.
    pub(super) fn scope<T>(&self, act: impl FnOnce() -> T) -> T {
        let _frame = Polled::begin(self);
        act()
    }

    /// The call has ended, whose span has this id: what it told. `new_id` gives the ids of its spans.
    pub(super) fn finish(&self, span_id: u64, mut new_id: impl FnMut() -> u64) -> Told {
        self.0.over.set(true);
        let Gathered { spans, spans_begun, logs, logs_told, .. } = self.0.gathered.take();
        let ids: Vec<Option<u64>> = spans.iter().map(|span| span.ended.map(|_| new_id())).collect();
        // What has not ended is not told of: what hangs beneath it hangs beneath what is above.
        let id_at = |mut place: Option<usize>| {
            while let Some(at) = place {
                match ids.get(at).copied().flatten() {
                    Some(id) => return id,
                    None => place = spans.get(at).and_then(|span| span.parent),
                }
            }
            span_id
        };
        let told_logs = logs.iter().map(|log| ToldLog {
            severity: severity(log.level),
            target: log.target,
            body: log.fields.body(),
            attributes: log.fields.attributes(),
            time: log.time,
            span_id: id_at(log.span),
        });
        let told_spans = spans.iter().zip(&ids).filter_map(|(span, id)| {
            Some(ToldSpan {
                name: span.fields.name().unwrap_or(span.metadata.name()).to_owned(),
                span_id: (*id)?,
                parent_span_id: id_at(span.parent),
                started: span.started,
                ended: span.ended?,
                error: span.fields.error(),
                attributes: span.fields.attributes(span.metadata.target()),
            })
        });
        let (spans, logs): (Vec<_>, Vec<_>) = (told_spans.collect(), told_logs.collect());
        Told {
            spans_lost: spans_begun.saturating_sub(spans.len() as u64),
            logs_lost: logs_told.saturating_sub(logs.len() as u64),
            spans,
            logs,
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Gathered) -> T) -> T {
        change(&mut self.0.gathered.borrow_mut())
    }

    fn is(&self, other: &Call) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// The place of what is entered, where there is something.
    fn innermost(&self) -> Option<usize> {
        self.0.gathered.borrow().entered.last().and_then(|entered| entered.place)
    }
}

/// A call is current because it is polled, until this is dropped.
struct Polled;

impl Polled {
    fn begin(call: &Call) -> Polled {
        CURRENT.with_borrow_mut(|frames| frames.push(Frame { call: call.clone(), by: None }));
        Polled
    }
}

impl Drop for Polled {
    fn drop(&mut self) {
        CURRENT.with_borrow_mut(|frames| {
            if let Some(at) = frames.iter().rposition(|frame| frame.by.is_none()) {
                frames.remove(at);
            }
        });
    }
}

/// Whether something could be gathered now: a call is current, or a span of one is open.
pub(super) fn listens() -> bool {
    CURRENT.with_borrow(|frames| !frames.is_empty()) || HOMES.with_borrow(|homes| !homes.is_empty())
}

fn current() -> Option<Call> {
    CURRENT.with_borrow(|frames| frames.last().map(|frame| frame.call.clone()))
}

fn home(number: SpanNumber) -> Option<Home> {
    HOMES.with_borrow(|homes| homes.get(&number).cloned())
}

/// The call that something belongs to, which must not have ended, and its place there.
fn place_of(parent: Parent) -> Option<(Call, Option<usize>)> {
    let known = match parent {
        Parent::Span(number) => home(number).map(|home| (home.call, home.place)),
        Parent::Root => current().map(|call| (call, None)),
        Parent::Current => None,
    };
    let found = known.or_else(|| {
        let call = current()?;
        let place = call.innermost();
        Some((call, place))
    })?;
    (!found.0.0.over.get()).then_some(found)
}

/// A span was opened. Its fields are read only if it is kept.
pub(super) fn open(
    number: SpanNumber,
    metadata: &'static Metadata<'static>,
    parent: Parent,
    read: impl FnOnce() -> SpanFields,
) {
    let Some((call, parent)) = place_of(parent) else { return };
    let kept = call.change(|gathered| {
        gathered.spans_begun += 1;
        gathered.spans_begun <= MAX_SPANS
    });
    let mut place = parent;
    if kept {
        // Foreign code, which may come back here: nothing is borrowed.
        let fields = read();
        let started = (call.0.now)();
        place = call.change(|gathered| {
            gathered.spans.push(GatheredSpan { metadata, parent, fields, started, ended: None });
            Some(gathered.spans.len() - 1)
        });
    }
    HOMES.with_borrow_mut(|homes| homes.insert(number, Home { call, place, kept, metadata, handles: 1 }));
}

/// A span got more fields.
pub(super) fn record(number: SpanNumber, read: impl FnOnce() -> SpanFields) {
    let Some(Home { call, place: Some(place), kept: true, .. }) = home(number) else { return };
    if call.0.over.get() {
        return;
    }
    let more = read();
    call.change(|gathered| {
        if let Some(span) = gathered.spans.get_mut(place) {
            span.fields.add(more);
        }
    });
}

/// Something happened.
pub(super) fn tell(metadata: &'static Metadata<'static>, parent: Parent, read: impl FnOnce() -> EventFields) {
    let Some((call, span)) = place_of(parent) else { return };
    let kept = call.change(|gathered| {
        gathered.logs_told += 1;
        gathered.logs_told <= MAX_LOGS
    });
    // An error is its span's as well, however many there were before.
    let fails = *metadata.level() == Level::ERROR && span.is_some();
    if !kept && !fails {
        return;
    }
    let fields = read();
    let time = (call.0.now)();
    call.change(|gathered| {
        let span_failed = span.filter(|_| fails).and_then(|place| gathered.spans.get_mut(place));
        if let Some(failed) = span_failed {
            failed.fields.fail(&fields);
        }
        if kept {
            let (level, target) = (*metadata.level(), metadata.target());
            gathered.logs.push(Log { level, target, fields, time, span });
        }
    });
}

/// A span was entered.
pub(super) fn enter(number: SpanNumber) {
    let Some(Home { call, place, .. }) = home(number) else { return };
    call.change(|gathered| gathered.entered.push(Entered { number, place }));
    CURRENT.with_borrow_mut(|frames| {
        if !frames.last().is_some_and(|frame| frame.call.is(&call)) {
            frames.push(Frame { call, by: Some(number) });
        }
    });
}

/// A span was left.
pub(super) fn exit(number: SpanNumber) {
    let Some(Home { call, .. }) = home(number) else { return };
    call.change(|gathered| {
        if let Some(at) = gathered.entered.iter().rposition(|entered| entered.number == number) {
            gathered.entered.remove(at);
        }
    });
    CURRENT.with_borrow_mut(|frames| {
        if let Some(at) = frames.iter().rposition(|frame| frame.by == Some(number)) {
            frames.remove(at);
        }
    });
}

/// A span has ended.
pub(super) fn close(number: SpanNumber) {
    let closed = HOMES.with_borrow_mut(|homes| homes.remove(&number));
    let Some(Home { call, place: Some(place), kept: true, .. }) = closed else { return };
    let now = (call.0.now)();
    call.change(|gathered| {
        if let Some(span) = gathered.spans.get_mut(place) {
            span.ended = Some(now);
        }
    });
}

/// There is one more handle to a span.
pub(super) fn add_handle(number: SpanNumber) {
    HOMES.with_borrow_mut(|homes| {
        if let Some(home) = homes.get_mut(&number) {
            home.handles += 1;
        }
    });
}

/// There is one handle less to a span. Whether it was the last.
pub(super) fn drop_handle(number: SpanNumber) -> bool {
    HOMES.with_borrow_mut(|homes| {
        homes.get_mut(&number).is_none_or(|home| {
            home.handles = home.handles.saturating_sub(1);
            home.handles == 0
        })
    })
}

/// The span that is entered now.
pub(super) fn entered() -> Option<(SpanNumber, &'static Metadata<'static>)> {
    let call = current()?;
    let number = call.0.gathered.borrow().entered.last()?.number;
    home(number).map(|home| (number, home.metadata))
}

/// OpenTelemetry, "Logs Data Model", field `SeverityNumber`: the first number of each range.
fn severity(level: Level) -> u8 {
    match level {
        Level::TRACE => 1,
        Level::DEBUG => 5,
        Level::INFO => 9,
        Level::WARN => 13,
        Level::ERROR => 17,
    }
}
