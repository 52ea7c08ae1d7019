// Calls that are told of although their trace is not sampled: what failed, what crashed, what was slow.
import { bench, heard, observed, openGate } from '../atelier.js';
import { deepEqual, equal, ok, rejects, until } from '../assert.js';
import { received, spans } from '../collector.js';
import { exportOtlp } from '/atelier/otlp.js';
import { tracing_heard as tracingHeard } from '/atelier/wasm/atelier_js.js';

const REASON = 'atelier.sampling.reason';
const UNSAMPLED = { spans: { mode: 'on', sampleRate: 0 }, metrics: 'on' };

// Makes calls, and gives what arrived at the collector.
async function exported(act, keep, observability = UNSAMPLED) {
  const { runtime, events } = observed(observability);
  const exporter = exportOtlp(runtime, { signals: ['traces'], keep });
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 2, maxQueueDepth: 64, taskId: 't' }, runtime);
  await act(task, runtime, exporter);
  await exporter.flush();
  const arrived = await spans();
  const { traces } = exporter.ledger();
  deepEqual([traces.emitted, traces.delivered], [arrived.length, arrived.length], 'the ledger counts what was told of');
  equal((await received()).rejected, 0);
  const reasons = Object.fromEntries(arrived.map(({ name, attributes }) => [name, attributes[REASON]]));
  return { arrived, reasons, events };
}

async function everyEnd(task, runtime) {
  equal(await task.add(1, 1), 2);
  await rejects(task.fail('RangeError', 'far'), { name: 'RangeError' });
  await rejects(task.crash('boom'), { name: 'WorkerCrashedError' });
  const aborted = task.with({ key: 'k' }).listen('aborted');
  await heard('aborted');
  runtime.abortTaskController.abort('k');
  await rejects(aborted, { name: 'AbortError' });
  const timed = bench({ taskId: 'timed', timeoutMs: 1 }, runtime);
  await rejects(timed.listen('timed'));
  const full = bench({ taskId: 'full', maxQueueDepth: 0, queuePolicy: 'reject' }, runtime);
  const held = full.hold('full', 1);
  await rejects(full.echo(1), { name: 'QueueDropError' });
  openGate('full');
  await held;
}

export async function what_failed_arrives_and_says_why_and_what_did_not_does_not() {
  const { arrived, reasons, events } = await exported(everyEnd);
  deepEqual(reasons, { 't.fail': 'error', 't.crash': 'crash', 'timed.listen': 'error', 'full.echo': 'error' });
  equal(arrived.length, 4);
  const fail = arrived.find(({ name }) => name === 't.fail');
  deepEqual([fail.status.code, fail.status.message, fail.attributes['error.type']], ['error', 'far', 'RangeError']);
  ok(fail.durationMs > 0 && fail.attributes['atelier.phase.run'] >= 0, 'a span like any other');
  equal(events.filter((event) => event.kind === 'span').length, 0, 'a listener asked for the sampled ones');
  equal(performance.getEntriesByName('atelier:span').length, 0, 'so did the timeline');
}

export async function nobody_who_does_not_want_errors_gets_them() {
  const { arrived } = await exported(everyEnd, { errors: false });
  equal(arrived.length, 0);
}

export async function what_is_slow_arrives_exactly_when_it_is() {
  const slowMs = 120;
  const { arrived, reasons, events } = await exported(
    async (task) => {
      const held = task.hold('slow', 1);
      await heard('slow');
      const begun = performance.now();
      await Promise.all([1, 2, 3].map((n) => task.add(n, n)));
      await until(() => performance.now() - begun > slowMs + 50);
      openGate('slow');
      await held;
      await rejects(task.fail('Error', 'fast, and not asked for'));
    },
    { errors: false, slowMs },
  );
  const durations = events.filter(({ name }) => name === 'task.duration_ms');
  equal(durations.length, 5);
  equal(arrived.length, durations.filter(({ value }) => value > slowMs).length);
  equal(reasons['t.hold'], 'slow');
  ok(arrived.every((span) => span.durationMs > slowMs && span.attributes[REASON] === 'slow'));
}

export async function a_percentile_is_of_the_tasks_own_calls() {
  const quick = 40;
  const { arrived, reasons } = await exported(
    async (task, _, exporter) => {
      for (let n = 0; n < quick; n++) await task.add(n, n);
      // It is looked at now and then.
      await until(async () => {
        await task.spin(80);
        await exporter.flush();
        return (await spans()).some(({ name }) => name === 't.spin');
      });
    },
    { errors: false, slowPercentile: 90 },
  );
  equal(reasons['t.spin'], 'slow');
  const fast = arrived.filter(({ name }) => name === 't.add').length;
  ok(fast < quick / 2, `${fast} of ${quick} usual ones`);
}

export async function a_trace_arrives_with_its_call_or_for_itself() {
  const { arrived, reasons } = await exported(async (task, runtime) => {
    const fine = runtime.createTrace('fine');
    await task.with({ trace: fine }).add(1, 1);
    fine.end();
    const failing = runtime.createTrace('failing');
    await task.with({ trace: failing }).add(1, 1);
    await rejects(task.with({ trace: failing }).fail('Error', 'no'));
    ok(failing.traceparent.endsWith('-02'), 'what the head decided goes on');
    failing.end();
    runtime.createTrace('failed').end({ error: new RangeError('own') });
  });
  deepEqual(reasons, { failing: 'error', 't.fail': 'error', failed: 'error' });
  const [trace, call] = ['failing', 't.fail'].map((it) => arrived.find(({ name }) => name === it));
  deepEqual([call.traceId, call.parentSpanId], [trace.traceId, trace.spanId]);
}

export async function what_is_sampled_is_not_marked() {
  const { arrived, reasons } = await exported(everyEnd, { errors: true, slowMs: 0 }, { spans: 'on', metrics: 'on' });
  ok(arrived.length >= 7, `${arrived.length}`);
  deepEqual(new Set(Object.values(reasons)), new Set([undefined]));
}

export async function off_is_off_and_again_when_the_exporter_is_gone() {
  const none = await exported(everyEnd, undefined, { spans: 'off', metrics: 'on' });
  equal(none.arrived.length, 0);
  const { runtime } = observed({ spans: { mode: 'on', sampleRate: 0 }, metrics: 'off' });
  const task = bench({}, runtime);
  await task.add(1, 1);
  const said = async () => {
    const before = tracingHeard();
    await rejects(task.fail('Error', 'no'));
    return tracingHeard() - before;
  };
  equal(await said(), 0, 'nobody asked');
  const exporter = exportOtlp(runtime, { signals: ['traces'] });
  ok((await said()) > 0, 'the exporter did');
  await exporter.shutdown();
  equal(await said(), 0, 'nobody asks any more');
}
