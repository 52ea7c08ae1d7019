// What is observed: 'auto' is on in development and off in production.

import { knownOptions, oneOf, someOptions } from './check.js';

const MODES = ['auto', 'on', 'off'];
const MEASURES = ['measure', 'timestamp', 'off'];

/**
 * Reads the option `observability` of `createTaskRuntime`.
 * @returns {{ spans: boolean, sampleRate: number, metrics: 'auto' | 'on' | 'off', measures: 'measure' | 'timestamp' | 'off' }}
 */
export function observability(config) {
  const given = someOptions(config, 'observability', ['spans', 'metrics', 'measures'], 'observability.');
  const { spans = 'auto', metrics = 'auto', measures = 'measure' } = given;
  const isObject = typeof spans === 'object' && spans !== null;
  if (isObject) knownOptions(spans, ['mode', 'sampleRate'], 'observability.spans', 'observability.spans.');
  const { mode = 'on', sampleRate } = isObject ? spans : { mode: spans };
  oneOf(mode, MODES, 'observability.spans');
  oneOf(metrics, MODES, 'observability.metrics');
  oneOf(measures, MEASURES, 'observability.measures');
  return {
    spans: mode === 'on' || (mode === 'auto' && isDevelopment()),
    sampleRate: rate(sampleRate),
    metrics,
    measures,
  };
}

function rate(value) {
  return typeof value === 'number' && !Number.isNaN(value) ? Math.min(1, Math.max(0, value)) : 1;
}

function isDevelopment() {
  const dev = import.meta.env?.DEV;
  if (typeof dev === 'boolean') return dev;
  try {
    // Word for word what bundlers replace by a literal; where none did, there may be no `process` to ask.
    return process.env.NODE_ENV !== 'production';
  } catch {
    return false;
  }
}
