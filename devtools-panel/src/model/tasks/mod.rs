//! The pane of tasks: which of them a user looks for, in which order, and whether as a table or as queues.

mod overview;
mod picture;
mod rows;

use std::collections::BTreeSet;

pub(crate) use overview::{TaskRow, overview};
pub(crate) use picture::{Level, QueuePicture, WorkerBox, picture};
pub(crate) use rows::{DEFAULT_TASKS_SHOWN, SortColumn, SortOrder, StateFilter, TaskPage, task_page};

use super::pane::PaneState;
use super::store::Store;

/// How the tasks are looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct TasksState {
    /// What the tasks are filtered by.
    pub(crate) filter: String,
    /// The state that they are filtered by.
    pub(crate) only: StateFilter,
    /// What they are sorted by.
    pub(crate) sort: Option<SortOrder>,
    /// The ids of the tasks that stay at the top.
    pub(crate) pinned: BTreeSet<String>,
    /// Whether they are shown as queues, not as a table.
    pub(crate) as_queues: bool,
    /// How many tasks are before the first one shown.
    pub(crate) first: usize,
}

/// Something a user did to the tasks.
#[derive(Clone, Debug)]
pub(crate) enum TasksAction {
    /// Wrote into the filter.
    Filter(String),
    /// Chose the state that is shown.
    Only(StateFilter),
    /// Pressed a column's head.
    Sort(SortColumn),
    /// Pinned a task, by its id, or let it go.
    Pin(String),
    /// Asked for queues, or for the table.
    AsQueues(bool),
    /// Asked for the next tasks, or for those before.
    Turn(Direction),
}

/// Which way to turn the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// To the tasks after.
    Forward,
    /// To the tasks before.
    Back,
}

impl PaneState for TasksState {
    type Action = TasksAction;

    fn update(&mut self, action: TasksAction, store: &Store) {
        let first = match &action {
            TasksAction::Turn(Direction::Back) => self.first.saturating_sub(DEFAULT_TASKS_SHOWN),
            TasksAction::Turn(Direction::Forward) => task_page(store, self).next_page().unwrap_or(self.first),
            TasksAction::Pin(_) | TasksAction::AsQueues(_) => self.first,
            // Others are shown now, from the first on.
            TasksAction::Filter(_) | TasksAction::Only(_) | TasksAction::Sort(_) => 0,
        };
        self.first = first;
        match action {
            TasksAction::Filter(text) => self.filter = text,
            TasksAction::Only(state) => self.only = state,
            TasksAction::Sort(column) => self.sort = SortOrder::after_press(self.sort, column),
            TasksAction::Pin(id) => {
                if !self.pinned.remove(&id) {
                    self.pinned.insert(id);
                }
            }
            TasksAction::AsQueues(queues) => self.as_queues = queues,
            TasksAction::Turn(_) => {}
        }
    }

    fn another_store(&mut self, _store: &Store) {
        // Pins stay: a recording's tasks have the ids of its runtime's, and a name that is the same elsewhere is meant as well.
        self.first = 0;
    }
}
