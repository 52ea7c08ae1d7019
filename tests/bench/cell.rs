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
}

impl Contender {
    pub(crate) const ALL: [Contender; 3] = [Contender::Raw, Contender::Ours, Contender::Comlink];

    /// The name of its module in `tests/pages/bench`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Contender::Raw => "raw",
            Contender::Ours => "ours",
            Contender::Comlink => "comlink",
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
    /// Whether it is about cancelling what is queued, which Comlink cannot do.
    cancels: bool,
}

impl Cell {
    pub(crate) fn is_for(&self, contender: Contender) -> bool {
        !(self.cancels && contender == Contender::Comlink)
    }
}

const fn cell(name: &'static str, title: &'static str, calls: u32, calls_quick: u32) -> Cell {
    Cell { name, title, calls, calls_quick, cancels: false }
}

const fn cancelling(name: &'static str, title: &'static str, calls_quick: u32) -> Cell {
    Cell { name, title, calls: 100_000, calls_quick, cancels: true }
}

pub(crate) const CELLS: [Cell; 7] = [
    cell("latency", "sequential latency", 10_000, 2_000),
    cell("outstanding", "64 outstanding, 2 workers", 100_000, 20_000),
    cell("burst", "burst of 50,000, 2 workers", 50_000, 50_000),
    cancelling("cancel-1k", "queue and cancel 1,000 of one key", 20_000),
    cancelling("cancel-20k", "queue and cancel 20,000 of one key", 20_000),
    cancelling("cancel-100k", "queue and cancel 100,000 of one key", 100_000),
    cell("move-8mib", "8 MiB moved there and back", 1_000, 200),
];
