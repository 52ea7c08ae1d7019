//! A task's queue as a picture: callers that wait, the queue, the workers with what each is busy with.

use atelier_telemetry::frame::{CurrentCallFrame, WorkerFrame};

use super::overview::TaskRow;
use crate::model::format::{age, count};
use crate::model::gauges::Gauge;
use crate::model::store::Store;

/// How many workers' places are drawn; how many more there are is said.
pub(crate) const DEFAULT_BOXES_DRAWN: usize = 32;
/// The time over which a peak is taken, in milliseconds: at thousands of calls a second the number itself is different in
/// every frame, and its peak tells whether the queue ran full.
const PEAK_MS: f64 = 5_000.0;
/// From how long on it is said for how long a worker has been busy with its call, in milliseconds. Shorter ones change with
/// every frame.
const AGE_FROM_MS: f64 = 250.0;

/// A number of calls that wait somewhere, and the most there were lately.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Level {
    /// The number now, and its limit.
    pub(crate) gauge: Gauge,
    /// The most there were lately.
    pub(crate) peak: u64,
    /// How much of the bar is filled, 0 to 1: of the limit, or of the peak where nothing limits the number.
    pub(crate) fill: f64,
    /// Where in the bar the peak is, 0 to 1.
    pub(crate) peak_at: f64,
}

/// What a worker's place looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BoxState {
    /// No worker is there.
    Absent,
    /// It is being made.
    Starting,
    /// It waits for work.
    Idle,
    /// It has calls.
    Busy,
    /// It goes on with a call that was cancelled.
    Stubborn,
    /// It crashed, and a new one is made after a pause.
    Backoff,
}

impl BoxState {
    /// The state's name, for the style sheet and for readers.
    pub(crate) fn name(self) -> &'static str {
        match self {
            BoxState::Absent => "none",
            BoxState::Starting => "starting",
            BoxState::Idle => "idle",
            BoxState::Busy => "busy",
            BoxState::Stubborn => "cancelled, goes on",
            BoxState::Backoff => "crashed",
        }
    }
}

/// A worker's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WorkerBox {
    /// Its number.
    pub(crate) index: u32,
    /// What it looks like.
    pub(crate) state: BoxState,
    /// What it is busy with: the method; else its state.
    pub(crate) what: String,
    /// How many calls it has, where that is more than one: `×3`.
    pub(crate) calls: String,
    /// For how long it has had that call, where that is long enough to be read.
    pub(crate) age: String,
}

/// The picture.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct QueuePicture {
    /// Callers that wait for a place in the queue.
    pub(crate) waiting: Level,
    /// Calls in the queue.
    pub(crate) pending: Level,
    /// The places of workers, by number.
    pub(crate) boxes: Vec<WorkerBox>,
    /// How many more places there are.
    pub(crate) more_boxes: u64,
}

/// Draws a task's queue.
pub(crate) fn picture(store: &Store, row: &TaskRow<'_>) -> QueuePicture {
    let now = store.now().unwrap_or(0.0);
    let (pending, waiting) = row.task.samples.peaks(now - PEAK_MS);
    let frame = &row.task.frame;
    // A place beyond the pool's size would be wrong, and is shown all the same.
    let places =
        frame.workers.iter().map(|worker| worker.index.saturating_add(1)).fold(frame.pool_size, u32::max);
    let drawn = (places as usize).min(DEFAULT_BOXES_DRAWN);
    let mut workers = frame.workers.iter().peekable();
    let boxes = (0..drawn as u32).map(|index| {
        let worker = workers.next_if(|worker| worker.index == index);
        worker_box(index, worker, now)
    });
    QueuePicture {
        waiting: level(row.waiting, waiting),
        pending: level(row.pending, pending),
        boxes: boxes.collect(),
        more_boxes: u64::from(places) - drawn as u64,
    }
}

fn level(gauge: Gauge, peak: u64) -> Level {
    let peak = peak.max(gauge.value);
    let whole = gauge.limit.unwrap_or(0).max(peak).max(1) as f64;
    Level { gauge, peak, fill: gauge.value as f64 / whole, peak_at: peak as f64 / whole }
}

fn worker_box(index: u32, worker: Option<&WorkerFrame>, now: f64) -> WorkerBox {
    let plain = |state: BoxState| WorkerBox {
        index,
        state,
        what: state.name().to_owned(),
        calls: String::new(),
        age: String::new(),
    };
    let Some(worker) = worker else { return plain(BoxState::Absent) };
    let calls =
        if worker.in_flight > 1 { format!("×{}", count(worker.in_flight.into())) } else { String::new() };
    match (worker.status.as_str(), &worker.current) {
        ("backoff", _) => plain(BoxState::Backoff),
        ("starting", _) => WorkerBox { calls, ..plain(BoxState::Starting) },
        (_, Some(current)) => busy(WorkerBox { calls, ..plain(BoxState::Busy) }, current, now),
        (_, None) if worker.in_flight > 0 => WorkerBox { calls, ..plain(BoxState::Busy) },
        (_, None) => plain(BoxState::Idle),
    }
}

