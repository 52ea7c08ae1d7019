// The page's Performance timeline, for telemetry/src/web.rs. Nothing here throws: telemetry must not hurt the page.

/** When the page's clock began, in milliseconds since the Unix epoch. */
export function timeOrigin() {
  return performance.timeOrigin ?? Date.now() - performance.now();
}

/** Milliseconds since then. */
export function now() {
  return performance.now();
}

/**
 * Writes one entry, if asked after clearing those of its name: the browser keeps entries for ever otherwise.
 * The detail comes as JSON. Returns what went wrong, or undefined.
 */
export function measure(name, start, end, detailJson, clearFirst) {
  try {
    if (clearFirst) performance.clearMeasures(name);
    performance.measure(name, { start, end, detail: JSON.parse(detailJson) });
    return undefined;
  } catch (error) {
    return `performance.measure failed: ${error?.message ?? 'unknown error'}`;
  }
}
