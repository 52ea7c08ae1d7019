//! Which fault is next.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::{Cors, Fault, Misbehavior};
use crate::receiver::signal::Signal;

/// The scripts of all signals. Clones are the same scripts.
#[derive(Clone, Debug, Default)]
pub(in crate::receiver) struct Scripts {
    signals: Arc<Mutex<[VecDeque<Fault>; 3]>>,
    /// How often held answers were let go.
    released: watch::Sender<u64>,
}

/// What is done to one request.
#[derive(Clone, Debug)]
pub(in crate::receiver) struct Step {
    pub(super) fault: Fault,
    /// Tells when a held answer may go.
    pub(super) released: watch::Receiver<u64>,
}

impl Step {
    /// Whether nothing of the request is to be read.
    pub(in crate::receiver) fn cuts_at_once(&self) -> bool {
        self.fault.answer == Misbehavior::ResetAtOnce
    }

    /// What is done to a request of so many bytes.
    pub(in crate::receiver) fn for_bytes(self, bytes: usize) -> Step {
        Step { fault: self.fault.for_bytes(bytes), ..self }
    }
}

impl Scripts {
    /// Replaces a signal's script.
    pub(in crate::receiver) fn set(&self, signal: Signal, script: Vec<Fault>) {
        self.lock()[signal as usize] =
            script.into_iter().filter(|fault| fault.lasting || fault.times > 0).collect();
    }

    /// Ends every script; held answers go.
    pub(in crate::receiver) fn clear(&self) {
        self.lock().iter_mut().for_each(VecDeque::clear);
        self.release();
    }

    /// Lets go every answer that is held now.
    pub(in crate::receiver) fn release(&self) {
        self.released.send_modify(|times| *times += 1);
    }

    /// Requests that will still be answered by the script; `None` when there is no end to it.
    pub(in crate::receiver) fn left(&self, signal: Signal) -> Option<u64> {
        self.lock()[signal as usize]
            .iter()
            .try_fold(0, |left, fault| (!fault.lasting).then(|| left + u64::from(fault.times)))
    }

    /// What is done to the request that has just come.
    pub(in crate::receiver) fn next(&self, signal: Signal) -> Option<Step> {
        take(&mut self.lock()[signal as usize])
            .map(|fault| Step { fault, released: self.released.subscribe() })
    }

    /// Whether the question that has just come, whether a page of another origin may send, is refused.
    pub(in crate::receiver) fn refuses_origin(&self, signal: Signal) -> bool {
        let script = &mut self.lock()[signal as usize];
        let refuses = script.front().is_some_and(|fault| fault.cors == Cors::Refused);
        // The request itself will not come, so the question counts for it.
        refuses && take(script).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, [VecDeque<Fault>; 3]> {
        self.signals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn take(script: &mut VecDeque<Fault>) -> Option<Fault> {
    let first = script.front_mut()?;
    if first.lasting || first.times > 1 {
        first.times = first.times.saturating_sub(1);
        return Some(first.clone());
    }
    script.pop_front()
}
