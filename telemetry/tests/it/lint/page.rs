//! A page in virtual time: emits what the runtime would, and looks at the findings as a panel does.

use atelier_core::names::{Clue, METRICS_STOPPED, Metric, Phase, TARGET, TASK_DEFINED, field};
use atelier_core::{AbortReason, Outcome};
use atelier_telemetry::Telemetry;
use atelier_telemetry::frame::Finding;
use atelier_telemetry::lint::FindingKind;
use tracing::{Level, event};

use crate::support::*;

pub(super) const TASK: u64 = 1;
/// From one step of the page to the next.
pub(super) const STEP: f64 = 0.1;
/// How soon a finding must be shown, and gone, in seconds.
pub(super) const SOON: f64 = 5.0;
/// Where in a second a test may begin: what is found must not depend on it.
pub(super) const BEGINNINGS: [f64; 4] = [0.0, 0.01, 0.5, 0.99];

/// How a task is defined.
#[derive(Clone, Copy)]
pub(super) struct Define {
    pub(super) kind: &'static str,
    pub(super) policy: &'static str,
    pub(super) max_in_flight: u64,
    pub(super) depth: u64,
    pub(super) pool: u64,
    pub(super) cores: u64,
    pub(super) timeout: Option<f64>,
    pub(super) idle_timeout: Option<f64>,
}

pub(super) const POOL: Define = Define {
    kind: "parallel",
    policy: "block",
    max_in_flight: 4,
    depth: 8,
    pool: 4,
    cores: 8,
    timeout: None,
    idle_timeout: None,
};

#[derive(Clone, Copy, Default)]
pub(super) struct Gauges {
    pub(super) in_flight: u64,
    pub(super) pending: u64,
    pub(super) waiting: u64,
    pub(super) workers: u64,
}

pub(super) struct Page {
    pub(super) telemetry: Telemetry,
    /// Seconds since the beginning.
    pub(super) now: f64,
    begin: u64,
    pub(super) steps: u64,
}

impl Page {
    pub(super) fn new(telemetry: &Telemetry, begins_at: f64, task: Define) -> Page {
        let begin = START + (begins_at * 1e9) as u64;
        let page = Page { telemetry: telemetry.clone(), now: 0.0, begin, steps: 0 };
        event!(
            name: TASK_DEFINED, target: TARGET, Level::DEBUG,
            { field::RUNTIME } = RUNTIME,
            { field::TASK } = TASK,
            { field::TASK_ID } = "photo",
            { field::TASK_TYPE } = task.kind,
            { field::QUEUE_POLICY } = task.policy,
            { field::MAX_IN_FLIGHT } = task.max_in_flight,
            { field::MAX_QUEUE_DEPTH } = task.depth,
            { field::POOL_SIZE } = task.pool,
            { field::CORES } = task.cores,
            { field::TIMEOUT } = task.timeout,
            { field::IDLE_TIMEOUT } = task.idle_timeout,
        );
        page
    }

    pub(super) fn time(&self) -> u64 {
        self.begin + (self.now * 1e9).round() as u64
    }

