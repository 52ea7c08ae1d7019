//! The pane of tasks: a line of sums and filters, and the tasks as a table or as pictures of their queues.

mod bar;
mod pager;
mod pin;
mod queue_card;
mod row;
mod spark;

use std::cell::RefCell;
use std::collections::HashMap;

use web_sys::{Event, HtmlElement};

use crate::model::{SortColumn, SortOrder, Source, TaskPage, TasksAction, TasksState, picture, task_page};
use crate::view::cells::empty_state;
use crate::view::dom::{Listeners, Live, Make, Told, must, put_in_order};
use crate::view::host::{Host, Own, Pane};
use crate::view::palette::Palette;
use bar::TasksBar;
use pager::Pager;
use queue_card::QueueCard;
use row::TaskRowView;

/// The pane's own rules.
pub(crate) const STYLE: &str = concat!(include_str!("tasks.css"), include_str!("queues.css"));

/// Columns that stand for several numbers have a second head below: (title, columns below, what they sort by).
const HEADS: [(&str, u32, Option<SortColumn>); 10] = [
    ("Task", 1, Some(SortColumn::Task)),
    ("Workers", 1, Some(SortColumn::Workers)),
    ("Calls/s", 1, Some(SortColumn::Rate)),
    ("In flight", 1, Some(SortColumn::InFlight)),
    ("Pending", 1, Some(SortColumn::Pending)),
    ("Waiting", 1, Some(SortColumn::Waiting)),
    ("Wait, ms", 5, Some(SortColumn::Wait)),
    ("Run, ms", 4, Some(SortColumn::Run)),
    ("Outcomes", 1, Some(SortColumn::Failed)),
    ("Crashes", 1, Some(SortColumn::Crashes)),
];

/// The pane.
pub(crate) struct TasksPane {
    own: Own<TasksState>,
    make: Make,
    pane: HtmlElement,
    bar: TasksBar,
    heads: Vec<(SortColumn, Live, Live)>,
    table: Live,
    rows: InOrder<TaskRowView>,
    queues: Live,
    cards: InOrder<QueueCard>,
    pager: Pager,
    empty: Live,
    no_match: Live,
    _listeners: Listeners,
}

impl TasksPane {
    pub(crate) fn new(host: &Host) -> TasksPane {
        let (make, own) = (&host.make, host.own());
        let mut listeners = Listeners::default();
        let bar = TasksBar::new(make, &own, &mut listeners);
        let (head, heads) = table_head(make, &own, &mut listeners);
        let body = make.element("tbody", "").attr("role", "rowgroup");
        let table = make
            .element("table", "tasks")
            .attr("role", "table")
            .attr("aria-label", "Tasks")
            .with([&head, &body]);
        let queues = make.element("ul", "queues").attr("aria-label", "Queues of the tasks");
        let pager = Pager::new(make, &own, &mut listeners);
        let empty = empty_state(
            make,
            "No tasks yet",
            "A task appears here as soon as the app defines it with defineTask().",
        );
        let no_match = empty_state(make, "No task matches", "Clear the filters to see all of them.");
        let scroll =
            make.element("div", "scroll").with([&table, &queues, pager.element(), &empty, &no_match]);
        TasksPane {
            own,
            make: make.clone(),
            pane: make.element("div", "fill").with([bar.element(), &scroll]),
            bar,
            heads,
            table: Live::new(table),
            rows: InOrder::new(body),
            cards: InOrder::new(queues.clone()),
            queues: Live::new(queues),
            pager,
            empty: Live::new(empty),
            no_match: Live::new(no_match),
            _listeners: listeners,
        }
    }

    fn draw_tasks(&self, source: &Source, state: &TasksState) {
        let store = &source.store;
        self.bar.draw(store, state);
        self.draw_heads(state.sort);
        let page = task_page(store, state);
        let some = !page.rows.is_empty();
        self.table.show(some && !state.as_queues);
        self.queues.show(some && state.as_queues);
        self.empty.show(store.tasks().is_empty());
        self.no_match.show(!some && !store.tasks().is_empty());
        self.pager.draw(&page);
        let Some(palette) = Palette::of(&self.pane) else { return };
        if state.as_queues {
            let new = |id: &str| QueueCard::new(&self.make, &self.own, id);
            self.cards.draw(&page, new, QueueCard::element, |card, row| {
                card.draw(row, &picture(store, row), &palette);
            });
        } else {
            let new = |id: &str| TaskRowView::new(&self.make, &self.own, id);
            self.rows.draw(&page, new, TaskRowView::element, |view, row| view.draw(row, &palette));
        }
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

    fn another_source(&self, source: &Source) {
        self.own.another_store(&source.store);
    }
}

/// The tasks of a page, each in an element of its own, in the page's order.
struct InOrder<V> {
    parent: HtmlElement,
    views: RefCell<HashMap<String, V>>,
    order: RefCell<Vec<String>>,
}

impl<V> InOrder<V> {
    fn new(parent: HtmlElement) -> InOrder<V> {
        InOrder { parent, views: RefCell::default(), order: RefCell::default() }
    }

    /// Draws each task; puts elements in, out and in order only where that changed.
    fn draw(
        &self,
        page: &TaskPage<'_>,
        new: impl Fn(&str) -> V,
        element: impl Fn(&V) -> &HtmlElement,
        draw: impl Fn(&V, &crate::model::TaskRow<'_>),
    ) {
        let mut views = self.views.borrow_mut();
        for row in &page.rows {
            let id = &row.task.frame.task_id;
            draw(views.entry(id.clone()).or_insert_with(|| new(id)), row);
        }
        let ids: Vec<String> = page.rows.iter().map(|row| row.task.frame.task_id.clone()).collect();
        if *self.order.borrow() == ids {
            return;
        }
        let stay: std::collections::HashSet<&str> = ids.iter().map(String::as_str).collect();
        views.retain(|id, view| {
            let stays = stay.contains(id.as_str());
            if !stays {
                element(view).remove();
            }
            stays
        });
        let in_order: Vec<_> = ids.iter().filter_map(|id| views.get(id)).map(&element).collect();
        put_in_order(&self.parent, &in_order);
        *self.order.borrow_mut() = ids;
    }
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
            let percentiles = ["p50", "p95", "p99", "max"];
            let names = ["15 s"].iter().filter(|_| below > 4).chain(&percentiles);
            for name in names {
                let class = if *name == "15 s" { "" } else { "number" };
                let small = make.text("th", class, name).attr("scope", "col").attr("role", "columnheader");
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
