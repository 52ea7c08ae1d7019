//! Calls and traces on the Performance timeline.

use atelier_telemetry::performance::{
    DEFAULT_MEASURES_KEPT, DEFAULT_MEASURES_WAITING, Measure, MeasureSink, MeasureWriter,
    PerformanceMeasures, SPAN_MEASURE, TRACE_MEASURE,
};
use atelier_telemetry::{Record, SubscribeOptions, Telemetry};
use serde_json::json;

use crate::support::*;

/// A page that was opened ten milliseconds before the first call.
const ORIGIN_MS: f64 = (START / 1_000_000) as f64 - 10.0;

/// A timeline that keeps what the browser would keep.
#[derive(Default)]
struct Timeline {
    entries: Vec<Measure>,
    most: usize,
    written: usize,
    broken: bool,
}

impl MeasureSink for &mut Timeline {
    fn time_origin_unix_ms(&self) -> f64 {
        ORIGIN_MS
    }

    fn write(&mut self, measure: &Measure) -> Result<(), String> {
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
}

fn measures_of(emit: impl FnOnce()) -> Vec<Measure> {
    let telemetry = Telemetry::new();
    let mut timeline = Timeline::default();
    let mut measures = PerformanceMeasures::new(&telemetry, RUNTIME, &mut timeline);
    listening(&telemetry, emit);
    measures.write(usize::MAX);
    drop(measures);
    timeline.entries
}

#[test]
fn a_call_is_an_entry_on_the_track_of_its_worker() {
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
                "track": "Resize · worker 1",
                "trackGroup": "Atelier",
                "color": "primary",
                "properties": [
                    ["call", "5"], ["outcome", "ok"], ["attempts", "1"],
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
    assert_eq!(detail["devtools"]["track"], "resize · worker 1");
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
    let mut writer = MeasureWriter::new(ORIGIN_MS + 60_000.0);
    let measure = writer.call(call);
    assert_eq!((measure.start, measure.end), (0.0, 0.0));
}

#[test]
fn the_entries_kept_are_bounded_for_each_name() {
    let telemetry = Telemetry::new();
    let mut timeline = Timeline::default();
    let mut measures = PerformanceMeasures::new(&telemetry, RUNTIME, &mut timeline);
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
    let mut measures = PerformanceMeasures::new(&telemetry, RUNTIME, &mut timeline);
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
