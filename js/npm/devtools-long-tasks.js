// Long tasks of the page's main thread, where the browser tells them (Long Tasks API): for the timeline.

/** How far the browser's clock may fall behind the time of day: by more than that, the machine has slept. */
const DEFAULT_ASLEEP_MS = 1_000;

let origin = performance.timeOrigin;

/** What times since the epoch are counted from: as the runtime counts, so that its calls lie in the same time. */
function currentOrigin() {
  const now = Date.now() - performance.now();
  if (now - origin > DEFAULT_ASLEEP_MS) origin = now;
  return origin;
}

/**
 * Calls `tell` with when each one began (milliseconds since the Unix epoch) and how long it took (milliseconds). Returns
 * the function that ends it.
 */
export function watchLongTasks(tell) {
  const { supportedEntryTypes = [] } = globalThis.PerformanceObserver ?? {};
  if (!supportedEntryTypes.includes('longtask')) return () => {};
  const observer = new PerformanceObserver((list) => {
    const from = currentOrigin();
    for (const { startTime, duration } of list.getEntries()) tell(from + startTime, duration);
  });
  observer.observe({ type: 'longtask' });
  return () => observer.disconnect();
}
