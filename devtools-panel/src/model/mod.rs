//! What the panel knows: frames in, rows and shapes out. Pure, so that it is tested natively.
//!
//! `store/` folds frames into what is known of a runtime; the other files are each what one pane makes of that.

mod delivery;
mod events;
mod findings;
mod format;
mod gauges;
mod hotkey;
mod latency;
mod notices;
mod pane;
mod recorder;
mod replay;
mod settings;
mod state;
mod store;
mod tabs;
mod tasks;
mod timeline;
mod traces;

#[cfg(test)]
mod fixtures;

pub(crate) use delivery::{DeliveryRow, Verdict, delivery_rows, verdict};
pub(crate) use events::{EventDetails, EventKind, EventRow, EventsAction, EventsState};
pub(crate) use findings::{FindingRow, finding_rows};
pub(crate) use format::{clock_time, count, cut, milliseconds, rate};
pub(crate) use gauges::Gauge;
pub(crate) use hotkey::{Heard, Press, hear};
pub(crate) use latency::{
    HEAT_ROWS, Latency, LatencyAction, LatencyState, Measured, PERCENTILES, measure, percentile_at, share_of,
};
pub(crate) use notices::Notice;
pub(crate) use pane::{Link, PaneState};
pub(crate) use recorder::Recorder;
pub(crate) use replay::SPEEDS;
pub(crate) use settings::{Settings, Theme, dock_label};
pub(crate) use state::{Origin, ReplayAction, Source, State};
pub(crate) use store::{Call, CallOutcome, Happening, LongTask, PHASES, Store};
pub(crate) use tabs::Tabs;
pub(crate) use tasks::{
    Direction, Level, QueuePicture, SortColumn, SortOrder, StateFilter, TaskPage, TaskRow, TasksAction,
    TasksState, WorkerBox, overview, picture, task_page,
};
pub(crate) use timeline::{
    Bar, BoxTold, CallCopies, CallDetails, ChildShare, Edge, Group, Layout, METRICS, Part, RangeSummary,
    Scale, Spot, TimelineAction, TimelineState, bars, call_box, describe_call, summarize, time_ticks,
};
pub(crate) use traces::{
    SpanKind, SpanRow, TraceRow, TracesAction, TracesState, Waterfall, trace_rows, waterfall,
};
