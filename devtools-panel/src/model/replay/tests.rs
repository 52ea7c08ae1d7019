//! Recordings made here, looked at moment by moment.

use super::*;
use crate::model::fixtures::{delta, file, finding, full, handler_span, ledger_row, span, task, trace};
use atelier_telemetry::frame::SpanFrame;
use atelier_telemetry::recording::{Header, file_head};

/// The same as a file of these frames would give, with their calls.
fn replay_of(frames: Vec<Frame>) -> (Replay, Store) {
    let mut kept = Kept::new(usize::MAX);
    let playback = Playback::new(frames[0].ts, frames[frames.len() - 1].ts);
    frames.into_iter().for_each(|frame| kept.push(frame));
    let frames = kept.frames.into();
    let mut replay = Replay { frames, at: 0, checkpoints: Vec::new(), playback, notes: Vec::new() };
    let store = replay.first_way(kept.weight).unwrap();
    (replay, store)
}

/// A second a frame, a full one now and then; calls, spans of handlers, traces, crashes, findings and ledger in them.
fn busy(frames: usize, calls: usize) -> Vec<Frame> {
    let frame = |number: usize| {
        let ts = number as f64 * 1_000.0;
        let mut a = task("a");
        a.in_flight = number as u32;
        a.totals.success = (number * calls) as u64;
        a.totals.rejected = (number / 7) as u64;
        let mut frame = if number.is_multiple_of(40) {
            full(number as u64, ts, vec![a, task("b")])
        } else {
            delta(number as u64, ts, vec![a])
        };
        frame.spans =
            (0..calls).map(|n| span("a", Some((n % 3) as u32), ts - 100.0 + n as f64, 9.0)).collect();
        frame.handler_spans = vec![handler_span(&number.to_string(), ts, 1.0)];
        frame.traces = vec![trace("t", ts, 1.0)];
        frame.findings = vec![finding("pool-idle", Some("a"), &[("n", number as f64)])];
        frame.ledger = vec![ledger_row("panel", number as u64, number as u64, 0, 0)];
        frame
    };
    (0..frames).map(frame).collect()
}

/// What a store shows, as text: everything in it, but for the order of its tables.
fn shown(store: &Store) -> String {
    let calls: Vec<_> =
        store.history().iter().map(|call| (call.number, call.lane, call.row, &call.span)).collect();
    let handlers: Vec<_> = (0..100)
        .map(|n| {
            store.handler_spans().of_call(&n.to_string()).map(|span| format!("{span:?}")).collect::<String>()
        })
        .collect();
    let traces: Vec<_> = store.traces().iter().collect();
    let marks: Vec<_> = store.marks().iter().collect();
    format!(
        "{:?}",
        (
            store.now(),
            store.tasks(),
            calls,
            handlers,
            traces,
            marks,
            store.events(),
            store.ledger(),
            store.findings(),
            store.calls_not_kept()
        )
    )
}

#[test]
fn every_moment_shows_what_the_page_was_at_whichever_way_one_comes() {
    let frames = busy(300, 20);
    let (mut replay, mut store) = replay_of(frames.clone());
    assert!(replay.checkpoints.len() > 3, "{}", replay.checkpoints.len());
    // The ground truth: the live panel's store after each frame.
    let mut live = Store::default();
    let mut truth = Vec::new();
    for frame in frames {
        live.apply(frame).unwrap();
        truth.push(shown(&live));
    }
    assert_eq!(shown(&store), truth[299], "at first it shows the end");
    let forwards = (0..300).step_by(23);
    let places = forwards.clone().chain(forwards.rev()).chain([299, 0, 150, 151, 150, 9_999, 7]);
    for place in places {
        replay.seek(place, &mut store);
        let place = place.min(299);
        assert_eq!((replay.at(), replay.moment()), (place, place as f64 * 1_000.0));
        assert_eq!(shown(&store), truth[place], "{place}");
    }
}

#[test]
fn going_back_in_a_long_recording_takes_a_sixteenth_of_it_at_most() {
    let frames = busy(4_000, 25);
    let whole: usize = frames.iter().map(weight_of).sum();
    let (mut replay, _) = replay_of(frames);
    assert!(replay.checkpoints.len() <= DEFAULT_CHECKPOINTS);
    let heaviest = replay.frames.iter().map(weight_of).max().unwrap();
    let mut most = 0;
    for from in (0..4_000).step_by(97) {
        replay.at = from;
        for to in (0..4_000).step_by(61) {
            let way = replay.way(to);
            let work: usize = replay.frames[way.from..=to.max(way.from)].iter().map(weight_of).sum();
            most = most.max(if to < way.from { 0 } else { work });
        }
    }
    assert!(most > 0 && most <= whole / DEFAULT_CHECKPOINTS + heaviest + 1, "{most} of {whole}");
}

#[test]
fn one_step_on_takes_one_frame() {
    let (mut replay, _) = replay_of(busy(200, 20));
    replay.at = 120;
    assert_eq!(replay.way(121), Way { checkpoint: None, from: 121 });
}

