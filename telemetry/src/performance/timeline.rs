//! The consumer `performance` of the ledger: takes records and has them written.

use super::measure::{Measure, MeasureWriter};
use super::origin::TimeOrigin;
use super::segments::{Segment, segment_of_handler, segment_of_trace, segments};
use super::stamp::{Stamp, Texts};
use crate::account::Signal;
use crate::clock;
use crate::consumer::SubscribeOptions;
use crate::record::Record;
use crate::subscription::Subscription;
use crate::telemetry::Telemetry;

/// How many calls and traces wait to be written at most. When one more comes, the oldest is dropped and counted.
pub const DEFAULT_MEASURES_WAITING: usize = 1_024;

/// What is written for a call or a trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimelineMode {
    /// A `performance.measure` entry with every detail, and its pieces as `console.timeStamp` entries.
    #[default]
    Measure,
    /// Only the pieces: far cheaper, kept by nobody, seen by nobody but a recording profiler, and without properties.
    Timestamp,
}

/// Where entries go. Errors are messages for the ledger.
pub trait TimelineSink {
    /// When the page's clock was zero, in milliseconds since the Unix epoch: `performance.timeOrigin`, until the machine
    /// sleeps and the timeline's clock with it.
    fn time_origin_unix_ms(&self) -> f64;
    /// Writes one `performance.measure` entry, clearing those of its name before if it says so.
    fn measure(&mut self, measure: &Measure) -> Result<(), String>;
    /// From now on, stamps mean this text by this number.
    fn text(&mut self, number: u32, text: &str);
    /// Writes one `console.timeStamp` entry.
    fn stamp(&mut self, stamp: &Stamp) -> Result<(), String>;
}

/// Writes a runtime's calls and traces to a sink, as the consumer `performance` of the ledger.
#[must_use = "dropping it ends the entries"]
#[derive(Debug)]
pub struct PerformanceTimeline<S> {
    subscription: Subscription,
    mode: TimelineMode,
    origin: TimeOrigin,
    /// That of before the clock was set: what waited meanwhile counts from there.
    former: TimeOrigin,
    measures: MeasureWriter,
    texts: Texts,
    sink: S,
}

impl<S: TimelineSink> PerformanceTimeline<S> {
    /// Begins to take calls and traces that end from now on.
    pub fn new(telemetry: &Telemetry, runtime: u64, mode: TimelineMode, sink: S) -> PerformanceTimeline<S> {
        let options = SubscribeOptions {
            metrics: false,
            capacity: DEFAULT_MEASURES_WAITING,
            ..SubscribeOptions::default()
        };
        let subscription = telemetry.subscribe(runtime, "performance", options);
        let origin = TimeOrigin::from_unix_ms(sink.time_origin_unix_ms());
        let (measures, texts) = (MeasureWriter::new(origin), Texts::default());
        PerformanceTimeline { subscription, mode, origin, former: origin, measures, texts, sink }
    }

    /// Writes what waits, oldest first, at most `max` records (each costs up to some microseconds). Gives how many waited
    /// and were written or refused; a sink that fails costs its record, which counts as rejected, and nothing else.
    pub fn write(&mut self, max: usize) -> usize {
        let records = self.subscription.drain(max);
        if !records.is_empty() {
            let origin = TimeOrigin::from_unix_ms(self.sink.time_origin_unix_ms());
            if origin != self.origin {
                self.former = std::mem::replace(&mut self.origin, origin);
            }
        }
        for record in &records {
            let origin = self.origin_of(record);
            self.measures.count_from(origin);
            match self.write_one(record, origin) {
                Ok(()) => self.subscription.delivered(Signal::Spans, 1),
                Err(message) => {
                    self.subscription.rejected(Signal::Spans, 1);
                    self.subscription.set_last_error(Some(message));
                }
            }
        }
        records.len()
    }

    fn origin_of(&self, record: &Record) -> TimeOrigin {
        let ended = match record {
            Record::Span(call) => call.end_unix_nano,
            Record::Trace(trace) => trace.end_unix_nano,
            Record::Handler(span) => span.end_unix_nano,
            // Not subscribed to.
            Record::Metric(_) | Record::Log(_) => return self.origin,
        };
        let is_former =
            self.origin != self.former && self.origin.is_before(self.former, ended, clock::unix_nano_now());
        if is_former { self.former } else { self.origin }
    }

    fn write_one(&mut self, record: &Record, origin: TimeOrigin) -> Result<(), String> {
        match record {
            Record::Span(call) => {
                let mut stamped = Ok(());
                for segment in segments(call, origin) {
                    stamped = stamped.and(self.stamp(&segment));
                }
                match self.mode {
                    // A browser whose console has no tracks shows the entry alone, with all that the pieces tell.
                    TimelineMode::Measure => {
                        let measure = self.measures.call(call);
                        self.measure(&measure)
                    }
                    TimelineMode::Timestamp => stamped,
                }
            }
            Record::Trace(trace) => match self.mode {
                TimelineMode::Measure => {
                    let measure = self.measures.trace(trace);
                    self.measure(&measure)
                }
                TimelineMode::Timestamp => self.stamp(&segment_of_trace(trace, origin)),
            },
            Record::Handler(span) => self.stamp(&segment_of_handler(span, origin)),
            // Not subscribed to.
            Record::Metric(_) | Record::Log(_) => Ok(()),
        }
    }

    fn measure(&mut self, measure: &Measure) -> Result<(), String> {
        let written = self.sink.measure(measure);
        if written.is_err() {
            self.measures.refused(measure);
        }
        written
    }

    fn stamp(&mut self, segment: &Segment) -> Result<(), String> {
        let stamp = self.texts.stamp(segment, &mut self.sink);
        self.sink.stamp(&stamp)
    }

    /// Whether nothing waits to be written.
    pub fn is_empty(&self) -> bool {
        self.subscription.is_empty()
    }
}
