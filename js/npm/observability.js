// What is observed: 'auto' is on in development and off in production.

const MODES = ['auto', 'on', 'off'];

/** @returns {{ spans: boolean, sampleRate: number, metrics: 'auto' | 'on' | 'off' }} */
export function observability({ spans = 'auto', metrics = 'auto' } = {}) {
  const chosen = typeof spans === 'object' && spans !== null ? { mode: 'on', ...defined(spans) } : { mode: spans };
  check('observability.spans', chosen.mode);
  check('observability.metrics', metrics);
  return {
    spans: chosen.mode === 'on' || (chosen.mode === 'auto' && isDevelopment()),
    sampleRate: rate(chosen.sampleRate),
    metrics,
  };
}

function defined(object) {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

function check(option, mode) {
  if (!MODES.includes(mode)) throw new TypeError(`${option} is ${String(mode)}; it takes 'auto', 'on' or 'off'`);
}

function rate(value = 1) {
  return typeof value === 'number' && !Number.isNaN(value) ? Math.min(1, Math.max(0, value)) : 1;
}

function isDevelopment() {
  const dev = import.meta.env?.DEV;
  if (typeof dev === 'boolean') return dev;
  return typeof process !== 'undefined' && process.env ? process.env.NODE_ENV !== 'production' : false;
}
