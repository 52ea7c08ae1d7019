// Spans that handlers open: they travel home with the answer and hang beneath their call.
import { bench, observed } from '../atelier.js';
import { deepEqual, equal, ok, rejects, until } from '../assert.js';
import { received, spans } from '../collector.js';
import { exportOtlp } from '/atelier/otlp.js';

const worker = () => new Worker('/tests/workers/spans.js', { type: 'module' });

// Makes calls, and gives what arrived at the collector, by name.
async function exported(act, observability) {
  const { runtime, events } = observed(observability);
  const exporter = exportOtlp(runtime, { signals: ['traces'] });
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 8, worker, taskId: 't' }, runtime);
  const result = await act(task, runtime);
  await exporter.flush();
  const arrived = await spans();
  const { traces } = exporter.ledger();
  equal(traces.delivered, arrived.length, 'the ledger counts them');
  equal((await received()).rejected, 0);
  return { result, events, arrived, named: (name) => arrived.find((span) => span.name === name) };
}

export async function each_hangs_beneath_the_one_it_was_opened_in() {
  const { result, arrived, named, events } = await exported((task) => task.nested());
  deepEqual([result.parsed, result.b], [7, 'right']);
  const parents = Object.fromEntries(
    arrived.map(({ name, parentSpanId }) => [name, arrived.find((span) => span.spanId === parentSpanId)?.name]),
  );
  deepEqual(parents, {
    't.nested': undefined,
    parse: 't.nested',
    lines: 'parse',
    words: 'parse',
    left: 't.nested',
    leaf: 'left',
    right: 't.nested',
  });
  const call = named('t.nested');
  ok(arrived.every((span) => span.traceId === call.traceId));
  equal(new Set(arrived.map((span) => span.spanId)).size, 7);
  equal(result.traceparent, `00-${call.traceId}-${call.spanId}-01`.replace(/-01$/, result.traceparent.slice(-3)));
  equal(result.a.split('-')[2], named('leaf').parentSpanId, 'a context knows its own place');
  equal(named('parse').attributes.bytes, 12);
  equal(named('parse').attributes['atelier.call.id'], call.attributes['atelier.call.id']);
  equal(events.filter((event) => event.kind === 'span').length, 1, 'listeners get calls, as before');
}

export async function attributes_arrive_with_their_types() {
  const { named } = await exported((task) => task.attributes());
  const { attributes } = named('all');
  const own = Object.fromEntries(Object.entries(attributes).filter(([name]) => !name.startsWith('atelier.')));
  const { bare, ...rest } = own;
  deepEqual(rest, { text: 'x', whole: 7, part: 0.5, yes: true, nan: 'NaN', list: '1,2', nothing: 'null', symbol: 'Symbol(s)' });
  ok(bare.includes('cannot be shown'), bare);
}

export async function failures_are_errors_of_their_span_and_go_on() {
  const { named } = await exported((task) => rejects(task.failing(), { name: 'TypeError', message: 'in the end' }));
  const thrown = named('thrown');
  deepEqual([thrown.status.code, thrown.status.message, thrown.attributes['error.type']], ['error', 'too far', 'RangeError']);
  deepEqual([named('rejected').status.message, named('rejected').attributes['error.type']], ['plain', 'string']);
  equal(named('t.failing').status.code, 'error');
}

export async function a_call_sends_a_bounded_number_home_and_says_what_is_missing() {
  const { result, arrived, named } = await exported(async (task) => [await task.many(200), await task.open()]);
  deepEqual(result, [200, 'ended before it']);
  equal(arrived.length, 128 + 2);
  equal(Number(named('t.many').attributes['atelier.spans.lost']), 72);
  equal(Number(named('t.open').attributes['atelier.spans.lost']), 1);
}

export async function each_lies_within_the_run_of_its_call() {
  const { arrived, named } = await exported(async (task) => {
    for (let n = 0; n < 5; n++) await task.spin(3);
  });
  const calls = arrived.filter((span) => span.name === 't.spin');
  equal(calls.length, 5);
  for (const call of calls) {
    const own = arrived.find((span) => span.parentSpanId === call.spanId);
    const phase = (name) => call.attributes[`atelier.phase.${name}`] * 1e3;
    const after = Number(BigInt(own.startTimeUnixNano) - BigInt(call.startTimeUnixNano)) / 1e6;
    const runBegan = phase('admission') + phase('queue') + phase('delivery');
    ok(after >= runBegan - 0.01, `began ${after} ms after the call, the run ${runBegan} ms`);
    const [end, runEnd] = [after + own.durationMs, runBegan + phase('run')];
    ok(end <= runEnd + 0.01, `ended ${end} ms after the call's beginning, the run ${runEnd} ms`);
    ok(own.durationMs >= 2.5, `${own.durationMs} ms`);
  }
  ok(named('spin'));
}

