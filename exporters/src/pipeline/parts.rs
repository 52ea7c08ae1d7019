//! What is too large for one request, in parts.

use super::line::DEFAULT_MAX_REQUEST_BYTES;
use super::waiting::store;
use super::{Encoder, Pipeline, reason};
use crate::durable::{Batch, Stored};
use crate::source::Source;

impl<S: Source, E: Encoder> Pipeline<S, E> {
    /// A batch in parts of at most so many bytes, as far as it has any. A part that is longer than any request may be is
    /// dropped.
    pub(super) fn in_parts(&mut self, batch: Batch, max_body_bytes: usize) -> Vec<Batch> {
        let mut parts = Vec::new();
        let mut open = vec![batch];
        while let Some(batch) = open.pop() {
            if batch.body.len() <= max_body_bytes {
                parts.push(batch);
            } else if let Some(smaller) = self.split(&batch) {
                // The first is the next one.
                open.extend(smaller.into_iter().rev());
            } else if batch.body.len() <= DEFAULT_MAX_REQUEST_BYTES {
                parts.push(batch);
            } else {
                self.drop_items(batch.signal, reason::REQUEST_TOO_LARGE, batch.items);
            }
        }
        parts
    }

    /// The collector finds a batch too large: two parts of it are the next to be sent. What has no parts is given up.
    pub(super) fn send_in_parts(&mut self, batch: Batch, why: Option<&str>, took_ms: u64) {
        let parts = self.split(&batch);
        let Some(line) = self.lines.iter_mut().find(|line| line.signal == batch.signal) else { return };
        match parts {
            Some(mut parts) => {
                if matches!(batch.stored, Stored::Asked | Stored::Yes) {
                    // Before it is deleted: a page that goes in between leaves too much rather than too little.
                    self.outputs.extend(parts.iter_mut().filter_map(store));
                }
                line.lane.load(parts);
            }
            None => {
                line.ended(Some(reason::REQUEST_TOO_LARGE), took_ms);
                if let Some(why) = why {
                    self.source.set_last_rejection(batch.signal, why);
                }
                self.drop_items(batch.signal, reason::REQUEST_TOO_LARGE, batch.items);
            }
        }
        self.forget(&batch);
    }

    fn split(&mut self, batch: &Batch) -> Option<Vec<Batch>> {
        let parts = self.encoder.split(batch.signal, &batch.body, batch.content_type.as_deref())?;
        Some(batch.parts(&mut self.next_id, parts))
    }
}
