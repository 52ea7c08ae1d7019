//! The list of events: as many rows as can be seen, written anew as the list moves beneath them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use web_sys::{Event, HtmlElement, KeyboardEvent};

use crate::model::{EventRow, EventsAction, EventsState};
use crate::view::dom::{Listeners, Live, Make, Told, must};
use crate::view::host::Own;
use crate::view::size::SizeWatch;

/// The height of a row, and of one on a narrow panel, where it has two lines; the style sheet follows `data-narrow`.
const ROW: f64 = 24.0;
const NARROW_ROW: f64 = 42.0;
const NARROW: f64 = 620.0;
/// Rows above and below those in sight, so that scrolling shows no gap before the next drawing.
const SPARE_ROWS: usize = 4;
/// No screen is so high that it needs more rows.
const MAX_ROWS: usize = 200;

/// What the columns are called.
const COLUMNS: [(&str, &str); 6] = [
    ("time", "Time"),
    ("kind", "Kind"),
    ("name", "Event"),
    ("task", "Task"),
    ("place", "Call, worker"),
    ("details", "Value, outcome"),
];

/// The list.
pub(super) struct EventList {
    make: Make,
    own: Own<EventsState>,
    list: Live,
    rows: Live,
    views: RefCell<Vec<Row>>,
    /// The chosen event that was last brought into sight, by its number, and whether that was in a narrow list.
    sought: Cell<Option<(u64, bool)>>,
    _resize: SizeWatch,
    _listeners: Listeners,
}

struct Row {
    row: Live,
    /// The number of the event that it shows now.
    number: Rc<Cell<u64>>,
    cells: Vec<Live>,
    kind: Live,
    _listeners: Listeners,
}

impl EventList {
    pub(super) fn new(make: &Make, own: &Own<EventsState>) -> EventList {
        let mut listeners = Listeners::default();
        let head = make.element("div", "event-row event-head").attr("role", "row").attr("aria-rowindex", "1");
        for (column, title) in COLUMNS {
            must(head.append_child(
                &make.text("span", "", title).attr("role", "columnheader").attr("data-col", column),
            ));
        }
        let rows = make.element("div", "event-rows").attr("role", "rowgroup");
        let head = make.element("div", "event-headgroup").attr("role", "rowgroup").with([&head]);
        let list = make
            .element("div", "event-list")
            .attr("role", "grid")
            .attr("tabindex", "0")
            .attr(
                "aria-label",
                "Events, the newest first. Arrow keys choose one, P pauses, Escape closes its fields.",
            )
            .with([&head, &rows]);
        listen(&list, own, &mut listeners);
        let look = own.clone();
        let resize = SizeWatch::new(&list, move || look.send(EventsAction::Look));
        EventList {
            make: make.clone(),
            own: own.clone(),
            list: Live::new(list),
            rows: Live::new(rows),
            views: RefCell::default(),
            sought: Cell::new(None),
            _resize: resize,
            _listeners: listeners,
        }
    }

    pub(super) fn element(&self) -> &HtmlElement {
        &self.list.element
    }

    pub(super) fn to_top(&self) {
        self.list.element.set_scroll_top(0);
    }

    /// Draws what can be seen; `chosen` is the number of the event that is chosen.
    pub(super) fn draw(&self, state: &EventsState, chosen: Option<u64>, zone_offset_minutes: f64) {
        let list = &self.list.element;
        let (width, height) = (f64::from(list.client_width()), f64::from(list.client_height()));
        let narrow = width < NARROW;
        let row_height = if narrow { NARROW_ROW } else { ROW };
        self.list.attr("data-narrow", if narrow { "true" } else { "false" });
        self.list.attr("aria-rowcount", &(state.len() + 1).to_string());
        self.rows.style("height", &format!("{}px", row_height * state.len() as f64));
        if !state.is_paused() {
            self.to_top();
        }
        let sought = chosen.map(|number| (number, narrow));
        if self.sought.replace(sought) != sought {
            self.seek(state.chosen_line(), row_height, height);
        }
        let above = (f64::from(list.scroll_top()) / row_height) as usize;
        let first = above.saturating_sub(SPARE_ROWS);
        let in_sight = ((height / row_height).ceil() as usize + 2 * SPARE_ROWS).min(MAX_ROWS);
        let rows = state.rows(first, in_sight, zone_offset_minutes);
        let mut views = self.views.borrow_mut();
        while views.len() < rows.len() {
            let view = Row::new(&self.make, &self.own, views.len());
            must(self.rows.element.append_child(&view.row.element));
            views.push(view);
        }
        let chosen_line = state.chosen_line();
        let mut active = String::new();
        for (place, view) in views.iter().enumerate() {
            view.row.show(place < rows.len());
            let line = first + place;
            if let Some(row) = rows.get(place) {
                view.draw(row, line, row_height, chosen_line == Some(line));
                if chosen_line == Some(line) {
                    active = row_id(place);
                }
            }
        }
        self.list.attr("aria-activedescendant", &active);
    }

