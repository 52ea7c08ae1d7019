//! Log records: what handlers in Rust told through `tracing` while their call ran.

use atelier_core::names::{LOG, TARGET, field};
use tracing::Level;

use super::{CallSpan, Emitter, Label};
use crate::wire::HandlerLog;

macro_rules! log {
    ($level:ident, $self:ident, $label:ident, $call:ident, $worker_index:ident, $log:ident, $at:ident) => {
        tracing::event!(
            name: LOG,
            target: TARGET,
            parent: &$call.span,
            Level::$level,
            { field::SEVERITY } = $log.severity,
            { field::LOG_TARGET } = &*$log.target,
            { field::BODY } = &*$log.body,
            { field::ATTRIBUTES } = $log.attributes.as_deref(),
            { field::TIME } = $at,
            { field::RUNTIME } = $self.runtime,
            { field::TASK } = $label.handle,
            { field::CALL_ID } = $call.number,
            { field::WORKER_INDEX } = $worker_index.map(u64::from),
            { field::TRACE_ID } = $call.context.trace_id,
            { field::SPAN_ID } = $log.span_id
        )
    };
}

impl Emitter {
    /// Tells of a log record, at its own level so that another subscriber of the page shows it as what it is. Its time is
    /// on the page's clock.
    pub(crate) fn handler_log(
        &self,
        label: &Label,
        call: &CallSpan,
        worker_index: Option<u32>,
        log: &HandlerLog,
        at: u64,
    ) {
        // OpenTelemetry, "Logs Data Model", field `SeverityNumber`: four numbers a level.
        match log.severity {
            0..=4 => log!(TRACE, self, label, call, worker_index, log, at),
            5..=8 => log!(DEBUG, self, label, call, worker_index, log, at),
            9..=12 => log!(INFO, self, label, call, worker_index, log, at),
            13..=16 => log!(WARN, self, label, call, worker_index, log, at),
            _ => log!(ERROR, self, label, call, worker_index, log, at),
        }
    }
}
