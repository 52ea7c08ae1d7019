//! The pane of tasks: a line of sums, a filter, and a row for each task.

mod row;
mod spark;

use std::cell::RefCell;
use std::collections::HashMap;

use web_sys::{Event, HtmlElement};

use crate::model::{
    SortColumn, SortOrder, Source, TasksAction, TasksState, count, overview, rate, task_rows,
};
use crate::view::cells::{empty_state, filter_field};
use crate::view::dom::{Listeners, Live, Make, Told, must};
use crate::view::host::{Host, Own, Pane};
use crate::view::palette::Palette;
use row::TaskRowView;

/// The pane's own rules.
pub(crate) const STYLE: &str = include_str!("tasks.css");

/// How many tasks have rows at most; a line says how many more there are and that the filter finds them.
const DEFAULT_ROWS_SHOWN: usize = 200;

/// Columns that stand for several numbers have a second head below: (title, columns below, what they sort by).
const HEADS: [(&str, u32, Option<SortColumn>); 10] = [
    ("Task", 1, Some(SortColumn::Task)),
    ("Workers", 1, None),
    ("Calls/s", 1, Some(SortColumn::Rate)),
    ("In flight", 1, Some(SortColumn::InFlight)),
    ("Pending", 1, Some(SortColumn::Pending)),
    ("Waiting", 1, Some(SortColumn::Waiting)),
    ("Wait, ms", 3, Some(SortColumn::Wait)),
    ("Run, ms", 3, Some(SortColumn::Run)),
    ("Outcomes", 1, Some(SortColumn::Failed)),
    ("Crashes", 1, Some(SortColumn::Crashes)),
];

/// The pane.
pub(crate) struct TasksPane {
    own: Own<TasksState>,
    make: Make,
    pane: HtmlElement,
    stats: Vec<Live>,
    heads: Vec<(SortColumn, Live, Live)>,
    table: Live,
    body: HtmlElement,
    rows: RefCell<HashMap<String, TaskRowView>>,
    order: RefCell<Vec<String>>,
    empty: Live,
    no_match: Live,
    more: Live,
    _listeners: Listeners,
}

impl TasksPane {
    pub(crate) fn new(host: &Host) -> TasksPane {
        let (make, own) = (&host.make, host.own());
        let mut listeners = Listeners::default();
        let (stats_list, stats) = stats(make);
        let asked = own.clone();
        let words = ("Filter tasks", "Filter tasks by name or id");
        let filtered = move |text| asked.send(TasksAction::Filter(text));
        let filter = filter_field(make, words, &mut listeners, filtered);
        let bar = make.element("div", "bar").with([&filter, &stats_list]);
        let (head, heads) = table_head(make, &own, &mut listeners);
        let body = make.element("tbody", "").attr("role", "rowgroup");
        let table = make
            .element("table", "tasks")
            .attr("role", "table")
            .attr("aria-label", "Tasks")
            .with([&head, &body]);
        let empty = empty_state(
            make,
            "No tasks yet",
            "A task appears here as soon as the app defines it with defineTask().",
        );
        let no_match = empty_state(make, "No task matches", "Clear the filter to see all of them.");
        let more = make.element("p", "more");
        let scroll = make.element("div", "scroll").with([&table, &more, &empty, &no_match]);
        TasksPane {
            own,
            make: make.clone(),
            pane: make.element("div", "fill").with([&bar, &scroll]),
            stats,
            heads,
            table: Live::new(table),
            body,
            rows: RefCell::default(),
            order: RefCell::default(),
            empty: Live::new(empty),
            no_match: Live::new(no_match),
            more: Live::new(more),
            _listeners: listeners,
        }
    }

