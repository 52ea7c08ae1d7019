//! Calls and traces in the browser's Performance panel, with tracks for tasks, their queues and their workers.
//!
//! A call is drawn in pieces, since calls overlap everywhere but in a handler: what it waited is on its task's queue
//! track, its run on its worker's, and its way there and back on the task's messages track. These pieces are `console.timeStamp`
//! entries, which cost the page next to nothing and are kept by nobody. [`TimelineMode::Measure`] writes each call as a
//! whole as well: a `performance.measure` entry with every detail, on a track of its task.
//!
//! [`MeasureWriter`] and [`segments`] decide what is written, [`PerformanceTimeline`] takes the records and accounts for
//! them, and a [`TimelineSink`] writes: the browser's, or a test's.

mod measure;
mod origin;
mod segments;
mod stamp;
mod timeline;

pub use measure::{
    CallDetail, DEFAULT_MEASURES_KEPT, Detail, DevtoolsDetail, Measure, MeasureWriter, SPAN_MEASURE,
    TRACE_MEASURE,
};
pub use origin::TimeOrigin;
pub use segments::{Lane, Segment, segment_of_handler, segment_of_trace, segments};
pub use stamp::{DEFAULT_TEXTS_KEPT, GROUP_TEXT, Stamp};
pub use timeline::{DEFAULT_MEASURES_WAITING, PerformanceTimeline, TimelineMode, TimelineSink};

/// The group of our tracks in DevTools.
const TRACK_GROUP: &str = "Atelier";
