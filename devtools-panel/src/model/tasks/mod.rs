//! The pane of tasks: what a user looks for, and in which order.

mod overview;

pub(crate) use overview::{SortColumn, SortOrder, TaskRow, overview, task_rows};

use super::pane::PaneState;
use super::store::Store;

/// How the tasks are looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct TasksState {
    /// What the tasks are filtered by.
    pub(crate) filter: String,
    /// What they are sorted by.
    pub(crate) sort: Option<SortOrder>,
}

/// Something a user did to the tasks.
#[derive(Clone, Debug)]
pub(crate) enum TasksAction {
    /// Wrote into the filter.
    Filter(String),
    /// Pressed a column's head.
    Sort(SortColumn),
}

impl PaneState for TasksState {
    type Action = TasksAction;

    fn update(&mut self, action: TasksAction, _store: &Store) {
        match action {
            TasksAction::Filter(text) => self.filter = text,
            TasksAction::Sort(column) => self.sort = SortOrder::after_press(self.sort, column),
        }
    }
}
