//! A recording in the place of a runtime: the same frames, and a moment among them that a user chooses.
//!
//! A moment is what all frames up to it tell, so going back means to begin again. Stores that were put aside on the first
//! way through the recording, the checkpoints, bound how far back that is.

mod playback;

use std::collections::{HashSet, VecDeque};

use atelier_telemetry::frame::{Frame, FrameKind, HandlerSpanFrame};
use atelier_telemetry::recording::{Ending, Replay as Frames};

use super::format::count;
use super::store::Store;
use playback::Playback;
pub(crate) use playback::{SPEEDS, length};

/// How much of a recording is kept, in calls (half a kilobyte each) and what takes the room of one. Of a longer
/// recording the latest part is kept.
const DEFAULT_WEIGHT_KEPT: usize = 300_000;
/// So many checkpoints a recording has at most. Each has tables of its own; calls are shared.
const DEFAULT_CHECKPOINTS: usize = 16;
/// A checkpoint is not worth less than this.
const MIN_CHECKPOINT_WEIGHT: usize = 1_000;
/// How many calls a task's state takes the room of, in a frame.
const TASK_WEIGHT: usize = 4;

/// A recording that is open.
#[derive(Debug)]
pub(crate) struct Replay {
    frames: Vec<Frame>,
    /// The place of the frame that is shown.
    at: usize,
    /// Stores as they were after the frame at a place, by place.
    checkpoints: Vec<(usize, Store)>,
    playback: Playback,
    notes: Vec<String>,
}

/// How to get from one moment to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Way {
    /// The checkpoint to begin with; `None` goes on from what is shown, or from nothing where `from` is 0.
    checkpoint: Option<usize>,
    /// The first frame to be taken.
    from: usize,
}

impl Replay {
    /// Reads a file, and gives what it tells at its end.
    ///
    /// # Errors
    /// The sentence to show, when nothing of it can be shown.
    pub(crate) fn open(file: &[u8]) -> Result<(Replay, Store), String> {
        Replay::open_within(file, DEFAULT_WEIGHT_KEPT)
    }

    fn open_within(file: &[u8], most: usize) -> Result<(Replay, Store), String> {
        let mut reader = Frames::open(file).map_err(|error| error.to_string())?.with_events();
        let (mut kept, mut notes) = (Kept::new(most), Vec::new());
        for frame in reader.by_ref() {
            match frame {
                Ok(frame) => kept.push(frame),
                Err(error) if kept.frames.is_empty() => return Err(error.to_string()),
                Err(error) => {
                    notes.push(format!("It ends early: {error}."));
                    break;
                }
            }
        }
        let (Some(first), Some(last)) = (kept.frames.front(), kept.frames.back()) else {
            return Err("the recording has nothing in it: it was stopped, or cut, before the first frame; record again".to_owned());
        };
        if let Some(begun) = kept.begun.filter(|_| kept.calls_left_out > 0 || kept.frames_left_out > 0) {
            notes.push(format!(
                "Its first {} ({} calls) are left out to spare memory; a conversion has all of it.",
                length(first.ts - begun),
                count(kept.calls_left_out as u64)
            ));
        }
        if let Some(Ending::Cut { .. }) = reader.ending() {
            notes.push("The file was cut; this is what came before the cut.".to_owned());
        }
        if let Some(Ending::Whole(summary)) = reader.ending()
            && summary.segments_dropped > 0
        {
            notes.push(
                "The recording was longer than its bound; its oldest part was thrown away while it ran."
                    .to_owned(),
            );
        }
        let playback = Playback::new(first.ts, last.ts);
        let mut replay =
            Replay { frames: kept.frames.into(), at: 0, checkpoints: Vec::new(), playback, notes };
        let store = replay.first_way(kept.weight)?;
        Ok((replay, store))
    }

    /// Goes through all frames and leaves checkpoints.
    fn first_way(&mut self, weight: usize) -> Result<Store, String> {
        let stretch = (weight / DEFAULT_CHECKPOINTS + 1).max(MIN_CHECKPOINT_WEIGHT);
        let (mut store, mut since) = (Store::default(), 0);
        for (place, frame) in self.frames.iter().enumerate() {
            let taken = store.apply(frame.clone());
            if let (0, Err(problem)) = (place, taken) {
                return Err(problem.to_string());
            }
            since += weight_of(frame);
            if since >= stretch {
                self.checkpoints.push((place, store.clone()));
                since = 0;
            }
        }
        self.at = self.frames.len() - 1;
        Ok(store)
    }

    /// How many moments there are to choose from; at least one.
    pub(crate) fn len(&self) -> usize {
        self.frames.len()
    }

    /// The place of the moment that is shown.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// The moment that is shown, milliseconds since the Unix epoch.
    pub(crate) fn moment(&self) -> f64 {
        self.frames.get(self.at).map_or(0.0, |frame| frame.ts)
    }

    /// How far the moment that is shown is into the recording, and how long the recording is, for people.
    pub(crate) fn position(&self) -> String {
        let (from, to) = self.playback.span();
        format!("{} of {}", length(self.moment() - from), length(to - from))
    }