    fn of(&self) -> Of<'static> {
        Of { time: self.time(), ..of(TASK).method("resize") }
    }

    pub(super) fn gauges(&self, gauges: Gauges) {
        count(Metric::QueueInFlight, gauges.in_flight, self.of());
        count(Metric::QueuePending, gauges.pending, self.of());
        count(Metric::QueueWaiting, gauges.waiting, self.of());
        count(Metric::WorkersActive, gauges.workers, self.of());
    }

    /// A call was given to a worker.
    pub(super) fn start(&self) {
        measure(Metric::QueueWait, 0.0, self.of());
    }

    pub(super) fn end(&self, outcome: Outcome) {
        count(Metric::TaskCompleted, 1, self.of().outcome(outcome));
    }

    pub(super) fn cancel(&self, reason: AbortReason) {
        event!(
            target: TARGET, Level::TRACE,
            { Metric::TaskCompleted.field() } = 1_u64,
            { field::TIME } = self.time(),
            { field::RUNTIME } = RUNTIME,
            { field::TASK } = TASK,
            { field::OUTCOME } = Outcome::Canceled.name(),
            { field::CANCEL_REASON } = reason.name(),
        );
    }

    /// A call was answered, after so many seconds in its last three phases.
    pub(super) fn answer(&self, delivery: f64, run: f64, reply: f64) {
        self.end(Outcome::Ok);
        for (phase, seconds) in [(Phase::Delivery, delivery), (Phase::Run, run), (Phase::Reply, reply)] {
            measure(Metric::TaskPhase, seconds, self.of().phase(phase));
        }
    }

    pub(super) fn worker(&self, metric: Metric, index: u64) {
        count(metric, 1, self.of().worker(index));
    }

    pub(super) fn requeue(&self) {
        count(Metric::TaskRequeued, 1, self.of());
    }

    pub(super) fn copied(&self, bytes: f64) {
        event!(
            target: TARGET, Level::TRACE,
            { Clue::PayloadCopied.field() } = bytes,
            { field::METHOD } = "resize",
            { field::TIME } = self.time(),
            { field::RUNTIME } = RUNTIME,
            { field::TASK } = TASK,
        );
    }

    pub(super) fn abandoned(&self, call: u64) {
        event!(
            target: TARGET, Level::TRACE,
            { Clue::CallAbandoned.field() } = 1_u64,
            { field::METHOD } = "resize",
            { field::TIME } = self.time(),
            { field::RUNTIME } = RUNTIME,
            { field::TASK } = TASK,
            { field::CALL } = call,
        );
    }

    pub(super) fn released(&self, call: u64, after: f64) {
        event!(
            target: TARGET, Level::TRACE,
            { Clue::CallReleased.field() } = after,
            { field::TIME } = self.time(),
            { field::RUNTIME } = RUNTIME,
            { field::TASK } = TASK,
            { field::CALL } = call,
        );
    }

    pub(super) fn keys_aborted(&self, keys: u64) {
        event!(
            target: TARGET, Level::TRACE,
            { Clue::KeysAborted.field() } = keys,
            { field::TIME } = self.time(),
            { field::RUNTIME } = RUNTIME,
        );
    }

    pub(super) fn metrics_stopped(&self) {
        event!(name: METRICS_STOPPED, target: TARGET, Level::DEBUG, { field::RUNTIME } = RUNTIME);
    }

    /// Whether this is the step at which something happens that happens every so many seconds.
    pub(super) fn every(&self, seconds: f64) -> bool {
        self.steps.is_multiple_of((seconds / STEP).round() as u64)
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        self.telemetry.findings(RUNTIME, self.time())
    }

    pub(super) fn shows(&self, kind: FindingKind) -> bool {
        self.findings().iter().any(|finding| finding.id == kind.id())
    }

    fn step(&mut self, does: &mut impl FnMut(&Page)) {
        does(self);
        self.steps += 1;
        self.now += STEP;
    }

    /// Lets the page do this until it shows the finding, or no longer does; the seconds that took. `None` when it did not
    /// come to that within `limit` seconds.
    pub(super) fn until(
        &mut self,
        shows: bool,
        kind: FindingKind,
        limit: f64,
        mut does: impl FnMut(&Page),
    ) -> Option<f64> {
        let begin = self.now;
        while self.now - begin < limit + STEP / 2.0 {
            self.step(&mut does);
            if self.shows(kind) == shows {
                return Some(self.now - begin);
            }
        }
        None
    }
}

/// The finding comes within five seconds of what the page does, wherever in a second that begins, and goes within
/// `gone_within` seconds of what it does instead.
pub(super) fn provokes(
    kind: FindingKind,
    task: Define,
    does: impl Fn(&Page),
    instead: impl Fn(&Page),
    gone_within: f64,
) {
    for begins_at in BEGINNINGS {
        let telemetry = Telemetry::new();
        listening(&telemetry, || {
            let mut page = Page::new(&telemetry, begins_at, task);
            let came = page.until(true, kind, SOON, &does);
            assert!(came.is_some(), "{} did not come within {SOON} s, from {begins_at}", kind.id());
            let finding = page.findings().into_iter().find(|finding| finding.id == kind.id()).unwrap();
            assert_is_whole(&finding, kind);
            // It stays while its evidence lasts.
            assert_eq!(page.until(false, kind, 12.0, &does), None, "{} went, from {begins_at}", kind.id());
            let went = page.until(false, kind, gone_within, &instead);
            assert!(went.is_some(), "{} did not go within {gone_within} s, from {begins_at}", kind.id());
        });
    }
}

/// What the page does shows no such finding, for as long as one likes to look.
pub(super) fn provokes_nothing(kind: FindingKind, task: Define, does: impl Fn(&Page)) {
    for begins_at in BEGINNINGS {
        let telemetry = Telemetry::new();
        listening(&telemetry, || {
            let mut page = Page::new(&telemetry, begins_at, task);
            let came = page.until(true, kind, 25.0, &does);
            assert_eq!(came, None, "{} came, from {begins_at}: {:?}", kind.id(), page.findings());
        });
    }
}

fn assert_is_whole(finding: &Finding, kind: FindingKind) {
    let of_page = matches!(kind, FindingKind::MainThreadBlocked | FindingKind::KeysUnbounded);
    assert_eq!(finding.task_id.as_deref(), if of_page { None } else { Some("photo") });
    assert_eq!(finding.severity, kind.severity().name());
    let names_method = matches!(kind, FindingKind::PayloadCloned | FindingKind::CancelIgnored);
    assert_eq!(finding.message.contains("photo.resize"), names_method, "{finding:?}");
    assert!(finding.message.ends_with('.') && finding.fix.ends_with('.'), "{finding:?}");
    assert!(!finding.evidence.is_empty() && finding.evidence.values().all(|value| value.is_finite()));
    // An option of the page's own to change, or something to call.
    assert!(finding.fix.chars().any(char::is_uppercase), "{finding:?}");
}
