// Results that cannot be sent: the error says which part of them, and what to do.
import { deepEqual, equal, ok, rejects } from '../assert.js';
import { bench } from '../atelier.js';

const worker = () => new Worker('/tests/workers/unsendable.js', { type: 'module' });
const many = { type: 'parallel', poolSize: 1, maxInFlight: 8 };

const PARTS = {
  function: 'result is a function',
  rows: 'result.rows[0].onDone is a function',
  symbol: 'result["odd name"][1] is a symbol',
  weak: 'result.cache is a WeakMap, which cannot be copied',
  promise: 'result[0] is a Promise, which cannot be copied',
  inMap: 'result.list[1].deeper.get("done").f is a function',
  inSet: 'result<item>.a is a function',
  proxy: 'result.state is a proxy',
  locked: 'result.stream is a locked ReadableStream',
  deep: '.deep.f is a function',
};

export async function the_part_that_cannot_be_sent_is_named() {
  const task = bench({ worker, ...many });
  for (const [kind, part] of Object.entries(PARTS)) {
    for (const method of ['give', 'later']) {
      const [reason, echo] = await Promise.all([rejects(task[method](kind), { name: 'DataCloneError' }, kind), task.echo(kind)]);
      ok(reason instanceof DOMException && reason.code === 25, kind);
      ok(reason.message.startsWith(`The result of '${method}' cannot be sent: `) && reason.message.includes(part), reason.message);
      ok(reason.cause instanceof DOMException, 'the browser\'s own error is the cause');
      equal(echo, kind);
    }
  }
  await rejects(task.give('getter'), { name: 'RangeError', message: /^a bad getter$/ });
  equal(task.getState().lastCrash, undefined);
}

export async function a_buffer_that_a_handler_keeps_can_be_sent_once_or_copied() {
  const task = bench({ worker });
  const copying = task.with({ transferResult: false });
  deepEqual((await copying.keeps()).data, new Uint8Array([1, 2, 3]));
  deepEqual((await task.keeps()).data, new Uint8Array([1, 2, 3]));
  const reason = await rejects(task.keeps(), { name: 'DataCloneError' });
  ok(reason.message.includes("'keeps'") && reason.message.includes('result.data was moved away before'), reason.message);
  ok(reason.message.includes('transferResult: false'), reason.message);
}