export async function where_the_call_is_not_sampled_they_only_run() {
  const { result, arrived } = await exported((task) => task.nested(), { spans: { mode: 'on', sampleRate: 0 }, metrics: 'on' });
  deepEqual([result.parsed, result.b, result.traceparent], [7, 'right', undefined]);
  equal(arrived.length, 0);
}

export async function wrong_arguments_are_type_errors() {
  const { result } = await exported((task) => task.wrong());
  deepEqual(result.map(([name]) => name), ['TypeError', 'TypeError', 'TypeError', 'TypeError', 5]);
  ok(result[2][1].includes("'nothing to run'"), result[2][1]);
}

export async function frames_have_them_too() {
  const { runtime } = observed();
  const frames = [];
  runtime.subscribeFrames((frame) => frames.push(frame), { intervalMs: 10 });
  const task = bench({ worker }, runtime);
  await task.nested();
  await until(() => frames.some((frame) => frame.handlerSpans?.length));
  const frame = frames.find((it) => it.handlerSpans?.length);
  equal(frame.handlerSpans.length, 6);
  const [call] = frame.spans;
  ok(frame.handlerSpans.every((span) => span.callId === call.callId && span.traceId === call.traceId));
  deepEqual(JSON.parse(frame.handlerSpans.find((span) => span.name === 'parse').attributes), { bytes: 12 });
}

const ownAttributes = (span) => {
  const own = Object.entries(span.attributes).filter(([name]) => name === 'atelier.attributes.lost' || !name.startsWith('atelier.'));
  return Object.fromEntries(own);
};

export async function whatever_is_wrong_with_a_span_its_function_runs_and_the_rest_arrives() {
  const { result, arrived, named } = await exported((task) => task.hostile());
  deepEqual(result, [14, 'object']);
  equal(arrived.length, 15);
  deepEqual(ownAttributes(named('getter')), { before: 1, after: 2, 'atelier.attributes.lost': 1 });
  deepEqual(ownAttributes(named('own keys')), { 'atelier.attributes.lost': 1 });
  deepEqual(ownAttributes(named('get')), { 'atelier.attributes.lost': 2 });
  deepEqual(ownAttributes(named('descriptors')), { 'atelier.attributes.lost': 1 });
  deepEqual(ownAttributes(named('revoked')), { 'atelier.attributes.lost': 1 });
  deepEqual(ownAttributes(named('surrogates')), { value: 'ab\ufffd', 'key\ufffd': 'x', whole: '\ud83d\ude00', after: 1 });
  const proto = named('proto').attributes;
  deepEqual([proto.constructor, proto.toJSON, proto.after], ['too', 'and this', 1]);
  equal(Object.getOwnPropertyDescriptor(proto, '__proto__')?.value, 'kept');
  const odd = ownAttributes(named('odd'));
  deepEqual([odd.big, odd.nan, odd.infinite, odd.symbol, odd.after], ['10', 'NaN', '-Infinity', 'Symbol(s)', 1]);
  const { text, after } = named('huge').attributes;
  ok(text.length < 70_000 && text.includes('1000000 characters') && after === 1, 'it is cut, and says so');
  const many = ownAttributes(named('many'));
  deepEqual([Object.keys(many).length, many.a119, many['atelier.attributes.lost']], [121, 119, 880]);
  ok(named('name\ufffd'));
  ok(arrived.some(({ name }) => name.startsWith('nnn') && name.length < 70_000));
  ok(named('thrown').status.message.startsWith('m\ufffdm'), named('thrown').status.message.slice(0, 20));
}

export async function where_the_call_is_not_sampled_nothing_is_wrong_either() {
  const { result } = await exported((task) => task.hostile(), { spans: { mode: 'on', sampleRate: 0 }, metrics: 'on' });
  deepEqual(result, [14, 'object']);
}
