//! What was added since the last export, for collectors that ask for `delta`.

use std::collections::HashMap;

use atelier_core::names::Metric;
use atelier_telemetry::{HistogramValue, MetricsSnapshot, OverflowSeries, Series, SeriesKey};

/// Remembers the last export. Gauges and start times aside, the sum of all its answers is the last snapshot.
#[derive(Debug, Default)]
pub(super) struct Delta {
    last_time: Option<u64>,
    series: HashMap<SeriesKey, Series>,
    overflow: HashMap<Metric, Series>,
}

impl Delta {
    /// The snapshot with only what was added since the one before; series without news are left out. The exact least
    /// and greatest of an interval are NaN, which is not known, unless one value came in it.
    pub(super) fn since_last(&mut self, snapshot: &MetricsSnapshot) -> MetricsSnapshot {
        let mut since = MetricsSnapshot {
            // A clock that was set back makes nothing begin after its end.
            start_unix_nano: self.last_time.unwrap_or(snapshot.start_unix_nano).min(snapshot.time_unix_nano),
            time_unix_nano: snapshot.time_unix_nano,
            ..MetricsSnapshot::default()
        };
        for (key, now) in &snapshot.series {
            if let Some(added) = added(self.series.get(key), now) {
                since.series.push((key.clone(), added));
            }
        }
        for now in &snapshot.overflow {
            if let Some(value) = added(self.overflow.get(&now.metric), &now.value) {
                since.overflow.push(OverflowSeries { value, ..now.clone() });
            }
        }
        // What is gone from the snapshot is forgotten here too.
        self.series = snapshot.series.iter().cloned().collect();
        self.overflow = snapshot.overflow.iter().map(|now| (now.metric, now.value.clone())).collect();
        self.last_time = Some(snapshot.time_unix_nano);
        since
    }
}

/// What a series has more than before; `None` if that is nothing.
pub(super) fn added(before: Option<&Series>, now: &Series) -> Option<Series> {
    match (before, now) {
        (_, Series::Gauge(_)) => Some(now.clone()),
        // A total that shrank belongs to a series that was forgotten and began again: all of it is new.
        (Some(Series::Counter(before)), Series::Counter(now)) => {
            let added = now.checked_sub(*before).unwrap_or(*now);
            (added > 0).then_some(Series::Counter(added))
        }
        (Some(Series::Histogram(before)), Series::Histogram(now)) => histogram(before, now),
        (_, Series::Counter(now)) => (*now > 0).then_some(Series::Counter(*now)),
        (_, Series::Histogram(now)) => (!now.histogram.is_empty()).then(|| Series::Histogram(now.clone())),
    }
}

fn histogram(before: &HistogramValue, now: &HistogramValue) -> Option<Series> {
    let mut added = now.histogram.clone();
    if added.subtract(&before.histogram).is_err() {
        return Some(Series::Histogram(now.clone()));
    }
    if added.is_empty() {
        return None;
    }
    let sum = now.sum - before.sum;
    let only = if added.len() == 1 { sum } else { f64::NAN };
    Some(Series::Histogram(HistogramValue {
        histogram: added,
        sum,
        min: only,
        max: only,
        exemplars: now.exemplars.iter().filter(|it| !before.exemplars.contains(it)).cloned().collect(),
    }))
}
