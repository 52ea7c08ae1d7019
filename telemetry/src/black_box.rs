//! Black boxes: the last facts of each worker, for when it dies.

use std::collections::VecDeque;
use std::sync::Arc;

use atelier_core::Outcome;
use atelier_core::names::{Metric, WorkerFact};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::events::MetricFields;
use crate::record::TaskMeta;
use crate::text::{Text, Texts};

/// How many facts a worker's black box holds. When one more comes, the oldest is forgotten.
pub const DEFAULT_BLACK_BOX_FACTS: usize = 64;

/// How many black boxes of dead workers are kept in a runtime. When one more comes, the oldest is forgotten, except that
/// each task keeps that of its last crash.
pub const DEFAULT_BLACK_BOXES_KEPT: usize = 16;

/// Why a black box was closed that belongs to a worker whose handler went on past its call's grace.
pub const GRACE: &str = "grace";

/// One fact in a black box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoxedFact {
    /// When, nanoseconds since the Unix epoch.
    pub time_unix_nano: u64,
    /// What happened.
    pub fact: WorkerFact,
    /// The call's number, where a call is meant.
    pub call_id: Option<u64>,
    /// The call's method, where a call is meant.
    pub method: Option<Arc<str>>,
}

/// As `lastCrash.blackBox` shows it: `{ ts, fact, callId?, method? }`, with `ts` in milliseconds since the Unix epoch.
impl Serialize for BoxedFact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let call_id = self.call_id.map(|id| id.to_string());
        let fields = 2 + usize::from(call_id.is_some()) + usize::from(self.method.is_some());
        let mut shape = serializer.serialize_struct("BoxedFact", fields)?;
        shape.serialize_field("ts", &(self.time_unix_nano as f64 / 1e6))?;
        shape.serialize_field("fact", self.fact.name())?;
        match &call_id {
            Some(id) => shape.serialize_field("callId", id)?,
            None => shape.skip_field("callId")?,
        }
        match &self.method {
            Some(method) => shape.serialize_field("method", &**method)?,
            None => shape.skip_field("method")?,
        }
        shape.end()
    }
}

/// The last facts of one worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlackBox {
    /// Counts up by one for each that is closed in the runtime, from 1; 0 for one that is still being written.
    pub number: u64,
    /// The worker's task.
    pub task: Arc<TaskMeta>,
    /// The worker's place in its pool.
    pub worker_index: u32,
    /// Why it was closed: the kind of the crash, or [`GRACE`]; `None` while the worker lives.
    pub cause: Option<Arc<str>>,
    /// The facts, oldest first, at most [`DEFAULT_BLACK_BOX_FACTS`].
    pub facts: Vec<BoxedFact>,
}

/// A worker: its task's number and its place.
type Seat = (u64, u32);

#[derive(Debug)]
struct Fact {
    time: u64,
    fact: WorkerFact,
    call: Option<u64>,
    method: Text,
}

#[derive(Debug, Default)]
struct Ring {
    facts: VecDeque<Fact>,
    /// The calls that the worker has: at most as many as may be in flight.
    calls: FxHashSet<u64>,
    /// What is told of a worker after its end (its calls fail, for one) belongs to no worker.
    ended: bool,
}

/// The black boxes of one runtime.
#[derive(Debug, Default)]
pub(crate) struct BlackBoxes {
    rings: FxHashMap<Seat, Ring>,
    closed: VecDeque<Arc<BlackBox>>,
    numbers: u64,
}

impl BlackBoxes {
    /// Writes down a fact. A new worker in the same place begins a new box.
    pub(crate) fn note(&mut self, fact: WorkerFact, fields: &MetricFields) {
        let Some(index) = fields.worker_index else { return };
        let ring = self.rings.entry((fields.task, index)).or_default();
        if fact == WorkerFact::Spawned {
            *ring = Ring::default();
        }
        if ring.ended {
            return;
        }
        if ring.facts.len() >= DEFAULT_BLACK_BOX_FACTS {
            ring.facts.pop_front();
        }
        if let Some(call) = fields.call_id {
            match fact {
                WorkerFact::Started => ring.calls.insert(call),
                WorkerFact::Settled | WorkerFact::Failed | WorkerFact::Requeued => ring.calls.remove(&call),
                _ => false,
            };
        }
        ring.facts.push_back(Fact {
            time: fields.time,
            fact,
            call: fields.call_id,
            method: fields.method.clone(),
        });
    }

