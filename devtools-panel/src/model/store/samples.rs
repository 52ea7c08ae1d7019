//! A task's recent past, sampled at the frames that changed it: enough for a rate, a sparkline and the queue's depth.

use std::collections::VecDeque;

use atelier_telemetry::frame::TaskFrame;

/// How many samples a task keeps. When full, the oldest goes: the sparkline then begins later.
pub(crate) const DEFAULT_SAMPLES_KEPT: usize = 512;

/// A task at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sample {
    /// Milliseconds since the Unix epoch.
    pub(crate) ts: f64,
    /// Calls settled so far.
    pub(crate) completed: u64,
    /// Calls in the queue.
    pub(crate) pending: u64,
    /// Calls whose callers wait for a place.
    pub(crate) waiting: u64,
    /// Calls that got a worker so far.
    started: u64,
    /// The milliseconds that they waited for it, together.
    waited: f64,
}

impl Sample {
    fn of(task: &TaskFrame, ts: f64) -> Sample {
        let totals = &task.totals;
        let completed = [totals.success, totals.failure, totals.canceled, totals.rejected];
        Sample {
            ts,
            completed: completed.into_iter().fold(0, u64::saturating_add),
            pending: task.pending.into(),
            waiting: task.waiting.into(),
            started: task.wait.count,
            waited: task.wait.sum,
        }
    }

    /// Calls pending or waiting.
    pub(crate) fn queued(&self) -> u64 {
        self.pending + self.waiting
    }
}

/// The samples of one task, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples {
    ring: VecDeque<Sample>,
}

impl Samples {
    /// Takes a task's state at `ts`. `frame_before` is the time of the stream's frame before: a task that did not
    /// change for a while did nothing until then, and its rate must not be smeared over the pause.
    pub(crate) fn record(&mut self, task: &TaskFrame, ts: f64, frame_before: Option<f64>) {
        let sample = Sample::of(task, ts);
        if let Some(&last) = self.ring.back() {
            if ts < last.ts {
                self.ring.clear();
            } else if let Some(before) = frame_before.filter(|&before| before > last.ts && before < ts) {
                self.push(Sample { ts: before, ..last });
            }
        }
        self.push(sample);
    }

    /// Calls settled per second in each of `buckets` equal parts of the time from `from` to `to`.
    pub(crate) fn rates(&self, from: f64, to: f64, buckets: usize) -> Vec<f64> {
        let width = (to - from) / buckets as f64;
        let completed = self.growth(from, to, buckets, |sample| sample.completed as f64);
        completed.into_iter().map(|grown| if grown > 0.0 { grown / width * 1000.0 } else { 0.0 }).collect()
    }

    /// How long the calls that got a worker in each of these parts had waited, in milliseconds, on average; zero where none
    /// did.
    pub(crate) fn waits(&self, from: f64, to: f64, buckets: usize) -> Vec<f64> {
        let started = self.growth(from, to, buckets, |sample| sample.started as f64);
        let waited = self.growth(from, to, buckets, |sample| sample.waited);
        let mean = |(calls, waited): (f64, f64)| if calls > 0.0 { waited / calls } else { 0.0 };
        started.into_iter().zip(waited).map(mean).collect()
    }

    /// The most calls that were pending, and that were waiting, since then.
    pub(crate) fn peaks(&self, from: f64) -> (u64, u64) {
        let since = self.ring.iter().rev().take_while(|sample| sample.ts >= from);
        since.fold((0, 0), |(pending, waiting), sample| {
            (pending.max(sample.pending), waiting.max(sample.waiting))
        })
    }

    /// By how much a number that only grows did so in each part. A number that is smaller than before began anew.
    fn growth(&self, from: f64, to: f64, buckets: usize, of: fn(&Sample) -> f64) -> Vec<f64> {
        let width = (to - from) / buckets as f64;
        if !width.is_finite() || width <= 0.0 {
            return vec![0.0; buckets];
        }
        let edges: Vec<f64> = (0..=buckets).map(|edge| self.at(from + width * edge as f64, of)).collect();
        edges.windows(2).map(|pair| (pair[1] - pair[0]).max(0.0)).collect()
    }

