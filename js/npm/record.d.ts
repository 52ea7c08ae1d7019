export interface RecordOptions {
  /**
   * How long the file may get, in bytes; from 262144. Default 67108864 (64 MiB). When it would get longer, its oldest part
   * goes, again and again, so that a recording can run for hours and has the latest; what went is counted.
   */
  maxBytes?: number;
}

/** A recording that runs, or has run. */
export interface Recording {
  /** How long the file is, in bytes; until `stop()` an estimate from above. */
  readonly bytes: number;
  /** Facts in it: events, calls, traces, handlers' spans. */
  readonly facts: number;
  /** Facts that are lost: they had to make room, came faster than they could be written, or were megabytes long. */
  readonly dropped: number;
  /**
   * Ends the recording and gives the file (type `application/x-atelier-recording`). Calling it again gives the same promise.
   * It rejects only when the browser could not compress or keep the data.
   */
  stop(): Promise<Blob>;
}
