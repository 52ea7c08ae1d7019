import type { TaskRuntime } from './index.js';

/** A signal of OpenTelemetry. */
export type OtlpSignal = 'traces' | 'metrics' | 'logs';

/** What an exporter takes. Everything has a default. */
export interface OtlpOptions {
  /** The collector's base URL, to which `/v1/traces` and its siblings are appended. Default: the page's own origin. */
  endpoint?: string;
  /** Headers of every request. */
  headers?: Record<string, string>;
  /** Milliseconds a request may take. Default 10000. */
  timeoutMs?: number;
  /** The signals to export. Default: all of them. What is logged is in `docs/logs.md`. */
  signals?: OtlpSignal[];
  /** Attributes of the resource, such as `service.name`. */
  resource?: Record<string, string | number | boolean>;
  /** How sums and histograms are reported. Default 'cumulative'. */
  temporality?: 'cumulative' | 'delta';
  /** Milliseconds a span or log record waits at most for others to share its request. Default 5000. */
  scheduleDelayMs?: number;
  /** Milliseconds between exports of metrics. Default 60000. */
  metricIntervalMs?: number;
  /** Spans kept at most until they are delivered, and log records; the oldest are dropped beyond, and counted. Default 16384. */
  maxQueueSize?: number;
  /** Spans or log records in one request at most; that many leave in the next idle moment. Default 512. */
  maxBatchSize?: number;
}

/** What became of what was emitted: `emitted = delivered + rejected + dropped + pending`. */
export interface OtlpAccount {
  emitted: number;
  delivered: number;
  rejected: number;
  dropped: Record<string, number>;
  pending: number;
}

/** A running exporter. */
export interface OtlpExporter {
  /**
   * Sends what is queued, metrics included. Resolves when each item has been delivered, rejected or dropped, or has
   * failed once and stays pending. Never rejects.
   */
  flush(): Promise<void>;
  /** Flushes, then stops. */
  shutdown(): Promise<void>;
  /** What became of everything so far, by signal. */
  ledger(): Record<string, OtlpAccount>;
}

/** Sends a runtime's traces, metrics and log records to a collector over OTLP/HTTP (protobuf). */
export function exportOtlp(runtime: TaskRuntime, options?: OtlpOptions): OtlpExporter;