    /// The samples, oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Sample> {
        self.ring.iter()
    }

    /// The most calls that were pending or waiting between two moments; what was before the first holds until the next sample.
    pub(crate) fn most_queued(&self, from: f64, to: f64) -> u64 {
        let (mut before, mut most) = (0, 0);
        for sample in self.ring.iter().take_while(|sample| sample.ts <= to) {
            if sample.ts < from {
                before = sample.queued();
            } else {
                most = most.max(sample.queued());
            }
        }
        most.max(before)
    }

    fn at(&self, ts: f64, of: fn(&Sample) -> f64) -> f64 {
        let after = self.ring.partition_point(|sample| sample.ts <= ts);
        match (after.checked_sub(1).and_then(|before| self.ring.get(before)), self.ring.get(after)) {
            (Some(before), Some(next)) => {
                let share = (ts - before.ts) / (next.ts - before.ts);
                of(before) + (of(next) - of(before)) * share
            }
            (Some(only), None) | (None, Some(only)) => of(only),
            (None, None) => 0.0,
        }
    }

    fn push(&mut self, sample: Sample) {
        if self.ring.len() >= DEFAULT_SAMPLES_KEPT {
            self.ring.pop_front();
        }
        self.ring.push_back(sample);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixtures::task;

    fn with_successes(total: u64) -> TaskFrame {
        let mut frame = task("t");
        frame.totals.success = total;
        frame
    }

    #[test]
    fn a_pause_does_not_smear_the_rate_after_it() {
        let mut samples = Samples::default();
        samples.record(&with_successes(0), 0.0, None);
        samples.record(&with_successes(100), 1000.0, Some(0.0));
        // Nothing changed until 2000; then 50 calls in a second.
        samples.record(&with_successes(150), 3000.0, Some(2000.0));
        assert_eq!(samples.rates(0.0, 3000.0, 3), [100.0, 0.0, 50.0]);
    }

    #[test]
    fn waits_are_those_of_the_calls_that_started_then() {
        let mut samples = Samples::default();
        for (ts, count, sum) in [(0.0, 10, 1000.0), (1000.0, 30, 1100.0), (2000.0, 30, 1100.0)] {
            let mut frame = task("t");
            (frame.wait.count, frame.wait.sum) = (count, sum);
            samples.record(&frame, ts, None);
        }
        assert_eq!(samples.waits(0.0, 2000.0, 2), [5.0, 0.0]);
        assert_eq!(samples.waits(0.0, f64::NAN, 1), [0.0]);
    }

    #[test]
    fn the_peak_is_that_of_the_last_while() {
        let mut samples = Samples::default();
        for (ts, pending, waiting) in [(0.0, 9, 90), (1000.0, 4, 7), (2000.0, 2, 8)] {
            let mut frame = task("t");
            (frame.pending, frame.waiting) = (pending, waiting);
            samples.record(&frame, ts, None);
        }
        assert_eq!(
            (samples.peaks(1000.0), samples.peaks(0.0), samples.peaks(3000.0)),
            ((4, 8), (9, 90), (0, 0))
        );
    }

    #[test]
    fn the_most_queued_is_that_of_the_stretch_and_of_what_held_at_its_beginning() {
        let mut samples = Samples::default();
        for (ts, pending) in [(0.0, 11), (1000.0, 3), (2000.0, 5), (3000.0, 0)] {
            let mut frame = task("t");
            frame.pending = pending;
            samples.record(&frame, ts, None);
        }
        let most = |from, to| samples.most_queued(from, to);
        assert_eq!([most(0.0, 500.0), most(500.0, 900.0), most(1500.0, 1900.0)], [11, 11, 3]);
        assert_eq!([most(1500.0, 3500.0), most(3500.0, 9000.0), most(-9.0, -1.0)], [5, 0, 0]);
    }

    #[test]
    fn a_clock_that_goes_back_begins_anew() {
        let mut samples = Samples::default();
        samples.record(&with_successes(10), 5000.0, None);
        samples.record(&with_successes(11), 1000.0, Some(5000.0));
        assert_eq!(samples.iter().map(|sample| sample.ts).collect::<Vec<_>>(), [1000.0]);
    }

    #[test]
    fn the_ring_is_bounded() {
        let mut samples = Samples::default();
        for step in 0..5000 {
            samples.record(&with_successes(step), step as f64, None);
        }
        assert_eq!(samples.iter().count(), DEFAULT_SAMPLES_KEPT);
    }

    #[test]
    fn an_empty_range_has_no_rate() {
        assert_eq!(Samples::default().rates(5.0, 5.0, 2), [0.0, 0.0]);
        assert_eq!(Samples::default().rates(0.0, f64::NAN, 2), [0.0, 0.0]);
    }
}
