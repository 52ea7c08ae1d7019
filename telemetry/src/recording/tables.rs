//! What repeats in a segment, once: strings and tasks.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::fields::{Field, structs};
use super::items::tag;
use super::segment::MAX_ITEM_BYTES;
use super::wire::{Input, Malformed, put_sized, put_u64};
use crate::record::TaskMeta;

/// A task as it is written.
struct TaskFields {
    runtime: u64,
    handle: u64,
    id: String,
    name: Option<String>,
    kind: String,
    queue_policy: String,
    max_in_flight: u64,
    max_queue_depth: u64,
    pool_size: u64,
}

structs! {
    TaskFields { runtime, handle, id, name, kind, queue_policy, max_in_flight, max_queue_depth, pool_size }
}

/// The writer's tables. What they know is known by its address, so it is kept alive.
#[derive(Debug, Default)]
pub(super) struct WriterTables {
    strings: FxHashMap<(usize, usize), u64>,
    kept: Vec<Arc<str>>,
    tasks: FxHashMap<usize, u64>,
    kept_tasks: Vec<Arc<TaskMeta>>,
    /// Something was asked for that is too large for any item.
    pub(super) too_large: bool,
}

impl WriterTables {
    /// The number of a string that lives for ever, from 1; writes it down if it is new.
    pub(super) fn name(&mut self, out: &mut Vec<u8>, text: &'static str) -> u64 {
        self.string(out, text)
    }

    /// The number of a shared string.
    pub(super) fn text(&mut self, out: &mut Vec<u8>, text: &Arc<str>) -> u64 {
        let before = self.strings.len();
        let number = self.string(out, text);
        if self.strings.len() > before {
            self.kept.push(text.clone());
        }
        number
    }

    fn string(&mut self, out: &mut Vec<u8>, text: &str) -> u64 {
        let address = (text.as_ptr() as usize, text.len());
        if let Some(&number) = self.strings.get(&address) {
            return number;
        }
        if text.len() > MAX_ITEM_BYTES {
            self.too_large = true;
            return 0;
        }
        let number = self.strings.len() as u64 + 1;
        self.strings.insert(address, number);
        out.push(tag::STRING);
        put_u64(out, text.len() as u64);
        out.extend_from_slice(text.as_bytes());
        number
    }

    /// The number of a task, from 1.
    pub(super) fn task(&mut self, out: &mut Vec<u8>, task: &Arc<TaskMeta>) -> u64 {
        let address = Arc::as_ptr(task) as usize;
        if let Some(&number) = self.tasks.get(&address) {
            return number;
        }
        let fields = TaskFields {
            runtime: task.runtime,
            handle: task.handle,
            id: task.id.to_string(),
            name: task.name.as_deref().map(str::to_owned),
            kind: task.kind.to_string(),
            queue_policy: task.queue_policy.to_string(),
            max_in_flight: task.max_in_flight,
            max_queue_depth: task.max_queue_depth,
            pool_size: task.pool_size,
        };
        let mut content = Vec::new();
        fields.put(&mut content);
        if content.len() > MAX_ITEM_BYTES {
            self.too_large = true;
            return 0;
        }
        let number = self.kept_tasks.len() as u64 + 1;
        self.kept_tasks.push(task.clone());
        self.tasks.insert(address, number);
        out.push(tag::TASK);
        put_sized(out, |out| out.extend_from_slice(&content));
        number
    }
}

/// The reader's tables.
#[derive(Debug, Default)]
pub(super) struct ReaderTables {
    strings: Vec<Arc<str>>,
    tasks: Vec<Arc<TaskMeta>>,
}

impl ReaderTables {
    pub(super) fn add_string(&mut self, text: &str) {
        self.strings.push(text.into());
    }

    pub(super) fn add_task(&mut self, content: &mut Input<'_>) -> Result<(), Malformed> {
        let fields = TaskFields::take(content)?;
        self.tasks.push(Arc::new(TaskMeta {
            runtime: fields.runtime,
            handle: fields.handle,
            id: fields.id.into(),
            name: fields.name.map(Arc::from),
            kind: fields.kind.into(),
            queue_policy: fields.queue_policy.into(),
            max_in_flight: fields.max_in_flight,
            max_queue_depth: fields.max_queue_depth,
            pool_size: fields.pool_size,
        }));
        Ok(())
    }

    /// The string with the next number; `None` for 0.
    pub(super) fn optional_string(&self, from: &mut Input<'_>) -> Result<Option<Arc<str>>, Malformed> {
        let Some(place) = from.u64()?.checked_sub(1) else { return Ok(None) };
        let known = usize::try_from(place).ok().and_then(|place| self.strings.get(place));
        known.cloned().map(Some).ok_or(Malformed::Wrong("a string is meant that was not written down"))
    }

    pub(super) fn string(&self, from: &mut Input<'_>) -> Result<Arc<str>, Malformed> {
        self.optional_string(from)?.ok_or(Malformed::Wrong("a string is missing"))
    }

    /// The task with the next number; `None` for 0.
    pub(super) fn optional_task(&self, from: &mut Input<'_>) -> Result<Option<Arc<TaskMeta>>, Malformed> {
        let Some(place) = from.u64()?.checked_sub(1) else { return Ok(None) };
        let known = usize::try_from(place).ok().and_then(|place| self.tasks.get(place));
        known.cloned().map(Some).ok_or(Malformed::Wrong("a task is meant that was not written down"))
    }

    pub(super) fn task(&self, from: &mut Input<'_>) -> Result<Arc<TaskMeta>, Malformed> {
        self.optional_task(from)?.ok_or(Malformed::Wrong("a task is missing"))
    }
}
