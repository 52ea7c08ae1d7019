// What getTelemetry() aggregates: extremes by reader, calls that percentiles lead to, and what found no series.
import { bench, observed, openGate } from '../atelier.js';
import { received } from '../collector.js';
import { deepEqual, equal, ok, until } from '../assert.js';
import { exportOtlp } from '/atelier/otlp.js';

const DURATION = 'task.duration_ms';

export async function an_exporter_takes_no_high_water_away() {
  const { runtime } = observed({ spans: 'off', metrics: 'on' });
  const exporter = exportOtlp(runtime, { signals: ['metrics'], metricIntervalMs: 5 });
  const task = bench({ maxQueueDepth: 8 }, runtime);
  const names = Array.from({ length: 8 }, (_, i) => `gate ${i}`);
  const calls = names.map((name) => task.hold(name, 1));
  for (const name of names) openGate(name);
  await Promise.all(calls);
  const before = (await received()).metricPoints;
  await until(async () => (await received()).metricPoints > before + 50, 'the exporter reads several times');
  const gauge = () => runtime.getTelemetry().tasks[0].gauges['queue.pending'];
  deepEqual(gauge(), { last: 0, min: 0, max: 7 });
  deepEqual(gauge(), { last: 0, min: 0, max: 0 }, 'since the last time');
  await exporter.shutdown();
}

export async function an_exemplar_is_a_call_of_that_length() {
  const { runtime, events } = observed();
  const task = bench({ taskId: 't', maxQueueDepth: 300 }, runtime);
  const frames = [];
  runtime.subscribeFrames((frame) => frames.push(frame), { intervalMs: 5 });
  const trace = runtime.createTrace('traced');
  await Promise.all(Array.from({ length: 200 }, (_, i) => task.with(i % 2 ? { trace } : {}).add(i, 1)));
  await task.spin(20);
  const spans = new Map(events.filter((event) => event.kind === 'span').map((span) => [span.spanId, span]));
  const [{ histograms, methods }] = runtime.getTelemetry().tasks;
  const check = ({ exemplars, count, max }, about, exact) => {
    ok(exemplars.length > 0 && exemplars.length <= Math.min(32, count), about);
    deepEqual(exemplars.map(({ value }) => value), exemplars.map(({ value }) => value).toSorted((a, b) => a - b), about);
    for (const { value, traceId, spanId, ts } of exemplars) {
      const span = spans.get(spanId);
      equal(span?.traceId, traceId, about);
      ok(value <= max && value <= span.durationMs + 0.001, about);
      ok(ts <= span.ts && ts >= span.ts - span.durationMs - 0.001, about);
      if (exact) ok(Math.abs(value - span.durationMs) < 0.001, about);
    }
  };
  check(histograms[DURATION], 'duration', true);
  check(histograms['queue.wait_ms'], 'wait');
  for (const [phase, histogram] of Object.entries(histograms['task.phase_ms'])) check(histogram, phase);
  check(methods.spin.histograms[DURATION], 'spin', true);
  equal(spans.get(methods.spin.histograms[DURATION].exemplars[0].spanId).method, 'spin');
  const slowest = histograms[DURATION].exemplars.at(-1);
  ok(slowest.value > histograms[DURATION].max / 2, 'the top range has one');
  await until(() => frames.at(-1).tasks.length > 0 || frames.some((frame) => frame.tasks[0]?.totals.success === 201));
  const shown = frames.findLast((frame) => frame.tasks.length > 0).tasks[0].exemplars;
  deepEqual(Object.keys(shown), ['wait', 'run', 'duration']);
  deepEqual(shown.duration.map(({ at }) => at), ['p50', 'p90', 'p95', 'p99', 'max']);
  ok(Object.values(shown).flat().every(({ spanId, traceId }) => spans.get(spanId)?.traceId === traceId));
}

export async function calls_that_are_not_sampled_are_no_exemplars() {
  const { runtime } = observed({ spans: { mode: 'on', sampleRate: 0 }, metrics: 'on' });
  const task = bench({ taskId: 't' }, runtime);
  await task.add(1, 1);
  const [{ histograms }] = runtime.getTelemetry().tasks;
  equal(histograms[DURATION].count, 1);
  equal('exemplars' in histograms[DURATION], false);
  let frame;
  runtime.subscribeFrames((each) => (frame ??= each), { intervalMs: 5 });
  await until(() => frame);
  equal('exemplars' in frame.tasks[0], false);
}

export async function what_finds_no_series_is_counted() {
  const { runtime } = observed({ spans: 'off', metrics: 'on' });
  const many = 2_100;
  const task = bench({ maxQueueDepth: many }, runtime);
  deepEqual(runtime.getTelemetry().overflow, {});
  const calls = Array.from({ length: many }, (_, i) => task[`unknown${i}`]());
  const ends = await Promise.allSettled(calls);
  ok(ends.every(({ reason }) => reason.message.includes('not found')));
  const { overflow, tasks } = runtime.getTelemetry();
  const [{ counters, methods, histograms }] = tasks;
  const metrics = ['task.completed', 'task.dispatched', 'task.duration', 'task.phase.duration', 'queue.wait.duration'];
  deepEqual(Object.keys(overflow).sort(), metrics.map((name) => `atelier.${name}`).sort());
  equal(overflow['atelier.task.dispatched'], many - 1_999);
  equal(counters['task.dispatch.total'], many, 'the task knows all of them');
  equal(counters['task.failure.total'], many);
  const sum = Object.values(methods).reduce((sum, method) => sum + method.counters['task.dispatch.total'], 0);
  equal(sum + overflow['atelier.task.dispatched'], many);
  equal(histograms[DURATION].count + overflow['atelier.task.duration'], many);
}
