//! The plain structs of frames, and of the file's own parts, field by field.

use std::collections::BTreeMap;

use super::wire::{Input, Malformed, put_f64, put_sized, put_str, put_u64};
use crate::frame::{
    CrashFrame, CurrentCallFrame, Distribution, ExemplarFrame, Finding, Frame, FrameKind, LedgerRow,
    TaskExemplars, TaskFrame, Totals, WorkerFrame,
};

/// What can be a field.
pub(super) trait Field: Sized {
    fn put(&self, out: &mut Vec<u8>);
    fn take(from: &mut Input<'_>) -> Result<Self, Malformed>;
}

impl Input<'_> {
    /// The next field; empty when it was written by someone who did not know it.
    pub(super) fn field<T: Field + Default>(&mut self) -> Result<T, Malformed> {
        if self.is_empty() { Ok(T::default()) } else { T::take(self) }
    }
}

impl Field for u64 {
    fn put(&self, out: &mut Vec<u8>) {
        put_u64(out, *self);
    }

    fn take(from: &mut Input<'_>) -> Result<u64, Malformed> {
        from.u64()
    }
}

impl Field for u32 {
    fn put(&self, out: &mut Vec<u8>) {
        put_u64(out, u64::from(*self));
    }

    fn take(from: &mut Input<'_>) -> Result<u32, Malformed> {
        from.u32()
    }
}

impl Field for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn take(from: &mut Input<'_>) -> Result<bool, Malformed> {
        from.u8().map(|it| it != 0)
    }
}

impl Field for f64 {
    fn put(&self, out: &mut Vec<u8>) {
        put_f64(out, *self);
    }

    fn take(from: &mut Input<'_>) -> Result<f64, Malformed> {
        from.f64()
    }
}

impl Field for String {
    fn put(&self, out: &mut Vec<u8>) {
        put_str(out, self);
    }

    fn take(from: &mut Input<'_>) -> Result<String, Malformed> {
        from.str().map(str::to_owned)
    }
}

impl<T: Field> Field for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.is_some()));
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn take(from: &mut Input<'_>) -> Result<Option<T>, Malformed> {
        match from.u8()? {
            0 => Ok(None),
            1 => T::take(from).map(Some),
            _ => Err(Malformed::Wrong("something is neither there nor absent")),
        }
    }
}

impl<T: Field> Field for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        put_u64(out, self.len() as u64);
        self.iter().for_each(|each| each.put(out));
    }

    fn take(from: &mut Input<'_>) -> Result<Vec<T>, Malformed> {
        let count = from.u64()?;
        // Grown as it comes: the count may be anything.
        let mut list = Vec::new();
        for _ in 0..count {
            list.push(T::take(from)?);
        }
        Ok(list)
    }
}

impl<A: Field, B: Field> Field for (A, B) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }

    fn take(from: &mut Input<'_>) -> Result<(A, B), Malformed> {
        Ok((A::take(from)?, B::take(from)?))
    }
}

impl<K: Field + Ord, V: Field> Field for BTreeMap<K, V> {
    fn put(&self, out: &mut Vec<u8>) {
        put_u64(out, self.len() as u64);
        for (key, value) in self {
            key.put(out);
            value.put(out);
        }
    }

    fn take(from: &mut Input<'_>) -> Result<BTreeMap<K, V>, Malformed> {
        Vec::<(K, V)>::take(from).map(BTreeMap::from_iter)
    }
}

/// Makes fields of structs. New fields of theirs are appended to the list, in the order in which they came.
macro_rules! structs {
    ($($name:ident { $($field:ident),+ $(,)? })+) => {$(
        impl Field for $name {
            fn put(&self, out: &mut Vec<u8>) {
                let $name { $($field),+ } = self;
                $crate::recording::wire::put_sized(out, |out| { $($field.put(out);)+ });
            }

            fn take(from: &mut Input<'_>) -> Result<Self, Malformed> {
                let mut content = from.sized()?;
                Ok($name { $($field: content.field()?),+ })
            }
        }
    )+};
}
pub(super) use structs;

structs! {
    TaskFrame {
        task_id, task_name, task_type, task_status, worker_status, queue_policy, pool_size, active_workers,
        in_flight, max_in_flight, pending, max_queue_depth, waiting, totals, wait, run, duration, exemplars,
        workers, last_crash,
    }
    Totals { dispatched, success, failure, canceled, rejected, requeued, spawned, crashed, terminated }
    Distribution { count, sum, min, max, mean, p50, p90, p95, p99, p999 }
    TaskExemplars { wait, run, duration }
    ExemplarFrame { at, value, trace_id, span_id, ts }
    WorkerFrame { index, status, in_flight, current }
    CurrentCallFrame { call_id, method, since, canceled }
    CrashFrame { ts, worker_index, message }
    Finding { id, severity, task_id, message, evidence, fix }
    LedgerRow { consumer, signal, emitted, delivered, rejected, dropped, pending, last_error, last_rejection, next_retry }
}

/// A frame without the spans, events and black boxes in it: those are items of the same segment.
impl Field for Frame {
    fn put(&self, out: &mut Vec<u8>) {
        let Frame {
            version,
            seq,
            ts,
            kind,
            lost,
            tasks,
            removed,
            spans: _,
            handler_spans: _,
            traces: _,
            black_boxes: _,
            spans_dropped,
            events: _,
            events_dropped: _,
            ledger,
            findings,
        } = self;
        put_sized(out, |out| {
            version.put(out);
            seq.put(out);
            ts.put(out);
            u32::from(*kind == FrameKind::Full).put(out);
            lost.put(out);
            tasks.put(out);
            removed.put(out);
            spans_dropped.put(out);
            ledger.put(out);
            findings.put(out);
        });
    }

    fn take(from: &mut Input<'_>) -> Result<Frame, Malformed> {
        let mut content = from.sized()?;
        Ok(Frame {
            version: content.field()?,
            seq: content.field()?,
            ts: content.field()?,
            kind: if content.field::<u32>()? == 1 { FrameKind::Full } else { FrameKind::Delta },
            lost: content.field()?,
            tasks: content.field()?,
            removed: content.field()?,
            spans: Vec::new(),
            handler_spans: Vec::new(),
            traces: Vec::new(),
            black_boxes: Vec::new(),
            spans_dropped: content.field()?,
            events: None,
            events_dropped: 0,
            ledger: content.field()?,
            findings: content.field()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_struct_of_an_older_atelier_is_read_without_the_fields_that_it_did_not_have() {
        let mut out = Vec::new();
        put_sized(&mut out, |out| {
            3_u32.put(out);
            "ready".to_owned().put(out);
            2_u32.put(out);
        });
        let worker = WorkerFrame::take(&mut Input::new(&out)).unwrap();
        let expected = WorkerFrame { index: 3, status: "ready".to_owned(), in_flight: 2, current: None };
        assert_eq!(worker, expected);
    }
}
