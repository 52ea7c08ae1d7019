//! Calls and traces on the Performance timeline.

use std::collections::BTreeMap;

use atelier_core::Outcome;
use atelier_core::names::{HANDLER_SPAN, Phase, TARGET, field};
use atelier_telemetry::frame::LedgerRow;
use atelier_telemetry::performance::{
    DEFAULT_MEASURES_KEPT, DEFAULT_MEASURES_WAITING, DEFAULT_TEXTS_KEPT, GROUP_TEXT, Measure, MeasureWriter,
    PerformanceTimeline, SPAN_MEASURE, Stamp, TRACE_MEASURE, TimeOrigin, TimelineMode, TimelineSink,
};
use atelier_telemetry::{Record, SubscribeOptions, Telemetry};
use serde_json::json;
use tracing::{Level, span};

use crate::support::*;

/// A page that was opened ten milliseconds before the first call.
const ORIGIN_MS: f64 = (START / 1_000_000) as f64 - 10.0;

/// A timeline that keeps what the browser would keep, and what its profiler would record.
#[derive(Default)]
struct Timeline {
    entries: Vec<Measure>,
    most: usize,
    written: usize,
    broken: bool,
    no_tracks: bool,
    texts: BTreeMap<u32, String>,
    most_texts: usize,
    stamps: Vec<Stamped>,
}

/// A stamp with its texts.
#[derive(Debug, Clone, PartialEq)]
struct Stamped {
    label: String,
    call: Option<u64>,
    micros: (i64, i64),
    track: String,
    color: String,
}

fn stamped(label: &str, call: Option<u64>, micros: (i64, i64), track: &str, color: &str) -> Stamped {
    Stamped { label: label.to_owned(), call, micros, track: track.to_owned(), color: color.to_owned() }
}

impl TimelineSink for &mut Timeline {
    fn time_origin_unix_ms(&self) -> f64 {
        ORIGIN_MS
    }

    fn measure(&mut self, measure: &Measure) -> Result<(), String> {
        if self.broken {
            return Err("performance.measure failed: no".to_owned());
        }
        if measure.clear_first {
            self.entries.retain(|entry| entry.name != measure.name);
        }
        self.entries.push(measure.clone());
        self.written += 1;
        self.most = self.most.max(self.entries.iter().filter(|entry| entry.name == measure.name).count());
        Ok(())
    }

    fn text(&mut self, number: u32, text: &str) {
        self.texts.insert(number, text.to_owned());
        self.most_texts = self.most_texts.max(self.texts.len());
    }

    fn stamp(&mut self, stamp: &Stamp) -> Result<(), String> {
        if self.broken || self.no_tracks {
            return Err("console.timeStamp failed: no".to_owned());
        }
        assert_eq!(self.texts[&GROUP_TEXT], "Atelier");
        assert!(stamp.start >= 0.0 && stamp.end >= stamp.start, "{stamp:?}");
        let micros = |ms: f64| (ms * 1e3).round() as i64;
        self.stamps.push(Stamped {
            label: self.texts[&stamp.label].clone(),
            call: stamp.call_id,
            micros: (micros(stamp.start), micros(stamp.end)),
            track: self.texts[&stamp.track].clone(),
            color: self.texts[&stamp.color].clone(),
        });
        Ok(())
    }
}

/// What a timeline holds after what was emitted, and the ledger's row for it.
fn timeline_of(mode: TimelineMode, mut timeline: Timeline, emit: impl FnOnce()) -> (Timeline, LedgerRow) {
    let telemetry = Telemetry::new();
    let mut writer = PerformanceTimeline::new(&telemetry, RUNTIME, mode, &mut timeline);
    listening(&telemetry, emit);
    writer.write(usize::MAX);
    assert!(writer.is_empty());
    let row = row(&telemetry.ledger(RUNTIME), "performance", "spans").clone();
    assert!(balances(&row), "{row:?}");
    drop(writer);
    (timeline, row)
}

fn measures_of(emit: impl FnOnce()) -> Vec<Measure> {
    timeline_of(TimelineMode::Measure, Timeline::default(), emit).0.entries
}

