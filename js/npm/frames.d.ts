import type { BlackBox, Finding, RuntimeEvent } from './index.js';

/** A frame of the snapshot stream. */
export interface RuntimeFrame {
  version: number;
  seq: number;
  ts: number;
  kind: 'full' | 'delta';
  /** In every frame. */
  findings: Finding[];
  /**
   * What is left of the workers that died since the frame before; in a reader's first frame, of those of late. `number` counts
   * them in their runtime, from 1. Absent when none died.
   */
  blackBoxes?: (BlackBox & { number: number })[];
  /** What listeners of `subscribeEvents` got since the frame before, at most 512. Only for a reader that asked for events. */
  events?: RuntimeEvent[];
  /** How many events since the frame before did not fit; they were older than those in `events`. Absent when none. */
  eventsDropped?: number;
  [field: string]: unknown;
}

/** How a reader wants its frames. */
export interface FrameOptions {
  /** Milliseconds between two frames, above 0. Default: 250. */
  intervalMs?: number;
  /**
   * Whether frames carry events; a function is asked before each frame. Events are gathered only while the answer is true.
   * Default: false.
   */
  events?: boolean | (() => boolean);
  /** What the ledger calls this reader, not empty; another of the same name gets a number, `name:2`. Default: `'frames'`. */
  name?: string;
}
