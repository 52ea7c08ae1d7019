//! One consumer's way to read metrics as a whole.

use std::sync::Arc;

use crate::metrics::MetricsSnapshot;
use crate::state::Shared;

/// Reads a runtime's metrics for one consumer, so that no other reader takes the extremes of gauges away from it.
/// Dropping it frees what is kept for it.
#[must_use = "dropping a reader forgets what it has seen"]
#[derive(Debug)]
pub struct MetricsReader {
    shared: Arc<Shared>,
    runtime: u64,
    id: u64,
}

impl MetricsReader {
    pub(crate) fn new(shared: Arc<Shared>, runtime: u64) -> MetricsReader {
        let id = shared.next_number();
        shared.change(|state| state.runtime(runtime).series.add_reader(id));
        MetricsReader { shared, runtime, id }
    }

    /// Every series of the runtime: totals and distributions since aggregation began, gauges with their extremes since
    /// this reader's last read (or its beginning). `now_unix_nano` is nanoseconds since the Unix epoch. Empty once the
    /// runtime was forgotten.
    pub fn read(&self, now_unix_nano: u64) -> MetricsSnapshot {
        self.shared.lock().read_metrics(self.runtime, Some(self.id), now_unix_nano)
    }
}

impl Drop for MetricsReader {
    fn drop(&mut self) {
        if let Some(runtime) = self.shared.lock().runtimes.get_mut(&self.runtime) {
            runtime.series.remove_reader(self.id);
        }
    }
}
