//! One task as a row of the table.

use std::cell::RefCell;

use web_sys::HtmlElement;

use atelier_telemetry::frame::{TaskFrame, Totals, WorkerFrame};

use super::pin::PinButton;
use super::spark::Spark;
use crate::model::{TaskRow, TasksState, count, cut, milliseconds, rate};
use crate::view::cells::{GaugeCell, LongText, cell, number_cell};
use crate::view::dom::{Live, Make, Told, must};
use crate::view::host::Own;
use crate::view::palette::Palette;

/// How many characters of a task's name, and of a crash's message, a row shows unopened.
const NAME_CHARACTERS: usize = 40;
const MESSAGE_CHARACTERS: usize = 60;
/// How many workers a row draws; the number beside them counts all.
const DEFAULT_WORKERS_DRAWN: usize = 16;

/// The row.
pub(crate) struct TaskRowView {
    make: Make,
    row: HtmlElement,
    pin: PinButton,
    name: LongText,
    kind: Live,
    status: Live,
    worker_status: Live,
    workers: Live,
    worker_count: Live,
    worker_marks: HtmlElement,
    workers_shown: RefCell<Vec<WorkerFrame>>,
    rate: Live,
    spark: Spark,
    wait_spark: Spark,
    in_flight: GaugeCell,
    pending: GaugeCell,
    waiting: GaugeCell,
    durations: Vec<Live>,
    outcomes: Vec<Live>,
    crashes: Live,
    crash_count: Live,
    crash_message: LongText,
}

impl TaskRowView {
    pub(super) fn new(make: &Make, own: &Own<TasksState>, id: &str) -> TaskRowView {
        let row = make.element("tr", "").attr("role", "row").attr("data-task-id", id);
        let pin = PinButton::new(make, own, id);
        let name = LongText::new(make, "task-name", NAME_CHARACTERS);
        let (kind, status) =
            (make.element("span", "kind"), make.element("span", "chip").attr("data-col", "status"));
        let worker_status = make.element("span", "chip").attr("data-col", "workerStatus");
        let about = make.element("div", "task-about").with([&status, &worker_status, &kind]);
        let head = make
            .element("th", "task")
            .attr("scope", "row")
            .attr("role", "rowheader")
            .attr("data-col", "task")
            .with([pin.element(), name.element(), &about]);
        let (worker_count, worker_marks) =
            (make.element("span", "worker-count"), make.element("span", "worker-marks"));
        let workers = cell(make, "workers", "workers", "Workers").with([&worker_count, &worker_marks]);
        let (spark, number) = (Spark::new(make), make.element("span", "rate-number"));
        let rate = cell(make, "rate", "rate", "Calls/s").with([spark.element(), &number]);
        let in_flight = GaugeCell::new(make, "inFlight", "In flight");
        let pending = GaugeCell::new(make, "pending", "Pending");
        let waiting = GaugeCell::new(make, "waiting", "Waiting");
        let row =
            row.with([&head, &workers, &rate, in_flight.element(), pending.element(), waiting.element()]);
        let wait_spark = Spark::new(make);
        must(row.append_child(&cell(make, "trend", "waitTrend", "Wait, 15 s").with([wait_spark.element()])));
        let durations: Vec<Live> = [
            ("waitP50", "Wait p50, ms"),
            ("waitP95", "Wait p95, ms"),
            ("waitP99", "Wait p99, ms"),
            ("waitMax", "Wait max, ms"),
            ("runP50", "Run p50, ms"),
            ("runP95", "Run p95, ms"),
            ("runP99", "Run p99, ms"),
            ("runMax", "Run max, ms"),
        ]
        .map(|(column, label)| number_cell(make, column, label))
        .into();
        for live in &durations {
            must(row.append_child(&live.element));
        }
        let outcome_cell = cell(make, "outcomes", "outcomes", "Outcomes");
        let outcomes = OUTCOMES.map(|(column, _, _)| {
            let part = make.element("span", "outcome").attr("data-col", column);
            must(outcome_cell.append_child(&part));
            Live::new(part)
        });
        let crash_count = make.element("span", "crash-count");
        let crash_message = LongText::new(make, "crash-message", MESSAGE_CHARACTERS);
        let crashes =
            cell(make, "crashes", "crashes", "Crashes").with([&crash_count, crash_message.element()]);
        TaskRowView {
            row: row.with([&outcome_cell, &crashes]),
            make: make.clone(),
            pin,
            name,
            kind: Live::new(kind),
            status: Live::new(status),
            worker_status: Live::new(worker_status),
            workers: Live::new(workers),
            worker_count: Live::new(worker_count),
            worker_marks,
            workers_shown: RefCell::default(),
            rate: Live::new(number),
            spark,
            wait_spark,
            in_flight,
            pending,
            waiting,
            durations,
            outcomes: outcomes.into(),
            crashes: Live::new(crashes),
            crash_count: Live::new(crash_count),
            crash_message,
        }
    }

