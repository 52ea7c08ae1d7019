//! One task's queue as a picture: callers that wait, the queue, the workers.

use std::cell::RefCell;

use web_sys::HtmlElement;

use super::pin::PinButton;
use super::spark::Spark;
use crate::model::{Level, QueuePicture, TaskRow, TasksState, WorkerBox, count, cut, rate};
use crate::view::cells::LongText;
use crate::view::dom::{Live, Make, Told, must};
use crate::view::host::Own;
use crate::view::palette::Palette;

/// How many characters of a task's name are shown unopened, and of a method.
const NAME_CHARACTERS: usize = 40;
const METHOD_CHARACTERS: usize = 24;

/// The picture.
pub(super) struct QueueCard {
    make: Make,
    card: Live,
    pin: PinButton,
    name: LongText,
    status: Live,
    rate: Live,
    rate_spark: Spark,
    waiting: LevelView,
    pending: LevelView,
    workers: Live,
    boxes: HtmlElement,
    boxes_made: RefCell<Vec<BoxView>>,
    more: Live,
}

impl QueueCard {
    pub(super) fn new(make: &Make, own: &Own<TasksState>, id: &str) -> QueueCard {
        let pin = PinButton::new(make, own, id);
        let name = LongText::new(make, "task-name", NAME_CHARACTERS);
        let status = make.element("span", "chip");
        let (rate_spark, rate) = (Spark::new(make), make.element("span", "rate-number"));
        let unit = make.text("span", "kind", "calls/s");
        let done = make.element("span", "card-rate").with([rate_spark.element(), &rate, &unit]);
        let head = make.element("div", "card-head").with([pin.element(), name.element(), &status, &done]);
        let (waiting, pending) =
            (LevelView::new(make, "waiting", "Waiting"), LevelView::new(make, "pending", "Pending"));
        let workers = make.element("span", "level-text");
        let (boxes, more) =
            (make.element("ul", "boxes").attr("aria-label", "Workers"), make.element("p", "kind"));
        let third = make.element("div", "level").attr("data-level", "workers").with([
            &make.text("span", "level-name", "Workers"),
            &workers,
            &boxes,
            &more,
        ]);
        let arrow = || make.text("span", "arrow", "→").attr("aria-hidden", "true");
        let flow = make.element("div", "flow").with([
            waiting.element(),
            &arrow(),
            pending.element(),
            &arrow(),
            &third,
        ]);
        let card = make.element("li", "queue-card").attr("data-queue-of", id).with([&head, &flow]);
        QueueCard {
            make: make.clone(),
            card: Live::new(card),
            pin,
            name,
            status: Live::new(status),
            rate: Live::new(rate),
            rate_spark,
            waiting,
            pending,
            workers: Live::new(workers),
            boxes,
            boxes_made: RefCell::default(),
            more: Live::new(more),
        }
    }

    pub(super) fn element(&self) -> &HtmlElement {
        &self.card.element
    }

    pub(super) fn draw(&self, row: &TaskRow<'_>, picture: &QueuePicture, palette: &Palette) {
        let frame = &row.task.frame;
        self.pin.draw(row.pinned, row.label());
        self.name.show(row.label());
        let state = if frame.worker_status == "crashed" { "crashed" } else { &frame.task_status };
        self.status.text(state);
        self.status.attr("data-state", state);
        self.rate.text(&rate(row.rate));
        self.rate_spark.draw(&row.rate_spark, palette);
        self.waiting.draw(&picture.waiting, "no limit");
        self.pending.draw(&picture.pending, "no limit");
        let in_flight = match row.in_flight.limit {
            Some(limit) => format!("{} of {}", count(frame.in_flight.into()), count(limit)),
            None => count(frame.in_flight.into()),
        };
        self.workers.text(&format!(
            "{} of {}, {in_flight} calls in flight",
            count(frame.active_workers.into()),
            count(frame.pool_size.into())
        ));
        self.draw_boxes(&picture.boxes);
        self.more.show(picture.more_boxes > 0);
        self.more.text(&format!("and {} more", count(picture.more_boxes)));
    }

    fn draw_boxes(&self, boxes: &[WorkerBox]) {
        let mut made = self.boxes_made.borrow_mut();
        while made.len() < boxes.len() {
            let view = BoxView::new(&self.make);
            must(self.boxes.append_child(&view.place.element));
            made.push(view);
        }
        for view in made.drain(boxes.len()..) {
            view.place.element.remove();
        }
        for (view, worker) in made.iter().zip(boxes) {
            view.draw(worker);
        }
    }
}

/// Calls that wait somewhere: a bar, its limit, its peak.
struct LevelView {
    level: Live,
    text: Live,
    peak_text: Live,
    bar: Live,
    fill: Live,
    peak: Live,
}

impl LevelView {
    fn new(make: &Make, name: &str, title: &str) -> LevelView {
        let (text, peak_text) = (make.element("span", "level-text"), make.element("span", "kind"));
        let (fill, peak) = (make.element("span", "level-fill"), make.element("span", "level-peak"));
        let bar = make.element("span", "level-bar").attr("aria-hidden", "true").with([&fill, &peak]);
        let level = make.element("div", "level").attr("data-level", name).with([
            &make.text("span", "level-name", title),
            &text,
            &bar,
            &peak_text,
        ]);
        LevelView {
            level: Live::new(level),
            text: Live::new(text),
            peak_text: Live::new(peak_text),
            bar: Live::new(bar),
            fill: Live::new(fill),
            peak: Live::new(peak),
        }
    }

    fn element(&self) -> &HtmlElement {
        &self.level.element
    }

    fn draw(&self, level: &Level, unlimited: &str) {
        let limit =
            level.gauge.limit.map_or_else(|| unlimited.to_owned(), |limit| format!("of {}", count(limit)));
        self.level.attr("data-value", &level.gauge.value.to_string());
        self.text.text(&format!("{} {limit}", count(level.gauge.value)));
        self.peak_text.text(&format!("at most {} in 5 s", count(level.peak)));
        self.bar.attr("data-full", if level.gauge.is_full() { "true" } else { "false" });
        self.fill.style("transform", &format!("scaleX({:.3})", level.fill.min(1.0)));
        self.peak.style("left", &format!("{:.1}%", level.peak_at.min(1.0) * 100.0));
        self.peak.show(level.peak > 0);
    }
}

/// A worker's place.
struct BoxView {
    place: Live,
    index: Live,
    what: Live,
    calls: Live,
    age: Live,
}

impl BoxView {
    fn new(make: &Make) -> BoxView {
        let part = |class: &str| make.element("span", class);
        let (index, what, calls, age) =
            (part("box-index"), part("box-what"), part("box-calls"), part("box-age"));
        let place = make.element("li", "worker-box").with([&index, &what, &calls, &age]);
        BoxView {
            place: Live::new(place),
            index: Live::new(index),
            what: Live::new(what),
            calls: Live::new(calls),
            age: Live::new(age),
        }
    }

    fn draw(&self, worker: &WorkerBox) {
        self.place.attr("data-state", worker.state.name());
        self.place.attr("title", &format!("worker {}: {}", worker.index, cut(&worker.what, 200).0));
        self.index.text(&worker.index.to_string());
        self.what.text(&cut(&worker.what, METHOD_CHARACTERS).0);
        self.calls.text(&worker.calls);
        self.age.text(&worker.age);
    }
}
