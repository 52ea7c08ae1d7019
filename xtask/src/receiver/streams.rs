//! Series over time (OpenTelemetry's metrics data model, "Temporality", "Resets and gaps", "Overlap"): what counts from
//! the beginning does not fall without beginning anew, and intervals of what counts from the last time do not overlap.
//! A point that comes again, or late, is none the worse for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::decoded::DecodedMetric;

/// Series that are followed; further ones are not.
const MAX_SERIES: usize = 1 << 16;

/// The last point of each series. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Streams(Arc<Mutex<HashMap<String, Point>>>);

#[derive(Clone, Copy, Debug, PartialEq)]
struct Point {
    start: u64,
    time: u64,
    /// What only grows: a monotonic sum, or how many values a distribution has.
    total: Option<f64>,
}

impl Streams {
    pub(super) fn reset(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Follows the series of a request, or says which of them cannot go on so.
    pub(super) fn follow(&self, points: &[DecodedMetric]) -> Result<(), String> {
        let mut series = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut news = Vec::new();
        for metric in points {
            let Some(temporality) = metric.temporality else { continue };
            let (key, now) = (metric.series(), point(metric));
            if let Some(last) = series.get(&key) {
                let fine = if temporality == "delta" { delta(*last, now) } else { cumulative(*last, now) };
                fine.map_err(|reason| format!("metric \"{}\" {}: {reason}", metric.name, shown(metric)))?;
                if now.time < last.time {
                    continue;
                }
            } else if series.len() + news.len() >= MAX_SERIES {
                continue;
            }
            news.push((key, now));
        }
        series.extend(news);
        Ok(())
    }
}

fn point(metric: &DecodedMetric) -> Point {
    let total = match metric.monotonic {
        Some(true) => metric.point.get("value"),
        Some(false) => None,
        None => metric.point.get("count"),
    };
    Point {
        start: metric.start_time_unix_nano,
        time: metric.time_unix_nano,
        total: total.and_then(serde_json::Value::as_f64),
    }
}

fn shown(metric: &DecodedMetric) -> String {
    serde_json::Value::Object(metric.attributes.clone()).to_string()
}

fn cumulative(last: Point, now: Point) -> Result<(), String> {
    let (earlier, later) = if now.time < last.time { (now, last) } else { (last, now) };
    if earlier.start != later.start {
        return Ok(());
    }
    if now.time == last.time && now != last {
        return Err(format!("{:?} and {:?} at the same time", last.total, now.total));
    }
    match (earlier.total, later.total) {
        (Some(before), Some(after)) if after < before => {
            Err(format!("it fell from {before} to {after} without beginning anew"))
        }
        _ => Ok(()),
    }
}

fn delta(last: Point, now: Point) -> Result<(), String> {
    let again = (now.start, now.time) == (last.start, last.time);
    if again || now.start >= last.time || now.time <= last.start {
        return Ok(());
    }
    Err(format!(
        "its interval {} to {} overlaps the one before, {} to {}",
        now.start, now.time, last.start, last.time
    ))
}