    pub(super) fn element(&self) -> &HtmlElement {
        &self.row
    }

    pub(crate) fn draw(&self, row: &TaskRow<'_>, palette: &Palette) {
        let frame = &row.task.frame;
        self.pin.draw(row.pinned, row.label());
        self.name.show(row.label());
        self.kind.text(&format!("{} · {}", frame.task_type, frame.queue_policy));
        self.kind.attr("title", &format!("id {}", frame.task_id));
        self.status.text(&frame.task_status);
        self.status.attr("data-state", &frame.task_status);
        self.worker_status.text(&format!("workers {}", frame.worker_status));
        self.worker_status.attr("data-state", &frame.worker_status);
        self.worker_status.show(matches!(frame.worker_status.as_str(), "crashed" | "stopping"));
        self.draw_workers(frame);
        self.rate.text(&rate(row.rate));
        self.spark.draw(&row.rate_spark, palette);
        self.wait_spark.draw(&row.wait_spark, palette);
        self.in_flight.show(row.in_flight);
        self.pending.show(row.pending);
        self.waiting.show(row.waiting);
        let parts = [(frame.wait.count, frame.wait), (frame.run.count, frame.run)]
            .map(|(counted, all)| [all.p50, all.p95, all.p99, all.max].map(|value| (counted, value)));
        for (live, (counted, value)) in self.durations.iter().zip(parts.into_iter().flatten()) {
            live.attr("data-value", &value.to_string());
            live.text(&if counted == 0 { "–".to_owned() } else { milliseconds(value) });
        }
        for (live, (_, name, of)) in self.outcomes.iter().zip(OUTCOMES) {
            let value = of(&frame.totals);
            live.attr("data-value", &value.to_string());
            live.text(&format!("{} {name}", count(value)));
            live.show(value > 0 || name == "ok");
        }
        self.draw_crashes(frame);
    }

    fn draw_workers(&self, frame: &TaskFrame) {
        self.workers.attr("data-value", &frame.active_workers.to_string());
        self.worker_count.text(&format!(
            "{} / {}",
            count(frame.active_workers.into()),
            count(frame.pool_size.into())
        ));
        if *self.workers_shown.borrow() == frame.workers {
            return;
        }
        self.worker_marks.set_text_content(None);
        for worker in frame.workers.iter().take(DEFAULT_WORKERS_DRAWN) {
            let calls = if worker.in_flight == 1 { "call" } else { "calls" };
            let current = worker.current.as_ref().and_then(|current| current.method.as_deref());
            let current = current.map_or_else(String::new, |method| format!(": {}", cut(method, 40).0));
            let title =
                format!("worker {}: {}, {} {calls}{current}", worker.index, worker.status, worker.in_flight);
            let busy = if worker.in_flight > 0 { "true" } else { "false" };
            let mark =
                self.make.element("i", "worker").attr("data-state", &worker.status).attr("data-busy", busy);
            must(self.worker_marks.append_child(&mark.attr("title", &title)));
        }
        self.workers_shown.borrow_mut().clone_from(&frame.workers);
    }

    fn draw_crashes(&self, frame: &TaskFrame) {
        let crashed = frame.totals.crashed;
        self.crashes.attr("data-value", &crashed.to_string());
        self.crash_count.text(&count(crashed));
        self.crash_count.attr("data-zero", if crashed == 0 { "true" } else { "false" });
        let message = frame
            .last_crash
            .as_ref()
            .map(|crash| format!("worker {}: {}", crash.worker_index, crash.message));
        self.crash_message.show(message.as_deref().unwrap_or_default());
    }
}

/// What becomes of calls: column, word, where it is counted.
type OutcomePart = (&'static str, &'static str, fn(&Totals) -> u64);

const OUTCOMES: [OutcomePart; 5] = [
    ("success", "ok", |totals| totals.success),
    ("failure", "failed", |totals| totals.failure),
    ("canceled", "canceled", |totals| totals.canceled),
    ("rejected", "rejected", |totals| totals.rejected),
    ("requeued", "requeued", |totals| totals.requeued),
];
