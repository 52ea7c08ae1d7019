// Long tasks of the page's main thread, where the browser tells them (Long Tasks API): for the timeline.

/**
 * Calls `tell` with when each one began (milliseconds since the Unix epoch) and how long it took (milliseconds). Returns
 * the function that ends it.
 */
export function watchLongTasks(tell) {
  const { supportedEntryTypes = [] } = globalThis.PerformanceObserver ?? {};
  if (!supportedEntryTypes.includes('longtask')) return () => {};
  const observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) tell(performance.timeOrigin + startTime, duration);
  });
  observer.observe({ type: 'longtask' });
  return () => observer.disconnect();
}
