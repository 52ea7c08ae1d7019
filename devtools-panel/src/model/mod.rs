//! What the panel knows: frames in, rows and shapes out. Pure, so that it is tested natively.

mod call;
mod delivery;
mod format;
mod gauges;
mod history;
mod overview;
mod samples;
mod state;
mod store;
mod timeline;
mod window;

#[cfg(test)]
mod fixtures;

pub(crate) use call::{CallDetails, describe_call};
pub(crate) use delivery::{DeliveryRow, Verdict, delivery_rows, verdict};
pub(crate) use format::{count, cut, milliseconds, rate};
pub(crate) use gauges::Gauge;
pub(crate) use history::{CallOutcome, PHASES};
pub(crate) use overview::{SortColumn, SortOrder, TaskRow, overview, task_rows};
pub(crate) use state::{Action, Spot, State, Tab};
pub(crate) use timeline::{Bar, Group, Layout, METRICS, Part, Scale, bars, call_box, layout, time_ticks};
