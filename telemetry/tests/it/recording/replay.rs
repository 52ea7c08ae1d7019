//! A recording as frames.

use atelier_core::names::Metric;
use atelier_telemetry::frame::Frame;
use atelier_telemetry::recording::*;
use atelier_telemetry::{Record, SubscribeOptions, Telemetry};

use super::samples::{block, file};
use crate::support::*;

/// The frames that a listener got, and a recording of the same.
fn recorded() -> (Vec<Frame>, Vec<u8>) {
    let telemetry = Telemetry::new();
    let mut live = telemetry.frames(RUNTIME, "frames");
    let facts = telemetry.subscribe(RUNTIME, "recording", SubscribeOptions::default());
    let mut writer = SegmentWriter::new();
    let mut frames = Vec::new();
    listening(&telemetry, || {
        define(1, "resize");
        for turn in 0..5_u64 {
            (0..turn * 3).for_each(|n| call(1, turn * 100 + n));
            end_trace(open_trace(turn + 1, Some("import")), "ok");
            count(Metric::WorkerSpawned, 1, of(1).worker(turn));
            crash("error", of(1).worker(turn));
            let frame = live.next(turn as f64, vec![task_frame("resize", turn as u32)]);
            for closed in telemetry.closed_black_boxes(RUNTIME, turn) {
                assert!(writer.black_box(&closed));
            }
            for record in facts.drain(usize::MAX) {
                assert!(writer.record(&record));
            }
            assert!(writer.frame(&frame));
            frames.push(frame);
        }
        // What a worker that lives was at is no crash.
        count(Metric::WorkerSpawned, 1, of(1).worker(9));
        telemetry.open_black_boxes(RUNTIME).iter().for_each(|open| assert!(writer.black_box(open)));
    });
    (frames, file(&Header::default(), &[(writer.take(), Coding::Zlib)], &Summary::default()))
}

#[test]
fn a_replay_gives_the_frames_that_the_page_gave() {
    let (frames, file) = recorded();
    assert_eq!(frames.iter().map(|frame| frame.spans.len()).collect::<Vec<_>>(), [0, 3, 6, 9, 12]);
    assert!(frames.iter().all(|frame| frame.black_boxes.len() == 1));
    let mut replay = Replay::open(&file).unwrap();
    let replayed: Vec<Frame> = replay.by_ref().map(Result::unwrap).collect();
    assert!(replayed == frames);
    assert_eq!(replay.ending(), Some(&Ending::Whole(Summary::default())));
}

#[test]
fn calls_after_the_last_frame_of_a_cut_recording_are_not_lost() {
    let (frames, whole) = recorded();
    let calls = Reader::open(&whole).unwrap().filter_map(Result::ok);
    let calls: Vec<Record> = calls
        .filter_map(|item| match item {
            Item::Record(record @ Record::Span(_)) => Some(record),
            _ => None,
        })
        .collect();
    let mut writer = SegmentWriter::new();
    assert!(writer.frame(&frames[0]) && writer.record(&calls[0]) && writer.record(&calls[1]));
    let mut file = file_head(&Header::default());
    file.extend(block(&writer.take(), Coding::Zlib));
    let replayed: Vec<Frame> = Replay::open(&file).unwrap().map(Result::unwrap).collect();
    assert_eq!(replayed.len(), 2);
    assert_eq!((replayed[1].seq, replayed[1].spans.len(), replayed[1].tasks.len()), (1, 2, 0));
    assert!(replayed[1].ts >= replayed[1].spans[1].start);
    // Of the moment nothing newer is known.
    assert!(!frames[0].ledger.is_empty() && replayed[1].ledger == frames[0].ledger);
}

#[test]
fn events_come_for_who_asks_and_as_the_page_gave_them() {
    let telemetry = Telemetry::new();
    let mut live = telemetry.frames(RUNTIME, "panel");
    live.take_events(true);
    let facts = telemetry.subscribe(RUNTIME, "recording", SubscribeOptions::default());
    let mut writer = SegmentWriter::new();
    let mut frames = Vec::new();
    listening(&telemetry, || {
        define(1, "resize");
        for turn in 0..3_u64 {
            for number in 0..turn * 300 {
                call(1, turn * 1000 + number);
                count(Metric::QueuePending, number, of(1));
            }
            let frame = live.next(turn as f64, vec![task_frame("resize", turn as u32)]);
            for record in facts.drain(usize::MAX) {
                assert!(writer.record(&record));
            }
            assert!(writer.frame(&frame));
            frames.push((frame.events, frame.events_dropped));
        }
        call(1, 9);
        let last: Vec<Record> = facts.drain(usize::MAX);
        assert!(last.iter().all(|record| writer.record(record)));
        frames.push((live.next(9.0, Vec::new()).events, 0));
    });
    let file = file(&Header::default(), &[(writer.take(), Coding::Zlib)], &Summary::default());
    let replay = || Replay::open(&file).unwrap();
    assert!(replay().all(|frame| frame.unwrap().events.is_none()));
    let replayed: Vec<_> = replay()
        .with_events()
        .map(|frame| frame.map(|frame| (frame.events, frame.events_dropped)).unwrap())
        .collect();
    assert_eq!(frames.iter().map(|frame| frame.1).collect::<Vec<_>>(), [0, 88, 688, 0]);
    assert_eq!(replayed, frames);
}
