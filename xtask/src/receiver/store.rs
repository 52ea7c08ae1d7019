//! What was received: totals of everything, and the newest items.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::watch;

use super::decoded::{DecodedLog, DecodedMetric, DecodedSpan, Json};
use super::forward::ForwardReceived;
use super::signal::Items;

/// Spans that are kept; then the oldest goes out and is counted in [`Evicted::spans`].
pub const DEFAULT_MAX_SPANS: usize = 65_536;
/// Log records that are kept; then the oldest goes out and is counted in [`Evicted::log_records`].
pub const DEFAULT_MAX_LOGS: usize = 16_384;
/// Series whose latest point is kept; points of further series are counted in [`Evicted::metric_points`] only.
pub const DEFAULT_MAX_SERIES: usize = 16_384;
/// Different resources that are kept; further ones are counted in [`Evicted::resources`] each time they are seen.
pub const DEFAULT_MAX_RESOURCES: usize = 1_024;

/// How many decoded items are kept. The totals count on beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Spans.
    pub spans: usize,
    /// Log records.
    pub logs: usize,
    /// Series of metrics.
    pub series: usize,
    /// Different resources.
    pub resources: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            spans: DEFAULT_MAX_SPANS,
            logs: DEFAULT_MAX_LOGS,
            series: DEFAULT_MAX_SERIES,
            resources: DEFAULT_MAX_RESOURCES,
        }
    }
}

/// The totals, as `GET /api/received` tells them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Received {
    /// Spans accepted.
    pub spans: u64,
    /// Data points accepted.
    pub metric_points: u64,
    /// Log records accepted.
    pub log_records: u64,
    /// Attributes of the resources that spoke, each once, in the order they were first heard.
    pub resources: Vec<Json>,
    /// Requests refused, for whatever reason.
    pub rejected: u64,
    /// Why the last one was refused.
    pub last_rejection: Option<String>,
    /// Requests taken although there was something to remark on them.
    pub remarked: u64,
    /// What there was to remark on the last of them.
    pub last_remark: Option<String>,
    /// Accepted and counted, but no longer (or never) kept.
    pub evicted: Evicted,
    /// What became of what was passed on, if anything is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forward: Option<ForwardReceived>,
}

/// Items that were accepted and counted, but are not kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evicted {
    /// Spans pushed out by newer ones.
    pub spans: u64,
    /// Points of series beyond the limit.
    pub metric_points: u64,
    /// Log records pushed out by newer ones.
    pub log_records: u64,
    /// Sightings of resources beyond the limit.
    pub resources: u64,
}

/// The store. Clones are the same store.
#[derive(Clone, Debug)]
pub(super) struct Store {
    kept: Arc<Mutex<Kept>>,
    limits: Limits,
    /// Told of every change; the value means nothing.
    changes: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Kept {
    totals: Received,
    spans: VecDeque<DecodedSpan>,
    logs: VecDeque<DecodedLog>,
    /// The latest point by series, with the number of its arrival.
    series: HashMap<String, (u64, DecodedMetric)>,
    arrivals: u64,
}

impl Store {
    pub(super) fn new(limits: Limits) -> Store {
        Store { kept: Arc::default(), limits, changes: watch::Sender::new(()) }
    }

    pub(super) fn changes(&self) -> &watch::Sender<()> {
        &self.changes
    }

    pub(super) fn received(&self) -> Received {
        self.lock().totals.clone()
    }

    pub(super) fn spans(&self, limit: usize) -> Vec<DecodedSpan> {
        self.lock().spans.iter().rev().take(limit).cloned().collect()
    }

    pub(super) fn logs(&self, limit: usize) -> Vec<DecodedLog> {
        self.lock().logs.iter().rev().take(limit).cloned().collect()
    }

    pub(super) fn metrics(&self, limit: usize) -> Vec<DecodedMetric> {
        let kept = self.lock();
        let mut points: Vec<_> = kept.series.values().collect();
        points.sort_by_key(|(arrival, _)| std::cmp::Reverse(*arrival));
        points.into_iter().take(limit).map(|(_, point)| point.clone()).collect()
    }

    pub(super) fn reset(&self) {
        *self.lock() = Kept::default();
        self.tell();
    }

    pub(super) fn add(&self, items: Items) {
        match items {
            Items::Spans(spans) => self.add_spans(spans),
            Items::Points(points) => self.add_metrics(points),
            Items::Logs(logs) => self.add_logs(logs),
        }
    }

    fn add_spans(&self, spans: Vec<DecodedSpan>) {
        let mut kept = self.lock();
        for span in spans {
            kept.saw(&span.resource, self.limits.resources);
            kept.totals.spans += 1;
            kept.spans.push_back(span);
            if kept.spans.len() > self.limits.spans {
                kept.spans.pop_front();
                kept.totals.evicted.spans += 1;
            }
        }
        drop(kept);
        self.tell();
    }

    fn add_logs(&self, logs: Vec<DecodedLog>) {
        let mut kept = self.lock();
        for log in logs {
            kept.saw(&log.resource, self.limits.resources);
            kept.totals.log_records += 1;
            kept.logs.push_back(log);
            if kept.logs.len() > self.limits.logs {
                kept.logs.pop_front();
                kept.totals.evicted.log_records += 1;
            }
        }
        drop(kept);
        self.tell();
    }

    fn add_metrics(&self, points: Vec<DecodedMetric>) {
        let mut kept = self.lock();
        for point in points {
            kept.saw(&point.resource, self.limits.resources);
            kept.totals.metric_points += 1;
            kept.arrivals += 1;
            let (arrival, series) = (kept.arrivals, point.series());
            if kept.series.len() < self.limits.series || kept.series.contains_key(&series) {
                kept.series.insert(series, (arrival, point));
            } else {
                kept.totals.evicted.metric_points += 1;
            }
        }
        drop(kept);
        self.tell();
    }

    pub(super) fn refused(&self, reason: &str) {
        let mut kept = self.lock();
        kept.totals.rejected += 1;
        kept.totals.last_rejection = Some(reason.to_owned());
        drop(kept);
        self.tell();
    }

    pub(super) fn remarked(&self, remark: &str) {
        let mut kept = self.lock();
        kept.totals.remarked += 1;
        kept.totals.last_remark = Some(remark.to_owned());
        drop(kept);
        self.tell();
    }

    fn tell(&self) {
        self.changes.send_replace(());
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // Every change is complete before the next begins to matter, so a poisoned lock still guards sound counts.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn saw(&mut self, resource: &Json, limit: usize) {
        let known = self.totals.resources.contains(resource);
        if !known && self.totals.resources.len() < limit {
            self.totals.resources.push(resource.clone());
        } else if !known {
            self.totals.evicted.resources += 1;
        }
    }
}