    fn draw_tasks(&self, source: &Source, state: &TasksState) {
        let store = &source.store;
        let sum = overview(store);
        let numbers = [
            rate(sum.rate),
            count(sum.in_flight),
            count(sum.queued),
            count(sum.workers),
            count(sum.failed),
            count(sum.crashed),
        ];
        for (live, text) in self.stats.iter().zip(numbers) {
            live.attr("data-zero", if text == "0" { "true" } else { "false" });
            live.text(&text);
        }
        self.draw_heads(state.sort);
        let mut rows = task_rows(store, &state.filter, state.sort);
        let hidden = rows.len().saturating_sub(DEFAULT_ROWS_SHOWN);
        rows.truncate(DEFAULT_ROWS_SHOWN);
        self.table.show(!rows.is_empty());
        self.empty.show(store.tasks().is_empty());
        self.no_match.show(rows.is_empty() && !store.tasks().is_empty());
        self.more.show(hidden > 0);
        self.more.text(&format!("{} more tasks: the filter finds them.", count(hidden as u64)));
        let ids: Vec<String> = rows.iter().map(|row| row.task.frame.task_id.clone()).collect();
        let Some(palette) = Palette::of(&self.pane) else { return };
        let mut views = self.rows.borrow_mut();
        for (id, row) in ids.iter().zip(&rows) {
            views.entry(id.clone()).or_insert_with(|| TaskRowView::new(&self.make, id)).draw(row, &palette);
        }
        self.arrange(&mut views, ids);
    }

    /// Puts the rows in their order; touches the page only when it changed.
    fn arrange(&self, views: &mut HashMap<String, TaskRowView>, ids: Vec<String>) {
        if *self.order.borrow() == ids {
            return;
        }
        views.retain(|id, view| {
            let stays = ids.contains(id);
            if !stays {
                view.element().remove();
            }
            stays
        });
        for view in ids.iter().filter_map(|id| views.get(id)) {
            must(self.body.append_child(view.element()));
        }
        *self.order.borrow_mut() = ids;
    }

    fn draw_heads(&self, sort: Option<SortOrder>) {
        for (column, head, button) in &self.heads {
            let direction = sort.filter(|order| order.column == *column).map(|order| order.descending);
            let (aria, mark) = match direction {
                None => ("none", ""),
                Some(true) => ("descending", "down"),
                Some(false) => ("ascending", "up"),
            };
            head.attr("aria-sort", aria);
            button.attr("data-sort", mark);
        }
    }
}

impl Pane for TasksPane {
    fn element(&self) -> &HtmlElement {
        &self.pane
    }

    fn draw(&self, source: &Source) {
        self.own.read(|state| self.draw_tasks(source, state));
    }
}

fn stats(make: &Make) -> (HtmlElement, Vec<Live>) {
    let list = make.element("dl", "stats").attr("aria-label", "All tasks together");
    let names = [
        ("calls/s", "rate"),
        ("in flight", "inFlight"),
        ("queued", "queued"),
        ("workers", "workers"),
        ("failed", "failed"),
        ("crashes", "crashes"),
    ];
    let numbers = names.map(|(title, name)| {
        let number = make.element("dd", "").attr("data-stat", name);
        let stat = make.element("div", "stat").with([&make.text("dt", "", title), &number]);
        must(list.append_child(&stat));
        Live::new(number)
    });
    (list, numbers.into())
}

fn table_head(
    make: &Make,
    own: &Own<TasksState>,
    listeners: &mut Listeners,
) -> (HtmlElement, Vec<(SortColumn, Live, Live)>) {
    let row = || make.element("tr", "").attr("role", "row");
    let (first, second) = (row(), row());
    let mut heads = Vec::new();
    for (title, below, sort) in HEADS {
        let head = make.element("th", "").attr("role", "columnheader");
        let head = if below > 1 {
            for name in ["p50", "p95", "p99"] {
                let small = make.text("th", "number", name).attr("scope", "col").attr("role", "columnheader");
                must(second.append_child(&small));
            }
            head.attr("scope", "colgroup").attr("colspan", &below.to_string())
        } else {
            head.attr("scope", "col").attr("rowspan", "2")
        };
        match sort {
            None => head.set_text_content(Some(title)),
            Some(column) => {
                let button = make.text("button", "sort", title).attr("type", "button");
                let own = own.clone();
                listeners.on(&button, "click", move |_: Event| own.send(TasksAction::Sort(column)));
                must(head.append_child(&button));
                heads.push((column, Live::new(head.clone()), Live::new(button)));
            }
        }
        must(first.append_child(&head));
    }
    (make.element("thead", "").attr("role", "rowgroup").with([&first, &second]), heads)
}
