// Telemetry to an OpenTelemetry collector.

import { handleOf } from './handles.js';

/** Sends a runtime's traces and metrics to a collector over OTLP/HTTP. */
export function exportOtlp(runtime, options = {}) {
  const exporter = handleOf(runtime, 'exportOtlp').export_otlp(options);
  return {
    flush: () => exporter.flush(),
    shutdown: () => exporter.shutdown(),
    ledger: () => exporter.ledger(),
  };
}
