// The harness itself: assertions that notice, waits that end, and pages that are like a visitor's.
import { AssertionError, deepEqual, equal, expectUncaught, ok, rejects, throws, until } from '../assert.js';
import { received, spans } from '../collector.js';

const fails = (action) => throws(action, { name: 'AssertionError' });

export async function equal_tells_values_apart() {
  equal(Number.NaN, Number.NaN);
  fails(() => equal(0, -0));
  fails(() => equal('1', 1));
  const error = fails(() => equal(1, 2, 'the count'));
  equal(error.message, 'the count: expected 2, found 1');
}

export async function deep_equal_sees_every_difference() {
  const value = () => ({ a: [1, { b: new Map([['k', new Set([1])]]) }], bytes: new Uint8Array([1, 2]), at: new Date(5) });
  deepEqual(value(), value());
  fails(() => deepEqual(value(), { ...value(), more: undefined }));
  fails(() => deepEqual([1, 2], [1, 2, 3]));
  fails(() => deepEqual([1, 2], { 0: 1, 1: 2 }));
  fails(() => deepEqual(new Uint8Array([1]), new Uint8Array([2])));
  fails(() => deepEqual(new Uint8Array([1]).buffer, new Uint8Array([2]).buffer));
  fails(() => deepEqual(new Map([[1, 2]]), new Map([[1, 3]])));
  fails(() => deepEqual(new Set([1]), new Set([2])));
  fails(() => deepEqual(new Date(1), new Date(2)));
  fails(() => deepEqual(new TypeError('a'), new TypeError('b')));
  fails(() => deepEqual({ a: { b: null } }, { a: { b: {} } }));
}

export async function rejects_wants_the_right_error() {
  const wrong = () => Promise.reject(new RangeError('too far'));
  const error = await rejects(wrong, { name: 'RangeError', message: 'far' });
  ok(error instanceof RangeError);
  await rejects(wrong(), { message: /^too/ });
  for (const expected of [{ name: 'TypeError' }, { message: 'near' }, { message: /^far/ }]) {
    await rejects(rejects(wrong, expected), { name: 'AssertionError' });
  }
  await rejects(rejects(Promise.resolve(7)), { message: 'expected an error, found 7' });
}

export async function until_waits_and_gives_up() {
  let looks = 0;
  equal(await until(() => ++looks === 3 && 'third'), 'third');
  await rejects(until(() => false, 'never', 10), { name: 'AssertionError', message: 'never: did not come true' });
}

export async function expected_uncaught_errors_pass() {
  expectUncaught('aside');
  expectUncaught('unheard');
  setTimeout(() => {
    throw new Error('thrown aside');
  });
  Promise.reject(new Error('unheard rejection'));
  await new Promise((resolve) => setTimeout(resolve));
}

export async function the_page_is_visible_and_its_own() {
  equal(document.visibilityState, 'visible');
  equal(localStorage.getItem('mark'), null);
  localStorage.setItem('mark', 'set');
  equal(crossOriginIsolated, false);
}

export async function storage_is_not_shared_between_cases() {
  equal(localStorage.getItem('mark'), null);
  localStorage.setItem('mark', 'set');
}

export async function the_receiver_begins_empty() {
  const totals = await received();
  equal(totals.spans, 0);
  equal(totals.rejected, 0);
  deepEqual(await spans(), []);
}

export async function the_policy_holds() {
  const violated = new Promise((resolve) => {
    document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective), { once: true });
  });
  const worker = new Worker(URL.createObjectURL(new Blob([''], { type: 'text/javascript' })));
  equal(await violated, 'worker-src');
  worker.terminate();
  throws(() => new Function('return 1'), { name: 'EvalError' });
  const empty = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
  ok((await WebAssembly.compile(empty)) instanceof WebAssembly.Module);
}

export async function a_module_worker_answers() {
  const worker = new Worker('/tests/workers/echo.js', { type: 'module' });
  const answer = new Promise((resolve) => {
    worker.onmessage = (event) => resolve(event.data);
  });
  worker.postMessage({ word: 'hello' });
  deepEqual(await answer, { word: 'hello' });
  worker.terminate();
}

export async function assertion_errors_are_errors() {
  const error = fails(() => ok(0));
  ok(error instanceof AssertionError && error instanceof Error);
  ok(error.stack.includes('harness.js'));
}
