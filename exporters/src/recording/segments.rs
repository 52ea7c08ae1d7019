//! Which segments a recording has, and what was lost with those that it has no more.

use std::collections::VecDeque;

use atelier_telemetry::Signal;
use atelier_telemetry::recording::BLOCK_HEAD_BYTES;

/// What is in a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    /// Facts, by signal.
    pub(super) facts: [u64; Signal::ALL.len()],
    pub(super) frames: u64,
    pub(super) black_boxes: u64,
}

impl Contents {
    pub(super) fn add(&mut self, other: Contents) {
        self.facts.iter_mut().zip(other.facts).for_each(|(sum, more)| *sum += more);
        self.frames += other.frames;
        self.black_boxes += other.black_boxes;
    }
}

#[derive(Debug)]
struct Segment {
    contents: Contents,
    /// With its head, in bytes.
    stored: u64,
}

/// The segments of a recording that are complete, oldest first.
#[derive(Debug, Default)]
pub(super) struct Segments {
    kept: VecDeque<Segment>,
    stored: u64,
    pub(super) dropped: u64,
}

impl Segments {
    /// How long they are together, in bytes.
    pub(super) fn stored(&self) -> u64 {
        self.stored
    }

    /// What is in them.
    pub(super) fn contents(&self) -> Contents {
        let mut all = Contents::default();
        self.kept.iter().for_each(|segment| all.add(segment.contents));
        all
    }

    /// Adds one of so many bytes, and drops the oldest ones until all are within the bound; the newest stays in any case.
    /// Gives how many were dropped, and what was in them.
    pub(super) fn push(&mut self, contents: Contents, stored: u64, bound: u64) -> (usize, Contents) {
        let stored = stored + BLOCK_HEAD_BYTES as u64;
        self.kept.push_back(Segment { contents, stored });
        self.stored += stored;
        let (mut count, mut lost) = (0, Contents::default());
        while self.stored > bound && self.kept.len() > 1 {
            let Some(oldest) = self.kept.pop_front() else { break };
            self.stored -= oldest.stored;
            lost.add(oldest.contents);
            count += 1;
        }
        self.dropped += count as u64;
        (count, lost)
    }
}
