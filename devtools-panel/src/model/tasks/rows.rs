//! Which tasks are shown, and in which order: filtered, the pinned ones first, a page at a time.

use super::TasksState;
use super::overview::{TaskRow, label_of, rate_of, row};
use crate::model::store::{Store, Task};

/// How many tasks are shown at once; the rest is on other pages, and the filter finds it.
pub(crate) const DEFAULT_TASKS_SHOWN: usize = 200;

/// Which state a task has to be in to be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum StateFilter {
    /// Any.
    #[default]
    Any,
    /// It has calls.
    Active,
    /// It has none.
    Idle,
    /// Its workers were stopped.
    Paused,
    /// Its queue has no place left, or callers wait.
    Full,
    /// Its workers crashed.
    Crashed,
}

impl StateFilter {
    /// All of them, with what a user reads.
    pub(crate) const ALL: [(StateFilter, &str); 6] = [
        (StateFilter::Any, "Any state"),
        (StateFilter::Active, "Active"),
        (StateFilter::Idle, "Idle"),
        (StateFilter::Paused, "Paused"),
        (StateFilter::Full, "Queue full"),
        (StateFilter::Crashed, "Crashed"),
    ];

    fn lets_through(self, task: &Task) -> bool {
        let frame = &task.frame;
        match self {
            StateFilter::Any => true,
            StateFilter::Active => frame.task_status == "active",
            StateFilter::Idle => frame.task_status == "idle",
            StateFilter::Paused => frame.task_status == "paused",
            StateFilter::Full => {
                frame.waiting > 0
                    || frame.max_queue_depth.is_some_and(|limit| frame.pending > 0 && frame.pending >= limit)
            }
            StateFilter::Crashed => frame.worker_status == "crashed",
        }
    }
}

/// What the rows are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SortColumn {
    /// Name.
    Task,
    /// Workers alive.
    Workers,
    /// Calls settled per second.
    Rate,
    /// Calls at workers.
    InFlight,
    /// Calls in the queue.
    Pending,
    /// Calls whose callers wait.
    Waiting,
    /// The 95th percentile of the wait.
    Wait,
    /// The 95th percentile of the run.
    Run,
    /// Calls that failed.
    Failed,
    /// Crashes.
    Crashes,
}

/// A column and a direction; without one, rows stay in the order in which tasks were defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SortOrder {
    /// The column.
    pub(crate) column: SortColumn,
    /// From the greatest down.
    pub(crate) descending: bool,
}

impl SortOrder {
    /// What a press on a column's head does: first the greatest on top (names: A on top), then the reverse, then none.
    pub(crate) fn after_press(current: Option<SortOrder>, column: SortColumn) -> Option<SortOrder> {
        let first = SortOrder { column, descending: column != SortColumn::Task };
        match current {
            Some(order) if order == first => Some(SortOrder { column, descending: !first.descending }),
            Some(order) if order.column == column => None,
            _ => Some(first),
        }
    }
}

/// The tasks that are shown at once.
#[derive(Debug)]
pub(crate) struct TaskPage<'store> {
    /// The rows, in their order.
    pub(crate) rows: Vec<TaskRow<'store>>,
    /// How many are before them.
    pub(crate) first: usize,
    /// How many there are with those on other pages.
    pub(crate) total: usize,
}

impl TaskPage<'_> {
    /// Where the next page begins, if there is one.
    pub(crate) fn next_page(&self) -> Option<usize> {
        let next = self.first + self.rows.len();
        (next < self.total).then_some(next)
    }
}