    /// What has to be said of the recording.
    pub(crate) fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Shows the moment at a place, or the last one: `store`, which shows the moment before, is then what all frames up to
    /// it tell. The same frames give the same store, its calls' numbers included, so that what is selected stays selected.
    pub(crate) fn seek(&mut self, place: usize, store: &mut Store) {
        let place = place.min(self.frames.len() - 1);
        if place == self.at {
            return;
        }
        let way = self.way(place);
        if let Some((_, checkpoint)) = way.checkpoint.and_then(|number| self.checkpoints.get(number)) {
            store.clone_from(checkpoint);
        } else if way.from == 0 {
            *store = Store::default();
        }
        for frame in self.frames.get(way.from..=place).into_iter().flatten() {
            // What is wrong with the stream was found out on the first way.
            let _ = store.apply(frame.clone());
        }
        self.at = place;
    }

    /// The shortest way to a place.
    fn way(&self, place: usize) -> Way {
        let after = self.checkpoints.partition_point(|(at, _)| *at <= place);
        let checkpoint = after.checked_sub(1);
        let saved = checkpoint.and_then(|number| self.checkpoints.get(number)).map(|(at, _)| *at);
        if place >= self.at && saved.is_none_or(|saved| saved <= self.at) {
            return Way { checkpoint: None, from: self.at + 1 };
        }
        Way { checkpoint, from: saved.map_or(0, |saved| saved + 1) }
    }

    /// Whether it plays.
    pub(crate) fn plays(&self) -> bool {
        self.playback.plays()
    }

    /// How many times as fast as it was.
    pub(crate) fn speed(&self) -> u32 {
        self.playback.speed()
    }

    /// Begins to play (from the beginning, if it is at its end) or stops. `now` is a clock in milliseconds.
    pub(crate) fn play(&mut self, plays: bool, now: f64) {
        let at_end = self.at + 1 >= self.frames.len();
        let from = if at_end { self.playback.span().0 } else { self.moment() };
        self.playback.play(plays.then_some((from, now)));
    }

    /// Plays so many times as fast as it was.
    pub(crate) fn set_speed(&mut self, speed: u32, now: f64) {
        self.playback.set_speed(speed);
        if self.plays() {
            self.play(true, now);
        }
    }

    /// Shows what is due at a time of the clock, while it plays. It stops at the end.
    pub(crate) fn advance(&mut self, now: f64, store: &mut Store) {
        let Some(moment) = self.playback.moment(now) else { return };
        let after = self.frames.partition_point(|frame| frame.ts <= moment);
        self.seek(after.saturating_sub(1), store);
        if moment >= self.playback.span().1 {
            self.playback.play(None);
        }
    }
}

/// The latest frames of a recording, within a bound.
struct Kept {
    frames: VecDeque<Frame>,
    weight: usize,
    most: usize,
    begun: Option<f64>,
    frames_left_out: usize,
    calls_left_out: usize,
}

impl Kept {
    fn new(most: usize) -> Kept {
        Kept { frames: VecDeque::new(), weight: 0, most, begun: None, frames_left_out: 0, calls_left_out: 0 }
    }

    fn push(&mut self, mut frame: Frame) {
        if let Some(last) = self.frames.back_mut() {
            self.weight -= weight_of(last);
            catch_up(last, &mut frame);
            self.weight += weight_of(last);
        }
        self.begun.get_or_insert(frame.ts);
        self.weight += weight_of(&frame);
        self.frames.push_back(frame);
        while self.weight > self.most && self.frames.len() > 1 {
            // Up to the next full frame: deltas mean nothing without one.
            let next_full = self.frames.iter().skip(1).position(|frame| frame.kind == FrameKind::Full);
            for gone in self.frames.drain(..next_full.map_or(1, |place| place + 1)) {
                self.weight -= weight_of(&gone);
                self.frames_left_out += 1;
                self.calls_left_out += gone.spans.len();
            }
        }
    }
}

/// A frame is recorded at once, the records before it when there is time, so that the last of them come with the next
/// frame. Here each is where it belongs, and all panes show the same moment.
fn catch_up(frame: &mut Frame, next: &mut Frame) {
    let ts = frame.ts;
    let spans: Vec<_> = next.spans.extract_if(.., |call| call.start + call.duration_ms <= ts).collect();
    let moved: HashSet<&str> = spans.iter().map(|call| call.call_id.as_str()).collect();
    let of_moved = |span: &mut HandlerSpanFrame| moved.contains(span.call_id.as_str());
    frame.handler_spans.extend(next.handler_spans.extract_if(.., of_moved));
    frame.traces.extend(next.traces.extract_if(.., |trace| trace.start + trace.duration_ms <= ts));
    frame.spans.extend(spans);
    if let (Some(events), Some(later)) = (&mut frame.events, &mut next.events) {
        events.extend(later.extract_if(.., |event| event.ts() <= ts));
    }
}

fn weight_of(frame: &Frame) -> usize {
    let Frame { spans, handler_spans, traces, tasks, findings, ledger, black_boxes, events, .. } = frame;
    let states = tasks.len() + findings.len() + black_boxes.len();
    1 + spans.len()
        + handler_spans.len()
        + traces.len()
        + ledger.len()
        + TASK_WEIGHT * states
        + events.as_ref().map_or(0, Vec::len) / 2
}

#[cfg(test)]
mod tests;
