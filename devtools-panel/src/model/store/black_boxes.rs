//! The last facts of workers that died lately: what a call that was at one of them is told with.

use std::collections::VecDeque;

use atelier_telemetry::frame::{BlackBoxFrame, SpanFrame};

/// How many black boxes a panel keeps of one runtime. When full, the oldest go.
pub(crate) const DEFAULT_BLACK_BOXES_KEPT: usize = 200;
/// How long after its worker's last fact a call is settled at most that failed with it, in milliseconds: both are told
/// with the same moment, which is rounded on its way.
const SAME_MOMENT_MS: f64 = 1.0;

/// The black boxes kept, in the order in which their workers died.
#[derive(Clone, Debug, Default)]
pub(crate) struct BlackBoxes {
    boxes: VecDeque<BlackBoxFrame>,
}

impl BlackBoxes {
    /// Takes one, unless it is known.
    pub(crate) fn push(&mut self, black_box: BlackBoxFrame) {
        if self.boxes.iter().any(|known| known.number == black_box.number) {
            return;
        }
        if self.boxes.len() >= DEFAULT_BLACK_BOXES_KEPT {
            self.boxes.pop_front();
        }
        self.boxes.push_back(black_box);
    }

    /// The black box of the worker that died while it had this call; of several, the latest.
    pub(crate) fn of_call(&self, call: &SpanFrame) -> Option<&BlackBoxFrame> {
        let of_task = || self.boxes.iter().rev().filter(|it| it.task_id == call.task_id);
        of_task().find(|it| had(it, &call.call_id)).or_else(|| of_task().find(|it| failed_with(call, it)))
    }
}

/// Whether the worker had the call when it died: it began with it, and nothing is told of its end.
fn had(black_box: &BlackBoxFrame, call_id: &str) -> bool {
    let mut of_call = black_box.facts.iter().filter(|fact| fact.call_id.as_deref() == Some(call_id));
    let last = of_call.rfind(|fact| matches!(&*fact.fact, "started" | "settled" | "failed" | "requeued"));
    last.is_some_and(|fact| fact.fact == "started")
}

/// Whether the call failed with this worker, although the box has forgotten that it began.
fn failed_with(call: &SpanFrame, black_box: &BlackBoxFrame) -> bool {
    let died = black_box.facts.last().map_or(f64::NAN, |fact| fact.ts);
    call.error_type.as_deref() == Some("WorkerCrashedError")
        && call.worker_index == Some(black_box.worker_index)
        && (call.start + call.duration_ms - died).abs() <= SAME_MOMENT_MS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixtures::{black_box, span};

    fn call(id: &str, error_type: Option<&str>) -> SpanFrame {
        let error_type = error_type.map(str::to_owned);
        SpanFrame { call_id: id.to_owned(), error_type, ..span("a", Some(0), 0.0, 10.0) }
    }

    #[test]
    fn a_call_finds_the_worker_that_died_with_it() {
        let mut boxes = BlackBoxes::default();
        let died = [
            (1.0, "started", Some("1")),
            (2.0, "settled", Some("1")),
            (3.0, "started", Some("2")),
            (4.0, "cancel-sent", Some("2")),
            (9.8, "crashed", None),
        ];
        boxes.push(black_box(1, 0, &died));
        boxes.push(black_box(2, 1, &[(50.0, "started", Some("3")), (60.0, "crashed", None)]));
        let found = |call: &SpanFrame| boxes.of_call(call).map(|it| it.number);
        assert_eq!(found(&call("1", None)), None, "it had ended before");
        assert_eq!(found(&call("2", None)), Some(1), "cancelled or sent again, it was there");
        assert_eq!(found(&call("3", None)), Some(2));
        assert_eq!(found(&call("9", Some("WorkerCrashedError"))), Some(1), "its beginning was forgotten");
        assert_eq!(found(&call("9", Some("TypeError"))), None);
        let elsewhere = SpanFrame { task_id: "b".to_owned(), ..call("2", None) };
        assert_eq!(found(&elsewhere), None);
    }

    #[test]
    fn they_are_bounded_and_each_is_there_once() {
        let mut boxes = BlackBoxes::default();
        for number in 0..DEFAULT_BLACK_BOXES_KEPT as u64 + 3 {
            boxes.push(black_box(number, 0, &[]));
            boxes.push(black_box(number, 0, &[]));
        }
        assert_eq!(boxes.boxes.len(), DEFAULT_BLACK_BOXES_KEPT);
        assert_eq!(boxes.boxes.front().map(|it| it.number), Some(3));
    }
}