    /// Brings a line into sight.
    fn seek(&self, line: Option<usize>, row_height: f64, height: f64) {
        let Some(line) = line else { return };
        let list = &self.list.element;
        let head = self.rows.element.offset_top();
        let top = (line as f64 * row_height) as i32;
        let bottom = top + row_height as i32 + head;
        if top < list.scroll_top() {
            list.set_scroll_top(top);
        } else if bottom > list.scroll_top() + height as i32 {
            list.set_scroll_top(bottom - height as i32);
        }
    }
}

/// The id of a row's element.
fn row_id(place: usize) -> String {
    format!("event-row-{place}")
}

/// The keys, and scrolling: who scrolls away from the newest wants to read.
fn listen(list: &HtmlElement, own: &Own<EventsState>, listeners: &mut Listeners) {
    let (scrolled, look) = (list.clone(), own.clone());
    listeners.on(list, "scroll", move |_: Event| {
        let away = scrolled.scroll_top() > 0;
        look.send(if away { EventsAction::Pause(true) } else { EventsAction::Look });
    });
    let (seen, own) = (list.clone(), own.clone());
    listeners.on(list, "keydown", move |event: KeyboardEvent| {
        if event.ctrl_key() || event.alt_key() || event.meta_key() {
            return;
        }
        let narrow = seen.get_attribute("data-narrow").as_deref() == Some("true");
        let row = if narrow { NARROW_ROW } else { ROW };
        let page = ((f64::from(seen.client_height()) / row) as isize - 2).max(1);
        let action = match event.key().as_str() {
            "ArrowDown" => EventsAction::Step(1),
            "ArrowUp" => EventsAction::Step(-1),
            "PageDown" => EventsAction::Step(page),
            "PageUp" => EventsAction::Step(-page),
            "Home" => EventsAction::Step(isize::MIN),
            "End" => EventsAction::Step(isize::MAX),
            "Escape" if own.read(|state| state.chosen(0.0).is_some()) => EventsAction::Choose(None),
            "p" | "P" => EventsAction::Pause(!own.read(EventsState::is_paused)),
            _ => return,
        };
        event.stop_propagation();
        event.prevent_default();
        own.send(action);
    });
}

impl Row {
    fn new(make: &Make, own: &Own<EventsState>, place: usize) -> Row {
        let mut listeners = Listeners::default();
        let number: Rc<Cell<u64>> = Rc::default();
        let row = make.element("div", "event-row").attr("role", "row").attr("id", &row_id(place));
        let kind = make.element("span", "chip");
        let cells = COLUMNS.map(|(column, _)| {
            let cell = make.element("span", "").attr("role", "gridcell").attr("data-col", column);
            must(row.append_child(&cell));
            if column == "kind" {
                must(cell.append_child(&kind));
            }
            Live::new(cell)
        });
        let (chosen, own) = (number.clone(), own.clone());
        listeners.on(&row, "click", move |_: Event| own.send(EventsAction::Choose(Some(chosen.get()))));
        Row { row: Live::new(row), number, cells: cells.into(), kind: Live::new(kind), _listeners: listeners }
    }

    fn draw(&self, row: &EventRow, line: usize, row_height: f64, chosen: bool) {
        self.number.set(row.number);
        self.row.style("top", &format!("{}px", line as f64 * row_height));
        self.row.attr("aria-rowindex", &(line + 2).to_string());
        self.row.attr("aria-selected", if chosen { "true" } else { "false" });
        self.row.attr("data-number", &row.number.to_string());
        self.row.attr("data-status", &row.status);
        self.kind.text(row.kind.name());
        self.kind.attr("data-kind", row.kind.name());
        let texts = [&row.time, "", &row.name, &row.task, &row.place, &row.details];
        for ((cell, text), (column, _)) in self.cells.iter().zip(texts).zip(COLUMNS) {
            if column != "kind" {
                cell.text(text);
            }
        }
    }
}
