// `spans: 'auto'` under a bundler that gives modules `import.meta.env`, as `/bundled/` does.
import { deepEqual } from '../assert.js';

async function bundled(environment) {
  const { createTaskRuntime } = await import(`/bundled/${environment}/index.js`);
  const on = (observability) => createTaskRuntime({ observability }).createTrace().sampled;
  return [on(undefined), on({ spans: 'auto' }), on({ spans: { mode: 'auto' } }), on({ spans: 'on' }), on({ spans: 'off' })];
}

const AUTO_ON = [true, true, true, true, false];
const AUTO_OFF = [false, false, false, true, false];

export async function development_turns_spans_on() {
  deepEqual(await bundled('dev'), AUTO_ON);
}

export async function production_keeps_them_off() {
  deepEqual(await bundled('prod'), AUTO_OFF);
}

export async function the_bundlers_word_goes_before_the_process_environment() {
  globalThis.process = { env: { NODE_ENV: 'production' } };
  deepEqual(await bundled('dev'), AUTO_ON);
  globalThis.process.env.NODE_ENV = 'development';
  deepEqual(await bundled('prod'), AUTO_OFF);
}

export async function an_environment_without_dev_leaves_it_to_the_process() {
  deepEqual(await bundled('bare'), AUTO_OFF);
  globalThis.process = { env: { NODE_ENV: 'development' } };
  deepEqual(await bundled('bare'), AUTO_ON);
}
