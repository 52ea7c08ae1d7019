//! What is too large for one request, in parts.

use super::line::Line;
use super::waiting::store;
use super::{Encoder, Now, Pipeline, reason};
use crate::durable::{Batch, Stored};
use crate::source::Source;

impl<S: Source, E: Encoder> Pipeline<S, E> {
    /// A batch in parts of at most so many bytes, as far as it has any. A part that is longer than any request may be, or
    /// has a chance to be taken, is dropped.
    pub(super) fn in_parts(&mut self, batch: Batch, max_body_bytes: usize, now: Now) -> Vec<Batch> {
        let line = self.lines.iter().find(|line| line.signal == batch.signal);
        let max_item_bytes = line.map_or(0, |line| line.max_item_bytes(now.monotonic_ms));
        let max_body_bytes = max_body_bytes.min(max_item_bytes);
        let mut parts = Vec::new();
        let mut open = vec![batch];
        while let Some(batch) = open.pop() {
            if batch.body.len() <= max_body_bytes {
                parts.push(batch);
            } else if let Some(smaller) = self.split(&batch) {
                // The first is the next one.
                open.extend(smaller.into_iter().rev());
            } else if batch.body.len() <= max_item_bytes {
                parts.push(batch);
            } else {
                self.drop_items(batch.signal, reason::REQUEST_TOO_LARGE, batch.items);
            }
        }
        parts
    }

    /// The collector finds a batch too large: two parts of it are the next to be sent. What has no parts is given up.
    pub(super) fn send_in_parts(&mut self, batch: Batch, why: Option<&str>, took_ms: u64, now: Now) {
        let parts = self.split(&batch);
        match parts {
            Some(parts) => {
                let any = usize::MAX;
                let parts = parts.into_iter().flat_map(|part| self.in_parts(part, any, now));
                let mut parts: Vec<Batch> = parts.collect();
                if matches!(batch.stored, Stored::Asked | Stored::Yes) {
                    // Before it is deleted: a page that goes in between leaves too much rather than too little.
                    self.outputs.extend(parts.iter_mut().filter_map(store));
                }
                if let Some(line) = self.line_of(&batch) {
                    line.lane.load(parts);
                }
            }
            None => {
                if let Some(line) = self.line_of(&batch) {
                    line.learn_alone(batch.body.len(), now.monotonic_ms);
                    line.ended(Some(reason::REQUEST_TOO_LARGE), took_ms);
                }
                if let Some(why) = why {
                    self.source.set_last_rejection(batch.signal, why);
                }
                self.drop_items(batch.signal, reason::REQUEST_TOO_LARGE, batch.items);
            }
        }
        self.forget(&batch);
    }

    fn line_of(&mut self, batch: &Batch) -> Option<&mut Line> {
        self.lines.iter_mut().find(|line| line.signal == batch.signal)
    }

    fn split(&mut self, batch: &Batch) -> Option<Vec<Batch>> {
        let parts = self.encoder.split(batch.signal, &batch.body, batch.content_type.as_deref())?;
        Some(batch.parts(&mut self.next_id, parts))
    }
}
