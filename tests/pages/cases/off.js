// Off means off: what a call costs when nobody asked for telemetry, counted rather than timed.
import { deepEqual, equal, ok } from '../assert.js';

// The package is loaded here, after its wasm's border has been put under watch. Nothing may import it before.
async function watchedPackage() {
  const crossings = new Map();
  const count = (name) => crossings.set(name, (crossings.get(name) ?? 0) + 1);
  const counted = (functions, way) =>
    Object.fromEntries(
      Object.entries(functions).map(([name, value]) => {
        if (typeof value !== 'function') return [name, value];
        return [name, (...args) => (count(`${way} ${name}`), value(...args))];
      }),
    );
  const inside = (imports) =>
    Object.fromEntries(Object.entries(imports).map(([module, names]) => [module, counted(names, 'out')]));
  const { Instance } = WebAssembly;
  WebAssembly.Instance = function (module, imports) {
    return { exports: counted(new Instance(module, inside(imports)).exports, 'in') };
  };
  const atelier = await import('/atelier/index.js');
  const { tracing_heard: heard } = await import('/atelier/wasm/atelier_js.js');
  const forget = () => crossings.clear();
  return { ...atelier, heard, crossings, forget };
}

const worker = () => new Worker('/tests/workers/bench.js', { type: 'module' });
const total = (crossings) => [...crossings.values()].reduce((sum, n) => sum + n, 0);
const NAMES_OF_TELEMETRY = /event|attrs|measure|mark|span|frame|random|stamp/i;

const CALLS = 200;

async function cost(observability, inTurn, prepare = () => {}) {
  const atelier = await watchedPackage();
  const runtime = atelier.createTaskRuntime({ observability });
  prepare(runtime);
  const task = runtime.defineTask({ type: 'parallel', poolSize: 1, maxInFlight: 8, maxQueueDepth: 1000, worker });
  for (let n = 0; n < 20; n++) await task.add(n, 1);
  const before = atelier.heard();
  atelier.forget();
  if (inTurn) for (let n = 0; n < CALLS; n++) equal(await task.add(n, 1), n + 1);
  else await Promise.all(Array.from({ length: CALLS }, (_, n) => task.add(n, 1)));
  return { heard: atelier.heard() - before, crossings: total(atelier.crossings), names: [...atelier.crossings.keys()] };
}

export async function calls_in_turn_say_nothing_and_cross_the_border_a_few_times() {
  const { heard, crossings, names } = await cost({ spans: 'off', metrics: 'off' }, true);
  equal(heard, 0, 'tracing events and spans');
  deepEqual(names.filter((name) => NAMES_OF_TELEMETRY.test(name)), []);
  ok(crossings >= 4 * CALLS, 'the border is under watch');
  ok(crossings <= 20 * CALLS, `${crossings / CALLS} crossings a call: ${names}`);
}

export async function a_crowd_of_calls_says_nothing_and_crosses_less_often() {
  const { heard, crossings, names } = await cost({ spans: 'off', metrics: 'off' }, false);
  equal(heard, 0);
  ok(crossings <= 12 * CALLS, `${crossings / CALLS} crossings a call: ${names}`);
}

export async function automatic_metrics_without_a_listener_say_nothing_either() {
  const { heard } = await cost({ spans: 'off', metrics: 'auto' }, true);
  equal(heard, 0);
}

export async function off_stays_off_with_a_listener() {
  let events = 0;
  const { heard } = await cost({ spans: 'off', metrics: 'off' }, true, (runtime) => runtime.subscribeEvents(() => events++));
  deepEqual([heard, events], [0, 0]);
}

export async function when_the_last_listener_leaves_it_is_off_again() {
  let events = 0;
  const { heard } = await cost({ spans: 'off', metrics: 'auto' }, true, (runtime) => {
    runtime.subscribeEvents(() => events++)();
  });
  deepEqual([heard, events], [0, 0]);
}

export async function on_is_heard() {
  const metrics = await cost({ spans: 'off', metrics: 'on' }, true);
  ok(metrics.heard >= 5 * CALLS, 'the count counts');
}
