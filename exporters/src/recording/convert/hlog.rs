//! A recording as an HdrHistogram interval log.
//!
//! One histogram a second for each task and each of its durations, told apart by tag: `TASK/duration`, `TASK/wait`, and
//! `TASK/PHASE` for each phase. Values are nanoseconds, right to three digits; the maximum beside each is in milliseconds.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use atelier_core::names::{Instrument, Metric, Phase};
use atelier_telemetry::recording::{Item, Reader};
use atelier_telemetry::{MetricRecord, Record, TaskMeta};
use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriter, IntervalLogWriterBuilder, Tag};

use super::{ConvertError, Converted};

/// How long an interval of the log is.
pub const HLOG_INTERVAL_SECONDS: u64 = 1;

/// Three digits: what HdrHistogram's own tools use.
const DIGITS: u8 = 3;
/// An hour, in nanoseconds; what is longer counts as that.
const LONGEST: u64 = 3_600_000_000_000;
const NANOSECONDS_A_MILLISECOND: f64 = 1e6;

pub(super) fn write(recording: &[u8], out: &mut impl Write) -> Result<Converted, ConvertError> {
    let mut reader = Reader::open(recording)?;
    let began = reader.header().started_unix_nano;
    let base = SystemTime::UNIX_EPOCH + Duration::from_nanos(began);
    let mut serializer = V2DeflateSerializer::new();
    let log = IntervalLogWriterBuilder::new()
        .add_comment("[Histogram log format version 1.3]")
        .add_comment(&one_line(&format!(
            "[{} of {}; values in nanoseconds]",
            reader.header().generator,
            reader.header().page
        )))
        .with_start_time(base)
        .with_base_time(base)
        .with_max_value_divisor(NANOSECONDS_A_MILLISECOND)
        .begin_log_with(out, &mut serializer)?;
    let mut intervals = Intervals { log, began, second: 0, open: BTreeMap::new() };
    for item in reader.by_ref() {
        if let Item::Record(Record::Metric(metric)) = item?
            && metric.metric.instrument() == Instrument::Histogram
        {
            intervals.add(&metric)?;
        }
    }
    intervals.write_open()?;
    let converted = Converted::of(&reader);
    if converted.cut {
        intervals.log.write_comment("[The recording was cut: what came later is missing]")?;
    }
    Ok(converted)
}

/// What a histogram is of. Ordered, so that the same recording gives the same log.
type Key = (u64, Arc<str>, &'static str);

struct Intervals<'a, 'b, W: Write> {
    log: IntervalLogWriter<'a, 'b, W, V2DeflateSerializer>,
    /// Nanoseconds since the Unix epoch.
    began: u64,
    /// The interval that is open, by its number.
    second: u64,
    open: BTreeMap<Key, Histogram<u64>>,
}

impl<W: Write> Intervals<'_, '_, W> {
    fn add(&mut self, metric: &MetricRecord) -> io::Result<()> {
        let second = metric.time_unix_nano.saturating_sub(self.began) / 1_000_000_000 / HLOG_INTERVAL_SECONDS;
        // Facts come in the order in which they were told; one that is a little late is with the others.
        if second > self.second {
            self.write_open()?;
            self.second = second;
        }
        let key = (metric.task.handle, label(&metric.task), kind(metric));
        let histogram = match self.open.entry(key) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(new) => {
                new.insert(Histogram::new_with_bounds(1, LONGEST, DIGITS).map_err(io::Error::other)?)
            }
        };
        histogram.saturating_record((metric.value * 1e9).round() as u64);
        Ok(())
    }

    fn write_open(&mut self) -> io::Result<()> {
        let start = Duration::from_secs(self.second.saturating_mul(HLOG_INTERVAL_SECONDS));
        for ((_, task, kind), histogram) in std::mem::take(&mut self.open) {
            let tag = format!("{task}/{kind}");
            let length = Duration::from_secs(HLOG_INTERVAL_SECONDS);
            self.log
                .write_histogram(&histogram, start, length, Tag::new(&tag))
                .map_err(|error| io::Error::other(error.to_string()))?;
        }
        Ok(())
    }
}

fn kind(metric: &MetricRecord) -> &'static str {
    match (metric.metric, metric.phase) {
        (Metric::QueueWait, _) => "wait",
        (Metric::TaskPhase, Some(phase)) => Phase::name(phase),
        _ => "duration",
    }
}

/// The task's name as a part of a tag, in which neither commas nor white space may be.
fn label(task: &TaskMeta) -> Arc<str> {
    let name = task.name.as_ref().unwrap_or(&task.id);
    if name.chars().any(is_forbidden) {
        name.chars().map(|c| if is_forbidden(c) { '_' } else { c }).collect::<String>().into()
    } else {
        name.clone()
    }
}

fn is_forbidden(c: char) -> bool {
    c == ',' || c.is_whitespace() || c.is_control()
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