#[test]
fn it_plays_as_fast_as_it_was_or_faster_and_stops_at_the_end() {
    let (mut replay, mut store) = replay_of(busy(11, 1));
    replay.play(true, 5_000.0);
    let mut at = |replay: &mut Replay, now: f64| {
        replay.advance(now, &mut store);
        (replay.at(), replay.plays())
    };
    assert_eq!(at(&mut replay, 5_000.0), (0, true), "from its beginning, since it was at its end");
    assert_eq!(at(&mut replay, 7_999.0), (2, true));
    replay.set_speed(4, 8_000.0);
    assert_eq!(at(&mut replay, 9_000.0), (6, true));
    replay.play(false, 9_000.0);
    assert_eq!(at(&mut replay, 90_000.0), (6, false));
    replay.play(true, 90_000.0);
    assert_eq!(at(&mut replay, 91_000.0), (10, false));
    assert_eq!((replay.speed(), replay.position().as_str()), (4, "10.0 s of 10.0 s"));
}

#[test]
fn a_file_is_opened_at_its_end() {
    let frames: Vec<Frame> = busy(3, 0)
        .into_iter()
        .map(|mut frame| {
            (frame.handler_spans, frame.traces) = (Vec::new(), Vec::new());
            frame
        })
        .collect();
    let (replay, store) = Replay::open(&file(&frames)).unwrap();
    assert_eq!((replay.len(), replay.at(), replay.notes().len()), (3, 2, 0));
    assert_eq!(store.task("a").map(|task| task.frame.in_flight), Some(2));
    assert_eq!(store.findings(), frames[2].findings);
}

#[test]
fn of_a_recording_that_is_too_long_the_latest_part_is_kept_from_a_full_frame_on() {
    let frames: Vec<Frame> = busy(200, 0);
    let (mut replay, mut store) = Replay::open_within(&file(&frames), 500).unwrap();
    let first = replay.frames[0].clone();
    assert_eq!(first.kind, FrameKind::Full);
    assert!(
        replay.frames.iter().map(weight_of).sum::<usize>() <= 500 && replay.len() >= 40,
        "{}",
        replay.len()
    );
    assert!(replay.notes()[0].contains(&length(first.ts)), "{:?}", replay.notes());
    replay.seek(0, &mut store);
    assert_eq!((store.now(), store.tasks().len()), (Some(first.ts), 2));
}

#[test]
fn what_is_no_recording_is_said() {
    let open = |file: &[u8]| Replay::open(file).map(|_| ()).unwrap_err();
    assert!(open(b"").contains("empty"));
    assert!(open(b"<html>").contains("no recording"));
    assert!(open(&file_head(&Header::default())).contains("nothing in it"));
    let mut newer = file(&busy(2, 0));
    newer[8..10].copy_from_slice(&99_u16.to_le_bytes());
    assert!(open(&newer).contains("version 99"), "{}", open(&newer));
    let mut frames = busy(2, 0);
    frames.iter_mut().for_each(|frame| frame.version = 99);
    assert!(open(&file(&frames)).contains("version 99"));
}

#[test]
fn wherever_it_is_cut_or_damaged_there_is_a_sentence_or_what_can_be_shown() {
    let whole = file(&busy(5, 0));
    let mut notes = 0;
    for length in 0..whole.len() {
        match Replay::open(&whole[..length]) {
            Ok((replay, _)) => {
                assert!(!replay.notes().is_empty(), "{length}");
                notes += 1;
            }
            Err(sentence) => assert!(!sentence.is_empty()),
        }
    }
    assert!(notes > 0);
    let mut opened = 0;
    for place in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x55;
        if let Ok((mut replay, mut store)) = Replay::open(&damaged) {
            replay.seek(0, &mut store);
            opened += 1;
        }
    }
    assert!(opened > 0);
}

#[test]
fn what_ended_before_a_frame_and_was_written_after_it_belongs_to_it() {
    let frames = [0, 1].map(|n: u32| full(n.into(), f64::from(n) * 1_000.0, vec![task("a")]));
    let [first, mut second] = frames;
    let call = |id: &str, start: f64| SpanFrame { call_id: id.to_owned(), ..span("a", Some(0), start, 10.0) };
    second.spans = vec![call("early", -20.0), call("late", 100.0)];
    second.handler_spans = vec![handler_span("early", -15.0, 1.0), handler_span("late", 101.0, 1.0)];
    second.traces = vec![trace("early", -20.0, 20.0), trace("late", -20.0, 21.0)];
    let mut kept = Kept::new(usize::MAX);
    [first, second].into_iter().for_each(|frame| kept.push(frame));
    let ids = |frame: &Frame| {
        let calls = frame.spans.iter().map(|call| call.call_id.clone());
        let handlers = frame.handler_spans.iter().map(|span| span.call_id.clone());
        let traces = frame.traces.iter().filter_map(|trace| trace.name.clone());
        calls.chain(handlers).chain(traces).collect::<Vec<_>>()
    };
    assert_eq!([ids(&kept.frames[0]), ids(&kept.frames[1])], [["early"; 3], ["late"; 3]]);
    assert_eq!(kept.weight, kept.frames.iter().map(weight_of).sum::<usize>());
}