fn busy(place: WorkerBox, current: &CurrentCallFrame, now: f64) -> WorkerBox {
    let state = if current.canceled { BoxState::Stubborn } else { BoxState::Busy };
    let since = now - current.since;
    WorkerBox {
        state,
        what: current.method.clone().unwrap_or_else(|| state.name().to_owned()),
        age: if since >= AGE_FROM_MS { age(since) } else { String::new() },
        ..place
    }
}

#[cfg(test)]
mod tests {
    use super::super::{TasksState, task_page};
    use super::*;
    use crate::model::fixtures::{delta, full, task, worker};
    use atelier_telemetry::frame::TaskFrame;

    fn picture_of(frames: Vec<TaskFrame>) -> QueuePicture {
        let mut store = Store::default();
        for (seq, frame) in frames.into_iter().enumerate() {
            let (seq, ts) = (seq as u64, 10_000.0 + seq as f64 * 250.0);
            let frame = if seq == 0 { full(seq, ts, vec![frame]) } else { delta(seq, ts, vec![frame]) };
            store.apply(frame).unwrap();
        }
        let page = task_page(&store, &TasksState::default());
        picture(&store, &page.rows[0])
    }

    fn queued(pending: u32, waiting: u32) -> TaskFrame {
        TaskFrame { pending, waiting, ..task("a") }
    }

    #[test]
    fn a_queue_that_ran_full_is_seen_although_it_is_empty_now() {
        let picture = picture_of(vec![queued(4, 30), queued(1, 0)]);
        let levels =
            [picture.waiting, picture.pending].map(|it| (it.gauge.value, it.peak, it.fill, it.peak_at));
        assert_eq!(levels, [(0, 30, 0.0, 1.0), (1, 4, 0.25, 1.0)]);
        let empty = picture_of(vec![queued(0, 0)]).waiting;
        assert_eq!((empty.fill, empty.peak_at), (0.0, 0.0));
    }

    #[test]
    fn a_queue_without_a_limit_is_drawn_against_its_peak() {
        let unlimited = |pending| TaskFrame { max_queue_depth: None, ..queued(pending, 0) };
        let picture = picture_of(vec![unlimited(80), unlimited(20)]);
        assert_eq!((picture.pending.fill, picture.pending.gauge.limit), (0.25, None));
    }

    #[test]
    fn each_place_says_what_its_worker_is_at() {
        let current = |method: &str, since: f64| {
            let call_id = Some("7".to_owned());
            Some(CurrentCallFrame { call_id, method: Some(method.to_owned()), since, canceled: false })
        };
        let gone = CurrentCallFrame { call_id: None, method: None, since: 0.0, canceled: true };
        let with = |index, status: &str, in_flight, current| WorkerFrame {
            status: status.to_owned(),
            current,
            ..worker(index, in_flight)
        };
        let frame = TaskFrame {
            pool_size: 7,
            workers: vec![
                with(0, "ready", 3, current("fit", 8_500.0)),
                with(1, "ready", 1, current("quick", 9_999.0)),
                with(2, "ready", 0, None),
                with(3, "starting", 1, None),
                with(4, "backoff", 0, None),
                with(6, "ready", 1, Some(gone)),
            ],
            ..task("a")
        };
        let picture = picture_of(vec![frame]);
        let seen: Vec<_> = picture
            .boxes
            .iter()
            .map(|it| (it.state, it.what.as_str(), it.calls.as_str(), it.age.as_str()))
            .collect();
        assert_eq!(
            seen,
            [
                (BoxState::Busy, "fit", "×3", "1.5 s"),
                (BoxState::Busy, "quick", "", ""),
                (BoxState::Idle, "idle", "", ""),
                (BoxState::Starting, "starting", "", ""),
                (BoxState::Backoff, "crashed", "", ""),
                (BoxState::Absent, "none", "", ""),
                (BoxState::Stubborn, "cancelled, goes on", "", "10 s"),
            ]
        );
    }

    #[test]
    fn a_large_pool_is_bounded_and_odd_numbers_do_no_harm() {
        let many = TaskFrame { pool_size: 1_000, ..task("a") };
        let picture = picture_of(vec![many]);
        assert_eq!((picture.boxes.len(), picture.more_boxes), (DEFAULT_BOXES_DRAWN, 968));
        let strange = CurrentCallFrame { call_id: None, method: None, since: f64::NAN, canceled: false };
        let frame = TaskFrame {
            pool_size: 0,
            workers: vec![WorkerFrame { current: Some(strange), ..worker(1, u32::MAX) }],
            ..task("a")
        };
        let boxes = picture_of(vec![frame]).boxes;
        assert_eq!((boxes.len(), boxes[1].age.as_str()), (2, ""));
    }
}
