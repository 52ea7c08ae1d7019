//! The recorder writes what a listener hears.

use atelier_telemetry::frame::FrameKind;
use atelier_telemetry::recording::{Item, Reader};
use atelier_telemetry::{SubscribeOptions, Telemetry};

use crate::runtime::*;

fn boxes(items: &[Item]) -> Vec<(u64, u32, usize)> {
    let of = |item: &Item| match item {
        Item::BlackBox(it) => Some((it.number, it.worker_index, it.facts.len())),
        _ => None,
    };
    items.iter().filter_map(of).collect()
}

#[test]
fn a_recording_holds_what_a_listener_heard_one_for_one() {
    let telemetry = Telemetry::new();
    let (file, heard) = listening(&telemetry, || {
        define(1, "resize");
        call(1, 0);
        let listener = telemetry.subscribe(RUNTIME, "listener", SubscribeOptions::default());
        let mut driver = Driver::start(&telemetry, 1 << 20);
        for turn in 0..20 {
            (0..50).for_each(|n| call(1, 1 + turn * 50 + n));
            trace_and_handler_span(turn);
            driver.step();
        }
        let file = driver.stop();
        call(1, 5_000);
        let heard = listener.drain(20 * (50 * 3 + 2));
        (file, heard)
    });
    let (items, summary) = read(&file);
    let heard: Vec<String> = heard.iter().map(|record| format!("{record:?}")).collect();
    assert_eq!(heard.len(), 20 * 152);
    assert!(facts(&items) == heard);
    let rows: Vec<_> = summary
        .ledger
        .iter()
        .map(|row| (row.signal.as_str(), row.emitted, row.delivered, row.pending))
        .collect();
    assert_eq!(rows, [("events", 2_000, 2_000, 0), ("spans", 1_040, 1_040, 0)]);
    assert_eq!((summary.segments_dropped, summary.ended_unix_nano), (0, EPOCH + 99));
    let header = Reader::open(&file).unwrap().header().clone();
    assert_eq!(
        (header.runtime, header.max_bytes, header.page.as_str()),
        (RUNTIME, 1 << 20, "https://a.example/")
    );
}

#[test]
fn while_it_runs_its_facts_are_pending_in_the_ledger_and_it_leaves_it_when_it_ends() {
    let telemetry = Telemetry::new();
    listening(&telemetry, || {
        define(1, "resize");
        let mut driver = Driver::start(&telemetry, 1 << 20);
        (0..10).for_each(|n| call(1, n));
        driver.steps();
        let rows = telemetry.ledger(RUNTIME);
        let of = |signal: &str| rows.iter().find(|row| row.signal == signal).unwrap();
        assert!(rows.iter().all(|row| row.consumer == "recording"));
        assert_eq!((of("events").emitted, of("events").pending), (20, 20));
        assert_eq!((of("spans").emitted, of("spans").pending, of("spans").delivered), (10, 10, 0));
        assert_eq!((driver.recorder.facts(), driver.recorder.dropped()), (30, 0));
        driver.stop();
        assert!(telemetry.ledger(RUNTIME).is_empty());
    });
}

#[test]
fn every_segment_begins_with_a_full_frame_and_the_file_ends_with_one_more() {
    let telemetry = Telemetry::new();
    let file = listening(&telemetry, || {
        define(1, "resize");
        let mut driver = Driver::start(&telemetry, 256 * 1024);
        for turn in 0..80 {
            (0..30).for_each(|n| call(1, turn * 30 + n));
            driver.steps();
        }
        driver.stop()
    });
    let (items, _) = read(&file);
    let kinds: Vec<FrameKind> = items
        .iter()
        .filter_map(|item| match item {
            Item::Frame(frame) => Some(frame.kind),
            _ => None,
        })
        .collect();
    let full = kinds.iter().filter(|&&kind| kind == FrameKind::Full).count();
    assert!(
        matches!(&items[0], Item::Frame(frame) if frame.kind == FrameKind::Full && frame.tasks.len() == 1)
    );
    assert!(full >= 3 && kinds.len() == full + 1, "{kinds:?}");
    assert!(matches!(&items[items.len() - 1], Item::Frame(_)));
}

#[test]
fn black_boxes_of_the_dead_are_in_it_once_and_those_of_the_living_at_the_end() {
    let telemetry = Telemetry::new();
    let file = listening(&telemetry, || {
        define(1, "resize");
        crash(0);
        let mut driver = Driver::start(&telemetry, 1 << 20);
        driver.step();
        crash(1);
        driver.recorder.frame(atelier_exporters::recording::Moment { unix_ms: 2.0, tasks: Vec::new() });
        spawn(1);
        crash(1);
        spawn(0);
        driver.stop()
    });
    let (items, summary) = read(&file);
    assert_eq!(boxes(&items), [(2, 1, 2), (3, 1, 3), (0, 0, 1)]);
    assert_eq!(summary.black_boxes_missing, 0);
}
