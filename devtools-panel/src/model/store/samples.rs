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
    /// Calls pending or waiting.
    pub(crate) queued: u64,
}

impl Sample {
    fn of(task: &TaskFrame, ts: f64) -> Sample {
        let totals = &task.totals;
        let completed = [totals.success, totals.failure, totals.canceled, totals.rejected];
        Sample {
            ts,
            completed: completed.into_iter().fold(0, u64::saturating_add),
            queued: u64::from(task.pending) + u64::from(task.waiting),
        }
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
        if !width.is_finite() || width <= 0.0 {
            return vec![0.0; buckets];
        }
        let edges: Vec<f64> =
            (0..=buckets).map(|edge| self.completed_at(from + width * edge as f64)).collect();
        edges.windows(2).map(|pair| (pair[1] - pair[0]).max(0.0) / width * 1000.0).collect()
    }

    /// The samples, oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Sample> {
        self.ring.iter()
    }

    fn completed_at(&self, ts: f64) -> f64 {
        let after = self.ring.partition_point(|sample| sample.ts <= ts);
        match (after.checked_sub(1).and_then(|before| self.ring.get(before)), self.ring.get(after)) {
            (Some(before), Some(next)) => {
                let share = (ts - before.ts) / (next.ts - before.ts);
                before.completed as f64 + (next.completed as f64 - before.completed as f64) * share
            }
            (Some(only), None) | (None, Some(only)) => only.completed as f64,
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
