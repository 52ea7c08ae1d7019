// Where the time of a call went, in words: the phase that had it, and the calls that were in the way.
import { bench, heard, observed, openGate } from '../atelier.js';
import { deepEqual, equal, ok, throws } from '../assert.js';
import { explainCall } from '/atelier/index.js';

const DELAY = 100;

// Two calls of one task, of which the second waits for the first; what is said of the second.
async function second(options, first = (task) => task.spin(DELAY)) {
  const { runtime, events } = observed();
  const task = bench({ type: 'parallel', poolSize: 1, taskName: 'Sums', ...options }, runtime);
  await task.add(0, 0);
  await Promise.all([first(task), task.add(1, 1)]);
  const spans = events.filter(({ kind }) => kind === 'span');
  const [, blocker, call] = spans;
  deepEqual([blocker.method, call.method], ['spin', 'add']);
  return { text: explainCall(call, events), alone: explainCall(call), blocker, call };
}

const verdict = (text) => text.split('\n').at(-1);
const blocked = ({ text, alone, blocker }, phase) => {
  ok(verdict(text).includes(` in ${phase}: `), text);
  const [, spent] = /spin #\d+ ran for ([\d.]+) ms of it/.exec(verdict(text)) ?? [];
  ok(text.includes(`spin #${blocker.callId} ran`) && spent >= DELAY / 2 && spent <= blocker.phases.run + 0.1, text);
  ok(!alone.includes('spin'), 'without events of others nobody is blamed');
};

export async function a_busy_worker_is_named_with_the_call_that_it_ran() {
  const told = await second({ maxInFlight: 2 });
  blocked(told, 'delivery');
  ok(verdict(told.text).includes('worker 0 was busy'), told.text);
}

export async function the_queue_names_the_call_in_front() {
  const told = await second({ maxInFlight: 1, maxQueueDepth: 1 });
  blocked(told, 'queue');
  ok(verdict(told.text).includes('waited for its turn'), told.text);
}

export async function a_full_queue_names_the_call_that_kept_it_full() {
  const told = await second({ maxInFlight: 1, maxQueueDepth: 0 });
  blocked(told, 'admission');
  ok(verdict(told.text).includes('the queue was full'), told.text);
}

export async function a_long_handler_has_itself_to_blame() {
  const { runtime, events } = observed();
  const task = bench({}, runtime);
  await Promise.all([task.spin(DELAY), bench({}, runtime).spin(DELAY)]);
  for (const call of events.filter(({ kind }) => kind === 'span')) {
    // A worker that is only just starting may take longer than its handler.
    if (call.phases.run > call.durationMs / 2) ok(verdict(explainCall(call, events)).endsWith('in the handler itself.'));
  }
  await task.spin(DELAY);
  ok(verdict(explainCall(events.findLast(({ kind }) => kind === 'span'), events)).includes('in run: in the handler itself.'));
}

export async function a_busy_page_is_not_blamed_on_other_calls() {
  const { runtime, events } = observed();
  const task = bench({}, runtime);
  await task.add(0, 0);
  const call = task.hold('explain', 1);
  await heard('explain');
  openGate('explain');
  const busy = performance.now() + DELAY;
  while (performance.now() < busy);
  await call;
  const text = explainCall(events.findLast(({ kind }) => kind === 'span'), events);
  ok(verdict(text).includes(" in reply: ") && verdict(text).includes("the page's main thread"), text);
}

const call = {
  kind: 'span', name: 'atelier:span', taskId: 't', taskType: 'parallel', method: 'go', callId: '7', spanId: '7', attemptCount: 1,
  workerIndex: 1, ts: 1000, durationMs: 12, phases: { admission: 0, queue: 0, delivery: 9.8, run: 2, reply: 0.2 }, status: 'ok',
};
// It ran on worker 1 while `call` was under way there, for so many milliseconds.
const other = (spanId, run, more = {}) => ({
  ...call, spanId, callId: spanId, ts: 989 + run, durationMs: run, phases: { admission: 0, queue: 0, delivery: 0, run, reply: 0 }, ...more,
});

export async function the_text_is_as_documented() {
  equal(
    explainCall(call, [other('3', 4)]),
    [
      't.go #7 took 12.0 ms on worker 1: ok',
      '  admission      0.00 ms   0 %',
      '  queue          0.00 ms   0 %',
      '  delivery       9.80 ms  82 %  ████████████████',
      '  run            2.00 ms  17 %  ███',
      '  reply          0.20 ms   2 %',
      '9.80 of 12.0 ms (82 %) in delivery: worker 1 was busy; go #3 ran for 4.00 ms of it.',
    ].join('\n'),
  );
}

export async function the_longest_are_named_and_the_others_counted() {
  const others = [1, 2, 3, 4, 5].map((run) => other(String(run), run));
  const said = verdict(explainCall(call, new Set([...others, others[4]])));
  ok(said.endsWith('go #5 ran for 5.00 ms of it, go #4 ran for 4.00 ms of it, go #3 ran for 3.00 ms of it, and 2 more.'), said);
}

export async function only_what_was_in_the_way_counts_as_evidence() {
  const none = [
    call,
    other('1', 4, { workerIndex: 0 }),
    other('2', 4, { taskId: 'u' }),
    other('3', 4, { ts: 980 }),
    other('4', 4, { ts: 1002 }),
    other('5', 4, { phases: { admission: 4 } }),
    { kind: 'counter', name: 'task.success.total', value: 1, ts: 995 },
    { kind: 'trace', name: 'atelier:trace', ts: 999, traceId: '1', status: 'ok' },
    null,
  ];
  ok(verdict(explainCall(call, none)).includes('no other call known ran on worker 1'));
}

export async function a_call_that_never_ran_says_so() {
  const lost = { ...call, workerIndex: undefined, attemptCount: 0, status: 'error', errorKind: 'queue', error: 'dropped', durationMs: 0 };
  equal(explainCall({ ...lost, phases: { admission: 0 } }), 't.go #7 took 0.00 ms without a worker: error (queue: dropped)\n  admission      0.00 ms   0 %');
  const again = { ...call, attemptCount: 2, phases: { admission: 0, queue: 11, delivery: 0.5, run: 0.4, reply: 0.1 } };
  const text = explainCall(again);
  ok(text.includes('on worker 1 after 2 attempts: ok') && verdict(text).includes('earlier attempts count in'), text);
}

export async function other_things_are_refused() {
  for (const wrong of [undefined, null, 7, {}, { kind: 'trace' }, 'span']) {
    throws(() => explainCall(wrong), { name: 'TypeError', message: "the kind 'span'" });
  }
  for (const wrong of [null, 7, {}]) throws(() => explainCall(call, wrong), { name: 'TypeError', message: 'iterable' });
}