/// The tasks whose name or id contains what is looked for (upper and lower case alike), in the state asked for, sorted, the
/// pinned ones first. Rates and sparklines are worked out for those on the page only.
pub(crate) fn task_page<'store>(store: &'store Store, state: &TasksState) -> TaskPage<'store> {
    let now = store.now().unwrap_or(0.0);
    let needle = state.filter.trim().to_lowercase();
    let matches = |text: &str| needle.is_empty() || text.to_lowercase().contains(&needle);
    let mut tasks: Vec<&Task> = store
        .tasks()
        .iter()
        .filter(|task| state.only.lets_through(task))
        .filter(|task| matches(&task.frame.task_id) || task.frame.task_name.as_deref().is_some_and(matches))
        .collect();
    if let Some(order) = state.sort {
        sort(&mut tasks, order, now);
    }
    if !state.pinned.is_empty() {
        tasks.sort_by_key(|task| !state.pinned.contains(&task.frame.task_id));
    }
    let total = tasks.len();
    // What was on this page may be gone: then the last one is shown.
    let first = if state.first < total {
        state.first
    } else {
        total.saturating_sub(1) / DEFAULT_TASKS_SHOWN * DEFAULT_TASKS_SHOWN
    };
    let shown = tasks.into_iter().skip(first).take(DEFAULT_TASKS_SHOWN);
    let rows = shown.map(|task| row(task, now, state.pinned.contains(&task.frame.task_id)));
    TaskPage { rows: rows.collect(), first, total }
}

fn sort(tasks: &mut Vec<&Task>, order: SortOrder, now: f64) {
    if order.column == SortColumn::Task {
        tasks.sort_by_cached_key(|task| label_of(task).to_lowercase());
        if order.descending {
            tasks.reverse();
        }
        return;
    }
    let mut valued: Vec<_> = tasks.drain(..).map(|task| (value(task, order.column, now), task)).collect();
    valued.sort_by(|(a, _), (b, _)| if order.descending { b.total_cmp(a) } else { a.total_cmp(b) });
    tasks.extend(valued.into_iter().map(|(_, task)| task));
}

