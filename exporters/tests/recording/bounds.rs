//! A recording stays within its bounds, and says what that cost.

use atelier_exporters::recording::{
    DEFAULT_RECORDING_QUEUE, DEFAULT_SLICE_BYTES, DEFAULT_SLICE_RECORDS, MIN_RECORDING_BYTES,
};
use atelier_telemetry::frame::LedgerRow;
use atelier_telemetry::{SubscribeOptions, Telemetry};

use crate::runtime::*;

fn dropped(row: &LedgerRow, reason: &str) -> u64 {
    row.dropped.iter().find(|(known, _)| known == reason).map_or(0, |(_, n)| *n)
}

#[test]
fn the_oldest_segments_go_and_what_goes_with_them_is_counted_to_the_fact() {
    let telemetry = Telemetry::new();
    let (file, heard) = listening(&telemetry, || {
        define(1, "resize");
        let listener = telemetry.subscribe(
            RUNTIME,
            "listener",
            SubscribeOptions { capacity: usize::MAX, ..SubscribeOptions::default() },
        );
        let mut driver = Driver::start(&telemetry, MIN_RECORDING_BYTES);
        for turn in 0..100 {
            (0..200).for_each(|n| call(1, turn * 200 + n));
            driver.steps();
            assert!(driver.recorder.bytes() <= MIN_RECORDING_BYTES + 2 * DEFAULT_SLICE_BYTES as u64);
        }
        (driver.stop(), listener.drain(usize::MAX))
    });
    assert!(file.len() as u64 <= MIN_RECORDING_BYTES, "{} bytes", file.len());
    let (items, summary) = read(&file);
    let kept = facts(&items);
    let heard: Vec<String> = heard.iter().map(|record| format!("{record:?}")).collect();
    assert_eq!(heard.len(), 60_000);
    assert!(heard.ends_with(&kept), "what is kept is the newest, without a gap");
    assert!(kept.len() > 2_000 && summary.segments_dropped > 3, "{} {summary:?}", kept.len());

    let delivered: u64 = summary.ledger.iter().map(|row| row.delivered).sum();
    let lost: u64 = summary.ledger.iter().map(|row| dropped(row, "max_bytes")).sum();
    assert_eq!((delivered, delivered + lost), (kept.len() as u64, 60_000));
    for row in &summary.ledger {
        let dropped: u64 = row.dropped.iter().map(|(_, n)| n).sum();
        assert_eq!((row.emitted, row.pending), (row.delivered + dropped, 0), "{row:?}");
    }
    assert!(summary.frames_missing >= summary.segments_dropped);
}

#[test]
fn a_step_is_small_however_much_waits() {
    let telemetry = Telemetry::new();
    listening(&telemetry, || {
        define(1, "resize");
        let mut driver = Driver::start(&telemetry, 1 << 30);
        (0..20_000).for_each(|n| call(1, n));
        let mut waiting = driver.recorder.waiting();
        assert_eq!(waiting, 60_000);
        while driver.step() {
            let taken = waiting - driver.recorder.waiting();
            assert!((1..=DEFAULT_SLICE_RECORDS).contains(&taken), "{taken} records");
            waiting = driver.recorder.waiting();
        }
        assert!(driver.longest_piece < 2 * DEFAULT_SLICE_BYTES, "{} bytes", driver.longest_piece);
    });
}

#[test]
fn what_comes_faster_than_it_is_written_is_dropped_oldest_first_and_counted() {
    let telemetry = Telemetry::new();
    let calls = DEFAULT_RECORDING_QUEUE as u64 / 3 + 1_000;
    let file = listening(&telemetry, || {
        define(1, "resize");
        let driver = Driver::start(&telemetry, 1 << 30);
        (0..calls).for_each(|n| call(1, n));
        driver.stop()
    });
    let (items, summary) = read(&file);
    let lost: u64 = summary.ledger.iter().map(|row| dropped(row, "queue_full")).sum();
    assert_eq!(facts(&items).len(), DEFAULT_RECORDING_QUEUE);
    assert_eq!(lost, calls * 3 - DEFAULT_RECORDING_QUEUE as u64);
    assert!(facts(&items).last().unwrap().contains(&format!("call_id: {}", calls - 1)));
}
