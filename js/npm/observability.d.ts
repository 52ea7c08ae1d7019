/** 'auto' is on in development and off in production. */
export type Mode = 'auto' | 'on' | 'off';

/** Whether calls have spans; an object without `mode` is on, `sampleRate` is clamped to 0..1. */
export type SpansConfig = Mode | { mode?: Mode; sampleRate?: number };

export interface ObservabilityConfig {
  spans?: SpansConfig;
  /** Whether metrics are aggregated; 'auto': while spans are on or anyone listens. */
  metrics?: Mode;
  /**
   * What the browser's own profiler gets of sampled calls and traces. Default 'measure'.
   *
   * Either way a call is drawn in its phases, in the group "Atelier" of DevTools' Performance panel: what it waits on
   * the track of its task's queue, its run on that of its worker, what is under way on that of the task's messages.
   * - 'measure' also writes each call and trace as a whole: `performance.measure('atelier:span' | 'atelier:trace')`, on
   *   a track of its task, with properties and a tooltip. A `PerformanceObserver` sees them too. The timeline keeps the
   *   last 64 of each name.
   * - 'timestamp' writes nothing else (`console.timeStamp`): far cheaper, kept by nobody, no properties. It needs a
   *   browser that knows its tracks, such as Chrome 136.
   * - 'off' writes nothing.
   */
  measures?: 'measure' | 'timestamp' | 'off';
}