fn value(task: &Task, column: SortColumn, now: f64) -> f64 {
    let frame = &task.frame;
    match column {
        SortColumn::Task => 0.0,
        SortColumn::Workers => frame.active_workers.into(),
        SortColumn::Rate => rate_of(task, now),
        SortColumn::InFlight => frame.in_flight.into(),
        SortColumn::Pending => frame.pending.into(),
        SortColumn::Waiting => frame.waiting.into(),
        SortColumn::Wait => frame.wait.p95,
        SortColumn::Run => frame.run.p95,
        SortColumn::Failed => frame.totals.failure as f64,
        SortColumn::Crashes => frame.totals.crashed as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Direction, TasksAction};
    use super::*;
    use crate::model::PaneState;
    use crate::model::fixtures::{delta, full, task};

    fn store() -> Store {
        let mut store = Store::default();
        let mut beta = task("t-1");
        beta.task_name = Some("Beta".to_owned());
        let mut alpha = task("t-2");
        alpha.task_name = Some("alpha".to_owned());
        alpha.task_status = "active".to_owned();
        alpha.in_flight = 2;
        alpha.waiting = 3;
        let mut broken = task("plain");
        broken.worker_status = "crashed".to_owned();
        store.apply(full(1, 0.0, vec![beta.clone(), alpha, broken])).unwrap();
        beta.totals.success = 200;
        store.apply(delta(2, 2000.0, vec![beta])).unwrap();
        store
    }

    fn labels(store: &Store, state: &TasksState) -> Vec<String> {
        task_page(store, state).rows.iter().map(|row| row.label().to_owned()).collect()
    }

    #[test]
    fn rows_are_filtered_by_name_and_id_and_sorted() {
        let store = store();
        let with =
            |filter: &str, sort| TasksState { filter: filter.to_owned(), sort, ..TasksState::default() };
        assert_eq!(labels(&store, &with("", None)), ["Beta", "alpha", "plain"]);
        assert_eq!(labels(&store, &with(" ALPH", None)), ["alpha"]);
        assert_eq!(labels(&store, &with("t-", None)), ["Beta", "alpha"]);
        let by = |column, descending| with("", Some(SortOrder { column, descending }));
        assert_eq!(labels(&store, &by(SortColumn::Task, false)), ["alpha", "Beta", "plain"]);
        assert_eq!(labels(&store, &by(SortColumn::Task, true)), ["plain", "Beta", "alpha"]);
        assert_eq!(labels(&store, &by(SortColumn::Waiting, true))[0], "alpha");
        assert_eq!(labels(&store, &by(SortColumn::Rate, true))[0], "Beta");
    }

    #[test]
    fn rows_are_filtered_by_state() {
        let store = store();
        let only = |only| labels(&store, &TasksState { only, ..TasksState::default() });
        assert_eq!(only(StateFilter::Active), ["alpha"]);
        assert_eq!(only(StateFilter::Idle), ["Beta", "plain"]);
        assert_eq!(only(StateFilter::Full), ["alpha"], "callers wait");
        assert_eq!(only(StateFilter::Crashed), ["plain"]);
        assert_eq!(only(StateFilter::Paused), Vec::<String>::new());
    }

    #[test]
    fn pinned_tasks_stay_at_the_top_whatever_the_order() {
        let (store, mut state) = (store(), TasksState::default());
        state.update(TasksAction::Pin("plain".to_owned()), &store);
        assert_eq!(labels(&store, &state), ["plain", "Beta", "alpha"]);
        state.update(TasksAction::Sort(SortColumn::Task), &store);
        assert_eq!(labels(&store, &state), ["plain", "alpha", "Beta"]);
        assert!(task_page(&store, &state).rows[0].pinned && !task_page(&store, &state).rows[1].pinned);
        state.another_store(&store);
        assert_eq!(labels(&store, &state), ["plain", "alpha", "Beta"], "in a recording of them too");
        state.update(TasksAction::Pin("plain".to_owned()), &store);
        assert_eq!(labels(&store, &state), ["alpha", "Beta", "plain"]);
    }

    #[test]
    fn every_one_of_ten_thousand_tasks_can_be_reached_page_by_page() {
        let mut store = Store::default();
        store.apply(full(1, 0.0, (0..10_000).map(|n| task(&format!("t{n}"))).collect())).unwrap();
        let mut state = TasksState::default();
        let mut seen = Vec::new();
        loop {
            let page = task_page(&store, &state);
            assert!(page.rows.len() <= DEFAULT_TASKS_SHOWN && page.total == 10_000);
            seen.extend(page.rows.iter().map(|row| row.label().to_owned()));
            if page.next_page().is_none() {
                break;
            }
            state.update(TasksAction::Turn(Direction::Forward), &store);
        }
        assert!(
            seen.iter().map(String::as_str).eq((0..10_000)
                .map(|n| format!("t{n}"))
                .collect::<Vec<_>>()
                .iter()
                .map(String::as_str))
        );
        state.update(TasksAction::Turn(Direction::Forward), &store);
        assert_eq!(state.first, 9_800, "there is nothing after the last page");
        state.update(TasksAction::Turn(Direction::Back), &store);
        assert_eq!(state.first, 9_600);
        state.update(TasksAction::Filter("t1".to_owned()), &store);
        assert_eq!(state.first, 0);
    }

    #[test]
    fn a_page_that_is_gone_gives_way_to_the_last_one() {
        let mut store = Store::default();
        store.apply(full(1, 0.0, (0..250).map(|n| task(&format!("t{n}"))).collect())).unwrap();
        let page = |first| {
            let state = TasksState { first, ..TasksState::default() };
            let page = task_page(&store, &state);
            (page.first, page.rows.len())
        };
        assert_eq!((page(200), page(400), page(9_800)), ((200, 50), (200, 50), (200, 50)));
        assert_eq!(task_page(&Store::default(), &TasksState { first: 7, ..TasksState::default() }).first, 0);
    }

    #[test]
    fn pressing_a_head_three_times_leads_back() {
        let first = SortOrder::after_press(None, SortColumn::Run);
        assert_eq!(first, Some(SortOrder { column: SortColumn::Run, descending: true }));
        let second = SortOrder::after_press(first, SortColumn::Run);
        assert_eq!(second, Some(SortOrder { column: SortColumn::Run, descending: false }));
        assert_eq!(SortOrder::after_press(second, SortColumn::Run), None);
        let other = SortOrder::after_press(second, SortColumn::Task);
        assert_eq!(other, Some(SortOrder { column: SortColumn::Task, descending: false }));
    }
}