/// A call that waited 2 ms for a place and 1 ms in the queue, and then ran on worker 1.
fn call_in_pieces(call: u64, outcome: Outcome) {
    let span = open_call(1, call);
    end_call(span.clone(), call);
    span.record("atelier.phase.admission", 0.002);
    span.record(field::OUTCOME, outcome.name());
    span.record(field::WORKER_INDEX, 1u64);
}

#[test]
fn a_call_is_drawn_in_pieces_each_where_it_was() {
    for mode in [TimelineMode::Measure, TimelineMode::Timestamp] {
        let (timeline, row) = timeline_of(mode, Timeline::default(), || {
            define_in(RUNTIME, 1, "resize", Some("Resize"));
            call_in_pieces(5, Outcome::Ok);
        });
        let call = Some(5);
        assert_eq!(
            timeline.stamps,
            [
                stamped("resize: admission", call, (15_000, 17_000), "Resize · queue", "secondary-light"),
                stamped("resize: queue", call, (17_000, 18_000), "Resize · queue", "secondary"),
                stamped("resize: delivery", call, (18_000, 18_200), "Resize · messages", "tertiary-light"),
                stamped("resize", call, (18_200, 19_700), "Resize · worker 1", "primary"),
                stamped("resize: reply", call, (19_700, 20_000), "Resize · messages", "tertiary-dark"),
            ]
        );
        assert_eq!(timeline.entries.len(), usize::from(mode == TimelineMode::Measure));
        assert_eq!((row.emitted, row.delivered), (1, 1), "one call is one item, however many pieces it has");
    }
}

#[test]
fn a_piece_tells_how_its_call_ended() {
    let colors = |emit: fn()| {
        let (timeline, _) = timeline_of(TimelineMode::Timestamp, Timeline::default(), || {
            define(1, "resize");
            emit();
        });
        timeline.stamps.into_iter().map(|stamp| (stamp.track, stamp.color)).collect::<Vec<_>>()
    };
    let failed = colors(|| call_in_pieces(5, Outcome::Error));
    assert_eq!(failed[3], ("resize · worker 1".to_owned(), "error".to_owned()));
    assert_eq!(failed[4].1, "tertiary-dark", "the answer is none the worse for it");
    let rejected = colors(|| {
        let span = open_call(1, 5);
        span.record(field::END_TIME, START + 9_000_000);
        span.record(field::OUTCOME, Outcome::Canceled.name());
        span.record("atelier.phase.admission", 0.0);
        span.record("atelier.phase.queue", 0.004);
    });
    assert_eq!(rejected, [("resize · queue".to_owned(), "tertiary".to_owned())], "it never left the queue");
}

#[test]
fn a_run_too_short_to_measure_is_drawn_all_the_same() {
    let (timeline, _) = timeline_of(TimelineMode::Timestamp, Timeline::default(), || {
        define(1, "resize");
        let span = open_call(1, 4);
        end_call(span.clone(), 4);
        for phase in Phase::ALL {
            span.record(format!("{}{}", field::PHASE_PREFIX, phase.name()).as_str(), 0.0);
        }
    });
    assert_eq!(
        timeline.stamps,
        [stamped("resize", Some(4), (14_000, 14_000), "resize · worker 0", "primary")]
    );
}