    /// A call was settled without its worker's doing: what the worker still does for it is in vain.
    pub(crate) fn give_up(&mut self, fields: &MetricFields) {
        let Some((index, call)) = fields.worker_index.zip(fields.call_id) else { return };
        if let Some(ring) = self.rings.get_mut(&(fields.task, index)) {
            ring.calls.remove(&call);
        }
    }

    /// A worker was ended on purpose: nobody asks why.
    pub(crate) fn end(&mut self, fields: &MetricFields) {
        let Some(index) = fields.worker_index else { return };
        self.rings.insert((fields.task, index), Ring { ended: true, ..Ring::default() });
    }

    /// Closes the box of a worker that died. `None` when nothing was written.
    pub(crate) fn close(
        &mut self,
        task: &Arc<TaskMeta>,
        worker_index: u32,
        cause: Arc<str>,
        texts: &Texts,
    ) -> Option<Arc<BlackBox>> {
        let ring = self.rings.get_mut(&(task.handle, worker_index)).filter(|ring| !ring.facts.is_empty())?;
        let Ring { facts, .. } = std::mem::replace(ring, Ring { ended: true, ..Ring::default() });
        self.numbers += 1;
        let closed = Arc::new(BlackBox {
            number: self.numbers,
            task: task.clone(),
            worker_index,
            cause: Some(cause),
            facts: facts.iter().map(|fact| fact.shown(texts)).collect(),
        });
        if self.closed.len() >= DEFAULT_BLACK_BOXES_KEPT {
            self.closed.pop_front();
        }
        self.closed.push_back(closed.clone());
        Some(closed)
    }

    /// Those closed after the one with this number, oldest first.
    pub(crate) fn closed(&self, after: u64) -> Vec<Arc<BlackBox>> {
        self.closed.iter().filter(|it| it.number > after).cloned().collect()
    }

    /// Those of the workers that live, as they are now, each with how many calls its worker has.
    pub(crate) fn open<'a>(
        &self,
        meta: impl Fn(u64) -> Option<&'a Arc<TaskMeta>>,
        texts: &Texts,
    ) -> Vec<(BlackBox, usize)> {
        let written = self.rings.iter().filter(|(_, ring)| !ring.facts.is_empty());
        let mut open: Vec<(BlackBox, usize)> = written
            .filter_map(|(&(task, worker_index), ring)| {
                let black_box = BlackBox {
                    number: 0,
                    task: meta(task)?.clone(),
                    worker_index,
                    cause: None,
                    facts: ring.facts.iter().map(|fact| fact.shown(texts)).collect(),
                };
                Some((black_box, ring.calls.len()))
            })
            .collect();
        open.sort_by_key(|(it, _)| (it.task.handle, it.worker_index));
        open
    }

    /// Throws away what is being written: there will be a gap, and a box with a gap misleads.
    pub(crate) fn interrupt(&mut self) {
        self.rings.clear();
    }

    /// Throws away what is being written for a task.
    pub(crate) fn forget_task(&mut self, task: u64) {
        self.rings.retain(|(of, _), _| *of != task);
    }
}

impl Fact {
    fn shown(&self, texts: &Texts) -> BoxedFact {
        BoxedFact {
            time_unix_nano: self.time,
            fact: self.fact,
            call_id: self.call,
            method: texts.get(&self.method),
        }
    }
}

/// The fact that a metric's value tells of a worker, if it does.
pub(crate) fn told_by(metric: Metric, outcome: Option<Outcome>) -> Option<WorkerFact> {
    match metric {
        Metric::QueueWait => Some(WorkerFact::Started),
        Metric::TaskCompleted => match outcome? {
            Outcome::Ok => Some(WorkerFact::Settled),
            Outcome::Error => Some(WorkerFact::Failed),
            // Whether a worker still had it is not said, and if one had, it was told.
            Outcome::Canceled | Outcome::Rejected => None,
        },
        Metric::TaskRequeued => Some(WorkerFact::Requeued),
        Metric::WorkerSpawned => Some(WorkerFact::Spawned),
        Metric::WorkerCrashed => Some(WorkerFact::Crashed),
        _ => None,
    }
}
