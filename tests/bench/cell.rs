//! What is measured, and of whom.

/// One way of having work done by a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Contender {
    /// Careful hand-written code over postMessage: the floor that the others are measured by.
    Raw,
    /// Atelier with telemetry off.
    Ours,
    /// Comlink, where npm could fetch it.
    Comlink,
    /// Atelier, every call with a span that nobody takes.
    Spans,
    /// Spans, and metrics that are aggregated.
    Aggregated,
    /// That, and a listener that is called with every event.
    Listener,
    /// That, with arrays of events instead.
    Batches,
    /// Spans, and an exporter that sends them to the benchmark's own receiver.
    Exported,
    /// Spans, aggregation, and an exporter that sends all of it there.
    Otlp,
}

impl Contender {
    /// The name in tables; `tests/pages/bench/ours.js` knows those that are told apart by what is observed.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Contender::Raw => "raw",
            Contender::Ours => "ours",
            Contender::Comlink => "comlink",
            Contender::Spans => "spans",
            Contender::Aggregated => "aggregated",
            Contender::Listener => "listener",
            Contender::Batches => "batches",
            Contender::Exported => "exported",
            Contender::Otlp => "otlp",
        }
    }

    /// The name of its module in `tests/pages/bench`.
    pub(crate) const fn module(self) -> &'static str {
        match self {
            Contender::Raw | Contender::Comlink => self.name(),
            _ => "ours",
        }
    }
}

/// A cell of the table; `tests/pages/bench/cells.js` has what it does.
#[derive(Debug)]
pub(crate) struct Cell {
    /// Its name there.
    pub(crate) name: &'static str,
    /// What the table calls it.
    pub(crate) title: &'static str,
    /// Calls a measurement.
    pub(crate) calls: u32,
    /// The same in a hurry.
    pub(crate) calls_quick: u32,
    /// Who is measured; the first is what the others are compared with.
    pub(crate) contenders: &'static [Contender],
}

impl Cell {
    /// What the others are compared with.
    pub(crate) fn floor(&self) -> Option<Contender> {
        self.contenders.first().copied()
    }
}

const ALL: &[Contender] = &[Contender::Raw, Contender::Ours, Contender::Comlink];
/// Comlink cannot cancel.
const THAT_CANCEL: &[Contender] = &[Contender::Raw, Contender::Ours];
/// What observing costs, compared with nothing observed. The tracks of the profiler are not among it: while the protocol's
/// Performance domain is on, which tells the CPU times, every `console.timeStamp` reports all of its metrics.
const OBSERVED: &[Contender] = &[
    Contender::Ours,
    Contender::Spans,
    Contender::Exported,
    Contender::Aggregated,
    Contender::Listener,
    Contender::Batches,
    Contender::Otlp,
];

const fn cell(
    name: &'static str,
    title: &'static str,
    calls: u32,
    calls_quick: u32,
    contenders: &'static [Contender],
) -> Cell {
    Cell { name, title, calls, calls_quick, contenders }
}

pub(crate) const CELLS: [Cell; 9] = [
    cell("latency", "sequential latency", 10_000, 2_000, ALL),
    cell("outstanding", "64 outstanding, 2 workers", 100_000, 20_000, ALL),
    cell("burst", "burst of 50,000, 2 workers", 50_000, 50_000, ALL),
    cell("cancel-1k", "queue and cancel 1,000 of one key", 100_000, 20_000, THAT_CANCEL),
    cell("cancel-20k", "queue and cancel 20,000 of one key", 100_000, 20_000, THAT_CANCEL),
    cell("cancel-100k", "queue and cancel 100,000 of one key", 100_000, 100_000, THAT_CANCEL),
    cell("move-8mib", "8 MiB moved there and back", 1_000, 200, ALL),
    cell("observed", "64 outstanding, observed", 50_000, 20_000, OBSERVED),
    cell("observed-alone", "one after the other, observed", 10_000, 2_000, OBSERVED),
];
