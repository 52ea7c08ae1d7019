// Who is whose parent at the collector: when a call is tried again, when traces are nested, when one continues another's.
import { bench, observed } from '../atelier.js';
import { deepEqual, equal, ok } from '../assert.js';
import { received, spans } from '../collector.js';
import { exportOtlp } from '/atelier/otlp.js';

const worker = (query = '') => () => new Worker(`/tests/workers/lineage.js${query}`, { type: 'module' });

// Makes calls, and gives what arrived at the collector.
async function exported(act, options = {}) {
  const { runtime, events } = observed();
  const exporter = exportOtlp(runtime, { signals: ['traces'] });
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 8, worker: worker(), taskId: 't', ...options }, runtime);
  const result = await act(task, runtime);
  await exporter.flush();
  equal((await received()).rejected, 0);
  const arrived = await spans();
  const byId = new Map(arrived.map((span) => [span.spanId, span]));
  equal(byId.size, arrived.length, 'none came twice');
  const named = (name) => arrived.find((span) => span.name === name);
  // A span and all above it, by name; what is not here by its id.
  const line = (span) => {
    const above = span.parentSpanId;
    return [span.name, ...(byId.has(above) ? line(byId.get(above)) : above ? [above] : [])];
  };
  return { result, arrived, named, line, events };
}

const idsOf = (traceparent) => traceparent.split('-').slice(1, 3);

export async function a_call_that_is_tried_again_is_one_span_beneath_which_the_last_attempt_hangs() {
  let made = 0;
  const { result, arrived, named, line, events } = await exported(
    async (task, runtime) => {
      const trace = runtime.createTrace('attempts');
      const place = await task.with({ trace }).steps();
      trace.end();
      return { place, trace };
    },
    { crashPolicy: 'restart-requeue-in-flight', worker: () => worker(made++ === 0 ? '?crashes' : '')() },
  );
  equal(made, 2);
  deepEqual(arrived.map(({ name }) => name).sort(), ['attempts', 'first', 'second', 't.steps'], 'one span for the call');
  const call = named('t.steps');
  deepEqual([Number(call.attributes['atelier.attempt']), call.status.code], [2, 'unset']);
  deepEqual(idsOf(result.place), [call.traceId, call.spanId], 'both attempts stand in the same place');
  deepEqual(line(named('first')), ['first', 't.steps', 'attempts']);
  deepEqual(line(named('second')), ['second', 't.steps', 'attempts']);
  equal(result.trace.id, call.traceId);
  equal(events.filter((event) => event.kind === 'span').length, 1);
}

export async function a_pipeline_goes_on_beneath_the_call_or_the_span_whose_place_it_was_given() {
  const { result, arrived, named, line } = await exported(async (task, runtime) => {
    const first = await task.place();
    const beneathCall = runtime.createTrace('beneath the call', { parent: first.call });
    const second = await task.with({ trace: beneathCall }).place();
    const beneathSpan = runtime.createTrace('beneath the span', { parent: second.own });
    await task.with({ trace: beneathSpan }).steps();
    beneathSpan.end();
    beneathCall.end();
    return { first, second };
  });
  const traceId = idsOf(result.first.call)[0];
  ok(arrived.every((span) => span.traceId === traceId), 'one trace');
  equal(arrived.length, 9);
  deepEqual(line(named('second')), [
    'second',
    't.steps',
    'beneath the span',
    'own',
    't.place',
    'beneath the call',
    't.place',
  ]);
  equal(named('beneath the call').parentSpanId, idsOf(result.first.call)[1]);
  equal(named('beneath the span').parentSpanId, idsOf(result.second.own)[1]);
}

export async function traces_lie_within_traces() {
  const { arrived, named, line } = await exported(async (task, runtime) => {
    const outer = runtime.createTrace('outer');
    const inner = runtime.createTrace('inner', { parent: outer.traceparent });
    await Promise.all([task.with({ trace: inner }).place(), task.with({ trace: outer }).steps()]);
    inner.end();
    outer.end();
  });
  deepEqual(line(named('own')), ['own', 't.place', 'inner', 'outer']);
  deepEqual(line(named('first')), ['first', 't.steps', 'outer']);
  equal(new Set(arrived.map((span) => span.traceId)).size, 1);
}

export async function the_servers_trace_of_the_page_is_continued_if_it_was_sampled() {
  const meta = document.head.appendChild(document.createElement('meta'));
  meta.name = 'traceparent';
  const server = { trace: '4bf92f3577b34da6a3ce929d0e0e4736', span: '00f067aa0ba902b7' };
  const place = (flags) => `00-${server.trace}-${server.span}-${flags}`;
  const { result, arrived, named, line } = await exported(async (task, runtime) => {
    const made = {};
    for (const flags of ['01', '00']) {
      meta.content = place(flags);
      const trace = runtime.createTrace(`page ${flags}`, { parent: 'document' });
      made[flags] = { sampled: trace.sampled, place: await task.with({ trace }).place(), traceparent: trace.traceparent };
      trace.end();
    }
    return made;
  });
  equal(arrived.length, 3, 'what the server did not sample is not sampled here');
  deepEqual(line(named('own')), ['own', 't.place', 'page 01', server.span]);
  ok(arrived.every((span) => span.traceId === server.trace));
  deepEqual([result['01'].sampled, result['00'].sampled], [true, false]);
  deepEqual(result['00'].place, { call: undefined, own: undefined });
  // The flags go on as they came: not sampled stays so, and what is not known to be random is not said to be.
  ok(result['00'].traceparent.endsWith('-00') && result['01'].traceparent.endsWith('-01'));
}
