//! How much work the containers of calls, workers and timers have done: counted in the core's own tests, and free of
//! any cost elsewhere. An algorithm that walks over n calls cannot avoid their containers, so it shows here.

/// Notes a search in a tree of this many entries.
#[inline]
pub(crate) fn search(len: usize) {
    steps(len.checked_ilog2().unwrap_or(0) as usize + 1);
}

/// Notes that this many entries were looked at.
#[cfg(not(test))]
#[inline]
pub(crate) fn steps(_: usize) {}

#[cfg(test)]
pub(crate) use tests::steps;

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use crate::{
        CallId, Dispatch, Input, Instant, Output, Priority, QueuePolicy, Reply, Runtime, TaskConfig, TaskId,
        WorkerId,
    };

    thread_local! {
        static STEPS: Cell<u64> = const { Cell::new(0) };
    }

    pub(crate) fn steps(count: usize) {
        STEPS.set(STEPS.get() + count as u64);
    }

    const FEW: usize = 1_000;
    /// Enough to see a walk over the queue before it takes for ever.
    const MORE: usize = 4_000;
    const MANY: usize = 20_000;
    const VERY_MANY: usize = 100_000;

    /// A tree that is a hundred times larger is less than twice as deep.
    fn assert_grows_like_a_logarithm(what: &str, calls: usize, work: impl Fn(usize) -> u64) {
        let each = |calls: usize| work(calls) as f64 / calls as f64;
        let few = each(FEW);
        for calls in [MORE, calls] {
            let many = each(calls);
            assert!(
                many < 2.0 * few,
                "{what}: {few:.1} steps a call with {FEW} queued, {many:.1} with {calls}"
            );
            assert!(many < 400.0, "{what}: {many:.1} steps a call");
        }
    }

    struct Bench {
        core: Runtime,
        task: TaskId,
        worker: WorkerId,
        settled: usize,
    }

    impl Bench {
        /// A worker that is ready and has one call.
        fn new(policy: QueuePolicy, depth: Option<u32>) -> Bench {
            let mut core = Runtime::new();
            let config =
                TaskConfig { queue_policy: policy, max_queue_depth: depth, ..TaskConfig::singleton() };
            let task = core.define_task(config, Instant::ZERO).unwrap();
            let mut bench = Bench { core, task, worker: WorkerId::from_bits(0), settled: 0 };
            bench.call(None);
            bench.worker = bench.core.workers.iter().map(|(id, _)| id).next().unwrap();
            bench.tell(Input::WorkerReady { worker: bench.worker });
            bench.tell(Input::Flush);
            bench
        }

        fn tell(&mut self, input: Input) {
            self.core.handle(input, Instant::ZERO);
            while let Some(output) = self.core.poll_output() {
                self.settled += usize::from(matches!(output, Output::Settle(_)));
            }
        }

        fn call(&mut self, key: Option<crate::KeyId>) -> CallId {
            let (call, task) = (self.core.mint_call(), self.task);
            let timeout = Some(std::time::Duration::from_secs(1));
            let priority = Priority::UserVisible;
            self.tell(Input::Dispatch(Dispatch { call, task, key, priority, timeout, grace: None }));
            call
        }

        fn calls(&mut self, count: usize, key: Option<crate::KeyId>) -> Vec<CallId> {
            (0..count).map(|_| self.call(key)).collect()
        }

        /// Answers the call at the worker until there is none.
        fn drain(&mut self) {
            while let Some(call) = self.core.calls_at(self.worker).first().copied() {
                self.tell(Input::Settled { worker: self.worker, call, reply: Reply::Ok });
                self.tell(Input::Flush);
            }
        }
    }

    fn steps_of(work: impl FnOnce()) -> u64 {
        let before = STEPS.get();
        work();
        STEPS.get() - before
    }

    #[test]
    fn cancelling_all_calls_of_a_key() {
        for (policy, depth) in [(QueuePolicy::Block, Some(8)), (QueuePolicy::Reject, None)] {
            assert_grows_like_a_logarithm("abort by key", VERY_MANY, |count| {
                let mut bench = Bench::new(policy, depth);
                let key = bench.core.mint_key();
                bench.calls(count, Some(key));
                let steps = steps_of(|| bench.tell(Input::AbortKey { key }));
                assert_eq!(bench.settled, count);
                steps
            });
        }
    }

    #[test]
    fn cancelling_calls_one_by_one_from_the_middle() {
        assert_grows_like_a_logarithm("abort", MANY, |count| {
            let mut bench = Bench::new(QueuePolicy::Block, None);
            let mut calls = bench.calls(count, None);
            calls.rotate_left(count / 2);
            steps_of(|| {
                for call in calls {
                    bench.tell(Input::AbortCall { call, reason: crate::AbortReason::Signal });
                }
            })
        });
    }

    #[test]
    fn queueing_and_draining() {
        for depth in [None, Some(8)] {
            assert_grows_like_a_logarithm("queue and drain", VERY_MANY, |count| {
                let mut bench = Bench::new(QueuePolicy::Block, depth);
                let steps = steps_of(|| {
                    bench.calls(count, None);
                    bench.drain();
                });
                assert_eq!(bench.settled, count + 1);
                steps
            });
        }
    }

    #[test]
    fn dropping_the_oldest() {
        assert_grows_like_a_logarithm("drop the oldest", VERY_MANY, |count| {
            let mut bench = Bench::new(QueuePolicy::DropOldest, Some(count as u32));
            bench.calls(count, None);
            let steps = steps_of(|| {
                bench.calls(count, None);
            });
            assert_eq!(bench.settled, count);
            steps
        });
    }

    #[test]
    fn refusing_the_latest_beside_a_full_queue() {
        assert_grows_like_a_logarithm("drop the latest", MANY, |count| {
            let mut bench = Bench::new(QueuePolicy::DropLatest, Some(count as u32));
            bench.calls(count, None);
            let steps = steps_of(|| {
                bench.calls(count, None);
            });
            assert_eq!(bench.settled, count);
            steps
        });
    }

    #[test]
    fn timing_out() {
        assert_grows_like_a_logarithm("time out", MANY, |count| {
            let mut bench = Bench::new(QueuePolicy::Block, Some(8));
            bench.calls(count, None);
            let steps = steps_of(|| {
                bench.core.handle(Input::Time, Instant::from_nanos(2_000_000_000));
                bench.tell(Input::Flush);
            });
            assert_eq!(bench.settled, count + 1);
            steps
        });
    }

    #[test]
    fn disposing() {
        assert_grows_like_a_logarithm("dispose", MANY, |count| {
            let mut bench = Bench::new(QueuePolicy::Block, Some(count as u32 / 2));
            bench.calls(count, None);
            let task = bench.task;
            steps_of(|| bench.tell(Input::Dispose { task }))
        });
    }

    #[test]
    fn requeueing_what_a_worker_had() {
        assert_grows_like_a_logarithm("stop and start", MANY, |count| {
            let mut bench = Bench::new(QueuePolicy::Block, None);
            let config = TaskConfig::singleton().with_max_in_flight(count as u32);
            bench.task = bench.core.define_task(config, Instant::ZERO).unwrap();
            bench.calls(count, None);
            let task = bench.task;
            steps_of(|| {
                bench.tell(Input::Pause { task });
                bench.tell(Input::Resume { task });
            })
        });
    }
}