#[test]
fn a_trace_and_a_handlers_span_have_their_places() {
    let emit = || {
        define(1, "resize");
        drop(span!(
            target: TARGET, Level::INFO, HANDLER_SPAN,
            { field::OTEL_NAME } = "blur",
            { field::RUNTIME } = RUNTIME,
            { field::TASK } = 1u64,
            { field::CALL_ID } = 5u64,
            { field::WORKER_INDEX } = 1u64,
            { field::TRACE_ID } = 5u128,
            { field::SPAN_ID } = 8u64,
            { field::PARENT_SPAN_ID } = 6u64,
            { field::TIME } = START + 1_000_000,
            { field::END_TIME } = START + 2_000_000
        ));
        end_trace(open_trace(9, Some("import")), "ok");
        end_trace(open_trace(10, None), "error");
    };
    let blur = stamped("blur", Some(5), (11_000, 12_000), "resize · worker 1", "primary-light");
    let (timeline, row) = timeline_of(TimelineMode::Timestamp, Timeline::default(), emit);
    assert_eq!(
        timeline.stamps,
        [
            blur.clone(),
            stamped("import", None, (10_000, 15_000), "traces", "secondary"),
            stamped("trace", None, (10_000, 15_000), "traces", "error"),
        ]
    );
    assert!(timeline.entries.is_empty());
    assert_eq!((row.delivered, row.pending), (3, 0));
    let (timeline, row) = timeline_of(TimelineMode::Measure, Timeline::default(), emit);
    assert_eq!(timeline.stamps, [blur], "traces are measures");
    assert_eq!((timeline.entries.len(), row.delivered, row.pending), (2, 3, 0));
}

#[test]
fn a_browser_without_tracks_still_gets_its_measures() {
    let emit = || {
        define(1, "resize");
        call(1, 5);
    };
    let no_tracks = || Timeline { no_tracks: true, ..Timeline::default() };
    let (timeline, row) = timeline_of(TimelineMode::Measure, no_tracks(), emit);
    assert_eq!((timeline.entries.len(), row.delivered, row.rejected), (1, 1, 0));
    let (_, row) = timeline_of(TimelineMode::Timestamp, no_tracks(), emit);
    assert_eq!((row.delivered, row.rejected), (0, 1));
    assert_eq!(row.last_error.as_deref(), Some("console.timeStamp failed: no"));
}

#[test]
fn the_texts_known_are_bounded_and_never_mixed_up() {
    let many = DEFAULT_TEXTS_KEPT + 100;
    let (timeline, row) = timeline_of(TimelineMode::Timestamp, Timeline::default(), || {
        for number in 0..many {
            end_trace(open_trace(9, Some(&format!("photo {number}"))), "ok");
        }
    });
    // The oldest made room before they were written.
    let first = many - DEFAULT_MEASURES_WAITING;
    let names: Vec<_> = timeline.stamps.iter().map(|stamp| stamp.label.clone()).collect();
    assert_eq!(names, (first..many).map(|number| format!("photo {number}")).collect::<Vec<_>>());
    assert!(timeline.stamps.iter().all(|stamp| stamp.track == "traces" && stamp.color == "secondary"));
    assert!(timeline.most_texts <= DEFAULT_TEXTS_KEPT + 1, "{}", timeline.most_texts);
    assert_eq!(row.dropped, [("queue_full".to_owned(), first as u64)]);
}

#[test]
fn a_call_is_an_entry_on_the_track_of_its_task() {
    let measures = measures_of(|| {
        define_in(RUNTIME, 1, "resize", Some("Resize"));
        end_call(open_call_in(1, 5, Some(0x77), Some("import")), 5);
    });
    let [measure] = measures.as_slice() else { panic!("{measures:?}") };
    assert_eq!((measure.name, measure.start, measure.end), (SPAN_MEASURE, 15.0, 18.0));
    assert_eq!(
        serde_json::to_value(&measure.detail).unwrap(),
        json!({
            "traceId": "00000000000000050000000000000abc",
            "spanId": "0000000000000006",
            "parentSpanId": "0000000000000077",
            "traceName": "import",
            "status": "ok",
            "durationMs": 3.0,
            "callId": "5",
            "taskId": "resize",
            "taskName": "Resize",
            "taskType": "parallel",
            "method": "resize",
            "workerIndex": 1,
            "queueWaitMs": 1.0,
            "queueWaitLastMs": 1.0,
            "attemptCount": 1,
            "devtools": {
                "dataType": "track-entry",
                "track": "Resize",
                "trackGroup": "Atelier",
                "color": "primary",
                "properties": [
                    ["call", "5"], ["outcome", "ok"], ["attempts", "1"], ["worker", "1"],
                    ["admission", "0.000 ms"], ["queue", "1.000 ms"], ["delivery", "0.200 ms"],
                    ["run", "1.500 ms"], ["reply", "0.300 ms"],
                    ["trace", "00000000000000050000000000000abc"]
                ],
                "tooltipText": "Resize.resize: ok, 3.00 ms"
            }
        })
    );
}

