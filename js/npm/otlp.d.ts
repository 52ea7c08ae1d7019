import type { TaskRuntime } from './index.js';

/** A signal of OpenTelemetry. */
export type OtlpSignal = 'traces' | 'metrics' | 'logs';

/** How requests are written. */
export type OtlpProtocol = 'http/protobuf' | 'http/json';

/** Whether requests are compressed, where the browser has `CompressionStream`. */
export type OtlpCompression = 'none' | 'gzip';

/** The value of an attribute. */
export type OtlpAttribute = string | number | boolean | string[];

/** Headers of requests. They are read before each request: a value that changes applies to the next one. */
export type OtlpHeaders = Record<string, string> | [name: string, value: string][] | Headers;

/**
 * Asked for the headers of each request, such as a token that expires, and awaited. What it throws, rejects or answers wrongly
 * fails that attempt, which is made again later; so does not answering within `timeoutMs`. A page that goes cannot wait: a
 * promise's last result is used then, if there is one.
 */
export type OtlpHeaderSource = () => OtlpHeaders | PromiseLike<OtlpHeaders>;

/** Whether the page's cookies go along, as `fetch` has it. */
export type OtlpCredentials = 'omit' | 'same-origin' | 'include';

/** What attributes belong to. */
export type OtlpRedactKind = 'span' | 'metric' | 'log' | 'resource';

/** What may be different for one signal. */
export interface OtlpSignalOptions {
  /** The whole address, used as it is: absolute, or a path on the page's own origin. */
  endpoint?: string;
  /** Headers, in the place of those for all signals. */
  headers?: OtlpHeaders | OtlpHeaderSource;
  /** Whether the page's cookies go along. */
  credentials?: OtlpCredentials;
  /** How requests are written. */
  protocol?: OtlpProtocol;
  /** Whether requests are compressed. */
  compression?: OtlpCompression;
  /** Milliseconds a request may take, its headers included. */
  timeoutMs?: number;
  /** Characters that a value of an attribute has at most. */
  attributeValueLengthLimit?: number;
  /** Attributes that a span or log record has at most. */
  attributeCountLimit?: number;
}

/** What an exporter takes. Everything has a default; `docs/otlp.md` tells more of each. */
export interface OtlpOptions {
  /** The collector's base URL, to which `/v1/traces` and its siblings are appended. Default: the page's own origin. */
  endpoint?: string;
  /** Headers of every request. Where they are a function, 401 and 403 keep a batch, to be sent again with its next answer. */
  headers?: OtlpHeaders | OtlpHeaderSource;
  /** Whether the page's cookies go along. Default 'same-origin'. */
  credentials?: OtlpCredentials;
  /** How requests are written. Default 'http/protobuf'. */
  protocol?: OtlpProtocol;
  /**
   * Whether requests are compressed. Default 'none'. Those of a page that is about to go are not, nor any where the
   * browser cannot; the ledger's last error says that once.
   */
  compression?: OtlpCompression;
  /** Milliseconds a request may take, its headers included. Default 10000. */
  timeoutMs?: number;
  /** Characters that a value of an attribute has at most; what is longer is cut and ends with `…`. Default 65536. */
  attributeValueLengthLimit?: number;
  /** Attributes that a span or log record has at most; those beyond are left out and counted. Default 128. */
  attributeCountLimit?: number;
  /**
   * Sends requests in the place of the browser's `fetch`: a test's stand-in, or a wrapper. Called as `fetch(url, init)`; an
   * answer counts by its `status`, one without it as no connection. Default: `fetch` as it was when this package was loaded,
   * so that a page's own wrappers of it do not see, and do not trace, what an exporter sends.
   */
  fetch?: (url: string, init: RequestInit) => unknown;
  /** What is different for traces. */
  traces?: OtlpSignalOptions;
  /** What is different for metrics. */
  metrics?: OtlpSignalOptions;
  /** What is different for logs. */
  logs?: OtlpSignalOptions;
  /**
   * Standard settings by their standard names, `OTEL_EXPORTER_OTLP_ENDPOINT` and so on, for instance from a bundler or
   * the server: other names are ignored, options are stronger. What cannot be used is an error that names the variable.
   */
  env?: Record<string, unknown>;
  /** The signals to export. Default: all of them. What is logged is in `docs/logs.md`. */
  signals?: OtlpSignal[];
  /** Attributes of the resource, such as `service.name`. */
  resource?: Record<string, OtlpAttribute>;
  /**
   * Calls that are exported although their trace is not sampled (`observability.spans.sampleRate`), for how they ended or how
   * long they took. Their spans have an attribute `atelier.sampling.reason`: `error`, `crash` or `slow`; so has the span of
   * their trace. What is counted from a sample leaves them out. Their `traceparent` still says that they are not sampled,
   * and spans of their handlers are not gathered. Where several exporters of a runtime keep something, each gets what any of
   * them keeps. Default: `{ errors: true }`.
   */
  keep?: OtlpKeep;
  /** How sums and histograms are reported. Default 'cumulative'. */
  temporality?: 'cumulative' | 'delta';
  /**
   * Whether the phases of a call are attributes of its span or spans beneath it, under whose `run` those of the handler
   * lie. A call with its phases counts as one in queues and in the ledger. Default 'attributes'.
   */
  phases?: 'attributes' | 'spans';
  /**
   * Sees every set of attributes before it is sent; what it returns is sent in its place. What the status of a failed
   * span says is there as `otel.status_description`, the text of a log record as `atelier.log.body`. When it throws or
   * returns no object of attributes, none of them is sent, which is counted in the ledger's last error.
   */
  redact?: (attributes: Record<string, OtlpAttribute>, kind: OtlpRedactKind) => Record<string, OtlpAttribute | null | undefined>;
  /** Milliseconds a span or log record waits at most for others to share its request. Default 5000. */
  scheduleDelayMs?: number;
  /** Milliseconds between exports of metrics. Default 60000. */
  metricIntervalMs?: number;
  /** Spans kept at most until they are delivered, and log records; the oldest are dropped beyond, and counted. Default 16384. */
  maxQueueSize?: number;
  /** Spans or log records in one request at most; that many leave in the next idle moment. Default 512. */
  maxBatchSize?: number;
  /**
   * Whether requests that could not be delivered wait in IndexedDB for better times, and outlive the page: the next
   * visit, or another tab, sends them. `maxBytes` of them at most; the oldest are dropped beyond, and counted. With it
   * delivery is at least once: what was on its way when the page went may arrive twice. Default true, with 4 MiB.
   */
  durable?: boolean | { maxBytes?: number };
}

/** What is exported of calls whose trace is not sampled. */
export interface OtlpKeep {
  /** Those that fail, by an error, a crash or their timeout; those that the queue turns away, too. Default true. */
  errors?: boolean;
  /** Those that take longer than so many milliseconds, from the call to its settlement. Default: none. */
  slowMs?: number;
  /**
   * Those that take longer than this percentile of their task's calls, as known a second ago at the most (it needs
   * metrics, which an exporter turns on unless they are `'off'`, and so many calls that one is beyond it). Default: none.
   */
  slowPercentile?: 50 | 90 | 95 | 99 | 99.9;
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
  /** Flushes, has what could not be delivered stored for a later visit (unless `durable` is off), then stops. */
  shutdown(): Promise<void>;
  /** What became of everything so far, by signal. */
  ledger(): Record<string, OtlpAccount>;
}

/** Sends a runtime's traces, metrics and log records to a collector over OTLP/HTTP. */
export function exportOtlp(runtime: TaskRuntime, options?: OtlpOptions): OtlpExporter;
