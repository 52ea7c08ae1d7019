// The page's Performance timeline, for telemetry/src/web.rs. Nothing here throws: telemetry must not hurt the page.

// The browser's own, whatever a page puts in their place later.
const { performance } = globalThis;

/** When the page's clock began, in milliseconds since the Unix epoch. */
export const timeOrigin = () => performance.timeOrigin;

/** Milliseconds since then. */
export const now = performance.now.bind(performance);

/** Milliseconds since the Unix epoch, whole ones, as the page has them now; `NaN` where it has none. */
export function wallClock() {
  try {
    return Number(Date.now());
  } catch {
    return NaN;
  }
}

// Our entries that the browser keeps, by name: held here too, since only what is held can be recognised.
const kept = new Map();

// Clearing is by name, and somebody else may use the same: another copy of Atelier's entries may go, others may not.
function clear(name) {
  const ours = kept.get(name);
  const isForeign = (entry) => !ours?.has(entry) && entry.detail?.devtools?.trackGroup !== 'Atelier';
  if (performance.getEntriesByName(name, 'measure').some(isForeign)) {
    throw new Error(`entries of somebody else are called ${name} too, and clearing ours would clear them`);
  }
  performance.clearMeasures(name);
  ours?.clear();
}

/**
 * Writes one entry, if asked after clearing those of its name: the browser keeps entries for ever otherwise.
 * The detail comes as JSON. Returns what went wrong, or undefined.
 */
export function measure(name, start, end, detailJson, clearFirst) {
  try {
    if (clearFirst) clear(name);
    const entry = performance.measure(name, { start, end, detail: JSON.parse(detailJson) });
    if (kept.has(name)) kept.get(name).add(entry);
    else kept.set(name, new Set([entry]));
    return undefined;
  } catch (error) {
    return `performance.measure failed: ${error?.message ?? 'unknown error'}`;
  }
}

/** Entries on tracks of DevTools' Performance panel. The browser keeps nothing of them unless its profiler records. */
export class Stamps {
  /** Labels, tracks and colours cross the border once; a stamp names them by number. */
  #texts = [];

  /** From now on, stamps mean this text by this number. */
  text(number, text) {
    this.#texts[number] = text;
  }

  /** Writes one entry; a call below zero is none. Returns what went wrong, or undefined. */
  stamp(label, call, start, end, track, group, color) {
    const texts = this.#texts;
    try {
      const name = call < 0 ? texts[label] : `${texts[label]} #${call}`;
      console.timeStamp(name, start, end, texts[track], texts[group], texts[color]);
      return undefined;
    } catch (error) {
      return `console.timeStamp failed: ${error?.message ?? 'unknown error'}`;
    }
  }
}
