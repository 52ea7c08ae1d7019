// Telemetry to an OpenTelemetry collector.

import { knownOptions, someOptions } from './check.js';
import { handleOf, ownFetch } from './handles.js';
import { endsWith, mustLive } from './lifetimes.js';

/** What may be set for all signals or for one. */
const SIGNAL_OPTIONS = [
  'endpoint', 'headers', 'credentials', 'protocol', 'compression', 'timeoutMs', 'attributeValueLengthLimit', 'attributeCountLimit',
];
const SIGNALS = ['traces', 'metrics', 'logs'];
const OPTIONS = [
  ...SIGNAL_OPTIONS, ...SIGNALS, 'env', 'signals', 'resource', 'keep', 'temporality', 'phases', 'redact', 'scheduleDelayMs',
  'metricIntervalMs', 'maxQueueSize', 'maxBatchSize', 'durable', 'fetch',
];
/** Options that are objects of options themselves. */
const NESTED = [
  ...SIGNALS.map((signal) => [signal, SIGNAL_OPTIONS]),
  ['keep', ['errors', 'slowMs', 'slowPercentile']],
  ['durable', ['maxBytes']],
];

/** Sends a runtime's traces, metrics and log records to a collector over OTLP/HTTP. */
export function exportOtlp(runtime, options) {
  const handle = handleOf(runtime, 'exportOtlp');
  const given = checked(options);
  mustLive(handle);
  const exporter = handle.export_otlp(given, ownFetch);
  const shutdown = () => {
    forget();
    return exporter.shutdown();
  };
  const forget = endsWith(handle, shutdown);
  return {
    flush: () => exporter.flush(),
    shutdown,
    ledger: () => exporter.ledger(),
  };
}

// Values are checked by the wasm, which refuses them by the same name.
function checked(options) {
  try {
    const given = someOptions(options, 'exportOtlp', OPTIONS);
    for (const [name, known] of NESTED) {
      const nested = given[name];
      if (typeof nested === 'object' && nested !== null) knownOptions(nested, known, `exportOtlp({ ${name} })`, `${name}.`);
    }
    return given;
  } catch (error) {
    if (error instanceof TypeError) error.name = 'OtlpConfigError';
    throw error;
  }
}
