//! High and low water of gauges, for each reader of metrics since it last looked.

/// How many readers of one runtime's metrics have extremes of their own. The gauges of one more show the extremes since
/// aggregation began instead.
pub const DEFAULT_MAX_METRICS_READERS: usize = 64;

/// The least and the greatest value of a gauge in some time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Extremes {
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Extremes {
    /// Those of a time in which the gauge stood still.
    pub(crate) fn at(value: f64) -> Extremes {
        Extremes { min: value, max: value }
    }

    fn widen(&mut self, value: f64) {
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }
}

/// One reader, and by a gauge's number what happened since it looked.
#[derive(Debug)]
struct Reader {
    id: u64,
    seen: Vec<Option<Extremes>>,
}

impl Reader {
    fn place(&mut self, gauge: usize) -> &mut Option<Extremes> {
        if gauge >= self.seen.len() {
            self.seen.resize(gauge + 1, None);
        }
        &mut self.seen[gauge]
    }
}

/// The readers of one runtime's metrics.
#[derive(Debug, Default)]
pub(crate) struct GaugeReaders(Vec<Reader>);

impl GaugeReaders {
    /// A new reader, whose time begins with the gauges as they are now.
    pub(crate) fn add(&mut self, id: u64, gauges: impl Iterator<Item = (usize, f64)>) {
        if self.0.len() >= DEFAULT_MAX_METRICS_READERS {
            return;
        }
        let mut reader = Reader { id, seen: Vec::new() };
        for (gauge, last) in gauges {
            *reader.place(gauge) = Some(Extremes::at(last));
        }
        self.0.push(reader);
    }

    pub(crate) fn remove(&mut self, id: u64) {
        self.0.retain(|reader| reader.id != id);
    }

    /// A gauge was set.
    pub(crate) fn saw(&mut self, gauge: usize, value: f64) {
        for reader in &mut self.0 {
            reader.place(gauge).get_or_insert(Extremes::at(value)).widen(value);
        }
    }

    /// A gauge's extremes since this reader looked; its time begins anew. `None` for a reader that has none of its own.
    pub(crate) fn take(&mut self, id: u64, gauge: usize, last: f64) -> Option<Extremes> {
        let reader = self.0.iter_mut().find(|reader| reader.id == id)?;
        reader.place(gauge).replace(Extremes::at(last)).or(Some(Extremes::at(last)))
    }
}
