//! Recordings as traces.

use std::collections::{HashMap, HashSet};

use atelier_core::names::Phase;
use atelier_exporters::recording::{Format, convert};
use atelier_telemetry::Record;

use crate::made::{ZERO, call, recording, task, without_end, world};
use crate::trace_format::{Event, checked, name_of};

fn trace(records: &[Record]) -> Vec<Event> {
    let mut json = Vec::new();
    let converted = convert(&recording(records), Format::Perfetto, &mut json).unwrap();
    assert!(!converted.cut && converted.unknown == 0);
    checked(&json)
}

#[test]
fn every_trace_keeps_the_rules_of_the_format() {
    for seed in 1..=20 {
        trace(&world(seed, 150));
    }
}

#[test]
fn calls_runs_and_gauges_are_in_the_trace_as_they_were() {
    let records = world(42, 300);
    let events = trace(&records);
    let mut runs: HashMap<&str, &Event> = HashMap::new();
    for slice in events.iter().filter(|it| it.ph == 'X' && it.name == "run" && it.pid > 1) {
        assert!(runs.insert(slice.args["call"].as_str().unwrap(), slice).is_none());
    }
    let mut begun: HashMap<&str, Vec<&Event>> = HashMap::new();
    for event in events.iter().filter(|it| matches!(it.ph, 'b' | 'e') && it.cat == "call") {
        begun.entry(&event.id).or_default().push(event);
    }
    let mut ran = 0;
    for record in &records {
        let Record::Span(call) = record else { continue };
        let of_call = &begun[call.call_id.to_string().as_str()];
        let whole = of_call.iter().filter(|it| it.name.ends_with(".run")).collect::<Vec<_>>();
        let start = (call.start_unix_nano - ZERO) as i64;
        assert_eq!((whole[0].ts, whole[1].ts), (start, (call.end_unix_nano - ZERO) as i64));
        let mut at = start;
        for phase in Phase::ALL {
            let stretch: Vec<_> = of_call.iter().filter(|it| it.name == phase.name()).collect();
            let Some(seconds) = call.phases.get(phase) else {
                assert!(stretch.is_empty());
                continue;
            };
            let length = (seconds * 1e9).round() as i64;
            assert_eq!((stretch[0].ts, stretch[1].ts), (at, at + length), "{} of {call:?}", phase.name());
            if phase == Phase::Run {
                let slice = runs[call.call_id.to_string().as_str()];
                assert_eq!((slice.ts, slice.dur), (at, length));
                let worker = format!("worker {}", call.worker_index.unwrap());
                assert!(name_of(&events, "thread_name", slice.pid, slice.tid).starts_with(&worker));
                ran += 1;
            }
            at += length;
        }
    }
    assert_eq!(runs.len(), ran);
    assert!(ran > 200);
    let flows = events.iter().filter(|it| it.ph == 's').count();
    assert_eq!(flows, ran);
    let counters: Vec<f64> =
        events.iter().filter(|it| it.ph == 'C').map(|it| it.args["call"].as_f64().unwrap()).collect();
    assert_eq!(counters, (0..300).map(f64::from).collect::<Vec<_>>());
    let processes: HashSet<&str> = events
        .iter()
        .filter(|it| it.ph == 'M' && it.name == "process_name")
        .map(|it| it.args["name"].as_str().unwrap())
        .collect();
    assert_eq!(processes, HashSet::from(["page https://a.example/", "task Resize \"it\"", "task encode"]));
    assert!(events.iter().any(|it| it.ph == 'i' && it.name == "crashed"));
    assert!(events.iter().any(|it| it.ph == 'b' && it.cat == "trace" && it.name == "checkout"));
}

#[test]
fn what_a_worker_runs_at_once_lies_on_threads_of_its_own() {
    let resize = task(1, "resize", None);
    let at_once = |id, start| {
        Record::Span(std::sync::Arc::new(call(
            &resize,
            id,
            start,
            [Some(0), Some(0), Some(10), Some(1_000), Some(10)],
        )))
    };
    // Three at once on worker 0, one after them.
    let events = trace(&[at_once(0, 0), at_once(2, 100), at_once(4, 200), at_once(6, 5_000)]);
    let threads: Vec<&str> = events
        .iter()
        .filter(|it| it.ph == 'M' && it.name == "thread_name" && it.pid == 2)
        .map(|it| it.args["name"].as_str().unwrap())
        .collect();
    assert_eq!(threads, ["worker 0", "worker 0 (2)", "worker 0 (3)"]);
}

#[test]
fn clocks_that_went_back_and_numbers_without_bounds_make_a_trace_all_the_same() {
    let resize = task(1, "resize", None);
    let mut odd = call(&resize, u64::MAX, 0, [Some(0), Some(5), Some(5), Some(5), Some(5)]);
    odd.phases.0 = [Some(f64::NAN), Some(-1.0), Some(f64::INFINITY), Some(1e300), Some(0.0)];
    odd.start_unix_nano = 17;
    odd.end_unix_nano = 3;
    odd.method = "\u{0}\"\\\u{202e}</script>".into();
    let events = trace(&[Record::Span(std::sync::Arc::new(odd))]);
    assert!(events.iter().all(|it| it.ts >= 0 && it.dur >= 0));
}

#[test]
fn a_recording_that_was_cut_is_converted_as_far_as_it_goes() {
    let mut json = Vec::new();
    let converted = convert(&without_end(&world(1, 20)), Format::Perfetto, &mut json).unwrap();
    assert!(converted.cut);
    assert!(checked(&json).len() > 100);
}