#[test]
fn a_failed_call_is_red_and_says_why() {
    let measures = measures_of(|| {
        define(1, "resize");
        fail_call(open_call(1, 5), 5, "broken");
    });
    let detail = serde_json::to_value(&measures[0].detail).unwrap();
    assert_eq!((&detail["status"], &detail["errorKind"]), (&json!("error"), &json!("exception")));
    assert_eq!((&detail["error"], &detail["devtools"]["color"]), (&json!("broken"), &json!("error")));
    assert_eq!(detail["devtools"]["track"], "resize");
    assert!(detail.get("traceName").is_none() && detail.get("taskName").is_none());
}

#[test]
fn a_trace_is_an_entry_too() {
    let measures = measures_of(|| end_trace(open_trace(9, Some("import")), "error"));
    let [measure] = measures.as_slice() else { panic!("{measures:?}") };
    assert_eq!((measure.name, measure.start, measure.end), (TRACE_MEASURE, 10.0, 15.0));
    let detail = serde_json::to_value(&measure.detail).unwrap();
    assert_eq!((&detail["traceName"], &detail["status"]), (&json!("import"), &json!("error")));
    assert_eq!(
        (&detail["devtools"]["track"], &detail["devtools"]["color"]),
        (&json!("traces"), &json!("error"))
    );
    assert!(detail.get("callId").is_none());
}

#[test]
fn times_before_the_page_are_no_error() {
    let telemetry = Telemetry::new();
    let spans = telemetry.subscribe(RUNTIME, "listener:1", SubscribeOptions::default());
    listening(&telemetry, || {
        define(1, "resize");
        call(1, 1);
    });
    let records = spans.drain(1);
    let Some(Record::Span(call)) = records.first() else { panic!("{records:?}") };
    let mut writer = MeasureWriter::new(TimeOrigin::from_unix_ms(ORIGIN_MS + 60_000.0));
    let measure = writer.call(call);
    assert_eq!((measure.start, measure.end), (0.0, 0.0));
}

#[test]
fn the_entries_kept_are_bounded_for_each_name() {
    let telemetry = Telemetry::new();
    let mut timeline = Timeline::default();
    let mut measures = PerformanceTimeline::new(&telemetry, RUNTIME, TimelineMode::Measure, &mut timeline);
    listening(&telemetry, || {
        define(1, "resize");
        end_trace(open_trace(9, None), "ok");
        for number in 0..1_000 {
            call(1, number);
        }
    });
    assert_eq!(measures.write(1), 1);
    assert_eq!(measures.write(usize::MAX), 1_000);
    assert!(measures.is_empty());
    drop(measures);
    assert_eq!((timeline.most, timeline.written), (DEFAULT_MEASURES_KEPT as usize, 1_001));
    assert_eq!(timeline.entries[0].name, TRACE_MEASURE, "clearing one name leaves the other alone");
}

#[test]
fn a_timeline_that_fails_is_counted_and_hurts_nobody() {
    let telemetry = Telemetry::new();
    let mut timeline = Timeline { broken: true, ..Timeline::default() };
    let mut measures = PerformanceTimeline::new(&telemetry, RUNTIME, TimelineMode::Measure, &mut timeline);
    listening(&telemetry, || {
        define(1, "resize");
        for number in 0..DEFAULT_MEASURES_WAITING as u64 + 5 {
            call(1, number);
        }
    });
    assert_eq!(measures.write(3), 3);
    let ledger = telemetry.ledger(RUNTIME);
    let spans = row(&ledger, "performance", "spans");
    assert_eq!((spans.rejected, spans.delivered, spans.pending), (3, 0, DEFAULT_MEASURES_WAITING as u64 - 3));
    assert_eq!(spans.dropped, [("queue_full".to_owned(), 5)]);
    assert_eq!(spans.last_error.as_deref(), Some("performance.measure failed: no"));
}
