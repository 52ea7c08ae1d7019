// What exporters send, as it leaves the page, and what they say went wrong.

/** A `fetch` for exporters, and every request that went through it, with its body as it left the page. */
export function watched() {
  const requests = [];
  const watch = (url, init) => {
    const { body, keepalive, credentials } = init;
    requests.push({ url, headers: new Headers(init.headers), body, keepalive, credentials });
    return fetch(url, init);
  };
  return { requests, fetch: watch };
}

/** The last errors of all consumers of a runtime's telemetry. */
export async function lastErrors(runtime) {
  const frame = await new Promise((resolve) => {
    const stop = runtime.subscribeFrames((each) => (resolve(each), setTimeout(() => stop())), { intervalMs: 1 });
  });
  return frame.ledger.map(({ lastError }) => lastError ?? '');
}

/** Whether an account adds up. */
export function balanced({ emitted, delivered, rejected, dropped, pending }) {
  const lost = Object.values(dropped).reduce((sum, n) => sum + n, 0);
  return emitted === delivered + rejected + lost + pending;
}
